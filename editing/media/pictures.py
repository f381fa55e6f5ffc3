"""Decoded pictures: made to fit into a track, or made up."""

from __future__ import annotations

from typing import Any

import av
import av.filter

from editing.media.command import fitting
from editing.timeline.parameters import VideoParameters

_FULL_RANGE = "2"


class Fitter:
    """Brings pictures into the size, shape, colours and format of a track; those that fit already stay as they are."""

    def __init__(self, target: VideoParameters, source: VideoParameters) -> None:
        self._target = target
        self._filters = [] if target == source else [*fitting(target, source), ("format", (target.pixel_format,), {})]
        self._graph: Any = None

    def fit(self, frame: Any) -> Any:
        if not self._filters:
            return frame
        if self._graph is None:
            self._graph = self._opened(frame)
        frame.pts = None
        self._graph.push(frame)
        return self._graph.pull()

    def _opened(self, frame: Any) -> Any:
        graph = av.filter.Graph()
        before = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
        )
        for name, arguments, options in self._filters:
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
