"""Where a post's links lead: home, to trusted hosts, or elsewhere."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from aggregator.links import host
from aggregator.screen.text import DATA

_ANCHOR = re.compile(r"<a\s[^>]*?href=\"([^\"]*)\"[^>]*>(.*?)</a>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class Link:
    host: str
    url: str
    anchor: str


def links_of(content_html: str) -> Iterator[Link]:
    """The links of sanitised HTML (attributes in double quotes, as nh3 writes them)."""
    if "<a " not in content_html:
        return
    for match in _ANCHOR.finditer(content_html):
        url = html.unescape(match[1])
        if name := host(url):
            yield Link(name, url, _TAG.sub(" ", match[2]).strip())


@lru_cache(maxsize=2)
def _names(file: str) -> frozenset[str]:
    lines = (DATA / file).read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def stands_for(name: str, names: frozenset[str]) -> bool:
    """Whether `name` or a domain it belongs to is one of `names`."""
    while name:
        if name in names:
            return True
        _, _, name = name.partition(".")
    return False


@lru_cache(maxsize=4096)
def is_trusted(name: str) -> bool:
    return stands_for(name, _names("trusted_hosts.txt"))


def is_risky(name: str) -> bool:
    return name.rpartition(".")[2] in _names("risky_endings.txt")
