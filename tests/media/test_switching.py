"""The interval after which threads take turns is short while anybody copies, and then what it was."""

from __future__ import annotations

import sys

from editing.media.switching import Switching


def test_the_usual_interval_is_back_when_the_last_one_leaves() -> None:
    usual, switching = sys.getswitchinterval(), Switching()

    with switching:
        soon = sys.getswitchinterval()
        with switching:
            pass
        assert sys.getswitchinterval() == soon < usual

    assert sys.getswitchinterval() == usual
