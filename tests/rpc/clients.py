"""Alibaba's clients behind one function each: an operation and its parameters in, the answer or the refusal out.

Parameters are written as in `working.WORKING`: what is no text is handed over as each client wants it: as a typed
model, as a list, or as JSON in text.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alibabacloud_ice20201109 import models
from alibabacloud_ice20201109.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException
from alibabacloud_tea_openapi.utils_models import Config
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient

from tests.rpc.calling import Caller

SCRIPT = Path(__file__).with_name("node_client.js")
_LEGACY = "aliyunsdkice.request.v20201109."


@dataclass(frozen=True)
class Told:
    """What a client made of an answer: `code` is empty for a success, whose fields are in `body` as IMS spells them."""

    status: int
    code: str
    request_id: str
    body: Mapping[str, Any]


Ask = Callable[[str, Caller, str, Mapping[str, Any]], Told]
"""Of an endpoint, with a key, an operation with these parameters."""


def sdk(endpoint: str, key: Caller, action: str, params: Mapping[str, Any], **options: Any) -> Told:
    """Alibaba's Python SDK; its typed model of the answer has been looked at."""
    client = Client(Config(**_config(endpoint, key), **options))
    try:
        answer = getattr(client, _snake(action))(*_request(action, params))
    except ClientException as error:
        return _refused(error)
    return _answered(action, answer)


def sdk_async(endpoint: str, key: Caller, action: str, params: Mapping[str, Any]) -> Told:
    client = Client(Config(**_config(endpoint, key)))
    try:
        answer = asyncio.run(getattr(client, f"{_snake(action)}_async")(*_request(action, params)))
    except ClientException as error:
        return _refused(error)
    return _answered(action, answer)


def legacy(endpoint: str, key: Caller, action: str, params: Mapping[str, Any]) -> Told:
    """The older Python SDK."""
    request = getattr(import_module(f"{_LEGACY}{action}Request"), f"{action}Request")()
    request.set_endpoint(endpoint)
    for name, value in params.items():
        listed, typed = getattr(request, f"set_{name}s", None), f"def set_{name}(self, {name}):  # String"
        if isinstance(value, list) and listed:
            listed(value)
        else:
            as_text = not isinstance(value, str) and typed in inspect.getsource(type(request))
            getattr(request, f"set_{name}")(json.dumps(value) if as_text else value)
    try:
        body = json.loads(AcsClient(key.key, key.secret, "cn-shanghai").do_action_with_exception(request))
    except ServerException as error:
        return Told(error.get_http_status(), error.get_error_code(), error.get_request_id(), {})
    return Told(200, "", body["RequestId"], body)


@contextmanager
def node(package: str) -> Iterator[Ask]:
    """What Alibaba's Node SDKs are generated upon, in one process for all calls."""
    command = ["node", str(SCRIPT), package]
    with subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(endpoint: str, key: Caller, action: str, params: Mapping[str, Any]) -> Told:
            said = {"key": key.key, "secret": key.secret, "endpoint": endpoint, "action": action}
            print(json.dumps(said | {"query": flattened(params)}), file=process.stdin, flush=True)
            found = json.loads(process.stdout.readline())
            body = found.get("body") or {}
            return Told(found["status"], found.get("code") or "", body.get("RequestId", ""), body)

        yield ask


def has(name: str, action: str) -> bool:
    """Whether the client knows the operation; those of Node call any."""
    if name.startswith("sdk"):
        return hasattr(Client, _snake(action))
    return name != "legacy" or find_spec(f"{_LEGACY}{action}Request") is not None


PYTHON: dict[str, Ask] = {
    "sdk": sdk,
    "sdk-v2": partial(sdk, signature_algorithm="v2"),
    "sdk-async": sdk_async,
    "legacy": legacy,
}
NODE = ("@alicloud/openapi-client", "@alicloud/openapi-core")
CLIENTS = (*PYTHON, *NODE)


def flattened(params: Mapping[str, Any]) -> dict[str, str]:
    """Lists of text over several parameters, all else as JSON in one."""
    flat: dict[str, str] = {}
    for name, value in params.items():
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            flat |= {f"{name}.{number}": item for number, item in enumerate(value, 1)}
        else:
            flat[name] = value if isinstance(value, str) else json.dumps(value)
    return flat


def _config(endpoint: str, key: Caller) -> dict[str, str]:
    secret = {"access_key_id": key.key, "access_key_secret": key.secret}
    return {**secret, "endpoint": endpoint, "protocol": "http"}


def _request(action: str, params: Mapping[str, Any]) -> list[Any]:
    """The typed request, where the operation has one."""
    kind = getattr(models, f"{action}Request", None)
    if kind is None:
        return []
    typed = inspect.signature(kind.__init__).parameters
    texts = {name for name, value in params.items() if not isinstance(value, str) and _is_text(typed[_snake(name)])}
    said = {name: json.dumps(value) if name in texts else value for name, value in params.items()}
    return [kind().from_map(said)]


def _is_text(parameter: inspect.Parameter) -> bool:
    return parameter.annotation == "str"


def _answered(action: str, answer: Any) -> Told:
    assert type(answer.body) is getattr(models, f"{action}ResponseBody"), answer.body
    return Told(answer.status_code, "", answer.body.request_id, answer.body.to_map())


def _refused(error: ClientException) -> Told:
    return Told(error.status_code, error.code, error.request_id, {})


def _snake(name: str) -> str:
    """MediaURL as media_url."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name.replace("URLs", "Urls"))
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", words).lower()
