"""Whatever a signed call holds, the answer is a refusal that names it or a success: never a fault of ours."""

from __future__ import annotations

import json

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from editing.models import MediaAsset, Recording
from editing.rpc.actions import ACTIONS
from editing.worker import edit
from tests.rpc.calling import Caller, caller
from tests.services.test_editing_jobs import clip, submit

NAMES = ("StartTime", "EndTime", "AppName", "DomainName", "StreamName", "CoverTime", "MediaURL", "StorageLocation",
         "FileName", "Width", "Height", "Bitrate", "Mode")  # fmt: skip
WORDS = st.sampled_from(
    ["", " ", "0", "-1", "9" * 30, "1e400", "true", "null", "NaN", "[]", "{}", "[[]]", "\x00", "\U0010ffff", "%", "a,,",
     "2026-11-20T10:00:01Z", "2026-11-20T10:00:03Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00", "live",
     "main", "example.com", "RoughFast", "oss://media/a.mp4", "https://vod-media.oss.example.com/a.mp4", "vod://x",
     "oss-object", "vod-media.oss.example.com", "a.mp4", "LiveEditingJob", "CreationTime:Asc", "0" * 32]
)  # fmt: skip
LEAVES = WORDS | st.text(max_size=20) | st.none() | st.booleans() | st.integers() | st.floats()
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=8,
)
VALUES = WORDS | st.text(max_size=40).filter(lambda text: text.isprintable()) | TREES.map(json.dumps)


@pytest.fixture
def call(ed: User, recording: Recording, settings: LazySettings) -> Caller:
    settings.RPC_CALLS_PER_SECOND = 1_000_000
    edit.run(submit(ed, clip()).pk)
    assert MediaAsset.objects.exists()
    return caller(ed)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """An action and some of its parameters, whole or in parts, each with any value."""
    operation = ACTIONS[draw(st.sampled_from(sorted(ACTIONS)))]
    params = {}
    for param in operation.params:
        if param.required or draw(st.booleans()):
            part = draw(st.sampled_from(["", "", "", "", ".1", ".1.StartTime", ".x.y", ".", "..", ".0.1.2"]))
            params[param.name + part] = draw(VALUES)
    return operation.name, params


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls())
def test_no_parameters_make_us_fail(call: Caller, drawn: tuple[str, dict[str, str]]) -> None:
    action, params = drawn

    status, body = call(action, **params)

    assert status < 500, body
    assert ("Code" in body) == (status != 200)
    assert body["RequestId"]
