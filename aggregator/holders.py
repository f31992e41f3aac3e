"""Who holds a lease or a duty, and whether that process still lives.

A holder writes its host, process id and start time. On its own host anybody can see that it has died, so
what it held is free at once; what a dead host held becomes free when the time is up.
"""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path


def _host() -> str:
    return socket.gethostname()[:40].replace("/", "-")


def _started(pid: int) -> str:
    """The start time of a process in clock ticks since boot (proc(5), field 22); "" where unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rsplit(")", 1)[1].split()[19]


def me() -> str:
    """A name for this process that no other process, earlier or later, has."""
    return f"{_host()}/{os.getpid()}/{_started(os.getpid())}"


def token() -> str:
    """A new name for one thing held by this process."""
    return f"{me()}/{uuid.uuid4().hex[:12]}"


def prefix() -> str:
    """How the names of all processes of this host begin."""
    return f"{_host()}/"


def is_dead(name: str) -> bool:
    """True only for a process of this host that certainly lives no more."""
    parts = name.split("/")
    if len(parts) < 3 or parts[0] != _host() or not parts[1].isdigit():
        return False
    pid = int(parts[1])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    started = _started(pid)
    return bool(started and parts[2]) and started != parts[2]
