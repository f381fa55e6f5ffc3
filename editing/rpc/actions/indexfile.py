"""A playlist for editors to look at: what is recorded of a stream, also while it grows."""

from __future__ import annotations

from editing.errors import NotFound
from editing.models import Recording
from editing.models.roles import Verb
from editing.rpc.actions.streams import APP, DOMAIN, STREAM
from editing.rpc.errors import missing
from editing.rpc.operation import Answer, Call, Operation
from editing.rpc.params import optional, text
from editing.services import projects, recordings, streams
from editing.timeline.clips import StreamName

PROJECT_ID = optional("ProjectId", text(most=64), "")


def get(call: Call) -> Answer:
    """The newest recording of the stream as an address that any player opens."""
    if call[PROJECT_ID]:
        projects.present(call.user, call[PROJECT_ID])
    for param in (APP, DOMAIN, STREAM):
        if not call[param]:
            raise missing(param.name)
    name = StreamName(call[DOMAIN], call[APP], call[STREAM])
    return {"IndexFile": call.absolute(recordings.preview_url(_newest(call, name)))}


def _newest(call: Call, name: StreamName) -> Recording:
    rows = Recording.objects.visible_to(call.user).filter(stream=streams.find(name, field=STREAM.name))
    newest: Recording | None = rows.exclude(start=None).order_by("-start").first()
    if newest is None:
        raise NotFound(f"Nothing is recorded of {name} yet.")
    return newest


OPERATIONS = (
    Operation(
        "GetLiveEditingIndexFile",
        get,
        Verb.SEE,
        (APP, DOMAIN, STREAM, PROJECT_ID),
        differs="AppName, DomainName and StreamName are required. The address is one of this studio; of a recording "
        "longer than 25 hours (six while it grows) it plays the end.",
    ),
)
