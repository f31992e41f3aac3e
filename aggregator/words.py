"""The words of a text in a fraction of the time a pattern takes: plain ones, and those met before."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Generic, TypeVar

# Typographic signs that news is full of: without them most texts are ASCII.
SIGNS = "“”‘’–—…\u00a0"


def finder(pattern: str) -> Callable[[str], list[str]]:
    """What `re.findall` gives for a pattern of one kind of characters that no sign is of, such as `\\w+`."""
    find = re.compile(pattern).findall
    breaks = {code: " " for code in range(128) if not re.match(pattern, chr(code))}

    def words(text: str) -> list[str]:
        if not text.isascii():
            for sign in SIGNS:
                text = text.replace(sign, " ")
        return text.translate(breaks).split() if text.isascii() else find(text)

    return words


T = TypeVar("T")
LONGEST = 80  # characters; what is longer is no word, and would only fill the memory


class Remembered(dict[str, T], Generic[T]):
    """What `make` makes of short texts, kept: to `map` its `__getitem__` takes half the time of `lru_cache`.
    Begun anew when it has `most` entries."""

    def __init__(self, make: Callable[[str], T], most: int = 50_000) -> None:
        super().__init__()
        self.make, self.most = make, most

    def __missing__(self, text: str) -> T:
        made = self.make(text)
        if len(text) <= LONGEST:
            if len(self) >= self.most:
                self.clear()
            self[text] = made
        return made


words = finder(r"[^\W_]+")
