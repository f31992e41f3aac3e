"""A database server that takes questions and answers none must not hold the threads that serve readers.

libpq has no time limit of its own for an answer, and a server that is frozen keeps no time-out of its own
either. So when a question that takes a millisecond has waited for seconds (feeds.caching.is_stuck), every
connection of this process is cut: whoever waits on one gets an error at once, and readers get kept copies.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from django.db.backends.signals import connection_created
from psycopg import Connection, Error

from feeds import caching

log = logging.getLogger(__name__)

LOOK_EVERY = 0.5  # seconds

_open: WeakSet[Connection[Any]] = WeakSet()
_lock = threading.Lock()


def watch() -> None:
    connection_created.connect(note, dispatch_uid="portal.guard")
    threading.Thread(target=_watch, name="guard", daemon=True).start()


def note(sender: Any, connection: Any, **more: Any) -> None:
    if connection.vendor == "postgresql":
        with _lock:
            _open.add(connection.connection)


def cut() -> int:
    """Cut every open connection; returns how many there were."""
    with _lock:
        wires = [wire for wire in _open if not wire.closed]
        _open.clear()
    for wire in wires:
        with suppress(OSError, Error), socket.socket(fileno=os.dup(wire.fileno())) as twin:
            twin.shutdown(socket.SHUT_RDWR)
    return len(wires)


def _watch() -> None:
    while True:
        time.sleep(LOOK_EVERY)
        if caching.is_stuck() and (number := cut()):
            log.error("the database lets us wait; %d connections are cut", number)
