from dataclasses import replace

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from editing.errors import InvalidPlaylist
from editing.media.playlist import Entry, MasterPlaylist, MediaPlaylist, Variant, parse, write
from editing.timeline.instant import SECOND, parse_instant
from tests.samples import BASIC, playlist, segments_of

WEB = "https://cdn.example.com/live/main/index.m3u8?token=a/b"
TEN = parse_instant("2026-11-20T10:00:00Z")


def media(*lines: str, base: str = "/rec/index.m3u8") -> MediaPlaylist:
    found = parse("\n".join(["#EXTM3U", *lines]), base)
    assert isinstance(found, MediaPlaylist)
    return found


def one(*lines: str) -> Entry:
    """The only entry of a playlist with these lines before it."""
    (entry,) = media(*lines, "#EXTINF:2.0,", "0.ts").entries
    return entry


def master(*lines: str, base: str = WEB) -> MasterPlaylist:
    found = parse("\n".join(["#EXTM3U", *lines]), base)
    assert isinstance(found, MasterPlaylist)
    return found


def test_a_recorders_playlist_is_read_whole() -> None:
    found = media(
        "#EXT-X-VERSION:6",
        "#EXT-X-TARGETDURATION:7",
        "#EXT-X-MEDIA-SEQUENCE:41",
        "#EXT-X-DISCONTINUITY-SEQUENCE:3",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "# a comment",
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-20T18:00:00.000+0800",
        "#EXTINF:6.006,",
        "a.ts",
        "",
        "#EXT-X-UNHEARD-OF:1",
        "#EXTINF:5.5,a title, with a comma",
        "b.ts",
        "#EXT-X-DISCONTINUITY",
        "#EXT-X-GAP",
        "#EXTINF:6,",
        "c.ts",
        "#EXT-X-ENDLIST",
    )

    assert found == MediaPlaylist(
        (
            Entry("/rec/a.ts", 6_006_000, 41, date=TEN, line=10),
            Entry("/rec/b.ts", 5_500_000, 42, line=14),
            Entry("/rec/c.ts", 6_000_000, 43, discontinuity=True, gap=True, line=18),
        ),
        ended=True,
        target=7_000_000,
    )


def test_a_playlist_that_grows_has_not_ended() -> None:
    assert media("#EXTINF:2,", "0.ts").ended is False


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_marks_and_line_endings_of_other_systems_are_fine(ending: str) -> None:
    text = ending.join(["\ufeff#EXTM3U", "#EXTINF:2.0,\u2028\x85", "0.ts", ""])

    assert parse(text, "index.m3u8") == MediaPlaylist((Entry("./0.ts", 2_000_000, 0, line=3),), ended=False)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("6", 6_000_000),
        ("6.", 6_000_000),
        (".5", 500_000),
        ("6.006000", 6_006_000),
        ("5.9999999999", 5_999_999),
        ("0.033366700033", 33_366),
        (" 2.5 ", 2_500_000),
        ("0", 0),
        ("3600", 3_600_000_000),
    ],
)
def test_durations_are_exact_to_the_microsecond(text: str, duration: int) -> None:
    (entry,) = media(f"#EXTINF:{text},title", "0.ts").entries

    assert entry.duration == duration


@pytest.mark.parametrize(
    "date",
    [
        "2026-11-20T10:00:00Z",
        "2026-11-20T10:00:00.000Z",
        "2026-11-20T10:00:00.000000000Z",
        "2026-11-20T18:00:00.000+0800",
        "2026-11-20T18:00:00.000+08:00",
        "2026-11-20T05:30:00-0430",
        "2026-11-20 10:00:00+00:00",
        "20261120T100000Z",
    ],
)
def test_dates_are_read_in_every_recorders_form(date: str) -> None:
    assert one(f"#EXT-X-PROGRAM-DATE-TIME:{date}").date == TEN


def test_a_date_belongs_to_the_next_segment_only() -> None:
    found = media("#EXTINF:2,", f"#EXT-X-PROGRAM-DATE-TIME:{'2026-11-20T10:00:00Z'}", "0.ts", "#EXTINF:2,", "1.ts")

    assert [entry.date for entry in found.entries] == [TEN, None]


