"""Recordings made up frame by frame: for plans, no media is needed."""

from dataclasses import replace

from editing.timeline.clips import Clip, Mode, StreamName
from editing.timeline.coverage import Coverage, Gap, Segment
from editing.timeline.frames import DISPOSABLE, AudioIndex, FrameIndex, FrameKind, VideoIndex, pack
from editing.timeline.instant import SECOND, Instant, Range, parse_instant
from editing.timeline.parameters import AudioParameters, Parameters, VideoParameters
from editing.timeline.plan import CutPlan, make
from editing.timeline.ticks import Anchor

START = parse_instant("2026-11-20T10:00:00Z")
STREAM = StreamName("example.com", "live", "main")
OTHER = StreamName("example.com", "live", "other")
FRAME = 3600
"""25 frames a second."""

VIDEO = VideoParameters(
    codec="h264",
    profile="High",
    level=31,
    width=1280,
    height=720,
    pixel_format="yuv420p",
    aspect="1:1",
    frame_rate="25",
    field_order="progressive",
    color_range="",
    color_primaries="",
    color_transfer="",
    color_space="",
    rotation=0,
    extradata="0000000167",
)
SOUND = AudioParameters("aac", "LC", 48000, 2, "stereo", "1190")
PARAMETERS = Parameters(VIDEO, (SOUND,))
I, P, B = FrameKind.IDR, FrameKind.INTER, FrameKind.INTER | DISPOSABLE  # noqa: E741 - as everybody calls them


def video(
    kinds: list[int], first: int, *, order: list[int] | None = None, recovery: tuple[tuple[int, int], ...] = ()
) -> VideoIndex:
    """Frames of the given kinds in decoding order; `order` gives their ranks on the screen."""
    ranks = order or list(range(len(kinds)))
    pts = tuple(first + rank * FRAME for rank in ranks)
    dts = tuple(first + (at - 2) * FRAME for at in range(len(kinds)))
    return VideoIndex(pts, dts, (1000,) * len(kinds), bytes(kinds), first + len(kinds) * FRAME, recovery)


def segment(
    number: int,
    kinds: list[int] | None = None,
    *,
    start: Instant | None = None,
    first: int | None = None,
    recording: int = 1,
    epoch: int = 0,
    anchor: Anchor | None = None,
    parameters: Parameters = PARAMETERS,
    order: list[int] | None = None,
    recovery: tuple[tuple[int, int], ...] = (),
    sound: int = 0,
) -> Segment:
    """Segment `number` of a recording of two-second segments that begin with an IDR picture; fifty frames each.

    `sound` is how much later than the pictures its sound begins and ends.
    """
    kinds = kinds or [I, *[P] * 49]
    first = number * 50 * FRAME if first is None else first
    anchor = anchor or Anchor(START if start is None else start, 0 if start is None else first)
    index = video(kinds, first, order=order, recovery=recovery)
    middle = first + len(kinds) * FRAME // 2
    tracks = tuple(AudioIndex((first + sound, middle), index.end + sound) for _ in parameters.audio)
    return Segment(
        id=recording * 100_000 + number,
        recording=recording,
        sequence=number,
        bucket="media",
        key=f"{recording}/{number}.ts",
        size=60_000,
        checksum=0,
        epoch=epoch,
        anchor=anchor,
        start=anchor.instant(first),
        end=anchor.instant(index.end),
        first_pts=first,
        end_pts=index.end,
        frames=len(kinds),
        parameters=parameters,
        packed=pack(FrameIndex(index, tracks)),
    )


def silent(of: Segment) -> Segment:
    """The same without sound."""
    index = FrameIndex(of.index.video)
    return replace(of, parameters=replace(of.parameters, audio=()), packed=pack(index))


def at(seconds: float) -> Instant:
    return START + round(seconds * SECOND)


def span(start: float, end: float) -> Range:
    """A range, in seconds from START."""
    return Range(at(start), at(end))


def clip(start: float, end: float, stream: StreamName = STREAM, cover: float | None = None) -> Clip:
    return Clip(stream, span(start, end), None if cover is None else at(cover))


STEADY = Coverage([segment(number) for number in range(6)])
HOLED = Coverage([segment(0), segment(1), segment(3), segment(4)], [Gap(span(4, 6), "the server sent nothing")])
SMALLER = Parameters(replace(VIDEO, width=640, height=360), (SOUND,))


def plan(clips: list[Clip], coverage: Coverage = STEADY, mode: Mode = Mode.ACCURATE, **options: object) -> CutPlan:
    return make(clips, {STREAM: coverage}, mode, **options)


def instants(found: CutPlan) -> list[int]:
    """The instants of the plan's frames, as a cut would find them."""
    return [
        part.anchor.instant(pts)
        for piece in found.pieces
        for part in piece.segments
        for pts in sorted(part.index.video.pts)
        if piece.first_pts <= pts < piece.end_pts
    ]


def numbers(segments: tuple[Segment, ...]) -> list[int]:
    return [part.sequence for part in segments]
