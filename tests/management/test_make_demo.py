from itertools import pairwise

import av
import numpy as np
import pytest
from django.core.management import call_command

from editing import storage
from editing.management.commands import make_demo
from editing.models import Recording
from editing.timeline.instant import SECOND
from tests.samples import beeps

pytestmark = pytest.mark.django_db
LENGTH = 6


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Recording:
    monkeypatch.setattr(make_demo, "SECONDS", LENGTH)
    call_command("make_demo")
    assert "demo.example.com/live/demo" in capsys.readouterr().out
    return Recording.objects.get()


def test_the_demo_is_a_whole_recording_that_begins_on_a_second(demo: Recording) -> None:
    assert demo.range is not None
    assert (demo.range.start % SECOND, demo.range.duration) == (0, LENGTH * SECOND)
    assert (sum(demo.segments.values_list("frames", flat=True)), demo.gaps.count()) == (LENGTH * 30, 0)


def test_its_picture_shows_a_clock_and_its_sound_beeps_on_every_second(demo: Recording) -> None:
    path = storage.local_path(demo.bucket, demo.segments.earliest("sequence").key)
    assert path is not None

    assert beeps(path) == pytest.approx([0, 1, 2, 3], abs=0.03)
    with av.open(str(path)) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    height, width = pictures[0].shape
    texts = [picture[int(height * 0.40) : int(height * 0.48), width // 4 : width * 3 // 4] for picture in pictures]
    white = [int(np.count_nonzero(text > 220)) for text in texts]
    assert min(white) > 500
    assert all(np.abs(one.astype(int) - other).max() > 100 for one, other in pairwise(texts))


def test_there_is_one_demo_however_often_it_is_made(demo: Recording) -> None:
    call_command("make_demo")

    assert list(Recording.objects.all()) == [demo]