@pytest.mark.parametrize(
    ("base", "uri", "found"),
    [
        ("/rec/index.m3u8", "a/0.ts", "/rec/a/0.ts"),
        ("index.m3u8", "0.ts", "./0.ts"),
        ("/rec/index.m3u8", "/other/0.ts", "/other/0.ts"),
        ("/rec/index.m3u8", "a b é.ts", "/rec/a b é.ts"),
        ("/rec/index.m3u8", "https://cdn.example.com/0.ts", "https://cdn.example.com/0.ts"),
        (WEB, "0.ts", "https://cdn.example.com/live/main/0.ts"),
        (WEB, "../x/0.ts?a=1&b=%20", "https://cdn.example.com/live/x/0.ts?a=1&b=%20"),
        (WEB, "/0.ts", "https://cdn.example.com/0.ts"),
        (WEB, "//other.example.com/0.ts", "https://other.example.com/0.ts"),
        (WEB, "http://other.example.com:8080/0.ts", "http://other.example.com:8080/0.ts"),
        (WEB, "a b é.ts", "https://cdn.example.com/live/main/a%20b%20%C3%A9.ts"),
    ],
)
def test_addresses_are_resolved_where_the_playlist_was_found(base: str, uri: str, found: str) -> None:
    assert media("#EXTINF:2,", uri, base=base).entries[0].uri == found


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "ftp://example.com/0.ts", "data:video/mp2t;base64,Rw=="])
def test_a_playlist_from_the_web_names_addresses_of_the_web_only(uri: str) -> None:
    with pytest.raises(InvalidPlaylist, match=r"^Line 3 .*not an http\(s\) address"):
        media("#EXTINF:2,", uri, base=WEB)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["#EXT-X-BYTERANGE:1000@0"], "Line 2 of the playlist: byte ranges"),
        (['#EXT-X-MAP:URI="init.mp4"'], "Line 2 of the playlist: fMP4"),
        (['#EXT-X-KEY:METHOD=AES-128,URI="k"'], "Line 2 of the playlist: the segments are encrypted"),
        (["#EXT-X-KEY:URI=k"], "encrypted"),
        (["#EXT-X-SKIP:SKIPPED-SEGMENTS=3"], "leaves segments out"),
        (["0.ts"], "Line 2 of the playlist: a segment has no #EXTINF"),
        (["#EXTINF:2,", "0.ts", "1.ts"], "Line 4 of the playlist: a segment has no #EXTINF"),
        (["#EXTINF:two,"], "“two” is not a duration"),
        (["#EXTINF:-1,"], "“-1” is not a duration"),
        (["#EXTINF:nan,"], "not a duration"),
        (["#EXTINF:1e999999999,"], "not a duration"),
        (["#EXTINF:²,"], "not a duration"),
        (["#EXTINF:3600.1,"], "cannot be right"),
        (["#EXTINF"], "not a duration"),
        (["#EXT-X-MEDIA-SEQUENCE:x"], "media sequence number"),
        (["#EXT-X-MEDIA-SEQUENCE:²"], "media sequence number"),
        (["#EXT-X-MEDIA-SEQUENCE:" + "9" * 5000], "media sequence number"),
        (["#EXT-X-PROGRAM-DATE-TIME:2026-11-20T10:00:00"], "has no offset"),
        (["#EXT-X-PROGRAM-DATE-TIME:now"], "not a date and time"),
    ],
)
def test_what_cannot_be_imported_is_refused_with_its_line(lines: list[str], says: str) -> None:
    with pytest.raises(InvalidPlaylist, match=says) as refusal:
        media(*lines)

    assert refusal.value.field == "playlist"


def test_no_encryption_is_fine() -> None:
    assert one("#EXT-X-KEY:METHOD=NONE").duration == 2_000_000


@pytest.mark.parametrize("text", ["", "\n", "<html></html>", "#EXTINF:2,\n0.ts", "EXTM3U", "0.ts\n1.ts"])
def test_what_is_no_playlist_is_refused(text: str) -> None:
    with pytest.raises(InvalidPlaylist, match="not an HLS playlist"):
        parse(text, "index.m3u8")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.sampled_from(["#EXTINF:2,", "#EXTINF:", "#EXT-X-KEY:", "0.ts", "\r", ":", "#EXT-X-STREAM-INF"])
        | st.text(max_size=20)
    ).map("\n".join)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse("#EXTM3U\n" + text, WEB)
    except InvalidPlaylist as refusal:
        assert refusal.message.endswith(".")  # noqa: PT017 - either outcome is right


