"""An output's tracks as they are found when it is read again, in our ticks, as exactly as its container keeps them."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from editing.errors import VerificationFailed
from editing.media import tables
from editing.media.containers import Container
from editing.timeline.ticks import TICKS_PER_SECOND


@dataclass
class Track:
    """Presentation and decoding times of a track's packets, as far as its container keeps them, and its end.

    `premature` counts the packets that are shown before they are decoded.
    """

    kind: str
    pts: array[int] = field(default_factory=lambda: array("q"))
    dts: array[int] = field(default_factory=lambda: array("q"))
    end: int = 0
    premature: int = 0


def tracks_of(output: Path, container: Container, alive: Callable[[], None]) -> list[Track]:
    """From the index where there is one, else from all packets. `alive` is called again and again.

    Raises VerificationFailed for what no file of this container may be, and what reading it raises.
    """
    found = _by_index(output) if container.indexed else _by_packets(output, container, alive)
    for track in found:
        _check_order(track)
        _check_beginning(track, container)
    return found


def _by_index(output: Path) -> list[Track]:
    file = tables.read(output)
    if (described := sum(int(np.sum(track.sizes, dtype=np.int64)) for track in file.tracks)) != file.media:
        raise VerificationFailed(f"The output's index describes {described} bytes of media; there are {file.media}.")
    if not file.index_first:
        raise VerificationFailed("The output's index comes after its media.")
    return [_in_ticks(track) for track in file.tracks]


def _in_ticks(track: tables.Samples) -> Track:
    pts, dts, scale = np.frombuffer(track.pts, np.int64), np.frombuffer(track.dts, np.int64), track.timescale
    premature = int(np.count_nonzero(pts < dts))
    if scale == TICKS_PER_SECOND:
        return Track(track.kind, track.pts, track.dts, track.end, premature)
    shown, decoded = (array("q", (times * TICKS_PER_SECOND // scale).tobytes()) for times in (pts, dts))
    return Track(track.kind, shown, decoded, track.end * TICKS_PER_SECOND // scale, premature)


def _by_packets(output: Path, container: Container, alive: Callable[[], None]) -> list[Track]:
    with av.open(str(output)) as file:
        tracks = {stream.index: Track(stream.type) for stream in file.streams}
        scales = {stream.index: Fraction(stream.time_base or 0) * TICKS_PER_SECOND for stream in file.streams}
        for packet in file.demux():
            alive()
            if packet.pts is not None:
                scale = scales[packet.stream_index]
                _note(tracks[packet.stream_index], packet, scale, decoding=container.decoding_times)
        return list(tracks.values())


def _note(track: Track, packet: Any, scale: Fraction, *, decoding: bool) -> None:
    track.pts.append(round(packet.pts * scale))
    track.end = max(track.end, round((packet.pts + (packet.duration or 0)) * scale))
    if decoding and packet.dts is not None:
        track.dts.append(round(packet.dts * scale))
        track.premature += packet.pts < packet.dts


def _check_order(track: Track) -> None:
    if (np.diff(np.frombuffer(track.dts, np.int64)) <= 0).any():
        raise VerificationFailed(f"The decoding times of the {track.kind} do not rise.")
    if track.premature:
        early = track.premature
        raise VerificationFailed(f"The {track.kind} has {early} packets that are shown before they are decoded.")


def _check_beginning(track: Track, container: Container) -> None:
    """The first picture is shown at zero; where times may not be negative, none is."""
    if track.kind != "video" or not track.pts:
        return
    first = min(track.pts)
    if container.from_zero and abs(first) > container.tolerance:
        raise VerificationFailed(f"The first picture is shown at {first / TICKS_PER_SECOND:.6f} s, not at zero.")
    if not container.from_zero and min(track.dts, default=0) < 0:
        raise VerificationFailed("A picture is decoded before time zero.")
