"""Decoded pictures: made to fit into a track, or made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import av
import av.filter

from editing.media.command import fitting
from editing.media.muxer import TICK
from editing.timeline.parameters import VideoParameters

_FULL_RANGE = "2"


class Fitter:
    """Brings pictures into the size, shape, colours and format of a track; those that fit already stay as they are.

    A picture's own size counts, whatever `source` says: it may change inside a segment.
    """

    def __init__(self, target: VideoParameters, source: VideoParameters) -> None:
        self._target = target
        self._source = replace(source, changing=False)
        self._graphs: dict[VideoParameters, Any] = {}

    def fit(self, frame: Any) -> Any:
        own = replace(self._source, width=frame.width, height=frame.height, pixel_format=frame.format.name)
        if own == self._target:
            return frame
        if own not in self._graphs:
            self._graphs[own] = self._opened(frame, own)
        frame.pts = None
        self._graphs[own].push(frame)
        return self._graphs[own].pull()

    def _opened(self, frame: Any, own: VideoParameters) -> Any:
        graph = av.filter.Graph()
        before = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=TICK)
        for name, arguments, options in (*fitting(self._target, own), ("format", (self._target.pixel_format,), {})):
            named = (f"{key}={value}" for key, value in options.items())
            node = graph.add(name, ":".join(map(str, (*arguments, *named))))
            before.link_to(node)
            before = node
        before.link_to(graph.add("buffersink"))
        graph.configure()
        return graph


def black(video: VideoParameters) -> Any:
    """A black picture in the format of a track."""
    frame: Any = av.VideoFrame(video.width, video.height, video.pixel_format)
    depth = frame.format.components[0].bits
    levels = (0 if video.color_range == _FULL_RANGE else 16 << depth - 8, 1 << depth - 1, 1 << depth - 1)
    for plane, level in zip(frame.planes, levels, strict=True):
        width = 1 if depth == 8 else 2
        plane.update(level.to_bytes(width, "little") * (plane.buffer_size // width))
    return frame
