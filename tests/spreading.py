"""How a run is spread over processes, and which of its tests are marked `engine`.

`pytest` starts one process more than there are cores, because many tests wait. A single file, `--pdb` and `-s` stay in
one process; `-n` says another number.
"""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

_MOST = 8
_ENGINE = ("tests/media/", "tests/timeline/")
_DATABASE = {"db", "transactional_db", "live_server", "django_db_setup"}
_LEFT_OUT = pytest.StashKey[int]()
_TOGETHER = (
    re.compile(r"tests/e2e/(?!test_on_air)"),
    re.compile(r"tests/rpc/test_(every|examples|legacy|node|sdk|story|wire)"),
)
"""Files that share an installation go as one to one process; any other file goes alone…"""
_APART = ("tests/media/matrix/test_matrix.py",)
"""…but from these each test: there are many, which share nothing but samples. They come last, to fill what is left."""
_FIRST = (*_TOGETHER, re.compile(r"tests/(test_up|e2e/test_on_air|worker/live|media/test_(recorder|slicer|cut))"))
"""What takes longest begins first, so that at the end nobody waits for one process."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # xdist reads it
    if config.option.capture == "no" or (len(config.args) == 1 and ".py" in config.args[0]):
        return 0
    return min(len(os.sched_getaffinity(0)) + 1, _MOST)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    config.option.loadscopereorder = False  # the order is that of the collection
    return _Scheduling(config, log)


class _Scheduling(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        together = [each.pattern for each in _TOGETHER if each.match(path)]
        return nodeid if path in _APART else (together or [path])[0]

    def remove_node(self, node: WorkerController) -> str | None:
        """Its process is gone: what it leaves others do, but not the test with which it went, which has failed."""
        for unit in self.assigned_work[node].values():
            for nodeid, done in unit.items():
                if not done:
                    unit[nodeid] = True
                    super().remove_node(node)
                    return nodeid
        return super().remove_node(node)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if _is_of_the_engine(item):
            item.add_marker("engine")
    if hasattr(config, "workerinput"):
        items.sort(key=_turn)


def _is_of_the_engine(item: pytest.Item) -> bool:
    """Whether neither database nor broker can make a difference to it.

    The engine imports neither Django nor Celery (an import contract holds that), and without these fixtures or this
    mark pytest-django lets nobody at the database."""
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.nodeid.startswith(_ENGINE) and not fixtures & _DATABASE and not item.get_closest_marker("django_db")


def _turn(item: pytest.Item) -> int:
    if item.nodeid.startswith(_APART):
        return len(_FIRST) + 1
    return next((turn for turn, each in enumerate(_FIRST) if each.match(item.nodeid)), len(_FIRST))


def pytest_deselected(items: list[pytest.Item]) -> None:
    left_out = [item for item in items if item.get_closest_marker("engine") and not item.get_closest_marker("sweep")]
    if left_out:
        left_out[0].config.stash[_LEFT_OUT] = len(left_out)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left out"] = session.config.stash.get(_LEFT_OUT, 0)


def pytest_testnodedown(node: Any) -> None:
    node.config.stash[_LEFT_OUT] = getattr(node, "workeroutput", {}).get("left out", 0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if left_out := config.stash.get(_LEFT_OUT, 0):
        terminalreporter.write_line(f"{left_out} tests of the engine, which knows no database and no broker, left out")
