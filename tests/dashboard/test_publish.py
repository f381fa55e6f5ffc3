"""The pages that say how to publish to us."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User

from editing import queue
from editing.models import Bucket, PublishingRule, Stream
from editing.services import publishing, stream_keys
from editing.services.publishing import Publisher
from tests.conftest import signed_in


@pytest.fixture(autouse=True)
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RTMP_ADDRESS = "rtmp://localhost:1936"
    settings.ALLOWED_HOSTS = ["studio.example.com"]
    monkeypatch.setattr(queue, "send", lambda name, *keys, queue: None)


def page(user: User, path: str) -> str:
    answer = signed_in(user).get(path, HTTP_HOST="studio.example.com:8000")
    assert answer.status_code == 200
    return str(answer.content.decode())


def post(user: User, path: str, **values: Any) -> Any:
    return signed_in(user).post(path, values, HTTP_HOST="studio.example.com:8000")


def test_without_a_server_it_says_what_to_install(vera: User, settings: Any) -> None:
    settings.RTMP_ADDRESS = ""

    assert "apt-get install nginx libnginx-mod-rtmp" in page(vera, "/publish/")


def test_a_stream_gets_a_key_and_its_page_says_what_to_enter(opal: User, settings: Any) -> None:
    settings.RTMP_KEYS = True

    answer = post(opal, "/publish/streams/", app="live", stream="main")

    stream = Stream.objects.get()
    assert (str(stream), answer["Location"]) == ("localhost/live/main", f"/publish/streams/{stream.pk}/")
    shown, key = page(opal, answer["Location"]), stream_keys.key_of(stream)
    assert re.search(r'id="server">rtmp://studio\.example\.com:1936/live<', shown)
    assert f'id="stream-key" class="secret">main?key={key}<' in shown
    assert f"-f flv &quot;rtmp://studio.example.com:1936/live/main?key={key}&quot;" in shown.replace('"', "&quot;")

    post(opal, f"{answer['Location']}key/")
    assert stream_keys.key_of(stream) != key
    post(opal, f"{answer['Location']}key/remove/")
    assert "It cannot be published before it has a key." in page(opal, answer["Location"])


def test_it_shows_who_is_on_air(opal: User) -> None:
    publishing.begin(Publisher("live", "main", "1", "192.0.2.9", ""))

    shown = page(opal, "/publish/")

    assert "192.0.2.9" in shown
    assert "On air" in shown


def test_a_name_that_no_stream_can_have_is_refused(opal: User) -> None:
    answer = post(opal, "/publish/streams/", app="live", stream="a b")

    assert "cannot be a stream" in answer.content.decode()
    assert Stream.objects.count() == 0


def test_what_is_recorded_is_set_for_an_application(opal: User) -> None:
    bucket = Bucket.objects.get(name="vod-media")

    post(opal, "/publish/applications/live/", **{"live-bucket": bucket.pk})

    rule = PublishingRule.objects.get()
    assert (rule.app, rule.auto_record, rule.template, rule.bucket) == ("live", False, None, bucket)


def test_others_see_the_address_and_no_key(vera: User, ed: User) -> None:
    stream = publishing.invite("live", "main")

    for user in (vera, ed):
        assert "rtmp://studio.example.com:1936/live" in page(user, "/publish/")
        path = f"/publish/streams/{stream.pk}/"
        refused = [
            signed_in(user).get(path, HTTP_HOST="studio.example.com"),
            *(post(user, each) for each in ("/publish/streams/", f"{path}key/", f"{path}key/remove/")),
            post(user, "/publish/applications/live/"),
        ]
        assert [answer.status_code for answer in refused] == [403] * 5
