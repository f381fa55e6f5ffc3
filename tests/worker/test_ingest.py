from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copyfile

import pytest

from editing import storage
from editing.errors import Conflict, InvalidInput, InvalidPlaylist, StartRequired
from editing.media import ffmpeg
from editing.media.index import index_segment
from editing.models import AnchorRow, Bucket, Recording, SegmentRow
from editing.services import recordings
from editing.timeline.coverage import Gap
from editing.timeline.instant import SECOND, Instant, Range, format_instant, parse_instant
from editing.worker import ingest
from tests.conftest import MAIN
from tests.samples import BASIC, START, WRAPPING, Kind, playlist

pytestmark = pytest.mark.django_db
MS = SECOND // 1000
HALVES = (Kind(seconds=4), Kind(seconds=4, clock=90_000 * 5000, first=100))


def take(source: Path | str, start: Instant | None = None, **options: object) -> Recording:
    return recordings.import_playlist(
        str(source), stream=MAIN, bucket=Bucket.objects.get(name="media"), start=start, **options
    )


def date(instant: Instant) -> str:
    return f"#EXT-X-PROGRAM-DATE-TIME:{format_instant(instant)}"


def write(folder: Path, *lines: str, first: int = 0, name: str = "index.m3u8") -> Path:
    """A playlist; a line that is no tag is a segment of two seconds."""
    body = [text for line in lines for text in ([line] if line.startswith("#") else ["#EXTINF:2.000,", line])]
    path = folder / name
    path.write_text("\n".join(["#EXTM3U", f"#EXT-X-MEDIA-SEQUENCE:{first}", *body]) + "\n")
    return path


def starts(recording: Recording) -> list[float]:
    """When each segment begins, in seconds from START."""
    rows = recording.segments.order_by("sequence")
    return [(start - START) / SECOND for start in rows.values_list("start", flat=True)]


def gaps(recording: Recording) -> list[tuple[float, float, str]]:
    found = recordings.coverage(recording).gaps()
    return [((gap.range.start - START) / SECOND, (gap.range.end - START) / SECOND, gap.reason) for gap in found]


def anchors(recording: Recording) -> list[tuple[int, float, str]]:
    rows = recording.anchors.values_list("epoch", "utc", "reason")
    return [(epoch, (utc - START) / SECOND, reason) for epoch, utc, reason in rows]


@pytest.fixture
def six(folder_of_basic: Path) -> Path:
    """A folder with 000.ts … 005.ts, two seconds each."""
    return folder_of_basic


NAMES = [f"{number:03d}.ts" for number in range(6)]


def test_segments_are_stored_with_their_whole_index(recording: Recording) -> None:
    rows = list(recording.segments.order_by("sequence"))

    assert (recording.segment_count, recording.size) == (6, sum(row.size for row in rows))
    assert recording.range == Range(START, START + 12 * SECOND)
    assert [row.frames for row in rows] == [50] * 6
    assert [row.key for row in rows] == [
        f"recordings/example.com/live/main/{recording.pk}/{number:06d}.ts" for number in range(6)
    ]
    value = recording.segments.filter(sequence=2).values_of()[0]
    source = (playlist(BASIC).parent / "002.ts").read_bytes()
    with storage.open_file(recording.bucket, value.key) as stored:
        assert stored.read() == source
    assert value.index == index_segment(source).index


def test_a_playlist_without_dates_needs_a_start() -> None:
    with pytest.raises(StartRequired, match="--start") as refusal:
        take(playlist(BASIC))

    assert refusal.value.field == "start"
    assert not Recording.objects.exists()


def test_one_date_anchors_the_epoch_at_its_earliest_picture(six: Path) -> None:
    recording = take(write(six, date(START), *NAMES))

    assert starts(recording) == [0, 2, 4, 6, 8, 10]
    assert (anchors(recording), gaps(recording)) == ([(0, 0, "start")], [])


def test_segments_before_the_first_date_end_where_it_begins(six: Path) -> None:
    recording = take(write(six, *NAMES[:2], date(START + 4 * SECOND), *NAMES[2:]))

    assert starts(recording) == [0, 2, 4, 6, 8, 10]


def test_dates_that_are_rounded_make_no_holes_and_are_only_noted(six: Path) -> None:
    dates = [
        START + at * SECOND + wrong * MS for at, wrong in zip(range(0, 12, 2), (0, 7, -9, 80, -80, 30), strict=True)
    ]
    lines = [line for at, name in zip(dates, NAMES, strict=True) for line in (date(at), name)]

    recording = take(write(six, *lines))

    assert starts(recording) == [0, 2, 4, 6, 8, 10]
    assert (gaps(recording), recording.anchors.get().drift) == ([], 30 * MS)


