"""Segments of every sort, judged by what stands in their transport packets."""

import io
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from editing.errors import MediaError, UnreadableMedia, UnsupportedMedia
from editing.media.index import SegmentIndex, index_segment
from editing.timeline.frames import FrameKind, pack, unpack
from editing.timeline.ticks import WRAP
from tests.samples import BASIC, WRAPPING, Kind, playlist, segments_of

FRAME = 3600
PACKET = 188
SHORT = Kind(seconds=4)
OPEN_GOP = Kind(options="-x264-params open-gop=1:keyint=25:scenecut=0")
REFRESHING = Kind(bframes=0, gop=50, options="-x264-params intra-refresh=1:keyint=50")
HEVC_LEADING = Kind(
    seconds=4, codec="libx265", bframes=4, options="-x265-params log-level=none:open-gop=1:keyint=25:b-adapt=0"
)
LATE_SOUND = Kind(seconds=4, options="-af asetpts=PTS+3/TB")
ONLY_SOUND = Kind(seconds=4, options="-map 1:a")
INTERLACED = Kind(seconds=4, options="-x264-params interlaced=1 -flags +ildct+ilme")


def bytes_of(kind: Kind, number: int) -> bytes:
    return sorted(playlist(kind).parent.glob("*.ts"))[number].read_bytes()


def written_times(data: bytes, stream_id: int = 0xE0) -> list[int]:
    """The 33-bit presentation times in the PES headers, as they stand there."""
    return list(_written_times(data, stream_id))


def _written_times(data: bytes, stream_id: int) -> Iterator[int]:
    for at in range(0, len(data) - PACKET + 1, PACKET):
        packet = data[at : at + PACKET]
        payload = packet[5 + packet[4] if packet[3] & 0x20 else 4 :]
        if packet[1] & 0x40 and payload[:4] == bytes([0, 0, 1, stream_id]):
            a, b, c, d, e = payload[9:14]
            yield (a >> 1 & 7) << 30 | b << 22 | c >> 1 << 15 | d << 7 | e >> 1


def kinds(kind: Kind) -> Counter[str]:
    """Of the second segment's frames."""
    video = segments_of(kind)[1].index.video
    assert video
    return Counter(video.kind(position).name for position in range(len(video)))


def test_every_frame_has_the_time_that_is_written_in_its_packet() -> None:
    data = bytes_of(BASIC, 1)
    video = index_segment(data).index.video

    assert video
    assert list(video.pts) == written_times(data)
    assert sorted(video.pts) == list(range(video.start, video.start + 50 * FRAME, FRAME))
    assert video.end == video.start + 50 * FRAME
    assert sum(video.sizes) < len(data)


def test_sound_has_the_times_of_its_packets() -> None:
    data = bytes_of(BASIC, 1)
    (sound,) = index_segment(data).index.audio

    assert set(written_times(data, 0xC0)) <= set(sound.pts)
    assert {b - a for a, b in zip(sound.pts, sound.pts[1:], strict=False)} == {1920}
    assert sound.end == sound.pts[-1] + 1920


def test_decoding_times_rise_and_never_lie_after_the_frame_is_shown() -> None:
    video = index_segment(bytes_of(BASIC, 1)).index.video

    assert video
    assert video.dts == tuple(sorted(set(video.dts)))
    assert all(dts <= pts for dts, pts in zip(video.dts, video.pts, strict=True))


@pytest.mark.parametrize("name", ["25", "30000/1001", "24000/1001", "50"])
def test_a_segment_ends_where_the_next_one_begins(name: str) -> None:
    segments = segments_of(Kind(seconds=6, rate=name))

    assert [each.end_pts for each in segments[:-1]] == [each.first_pts for each in segments[1:]]
    assert [each.end for each in segments[:-1]] == [each.start for each in segments[1:]]


