import pytest

from editing.errors import InvalidInput, NotFound
from editing.models import Stream
from editing.services import streams
from editing.timeline.clips import StreamName

pytestmark = pytest.mark.django_db
NAME = StreamName("live.example.com", "app", "Küche_1-a")


def test_a_stream_is_made_once_and_found_by_its_name() -> None:
    made = streams.get_or_create(NAME)

    assert streams.get_or_create(NAME) == made == streams.find(NAME)
    assert (made.full_name, Stream.objects.count()) == (NAME, 1)


def test_an_unknown_stream_is_not_found() -> None:
    with pytest.raises(NotFound, match="There is no stream live") as refusal:
        streams.find(NAME, field="clips[0].stream")

    assert refusal.value.field == "clips[0].stream"


@pytest.mark.parametrize(
    "value", ["", "a/b", "a\\b", "a b", "a\n", "..", ".", "a?b", "a#b", "x" * 251, "a\x9fb", "\ud800"]
)
@pytest.mark.parametrize("field", ["domain", "app", "stream"])
def test_a_name_that_no_stream_can_have_is_refused(field: str, value: str) -> None:
    parts = {"domain": "d", "app": "a", "stream": "s"} | {field: value}

    with pytest.raises(InvalidInput) as refusal:
        streams.get_or_create(StreamName(**parts))

    assert (refusal.value.field, Stream.objects.count()) == (field, 0)
    with pytest.raises(NotFound):
        streams.find(StreamName(**parts))


@pytest.mark.parametrize("limits", [{"keep_days": 0}, {"keep_bytes": -1}, {"keep_days": 36_501}])
def test_a_limit_that_cannot_be_meant_is_refused(limits: dict[str, int]) -> None:
    stream = streams.get_or_create(NAME)

    with pytest.raises(InvalidInput, match="to keep all") as refusal:
        streams.keep(stream, **limits)

    assert refusal.value.field == next(iter(limits))
    stream.refresh_from_db()
    assert (stream.keep_days, stream.keep_bytes) == (None, None)
