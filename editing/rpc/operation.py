"""What an action is: a name, the parameters it takes, who may ask, and the function that answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from editing.models.roles import Verb
from editing.rpc.params import Param

T = TypeVar("T")
Answer = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One admitted call: `call[JOB_ID]` is the value of that parameter, read and checked.

    `absolute` makes an address of ours into one that the client can open.
    """

    user: Any
    values: Mapping[str, object]
    absolute: Callable[[str], str]

    def __getitem__(self, param: Param[T]) -> T:
        return param.of(self.values)


@dataclass(frozen=True)
class Operation:
    """A row of the table of actions. `differs` says, for people, what is not as Alibaba Cloud has it.

    `fields` is what IMS calls the fields that our services name in their refusals.
    """

    name: str
    answer: Callable[[Call], Answer]
    verb: Verb
    params: tuple[Param[Any], ...]
    differs: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
