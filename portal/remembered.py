"""Figures that this process has made, remembered until the counts they are of move on.

Whoever asks for the same posts and the same days again (in another measure, language or shape, as a file,
once a minute for the latest posts) gets the same sums; nothing is remembered of posts that changed since."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

MOST = 200  # some 20 MB of a year's figures
T = TypeVar("T")

_made: OrderedDict[Hashable, Any] = OrderedDict()
_lock = Lock()


def once(key: Hashable, make: Callable[[], T]) -> T:
    """What was made under this key, or is made now. It is shared: nobody may change it."""
    with _lock:
        if key in _made:
            _made.move_to_end(key)
            found: T = _made[key]
            return found
    made = make()
    with _lock:
        _made[key] = made
        while len(_made) > MOST:
            _made.popitem(last=False)
    return made


def forget() -> None:
    with _lock:
        _made.clear()