def test_the_best_variant_of_a_master_playlist_is_the_one_of_the_highest_rate() -> None:
    found = master(
        '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="e",URI="s.m3u8"',
        '#EXT-X-STREAM-INF:BANDWIDTH=800000,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=640x360',
        "low/index.m3u8",
        "#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=9999999,BANDWIDTH=4700000",
        "# in between",
        "high/index.m3u8",
        '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=99999999,URI="i.m3u8"',
        "#EXT-X-STREAM-INF:",
        "unknown.m3u8",
    )

    assert found.variants == (
        Variant("https://cdn.example.com/live/main/low/index.m3u8", 800_000),
        Variant("https://cdn.example.com/live/main/high/index.m3u8", 4_700_000),
        Variant("https://cdn.example.com/live/main/unknown.m3u8", 0),
    )
    assert found.best == found.variants[1]


APART = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",URI="a.m3u8"'


def test_variants_without_their_sound_are_passed_over() -> None:
    found = master(
        APART, '#EXT-X-STREAM-INF:BANDWIDTH=9,AUDIO="a"', "v.m3u8", "#EXT-X-STREAM-INF:BANDWIDTH=5", "w.m3u8"
    )

    assert [variant.bandwidth for variant in found.variants] == [5]
    with pytest.raises(InvalidPlaylist, match="sound"):
        master(APART, '#EXT-X-STREAM-INF:BANDWIDTH=9,AUDIO="a"', "v.m3u8")


def test_sound_that_is_in_the_segments_too_is_enough() -> None:
    muxed = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="de"'

    assert master(APART, muxed, '#EXT-X-STREAM-INF:BANDWIDTH=9,AUDIO="a"', "v.m3u8").best.bandwidth == 9


def test_a_master_playlist_without_variants_is_refused() -> None:
    with pytest.raises(InvalidPlaylist, match="names no variant"):
        master("#EXT-X-STREAM-INF:BANDWIDTH=1")


def test_recorded_segments_are_written_with_their_dates_and_exact_durations() -> None:
    segments = segments_of(BASIC)[:2]
    other = [replace(part, epoch=1, start=part.start + 10 * SECOND) for part in segments_of(BASIC)[2:4]]

    text = write([*segments, *other], uri=lambda part: f"{part.sequence}.ts", ended=True, first=7)

    assert text.splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-TARGETDURATION:2",
        "#EXT-X-MEDIA-SEQUENCE:7",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-20T10:00:00.000Z",
        "#EXTINF:2.000000,",
        "0.ts",
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-20T10:00:02.000Z",
        "#EXTINF:2.000000,",
        "1.ts",
        "#EXT-X-DISCONTINUITY",
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-20T10:00:14.000Z",
        "#EXTINF:2.000000,",
        "2.ts",
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-20T10:00:16.000Z",
        "#EXTINF:2.000000,",
        "3.ts",
        "#EXT-X-ENDLIST",
    ]


def test_a_hole_is_a_discontinuity() -> None:
    segments = segments_of(BASIC)

    text = write([segments[0], segments[3]], uri=lambda part: part.key, ended=False)

    assert text.count("#EXT-X-DISCONTINUITY\n") == 1
    assert "#EXT-X-ENDLIST" not in text
    assert "PLAYLIST-TYPE" not in text


def test_what_is_written_reads_back_equal() -> None:
    segments = segments_of(replace(BASIC, seconds=6, rate="30000/1001"))

    found = parse(write(segments, uri=lambda part: part.key, ended=True), "/elsewhere/index.m3u8")

    assert isinstance(found, MediaPlaylist)
    assert [(entry.uri, entry.date) for entry in found.entries] == [(part.key, part.start) for part in segments]
    assert all(
        abs(entry.duration - (part.end - part.start)) <= 1 for entry, part in zip(found.entries, segments, strict=True)
    )


def test_a_written_playlist_plays(tmp_path: object) -> None:
    text = write(segments_of(BASIC), uri=lambda part: part.key, ended=True)
    path = playlist(BASIC).parent / "written.m3u8"
    path.write_text(text)
    try:
        with av.open(str(path), options={"allowed_extensions": "ALL"}) as container:
            frames = sum(packet.size > 0 for packet in container.demux(video=0))
    finally:
        path.unlink()

    assert frames == BASIC.frames