def test_a_drift_of_more_than_a_tenth_of_a_second_is_a_new_anchor_of_the_same_epoch(six: Path) -> None:
    recording = take(write(six, date(START), *NAMES[:3], date(START + 6 * SECOND + 150 * MS), *NAMES[3:]))

    assert anchors(recording) == [(0, 0, "start"), (0, 6.15, "drift")]
    assert starts(recording) == [0, 2, 4, 6.15, 8.15, 10.15]
    assert gaps(recording) == []


def test_the_clock_may_wrap_in_mid_segment() -> None:
    recording = take(playlist(WRAPPING), START)

    assert starts(recording) == [0, 2, 4, 6, 8, 10]
    assert (anchors(recording), gaps(recording)) == ([(0, 0, "start")], [])


@pytest.mark.parametrize("damage", ["missing", "empty", "noise"])
def test_a_segment_that_cannot_be_read_is_a_gap(six: Path, damage: str) -> None:
    victim = six / NAMES[2]
    if damage == "missing":
        victim.unlink()
    else:
        victim.write_bytes(b"" if damage == "empty" else bytes(range(256)) * 400)

    recording = take(write(six, date(START), *NAMES))

    assert starts(recording) == [0, 2, 6, 8, 10]
    assert [gap[:2] for gap in gaps(recording)] == [(4, 6)]
    assert gaps(recording)[0][2]
    assert anchors(recording) == [(0, 0, "start")]


def test_a_missing_segment_is_said_in_words(six: Path) -> None:
    (six / NAMES[2]).unlink()

    assert gaps(take(write(six, date(START), *NAMES))) == [(4, 6, "there is no such file")]


