"""A Redis database for each process of the tests and for each installation they start.

Two on one database would take each other's work. A Redis server has sixteen, if it has not been told otherwise.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from urllib.parse import urlsplit

import redis

from tests.sharing import claim, give_back

_PATIENCE = 120


def take_one() -> None:
    """For this process, while it lives. The first of a run keeps the one that it was given."""
    given = os.environ.get("CELERY_BROKER_URL", "")
    if not given.startswith("redis"):
        return
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.environ["CELERY_BROKER_URL"] = _take(given)
    else:
        claim("redis", _number(given))


@contextmanager
def another(broker: str) -> Iterator[str]:
    """The same server's address with a database of its own, an empty one."""
    found = _take(broker)
    try:
        yield found
    finally:
        give_back("redis", _number(found))


def _take(broker: str) -> str:
    """Its address, once there is one that nobody has; what was in it is gone."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        for number in range(1, _databases(broker)):
            if claim("redis", number):
                return _empty(urlsplit(broker)._replace(path=f"/{number}").geturl())
        time.sleep(0.1)
    raise RuntimeError(
        f"All {_databases(broker)} databases of this Redis server are taken. Start it with more of them "
        "(redis-server --databases 64) or the tests with fewer processes (pytest -n 2)."
    )


@cache
def _databases(broker: str) -> int:
    with redis.Redis.from_url(broker) as server:
        return int(server.config_get("databases")["databases"])


def _number(broker: str) -> int:
    return int(urlsplit(broker).path.strip("/") or 0)


def _empty(broker: str) -> str:
    with redis.Redis.from_url(broker) as server:
        server.flushdb()
    return broker
