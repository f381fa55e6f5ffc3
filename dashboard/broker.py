"""The embedded broker: kombu's filesystem transport, with messages that appear whole.

kombu creates the file of a message and then writes it. A worker that looks in between reads half a message and ends
with an error, and so do the jobs it is at. A message that is renamed into its place is there or is not. Its name begins
with the time of day, so that messages keep their order over a restart of the machine.
"""

import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(self, queue: str, message: Any, **_: Any) -> None:  # type: ignore[override] # its own has these too
        name = f"{time.time_ns():020}_{uuid4().hex}.{queue}.msg"
        draft = Path(self.data_folder_out, f"{name}.part")
        try:
            draft.write_text(dumps(message))
            draft.rename(draft.with_name(name))
        except OSError as error:
            raise ChannelError(f"The message for {queue} cannot be written: {error}") from error


class Transport(filesystem.Transport):
    Channel = Channel