def test_a_truncated_segment_keeps_its_whole_frames_and_the_rest_is_a_gap(six: Path) -> None:
    victim = six / NAMES[2]
    victim.write_bytes(victim.read_bytes()[: victim.stat().st_size // 2 // 188 * 188])

    recording = take(write(six, date(START), *NAMES))

    (begins, ends, reason) = gaps(recording)[0]
    assert (4 < begins < 6, ends, reason, len(gaps(recording))) == (True, 6, "truncated", 1)
    assert starts(recording) == [0, 2, 4, 6, 8, 10]


@pytest.mark.parametrize("place", [0, 5])
def test_the_first_or_last_segment_may_be_unreadable(six: Path, place: int) -> None:
    (six / NAMES[place]).write_bytes(b"\x47" + b"x" * 1000)

    recording = take(write(six, *NAMES), START)

    there = [at for at in range(6) if at != place]
    assert starts(recording) == [2 * at for at in there]
    assert [gap[:2] for gap in gaps(recording)] == [(2 * place, 2 * place + 2)]


def test_what_the_server_marks_as_missing_is_a_gap(six: Path) -> None:
    recording = take(write(six, date(START), *NAMES[:2], "#EXT-X-GAP", *NAMES[2:]))

    assert gaps(recording) == [(4, 6, "the server marks it as missing")]


def test_segments_that_are_not_listed_are_a_gap_by_the_clock(six: Path) -> None:
    recording = take(write(six, date(START), *NAMES[:2], date(START + 8 * SECOND), *NAMES[4:]))

    assert starts(recording) == [0, 2, 8, 10]
    assert gaps(recording) == [(4, 8, "missing from the stream")]
    assert anchors(recording) == [(0, 0, "start")]


@pytest.fixture
def two_clocks(tmp_path: Path) -> Path:
    """a0.ts a1.ts on one clock, b0.ts b1.ts on another."""
    for letter, kind in zip("ab", HALVES, strict=True):
        for number in range(2):
            copyfile(playlist(kind).parent / f"{number:03d}.ts", tmp_path / f"{letter}{number}.ts")
    return tmp_path


def test_a_discontinuity_begins_an_epoch_at_its_own_date(two_clocks: Path) -> None:
    lines = [date(START), "a0.ts", "a1.ts", "#EXT-X-DISCONTINUITY", date(START + 10 * SECOND), "b0.ts", "b1.ts"]

    recording = take(write(two_clocks, *lines))

    assert anchors(recording) == [(0, 0, "start"), (1, 10, "discontinuity")]
    assert starts(recording) == [0, 2, 10, 12]
    assert gaps(recording) == [(4, 10, "the stream was interrupted")]


def test_an_undated_discontinuity_goes_on_where_the_last_epoch_ended(two_clocks: Path) -> None:
    recording = take(write(two_clocks, date(START), "a0.ts", "a1.ts", "#EXT-X-DISCONTINUITY", "b0.ts", "b1.ts"))

    assert (starts(recording), gaps(recording)) == ([0, 2, 4, 6], [])
    assert anchors(recording) == [(0, 0, "start"), (1, 4, "discontinuity")]


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_clock_that_jumps_forth_or_back_without_a_word_begins_an_epoch(two_clocks: Path, order: str) -> None:
    lines = [f"{letter}{number}.ts" for letter in order for number in range(2)]

    recording = take(write(two_clocks, date(START), *lines))

    assert (starts(recording), gaps(recording)) == ([0, 2, 4, 6], [])
    assert anchors(recording) == [(0, 0, "start"), (1, 4, "clock")]


def test_a_discontinuity_counts_although_its_segment_is_missing(two_clocks: Path) -> None:
    (two_clocks / "b0.ts").unlink()

    recording = take(write(two_clocks, date(START), "a0.ts", "a1.ts", "#EXT-X-DISCONTINUITY", "b0.ts", "b1.ts"))

    assert starts(recording) == [0, 2, 6]
    assert gaps(recording) == [(4, 6, "there is no such file")]
    assert anchors(recording) == [(0, 0, "start"), (1, 6, "discontinuity")]


def test_the_same_playlist_twice_adds_nothing(six: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    source = write(six, date(START), *NAMES)
    first = take(source)
    rows = list(SegmentRow.objects.order_by("pk").values())

    elsewhere = tmp_path_factory.mktemp("mirror")
    for name in (*NAMES, "index.m3u8"):
        copyfile(six / name, elsewhere / name)

    assert take(source) == first
    assert take(elsewhere / "index.m3u8") == first
    assert (list(SegmentRow.objects.order_by("pk").values()), AnchorRow.objects.count()) == (rows, 1)


def test_the_same_undated_playlist_twice_adds_nothing() -> None:
    first = take(playlist(BASIC), START)

    assert take(playlist(BASIC), START) == first
    assert first.segments.count() == 6


def test_a_grown_playlist_adds_the_rest_on_the_same_clock(six: Path) -> None:
    first = take(write(six, date(START), *NAMES[:3]))
    size = first.size

    grown = take(write(six, date(START), *NAMES))

    assert (grown, starts(grown), gaps(grown)) == (first, [0, 2, 4, 6, 8, 10], [])
    assert (grown.segment_count, grown.size > size, anchors(grown)) == (6, True, [(0, 0, "start")])
    assert grown.range == Range(START, START + 12 * SECOND)


def test_a_live_window_that_slides_is_one_recording(six: Path) -> None:
    seen = []
    for first in range(4):
        window = [line for at in range(first, first + 3) for line in (date(START + 2 * at * SECOND), NAMES[at])]
        seen.append(take(write(six, *window, first=first)))

    assert len(set(seen)) == 1
    assert starts(seen[-1]) == [0, 2, 4, 6, 8, 10]


def test_a_grown_playlist_goes_on_after_a_segment_that_was_missing(six: Path) -> None:
    (six / NAMES[2]).unlink()
    first = take(write(six, *NAMES[:3]), START)

    grown = take(write(six, *NAMES), START)

    assert (grown, starts(grown)) == (first, [0, 2, 6, 8, 10])
    assert gaps(grown) == [(4, 6, "there is no such file")]
    assert anchors(grown) == [(0, 0, "start")]


def test_a_recorder_that_starts_anew_under_the_same_names_makes_another_recording(six: Path) -> None:
    first = take(write(six, date(START), *NAMES))
    second = take(write(six, date(START + 3600 * SECOND), *NAMES))

    assert first != second
    assert (first.segment_count, second.segment_count) == (6, 6)


def test_an_import_that_was_interrupted_is_completed_by_the_next(six: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "BATCH", 2)
    source = write(six, date(START), *NAMES)

    def pull_the_plug(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(source, progress=pull_the_plug)
    half = Recording.objects.get()
    assert (half.segment_count, half.segments.count(), half.ended) == (4, 4, False)

    whole = take(source)
    assert (whole, starts(whole), whole.segment_count, whole.ended) == (half, [0, 2, 4, 6, 8, 10], 6, True)
    assert anchors(whole) == [(0, 0, "start")]


def test_two_imports_at_once_do_not_double_anything(six: Path) -> None:
    source = write(six, date(START), *NAMES)

    def meanwhile(done: int, total: int) -> None:
        if done == 6 and not SegmentRow.objects.exists():
            take(source)

    with pytest.raises(Conflict, match="Another import"):
        take(source, progress=meanwhile)

    recording = Recording.objects.get()
    assert (recording.segment_count, recording.segments.count(), starts(recording)) == (6, 6, [0, 2, 4, 6, 8, 10])


def test_a_sudden_change_of_parameters_is_no_new_epoch(six: Path) -> None:
    bigger = Kind(width=480, height=270)
    for name in NAMES[3:]:
        copyfile(playlist(bigger).parent / name, six / name)

    recording = take(write(six, date(START), *NAMES))

    assert (anchors(recording), gaps(recording)) == ([(0, 0, "start")], [])
    assert len(set(recording.segments.values_list("parameters", flat=True))) == 2


def test_sound_alone_is_a_recording_too(tmp_path: Path) -> None:
    index = tmp_path / "index.m3u8"
    ffmpeg.run(["-f", "lavfi", "-i", "sine=duration=6", "-c:a", "aac", "-hls_list_size", "0", str(index)])

    recording = take(index, START)

    assert recording.segment_count == index.read_text().count("#EXTINF") > 1
    assert (gaps(recording), recording.poster) == ([], "")


def test_a_recording_gets_its_first_picture_as_poster(recording: Recording) -> None:
    with storage.open_file(recording.bucket, recording.poster) as picture:
        assert picture.read(3) == b"\xff\xd8\xff"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["#EXT-X-BYTERANGE:1000@0", "000.ts"], "byte ranges"),
        (['#EXT-X-KEY:METHOD=AES-128,URI="k"', "000.ts"], "encrypted"),
        (['#EXT-X-MAP:URI="init.mp4"', "000.ts"], "fMP4"),
        ([], "no segments"),
    ],
)
def test_what_cannot_be_imported_is_refused(six: Path, lines: list[str], words: str) -> None:
    with pytest.raises(InvalidPlaylist, match=words) as refusal:
        take(write(six, *lines), START)

    assert refusal.value.field == "playlist"


@pytest.mark.parametrize("source", ["/nowhere/index.m3u8", "ftp://example.com/index.m3u8", "http://127.0.0.1:9/x.m3u8"])
def test_a_playlist_that_is_not_there_is_said(source: str) -> None:
    with pytest.raises(InvalidPlaylist, match="cannot be read"):
        take(source, START)


def test_an_inactive_bucket_is_refused(media: Bucket) -> None:
    media.active = False
    media.save()

    with pytest.raises(InvalidInput, match="not active") as refusal:
        take(playlist(BASIC), START)

    assert refusal.value.field == "bucket"


def test_a_master_playlist_gives_its_best_variant_and_says_so(six: Path) -> None:
    write(six, date(START), *NAMES, name="good.m3u8")
    master = six / "master.m3u8"
    master.write_text(
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100\nbad.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=900\ngood.m3u8\n"
    )
    said: list[str] = []

    recording = take(master, say=said.append)

    assert recording.segment_count == 6
    assert said == [f"{master} is a master playlist; taking its best variant, {six}/good.m3u8 (900 bit/s)."]


class Server(SimpleHTTPRequestHandler):
    """A server of files with its moods: /moved/ redirects, 003.ts is cut off once, 004.ts is not there for a moment."""

    moods: dict[str, int] = {}

    def do_GET(self) -> None:
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", self.path.replace("/moved/", "/"))
            self.end_headers()
        elif self.moods.pop(self.path, None):
            self.fail()
        else:
            super().do_GET()

    def fail(self) -> None:
        if self.path == "/004.ts":
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.wfile.write(b"\x47" * 1000)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(six: Path) -> Iterator[str]:
    Server.moods = {"/003.ts": 1, "/004.ts": 1}
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=str(six))) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_a_server_may_redirect_and_have_bad_moments(server: str, six: Path) -> None:
    (six / NAMES[5]).unlink()
    write(six, date(START), *NAMES)

    recording = take(f"{server}/moved/index.m3u8")

    assert starts(recording) == [0, 2, 4, 6, 8]
    assert gaps(recording) == [(10, 12, "the server answered 404")]


def test_a_day_is_imported_from_few_rows_at_a_time(six: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "BATCH", 2)
    done: list[tuple[int, int, int]] = []

    take(
        write(six, date(START), *NAMES),
        progress=lambda now, total: done.append((now, total, SegmentRow.objects.count())),
    )

    assert done == [(1, 6, 0), (2, 6, 0), (3, 6, 2), (4, 6, 2), (5, 6, 4), (6, 6, 4)]


def test_gaps_of_the_summary_are_values(recording: Recording) -> None:
    recording.gaps.create(start=START + 12 * SECOND, end=START + 14 * SECOND, reason="the source ended")

    assert recordings.coverage(recording).gaps() == (
        Gap(Range(parse_instant("2026-11-20T10:00:12Z"), parse_instant("2026-11-20T10:00:14Z")), "the source ended"),
    )
