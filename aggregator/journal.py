"""Decisions and changes by people, told to whoever keeps a record of them.

Told inside the transaction of the decision, so a record that cannot be written undoes it. The portal's audit
log listens; aggregator knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model


@dataclass(frozen=True, slots=True)
class Deed:
    """`action` is a stable code such as `entry.release`; `thing` what it was done to."""

    action: str
    by: str
    thing: Model
    reason: str = ""
    name: str = ""  # of the thing, where its own would not say it
    details: dict[str, Any] = field(default_factory=dict)


Listener = Callable[[Deed], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    if listener not in _listeners:
        _listeners.append(listener)


def tell(action: str, by: str, thing: Model, reason: str = "", *, name: str = "", **details: Any) -> None:
    deed = Deed(action, by, thing, reason, name, details)
    for listener in _listeners:
        listener(deed)
