"""The page that tells SDK programs how to come here."""

import ast
import re
from html import unescape

from django.contrib.auth.models import User

from editing.rpc.actions import ACTIONS
from editing.rpc.errors import STATUS
from tests.conftest import signed_in


def page(user: User) -> str:
    return signed_in(user).get("/sdk/").content.decode()


def test_it_names_every_operation_with_its_parameters_and_what_differs(vera: User) -> None:
    shown = unescape(page(vera))

    for operation in ACTIONS.values():
        row = re.search(rf'<tr id="{operation.name}">.*?</tr>', shown, re.DOTALL)
        assert row is not None
        assert operation.differs in row[0]
        for param in operation.params:
            assert (f"<strong>{param.name}</strong>" if param.required else param.name) in row[0]


def test_refusals_point_at_a_line_of_it(vera: User) -> None:
    shown = page(vera)

    for code in STATUS:
        assert f'id="{code}"' in shown


def test_its_sample_is_a_program_with_this_address(vera: User) -> None:
    sample = re.search(r"<pre><code>(.*?)</code></pre>", page(vera), re.DOTALL)

    assert sample is not None
    ast.parse(unescape(sample[1]))
    assert 'endpoint="testserver", protocol="http"' in sample[1]


def test_the_account_page_leads_to_it(vera: User) -> None:
    assert 'href="/sdk/"' in signed_in(vera).get("/account/").content.decode()