def test_a_clock_that_wraps_inside_a_segment_goes_on() -> None:
    parts = [bytes_of(WRAPPING, number) for number in range(6)]
    written = [written_times(part) for part in parts]
    (wrapping,) = [number for number, times in enumerate(written) if max(times) - min(times) > WRAP // 2]

    found = index_segment(parts[wrapping]).index

    assert found.video
    assert [pts % WRAP for pts in found.video.pts] == written[wrapping]
    assert sorted(found.video.pts) == list(range(found.video.start, found.video.start + 50 * FRAME, FRAME))
    assert abs(found.audio[0].pts[0] - found.video.start) < 9000


def test_times_continue_those_of_the_segment_before() -> None:
    segments = segments_of(WRAPPING)

    assert segments[0].first_pts == written_times(bytes_of(WRAPPING, 0))[0]
    assert [each.first_pts - segments[0].first_pts for each in segments] == [50 * FRAME * n for n in range(6)]
    assert segments[-1].first_pts > WRAP


def test_times_lie_near_the_end_of_what_came_before_however_often_the_clock_wrapped() -> None:
    data = bytes_of(BASIC, 1)
    first = index_segment(data).first_pts

    assert index_segment(data, near=5 * WRAP + first - 700).first_pts == 5 * WRAP + first
    assert index_segment(data, near=first + 700).first_pts == first


def test_kinds_of_frames_are_told_apart() -> None:
    assert kinds(BASIC) == {"IDR": 2, "INTER": 48}
    assert kinds(OPEN_GOP) == {"RECOVERY": 2, "INTER": 48}
    leading = kinds(HEVC_LEADING)
    assert (leading["CRA"], leading["RASL"]) == (2, 8)


def test_a_gradual_refresh_says_after_how_many_frames_the_picture_is_right() -> None:
    video = segments_of(REFRESHING)[1].index.video

    assert video
    assert video.kind(0) is FrameKind.REFRESH
    assert [position for position, _ in video.recovery] == [0]
    assert 0 < video.recovery[0][1] < 50


def test_frames_that_no_other_refers_to_are_marked() -> None:
    video = index_segment(bytes_of(BASIC, 1)).index.video
    plain = segments_of(REFRESHING)[1].index.video

    assert video
    assert plain
    assert 15 < sum(video.disposable(position) for position in range(50)) < 35
    assert not any(plain.disposable(position) for position in range(50))


@pytest.mark.parametrize("kind", [BASIC, HEVC_LEADING, INTERLACED, LATE_SOUND], ids=["H.264", "HEVC", "fields", "late"])
def test_an_unchanged_stream_keeps_its_identity(kind: Kind) -> None:
    segments = segments_of(kind)

    assert len({each.parameters.video for each in segments}) == 1
    assert len({each.parameters.audio for each in segments if each.parameters.audio}) == 1


def test_parameters_say_what_a_decoder_must_know() -> None:
    parameters = segments_of(Kind(seconds=4, rate="30000/1001", audio_rate=44100, channels=2))[0].parameters

    assert parameters.video
    assert replace(parameters.video, extradata="", level=0) == replace(
        parameters.video,
        codec="h264",
        profile="Main",
        level=0,
        width=320,
        height=180,
        pixel_format="yuv420p",
        aspect="1:1",
        frame_rate="30000/1001",
        field_order="progressive",
        rotation=0,
        extradata="",
    )
    assert parameters.video.extradata.startswith("0000000167")
    assert parameters.video.level > 0
    (sound,) = parameters.audio
    assert (sound.codec, sound.profile, sound.sample_rate, sound.channels, sound.extradata) == (
        ("aac", "LC", 44100, 2, "1210")
    )


def test_another_size_is_another_identity() -> None:
    assert segments_of(SHORT)[0].parameters.identity != segments_of(Kind(seconds=4, width=160))[0].parameters.identity


def test_sound_that_starts_late_is_there_from_the_segment_in_which_it_starts() -> None:
    first, second = segments_of(LATE_SOUND)

    assert (first.index.audio, first.parameters.audio) == ((), ())
    assert second.index.audio[0].pts[0] - second.first_pts == pytest.approx(90_000, abs=9000)


def test_a_segment_of_sound_alone_has_the_bounds_of_its_sound() -> None:
    found = index_segment(bytes_of(ONLY_SOUND, 0))

    assert (found.index.video, found.parameters.video) == (None, None)
    assert found.first_pts == written_times(bytes_of(ONLY_SOUND, 0), 0xC0)[0]
    assert found.end_pts == found.index.audio[0].end


def test_a_segment_without_sound_has_no_audio_track() -> None:
    found = index_segment(bytes_of(Kind(seconds=4, audio=None), 0))

    assert (found.index.audio, found.parameters.audio) == ((), ())


def test_a_segment_may_begin_between_keyframes() -> None:
    segments = segments_of(Kind(seconds=4, gop=100, options="-hls_flags split_by_time"))

    assert len(segments) > 1
    video = segments[1].index.video
    assert video
    assert {video.kind(position) for position in range(len(video))} == {FrameKind.INTER}
    assert segments[1].parameters == segments[0].parameters


def test_pictures_without_parameter_sets_cannot_be_decoded() -> None:
    folder = playlist(Kind(seconds=4, gop=100, options="-hls_flags split_by_time")).parent
    last = sorted(folder.glob("*.ts"))[-1].read_bytes()

    with pytest.raises(UnreadableMedia, match="parameter sets"):
        index_segment(last)


def test_a_file_is_read_like_its_bytes() -> None:
    path = sorted(playlist(BASIC).parent.glob("*.ts"))[1]

    with path.open("rb") as file:
        assert index_segment(file) == index_segment(path.read_bytes())


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "cannot be read as MPEG-TS"),
        (b"not media at all " * 500, "cannot be read as MPEG-TS"),
        (bytes(100_000), "cannot be read as MPEG-TS"),
        (b"\x47", "cannot be read as MPEG-TS"),
    ],
    ids=["empty", "text", "zeros", "one byte"],
)
def test_foreign_bytes_are_refused_in_words(data: bytes, says: str) -> None:
    with pytest.raises(UnreadableMedia, match=says):
        index_segment(data)


