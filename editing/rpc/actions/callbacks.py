"""Event callbacks: where a user's events go."""

from __future__ import annotations

from editing.models.roles import Verb
from editing.rpc.errors import invalid, missing
from editing.rpc.operation import Answer, Call, Operation
from editing.rpc.params import choice, optional, text, words
from editing.services import callbacks

HTTP, MNS = "HTTP", "MNS"
TYPE = optional("CallbackType", choice(HTTP, MNS), HTTP)
URL = optional("CallbackURL", text(most=callbacks.LONGEST_ADDRESS), "")
QUEUE = optional("CallbackQueueName", text(most=120), "")
EVENT_TYPES = optional("EventTypeList", words(most=callbacks.MOST_TYPES), None)
SWITCH = optional("AuthSwitch", choice("on", "off"), "")
KEY = optional("AuthKey", text(most=callbacks.LONGEST_KEY), "")

FIELDS = {"address": URL.name, "event_types": EVENT_TYPES.name, "key": KEY.name}


def set_up(call: Call) -> Answer:
    if call[TYPE] == MNS or call[QUEUE]:
        raise invalid(TYPE.name if call[TYPE] == MNS else QUEUE.name, "There are no message queues here; use HTTP.")
    if not call[URL]:
        raise missing(URL.name)
    event_types = call[EVENT_TYPES]
    signs = {"on": True, "off": False}.get(call[SWITCH])
    callbacks.set_up(
        call.user, by=call.user, address=call[URL], event_types=event_types or (), signs=signs, key=call[KEY]
    )
    return {"Success": True}


def get(call: Call) -> Answer:
    """Only the type where nothing is set."""
    callback = callbacks.of(call.user)
    if not callback.address and not callback.has_key:
        return {"CallbackType": HTTP}
    return {
        "CallbackType": HTTP,
        "CallbackURL": callback.address,
        "EventTypeList": ",".join(callback.event_types),
        "AuthSwitch": "on" if callback.signs else "off",
        "AuthKey": callbacks.key_of(callback),
    }


OPERATIONS = (
    Operation(
        "SetEventCallback",
        set_up,
        Verb.EDIT,
        (TYPE, URL, QUEUE, EVENT_TYPES, SWITCH, KEY),
        differs="CallbackType is HTTP. It is the callback of the access key's user, for the user's own jobs. Sent are "
        f"{', '.join(callbacks.KINDS)}; other types may be listed. Without EventTypeList all are sent; AuthSwitch and "
        "AuthKey stay as they were where they are not given.",
        fields=FIELDS,
    ),
    Operation("GetEventCallback", get, Verb.EDIT, ()),
)
