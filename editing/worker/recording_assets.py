"""A recording as a media asset: its playlist, with what its rows know."""

from __future__ import annotations

from django.db.models import Sum

from editing.media.probe import MediaFacts, Track
from editing.models import MediaAsset, Recording
from editing.timeline.instant import SECOND
from editing.timeline.parameters import AudioParameters, Parameters, VideoParameters

CONTAINER = "hls"


def asset_of(recording: Recording, *, owner_id: int | None) -> MediaAsset | None:
    """The one asset of a recording, as the recording is now; nothing for one without a playlist in its bucket."""
    if not recording.playlist or recording.start is None or recording.end is None:
        return None
    facts = _facts(recording)
    said = {"key": recording.playlist, "size": recording.size, "duration": facts.duration, "facts": facts.to_json()}
    asset, _ = MediaAsset.objects.update_or_create(
        recording=recording,
        defaults=said,
        create_defaults={
            **said,
            "owner_id": owner_id,
            "bucket": recording.bucket,
            "title": str(recording.stream)[:255],
            "poster": recording.poster,
        },
    )
    return asset


def _facts(recording: Recording) -> MediaFacts:
    """Tracks are as its first segment has them."""
    assert recording.start is not None
    assert recording.end is not None
    length = recording.end - recording.start
    first = recording.segments.select_related("parameters").order_by("sequence").first()
    parameters = first.parameters.parameters if first else Parameters(None)
    frames = recording.segments.aggregate(frames=Sum("frames"))["frames"] or 0
    video = [_video(parameters.video, length, frames)] if parameters.video else []
    tracks = (*video, *(_audio(track, length) for track in parameters.audio))
    return MediaFacts(CONTAINER, length, recording.size * 8 * SECOND // max(length, 1), recording.size, tracks)


def _video(track: VideoParameters, length: int, frames: int) -> Track:
    return Track(
        kind="video",
        codec=track.codec,
        profile=track.profile,
        bit_rate=0,
        duration=length,
        frames=frames,
        width=track.width,
        height=track.height,
        pixel_format=track.pixel_format,
        frame_rate=track.frame_rate,
    )


def _audio(track: AudioParameters, length: int) -> Track:
    return Track(
        kind="audio",
        codec=track.codec,
        profile=track.profile,
        bit_rate=0,
        duration=length,
        frames=0,
        sample_rate=track.sample_rate,
        channels=track.channels,
        layout=track.layout,
    )