def test_an_html_page_of_an_unfriendly_server_is_refused() -> None:
    with pytest.raises(UnreadableMedia):
        index_segment(io.BytesIO(b"<html><body>403 Forbidden</body></html>\n" * 20))


def test_codecs_that_cannot_be_cut_are_refused_by_name() -> None:
    data = bytes_of(Kind(seconds=2, codec="mpeg2video"), 0)

    with pytest.raises(UnsupportedMedia, match="mpeg2video"):
        index_segment(data)


@pytest.mark.parametrize("kind", [BASIC, HEVC_LEADING], ids=["H.264", "HEVC"])
def test_of_a_truncated_segment_the_whole_frames_are_kept(kind: Kind) -> None:
    data = bytes_of(kind, 1)
    video = index_segment(data).index.video
    assert video
    sizes = dict(zip(video.pts, video.sizes, strict=True))

    for length in random.Random(2).sample(range(len(data) // 4, len(data) * 9 // 10), 40):
        found = index_segment(data[:length], declared=180_000)
        kept = found.index.video
        assert kept
        assert found.flaw == "truncated"
        assert 0 < len(kept) < 50
        assert all(sizes[pts] == size for pts, size in zip(kept.pts, kept.sizes, strict=True))


def test_a_cut_between_two_transport_packets_is_seen_by_what_the_frame_lacks() -> None:
    data = bytes_of(BASIC, 1)
    video = index_segment(data).index.video
    assert video
    sizes = dict(zip(video.pts, video.sizes, strict=True))

    for packets in range(len(data) // PACKET // 4, len(data) // PACKET * 9 // 10, 3):
        found = index_segment(data[: packets * PACKET], declared=179_999)
        kept = found.index.video
        assert kept
        assert found.flaw == "truncated"
        assert all(sizes[pts] == size for pts, size in zip(kept.pts, kept.sizes, strict=True))


@pytest.mark.parametrize("declared", [None, 0, 180_000, 182_000])
def test_a_whole_segment_keeps_its_last_frame_whatever_is_declared(declared: int | None) -> None:
    found = index_segment(bytes_of(BASIC, 1), declared=declared)

    assert (found.flaw, len(found.index.video or ())) == ("", 50)


def test_a_duration_that_is_much_too_long_says_truncated_and_keeps_whole_frames() -> None:
    found = index_segment(bytes_of(BASIC, 1), declared=360_000)

    assert (found.flaw, len(found.index.video or ())) == ("truncated", 50)


def test_a_segment_that_breaks_off_in_its_first_frame_is_unreadable() -> None:
    data = bytes_of(Kind(seconds=4, audio=None, bframes=0), 1)

    with pytest.raises(UnreadableMedia):
        index_segment(data[: 10 * PACKET + 50])


def test_one_frame_with_a_damaged_clock_does_not_stretch_the_segment() -> None:
    data = bytearray(bytes_of(BASIC, 1))
    whole = index_segment(bytes(data))
    position = _header(data, 20)
    data[position + 10] ^= 0x40  # the presentation time's bit 28: fifty minutes

    found = index_segment(bytes(data))

    assert (found.first_pts, found.end_pts) == (whole.first_pts, whole.end_pts)
    assert len(found.index.video or ()) == 49


def _header(data: bytearray, number: int) -> int:
    position = -1
    for _ in range(number):
        position = data.index(b"\x00\x00\x01\xe0", position + 1)
    return position


def test_damage_never_does_worse_than_a_refusal() -> None:
    rnd = random.Random(7)
    whole = [bytes_of(BASIC, 1), bytes_of(WRAPPING, 2), bytes_of(HEVC_LEADING, 1)]
    for _ in range(150):
        data = bytearray(rnd.choice(whole))
        for _ in range(rnd.choice([1, 30, 1000])):
            data[rnd.randrange(len(data))] ^= 1 << rnd.randrange(8)
        found = index_or_none(bytes(data[: rnd.randrange(len(data))]))
        if found:
            assert unpack(pack(found.index)) == found.index
            assert 0 < found.end_pts - found.first_pts < 4 * 180_000


def index_or_none(data: bytes) -> SegmentIndex | None:
    try:
        return index_segment(data, declared=180_000)
    except MediaError:
        return None


def test_a_stream_that_appears_out_of_damage_is_passed_over() -> None:
    data = bytearray(bytes_of(BASIC, 1))
    for at in range(len(data) // PACKET // 2 * PACKET, len(data), PACKET):
        if data[at + 1] & 0x1F == 1 and data[at + 2] == 1:  # sound under another number, behind another table
            data[at + 2] = 2
    found = index_segment(bytes(data))

    assert len(found.index.video or ()) == 50
