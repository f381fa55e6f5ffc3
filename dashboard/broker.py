"""The embedded broker: kombu's filesystem transport, whose files appear whole.

kombu creates the file of a message and then writes it, and the file of an exchange likewise. A worker that looks in
between reads half a message, or an empty table, and ends with an error. What is renamed into its place is there or is
not. A message's name begins with the time of day, so that messages keep their order over a restart of the machine.
"""

import fcntl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import filesystem, virtual
from kombu.utils.json import dumps

_BINDING = threading.Lock()


class Channel(filesystem.Channel):
    def _put(self, queue: str, message: Any, **_: Any) -> None:  # type: ignore[override] # its own has these too
        name = f"{time.time_ns():020}_{uuid4().hex}.{queue}.msg"
        try:
            _write_whole(Path(self.data_folder_out, name), dumps(message))
        except OSError as error:
            raise ChannelError(f"The message for {queue} cannot be written: {error}") from error

    def queue_bind(self, *args: Any, **options: Any) -> None:
        # The base class notes the binding, then calls _queue_bind: another thread that finds the note before the
        # table is written would send into an exchange that feeds nothing.
        with _BINDING:
            super().queue_bind(*args, **options)

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None) -> None:
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        self._change_table(exchange, lambda queues: queues if bound in queues else [bound, *queues])

    def _delete(self, queue: str, exchange: str, routing_key: str, pattern: str, *args: Any, **options: Any) -> None:
        virtual.Channel._delete(self, queue, exchange, routing_key, pattern, *args, **options)
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        self._change_table(exchange, lambda queues: [other for other in queues if other != bound])

    def _change_table(self, exchange: str, change: Callable[[list[Any]], list[Any]]) -> None:
        """Replace which queues an exchange feeds; one process at a time, so that no change is lost."""
        file = self._exchange_file(exchange)  # type: ignore[attr-defined] # kombu has it, its stubs do not
        try:
            self.control_folder.mkdir(exist_ok=True)
            with _locked(file.with_suffix(".lock")):
                before = self.get_table(exchange)
                after = change(before)
                if after != before:
                    _write_whole(file, dumps(after))
        except OSError as error:
            raise ChannelError(f"The table of {exchange} cannot be written: {error}") from error


class Transport(filesystem.Transport):
    Channel = Channel


def _write_whole(path: Path, text: str) -> None:
    draft = path.with_name(f"{uuid4().hex}.part")
    draft.write_text(text)
    draft.rename(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
