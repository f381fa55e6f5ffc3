"""Pictures spread over a video: one by one to look at, and small ones side by side in one picture (a sprite)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from av.error import FFmpegError

from editing.errors import UnreadableMedia
from editing.media.jpeg import Filters, Picture, as_shown, jpeg
from editing.media.seeking import keyframes, length_of, opened

MOST = 32
COLUMNS = 8
_WIDTH, _TILE_WIDTH = 640, 160
_SHORTEST = 1.0
"""Seconds between two of them at least."""
_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Stills:
    """JPEGs and when each is shown, in µs after the first frame. The sprite has rows of COLUMNS tiles."""

    at: tuple[int, ...]
    pictures: tuple[bytes, ...]
    sprite: bytes
    tile: tuple[int, int]
    """Width and height of each in the sprite, in pixels."""

    @property
    def columns(self) -> int:
        return min(len(self.at), COLUMNS)


def stills(source: Path | BinaryIO) -> Stills:
    """At most MOST pictures of a video at even distances, as far as its keyframes are. Raises UnreadableMedia."""
    try:
        with opened(source) as container:
            return _stills(container, container.streams.video[0])
    except (FFmpegError, IndexError) as error:
        raise UnreadableMedia(f"No picture can be decoded: {error}.") from error


def _stills(container: Any, stream: Any) -> Stills:
    length = length_of(container, stream)
    count = max(min(int(length / _SHORTEST), MOST), 1)
    start, tick = stream.start_time or 0, Fraction(stream.time_base or 1)
    at: list[int] = []
    pictures: list[bytes] = []
    tiles: list[Any] = []
    large, small = Filters(), Filters()
    for frame in keyframes(container, stream, [length * (number + 0.5) / count for number in range(count)]):
        shown = as_shown(Picture.of(frame, stream), _WIDTH, large)
        at.append(max(round((frame.pts - start) * tick * _MICROSECONDS), 0))
        pictures.append(jpeg(shown))
        tiles.append(as_shown(shown, _TILE_WIDTH, small).frame)
    if not tiles:
        raise UnreadableMedia("There is no picture in it at which decoding could begin.")
    return Stills(tuple(at), tuple(pictures), _sprite(tiles), (tiles[0].width, tiles[0].height))


def _sprite(tiles: Sequence[Any]) -> bytes:
    """Tiles of another size than the first, of a stream that changed, are made to fit."""
    first = tiles[0]
    columns, rows = min(len(tiles), COLUMNS), -(-len(tiles) // COLUMNS)
    fit = f"scale={first.width}:{first.height}"
    same = [
        tile if (tile.width, tile.height) == (first.width, first.height) else Filters().applied(tile, fit)
        for tile in tiles
    ]
    return jpeg(Picture(Filters().joined(same, f"tile={columns}x{rows}")))
