"""smartcut, run with a Python that has it: INPUT OUTPUT START,END[,START,END …]. Prints the seconds it took.

Its imports are not counted, the reading of its input is: it must see all of a file before it can cut.
"""

import sys
import time
from fractions import Fraction

from smartcut.cut_video import VideoSettings, smart_cut
from smartcut.media_container import MediaContainer
from smartcut.media_utils import VideoExportMode, VideoExportQuality
from smartcut.misc_data import AudioExportInfo, AudioExportSettings

times = [Fraction(number) for number in sys.argv[3].split(",")]
begun = time.perf_counter()
source = MediaContainer(sys.argv[1])
failed = smart_cut(
    source,
    list(zip(times[::2], times[1::2], strict=True)),
    sys.argv[2],
    audio_export_info=AudioExportInfo([AudioExportSettings(codec="passthru")] * len(source.audio_tracks)),
    video_settings=VideoSettings(VideoExportMode.SMARTCUT, VideoExportQuality.NORMAL, "copy"),
)
if failed:
    raise failed
print(time.perf_counter() - begun)
