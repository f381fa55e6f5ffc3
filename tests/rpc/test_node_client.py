"""The clients that Alibaba's Node SDKs are generated upon: other headers are signed, and forms come in chunks.

They are looked for where NODE_PATH says, as Node itself does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation
from tests.rpc.calling import Caller

pytestmark = pytest.mark.servers
SCRIPT = Path(__file__).with_name("node_client.js")
PACKAGES = ("@alicloud/openapi-client", "@alicloud/openapi-core")
CLIPS = '[{"StartTime": " 2026-11-20T10:00:02Z", "EndTime": "2026-11-20T10:00:04Z"}]'


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest) -> str:
    folder = os.environ.get("NODE_PATH", "")
    if shutil.which("node") is None or not (Path(folder) / request.param).is_dir():
        pytest.skip(f"Node does not find {request.param}; npm install it, and set NODE_PATH to that node_modules")
    return str(request.param)


def ask(package: str, studio: Installation, key: Caller, action: str, **options: Any) -> Any:
    whole = {"key": key.key, "secret": key.secret, "endpoint": studio.address.removeprefix("http://"), "action": action}
    done = subprocess.run(
        ["node", str(SCRIPT), package, json.dumps(whole | options)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.parametrize("algorithm", ["", "v2"], ids=["ACS3-HMAC-SHA256", "HMAC-SHA1"])
@pytest.mark.parametrize("place", ["query", "form"])
def test_a_job_is_submitted_and_read(
    package: str, algorithm: str, place: str, studio: Installation, operator: Caller, tmp_path: Path
) -> None:
    given = {
        "Clips": CLIPS,
        "LiveStreamConfig": '{"AppName":"live","DomainName":"example.com","StreamName":"main"}',
        "OutputMediaConfig": json.dumps({"MediaURL": f"oss://media/{tmp_path.name}-ä ~*.mp4"}, ensure_ascii=False),
        "MediaProduceConfig": '{"Mode":"RoughFast"}',
        "UserData": '{"a": "+ü~*"}',
        "ProjectId": "",
    }
    submitted = ask(package, studio, operator, "SubmitLiveEditingJob", algorithm=algorithm, **{place: given})
    assert submitted["status"] == 200, submitted

    for method in ("GET", "POST"):
        told = ask(package, studio, operator, "GetLiveEditingJob", algorithm=algorithm, method=method,
                   query={"JobId": submitted["body"]["JobId"]})  # fmt: skip
        job = told["body"]["LiveEditingJob"]
        assert (told["status"], job["Clips"], job["UserData"]) == (200, CLIPS, '{"a": "+ü~*"}')
        assert job["MediaURL"].endswith("-ä ~*.mp4")


def test_refusals_have_codes(package: str, studio: Installation, operator: Caller, viewer: Caller) -> None:
    for key, action, query, status, code in (
        (operator, "GetLiveEditingJob", {}, 400, "MissingParameter"),
        (operator, "GetLiveEditingJob", {"JobId": "x"}, 404, "ResourceNotFound"),
        (operator, "SubmitLiveTranscodeJob", {}, 404, "InvalidAction.NotFound"),
        (viewer, "SubmitLiveEditingJob", {}, 403, "Forbidden"),
        (Caller(operator.key, "wrong"), "GetLiveEditingJob", {}, 400, "SignatureDoesNotMatch"),
    ):
        refused = ask(package, studio, key, action, query=query)
        assert (refused["status"], refused["code"]) == (status, code), refused
