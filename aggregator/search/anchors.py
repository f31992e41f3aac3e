"""Where a page of results begins: the opaque value of `sebelum=`.

By date an anchor is the sort key of the last post shown, so posts that arrive later shift nothing. By
relevance it is the number of posts shown, the moment of the first page (later posts stay out of all its
pages) and the posts of the page before, so that a post that changes place is neither skipped nor repeated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from aggregator.errors import BadParameter

_DATE = re.compile(r"t([0-9]{1,19})")
_RANK = re.compile(r"r([0-9]{1,4})-([0-9]{1,19})-([0-9a-z.]{0,1000})")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class DateAnchor:
    order: int  # moments.order_key of the last post shown

    def __str__(self) -> str:
        return f"t{self.order}"


@dataclass(frozen=True, slots=True)
class RankAnchor:
    shown: int
    known: int  # sort key: only what had been released by then
    last: tuple[int, ...] = ()  # entry ids of the page before

    def __str__(self) -> str:
        return f"r{self.shown}-{self.known}-{'.'.join(_base36(entry_id) for entry_id in self.last)}"


def read_anchor(raw: str) -> DateAnchor | RankAnchor | None:
    """None for none. Raises BadParameter for what this module did not write."""
    if not raw:
        return None
    if match := _DATE.fullmatch(raw):
        order = int(match[1])
        if order < 2**63:
            return DateAnchor(order)
    elif match := _RANK.fullmatch(raw):
        known = int(match[2])
        last = [part for part in match[3].split(".") if part]
        if known < 2**63 and all(len(part) <= 12 for part in last):
            return RankAnchor(int(match[1]), known, tuple(int(part, 36) for part in last))
    raise BadParameter("sebelum", _("‘sebelum’ bukan penanda halaman dari portal ini."))


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
