"""Whatever a signed call holds, the answer is a refusal that names it or a success: never a fault of ours."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from editing.models import Recording
from editing.rpc.actions import ACTIONS
from tests.rpc.calling import Caller
from tests.rpc.working import WORKING, ask, furnish

TIMES = ["2026-11-20T10:00:01Z", "2026-11-20T10:00:03Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00"]
WORDS = st.sampled_from(
    ["", " ", "0", "-1", "9" * 30, "1e400", "true", "null", "NaN", "[]", "{}", "[[]]", "\x00", "\U0010ffff", "%", "a,,",
     "\ud800", *TIMES, "main", "Accurate", "oss://media/a.mp4", "https://vod-media.oss.example.com/a.mp4", "vod://x",
     "vod-media", "vod-media.oss.example.com", "a.mp4", "Failed", "CreationTime:Asc", "0" * 32,
     "\\u0000", '"\\ud800"', "[NaN]", '{"Width":Infinity}', "[" * 5000, '{"a":' * 5000, "x" * 100_000, "9" * 100_000,
     '{"Width":9223372036854775808}', "2147483648", "9223372036854775808", "8999-12-31T23:59:59-14:00", "-271821-04-20",
     "1900-01-01T00:00:00+14:00", "ffffffff-ffff-ffff-ffff-ffffffffffff", "MTc5NTE2ODgwMDAwMDAwMDp4", "a\\", "%00"]
)  # fmt: skip
LEAVES = WORDS | st.text(max_size=20) | st.none() | st.booleans() | st.integers() | st.floats()
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
NAMES = st.sampled_from(
    ["StartTime", "EndTime", "AppName", "DomainName", "StreamName", "CoverTime", "MediaURL", "StorageLocation",
     "FileName", "Width", "Height", "Bitrate", "Mode", "NeedSnapshot", "CoverConfig",
     "VideoTracks", "VideoTrackClips", "SubtitleTracks", "MainTrack", "Path", "ReservationTime", "video",
     "Type", "Url", "Bucket", "Endpoint", "Format", "CycleDuration", "SliceDuration", "OssObjectPrefix",
     "SliceOssObjectPrefix"]
)  # fmt: skip


@pytest.fixture
def call(opal: User, recording: Recording, settings: LazySettings) -> Caller:
    settings.RPC_CALLS_PER_SECOND = 1_000_000
    return furnish(opal)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A call that works, but for one or two parameters, or fields of those, that are anything."""
    action = draw(st.sampled_from(sorted(ACTIONS)))
    params = deepcopy(WORKING[action])
    for _ in range(draw(st.integers(1, 2))):
        name = draw(st.sampled_from([param.name for param in ACTIONS[action].params] or ["Unknown"]))
        value = params.get(name)
        inside = value[0] if isinstance(value, list) and value else value
        if isinstance(inside, dict) and draw(st.integers(0, 3)):
            inside[draw(NAMES)] = draw(TREES)
        else:
            part = draw(st.sampled_from(["", "", "", ".1", ".1.StartTime", ".x.y", ".", "..", ".0.1.2"]))
            params.pop(name, None)
            params[name + part] = draw(WORDS | st.text(max_size=40) | TREES)
    return action, params


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_the_calls_that_are_varied_work(call: Caller, action: str) -> None:
    status, body = ask(call, action, WORKING[action])

    assert status == 200, body


@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls())
def test_no_parameters_make_us_fail(call: Caller, drawn: tuple[str, dict[str, Any]]) -> None:
    status, body = ask(call, *drawn)

    assert status < 500, body
    assert ("Code" in body) == (status != 200)
    assert body["RequestId"]
