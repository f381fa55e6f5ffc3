"""Recordings of every kind that the engine must take, tiny, and what is true of each: which picture is when.

Nothing here asks the engine what is in a recording: a picture's instant follows from how it was made.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from editing.media import ffmpeg
from editing.timeline.coverage import Coverage, Segment
from editing.timeline.instant import SECOND, Instant
from editing.timeline.ticks import WRAP
from tests.fields import Fields, folder_of
from tests.samples import _FOLDER, START, Kind, picture, segments_in, segments_of

TINY = Kind(seconds=5, width=136, height=64, gop=12, segment=1, options="-x264-params scenecut=0")
_LONGEST_GOP = 30
"""Cuts are placed by groups of at most so many frames, for four of them to fit."""
X265 = "-x265-params log-level=none:keyint=12:scenecut=0"


@dataclass(frozen=True)
class Material:
    """A recording. `pictures` are the instants and numbers of all that is shown, in order; a group is `gop` long.

    `seam` is a position in `pictures` at which something happens; `beeps` the instants at which a beep begins, None
    where nobody can say.
    """

    coverage: Coverage
    pictures: tuple[tuple[Instant, int], ...]
    seam: int
    gop: int = 12
    beeps: tuple[Instant, ...] | None = None


def _truth(kind: Kind, start: Instant) -> list[tuple[Instant, int]]:
    rate = Fraction(kind.rate)
    return [(start + int(number * SECOND / rate), kind.first + number) for number in range(kind.frames)]


def _beeps(kind: Kind, start: Instant) -> tuple[Instant, ...]:
    return tuple(start + second * SECOND for second in range(kind.seconds)) if kind.audio else ()


def plain(**changes: object) -> Callable[[], Material]:
    """A sample that is TINY but for these changes."""

    def made() -> Material:
        kind = replace(TINY, **changes)
        truth = tuple(_truth(kind, START))
        seam = round(2 * Fraction(kind.rate))
        return Material(Coverage(segments_of(kind)), truth, seam, min(kind.gop, _LONGEST_GOP), _beeps(kind, START))

    return made


def _joined(*parts: tuple[Kind, float], epochs: bool = True, recordings: bool = False, beeps: bool = True) -> Material:
    """Samples that begin so many seconds after START, one recording or several."""
    segments: list[Segment] = []
    truth: list[tuple[Instant, int]] = []
    heard: list[Instant] = []
    for number, (kind, at) in enumerate(parts):
        start = START + round(at * SECOND)
        own = segments_of(kind, start=start, recording=1 + number * recordings, epoch=number * epochs)
        segments += [replace(each, sequence=len(segments) + place) for place, each in enumerate(own)]
        truth = [each for each in truth if each[0] < start]
        seam = len(truth)
        truth += _truth(kind, start)
        heard = [each for each in heard if each < start] + list(_beeps(kind, start))
    return Material(Coverage(segments), tuple(truth), seam, beeps=tuple(heard) if beeps else None)


def reconnect() -> Material:
    """The publisher comes back at once, with another clock."""
    return _joined((replace(TINY, seconds=2), 0), (replace(TINY, seconds=3, clock=77_000_000, first=500), 2))


def reconnect_with_pause() -> Material:
    """The publisher comes back after 0.7 s."""
    return _joined((replace(TINY, seconds=2), 0), (replace(TINY, seconds=3, clock=1_000, first=500), 2.7))


def reconnect_at_a_wrap() -> Material:
    """The clock wraps in the middle of what comes before a new one, and of what comes after."""
    after = replace(TINY, seconds=3, clock=WRAP - 225_000, first=500)
    return _joined((replace(TINY, seconds=2, clock=WRAP - 90_000), 0), (after, 2))


def size_change() -> Material:
    return _joined((replace(TINY, seconds=2), 0), (replace(TINY, seconds=3, width=272, height=128, first=500), 2))


def codec_change() -> Material:
    other = replace(TINY, seconds=2, codec="libx265", options=X265, first=500)
    return _joined((replace(TINY, seconds=3), 0), (other, 3))


def settings_change() -> Material:
    """Same size, other parameter sets under the same ids."""
    other = replace(TINY, seconds=2, bframes=0, options="-x264-params scenecut=0:ref=1:cabac=1:8x8dct=1", first=500)
    return _joined((replace(TINY, seconds=3), 0), (other, 3))


def sound_change() -> Material:
    return _joined(
        (replace(TINY, seconds=3), 0), (replace(TINY, seconds=2, audio_rate=44100, channels=2, first=500), 3)
    )


def hole() -> Material:
    """One segment is missing."""
    found = plain()()
    kept = [each for each in found.coverage.segments if each.sequence != 2]
    low, high = found.coverage.segments[2].start, found.coverage.segments[2].end
    truth = tuple(each for each in found.pictures if not low <= each[0] < high)
    heard = tuple(each for each in found.beeps or () if not low <= each < high)
    seam = sum(instant < low for instant, _ in truth)
    return replace(found, coverage=Coverage(kept), pictures=truth, seam=seam, beeps=heard)


def overlap() -> Material:
    """Two recorders of one stream: the second begins while the first still runs."""
    found = _joined((replace(TINY, seconds=3), 0), (replace(TINY, seconds=4, first=500), 2), recordings=True)
    first = _truth(replace(TINY, seconds=3), START)
    second = _truth(replace(TINY, seconds=4, first=500), START + 2 * SECOND)
    truth = first + [each for each in second if each[0] >= START + 3 * SECOND]
    return replace(found, pictures=tuple(truth), seam=len(first), beeps=None)


def repeated() -> Material:
    """A segment that is there twice."""
    found = plain()()
    parts = list(found.coverage.segments)
    again = replace(parts[2], id=99, sequence=parts[2].sequence + 100, recording=2)
    return replace(found, coverage=Coverage([*parts, again]))


def truncated() -> Material:
    """The last segment ends in the middle of a picture."""
    kind = TINY
    source = Path(segments_of(kind)[0].key).parent
    folder = Path(mkdtemp(dir=_FOLDER))
    paths = sorted(source.glob("*.ts"))
    for path in paths[:4]:
        (folder / path.name).write_bytes(path.read_bytes())
    data = paths[3].read_bytes()
    (folder / paths[3].name).write_bytes(data[: len(data) * 6 // 10])
    segments = segments_in(folder)
    first = segments[0].first_pts
    there = {(pts - first) // 3600 for each in segments for pts in each.index.video.pts}
    truth = tuple(each for each in _truth(kind, START) if each[1] in there)
    return Material(Coverage(segments), truth, 75, beeps=tuple(_beeps(kind, START)[:4]))


def _filtered(*, video: str = "", sound: tuple[str, ...] = (), kind: Kind = TINY, output: tuple[str, ...] = ()) -> Path:
    """A sample made with filters, or with other sound, than a Kind can have."""
    folder = Path(mkdtemp(dir=_FOLDER))
    command = [
        *(ffmpeg.binary(), "-v", "error", "-y"),
        *("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{kind.width}x{kind.height}", "-r", kind.rate, "-i", "pipe:0"),
        *sound,
        *(("-vf", video) if video else ()),
        *("-c:v", kind.codec, "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
        *("-g", str(kind.gop), "-bf", str(kind.bframes), *kind.options.split(), *output),
        *("-muxdelay", "0", "-f", "hls", "-hls_time", str(kind.segment), "-hls_list_size", "0"),
        *("-hls_segment_filename", str(folder / "%03d.ts"), str(folder / "index.m3u8")),
    ]
    frames = (picture(kind.first + number, kind.width, kind.height).tobytes() for number in range(kind.frames))
    subprocess.run(command, input=b"".join(frames), check=True)
    return folder


def _beeping(first: float, seconds: float) -> tuple[str, ...]:
    beep = "if(lt(mod(t\\,1)\\,0.05)\\,0.5*sin(2*PI*1000*t)\\,0)"
    return ("-itsoffset", str(first), "-f", "lavfi", "-i", f"aevalsrc={beep}:s=48000:d={seconds}", "-c:a", "aac")


@cache
def variable_rate() -> Material:
    """No two neighbouring frames last equally long."""
    uneven = "settb=1/90000,setpts='N*3600+mod(N,3)*900'"
    folder = _filtered(
        video=uneven, sound=_beeping(0, 5), output=("-fps_mode", "passthrough", "-enc_time_base", "1:90000")
    )
    truth = [(START + (n * 3600 + n % 3 * 900) * 100 // 9, n) for n in range(TINY.frames)]
    return Material(Coverage(segments_in(folder)), tuple(truth), 48, beeps=_beeps(TINY, START))


@cache
def late_sound() -> Material:
    """Sound that is announced, but comes two seconds after the first picture."""
    folder = _filtered(sound=_beeping(2.0, 3))
    return Material(Coverage(segments_in(folder)), tuple(_truth(TINY, START)), 50, beeps=_beeps(TINY, START)[2:])


@cache
def early_ending_sound() -> Material:
    folder = _filtered(sound=_beeping(0, 2.5))
    return Material(Coverage(segments_in(folder)), tuple(_truth(TINY, START)), 62, beeps=_beeps(TINY, START)[:3])


def sound_appears() -> Material:
    """A stream that has no sound at first, and later has."""
    return _joined((replace(TINY, seconds=2, audio=None), 0), (replace(TINY, seconds=3, first=500), 2))


def sound_vanishes() -> Material:
    return _joined((replace(TINY, seconds=3), 0), (replace(TINY, seconds=2, audio=None, first=500), 3))


def fields(**changes: object) -> Callable[[], Material]:
    """Interlaced, each field a picture of its own."""

    def made() -> Material:
        sample = Fields(**changes)
        truth = tuple(_truth(sample.kind, START))
        return Material(Coverage(segments_in(folder_of(sample))), truth, 48, beeps=_beeps(sample.kind, START))

    return made


def inside(**changes: object) -> Callable[[], Material]:
    """Four seconds of which the third is another; it shares a segment with the second."""

    def made() -> Material:
        parts = [replace(TINY, seconds=1, clock=90_000 * (at + 1), first=25 * at) for at in range(4)]
        parts[2] = replace(parts[2], **changes)
        data = [Path(segment.key).read_bytes() for kind in parts for segment in segments_of(kind)]
        folder = Path(mkdtemp(dir=_FOLDER))
        for number, which in enumerate((data[:1], data[1:3], data[3:])):
            (folder / f"{number}.ts").write_bytes(b"".join(which))
        heard = tuple(START + at * SECOND for at, kind in enumerate(parts) if kind.audio)
        truth = tuple(each for at, kind in enumerate(parts) for each in _truth(kind, START + at * SECOND))
        return Material(Coverage(segments_in(folder)), truth, 50, beeps=heard)

    return made


H264 = "-x264-params scenecut=0"
MATERIALS: dict[str, Callable[[], Material]] = {
    "closed GOP": plain(),
    "no B-frames": plain(bframes=0),
    "open GOP": plain(options=f"{H264}:open-gop=1:keyint=12"),
    "open GOP and pyramid": plain(bframes=5, options=f"{H264}:open-gop=1:keyint=12:b-pyramid=normal:b-adapt=0"),
    "pyramid": plain(bframes=5, options=f"{H264}:b-pyramid=normal:b-adapt=0:ref=4"),
    "intra refresh": plain(bframes=0, gop=25, options=f"{H264}:intra-refresh=1:keyint=25"),
    "four slices": plain(options=f"{H264}:slices=4"),
    "CAVLC": plain(options=f"{H264}:cabac=0"),
    "MBAFF": plain(options="-flags +ilme+ildct -x264-params scenecut=0:tff=1"),
    "MBAFF, bottom field first": plain(options="-flags +ilme+ildct -x264-params scenecut=0:bff=1", bframes=0),
    "PAFF": fields(),
    "PAFF, fields apart": fields(apart=True),
    "PAFF, bottom field first": fields(bottom_first=True, bframes=0),
    "GOP longer than a segment": plain(gop=60, options="-hls_flags split_by_time -x264-params scenecut=0:keyint=60"),
    "HEVC": plain(codec="libx265", options=f"{X265}:open-gop=0"),
    "HEVC, CRA and RASL": plain(codec="libx265", bframes=4, options=f"{X265}:open-gop=1:b-adapt=0"),
    "HEVC, 10 bit, CRA and RASL": plain(
        codec="libx265", bframes=4, options=f"{X265}:open-gop=1:b-adapt=0 -pix_fmt yuv420p10le"
    ),
    "HEVC, 10 bit": plain(codec="libx265", options=f"{X265}:open-gop=0 -pix_fmt yuv420p10le"),
    "H.264, 10 bit": plain(options="-pix_fmt yuv420p10le -x264-params scenecut=0"),
    "H.264 4:2:2": plain(options="-pix_fmt yuv422p -x264-params scenecut=0"),
    "23.976": plain(rate="24000/1001"),
    "29.97": plain(rate="30000/1001", gop=15),
    "50": plain(rate="50", gop=25, seconds=4),
    "59.94": plain(rate="60000/1001", gop=30, seconds=4),
    "variable rate": variable_rate,
    "full range": plain(options="-color_range pc -x264-params scenecut=0"),
    "44.1 kHz stereo": plain(audio_rate=44100, channels=2),
    "5.1": plain(channels=6),
    "MP3": plain(audio="libmp3lame"),
    "AC-3": plain(audio="ac3", channels=2),
    "no sound": plain(audio=None),
    "wrap in a segment": plain(clock=WRAP - 225_000),
    "wrap between segments": plain(clock=WRAP - 180_000),
    "reconnect": reconnect,
    "reconnect at a wrap": reconnect_at_a_wrap,
    "reconnect after a pause": reconnect_with_pause,
    "hole": hole,
    "repeated segment": repeated,
    "overlapping recordings": overlap,
    "truncated": truncated,
    "size change": size_change,
    "codec change": codec_change,
    "settings change": settings_change,
    "sound change": sound_change,
    "size change inside a segment": inside(width=272, height=128),
    "settings change inside a segment": inside(bframes=0, options=f"{H264}:ref=1:8x8dct=0:cabac=0"),
    "sound change inside a segment": inside(audio_rate=44100, channels=2),
    "no sound inside a segment": inside(audio=None),
    "sound that comes late": late_sound,
    "sound that ends early": early_ending_sound,
    "sound that appears": sound_appears,
    "sound that vanishes": sound_vanishes,
}
