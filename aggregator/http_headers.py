"""What an answer's headers say, as plain values. Nonsense counts as not said; nothing here raises."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from multidict import CIMultiDictProxy

Headers = CIMultiDictProxy[str]

MAX_RETRY_AFTER = 86_400.0  # seconds; a site may ask for a day of quiet, not for oblivion
MAX_FRESH = 30 * 86_400.0  # seconds
MAX_VALIDATOR = {
    "ETag": 1000,
    "Last-Modified": 200,
}  # characters; longer ones cannot be stored, so not echoed

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,18})", re.ASCII | re.IGNORECASE)
_NOT_KEPT = re.compile(r"(?:^|[,\s])no-(?:cache|store)\s*(?:,|$)", re.ASCII | re.IGNORECASE)
_LINK = re.compile(
    r"<([^<>]*)>((?:\s*;\s*[\w!#$&+.^`|~*-]+(?:\s*=\s*(?:\"[^\"]*\"|[^\s\",;]*))?)*)", re.ASCII
)
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]*))", re.ASCII | re.IGNORECASE)
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.ASCII | re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[\w.+*!#$&^-]{1,60}/[\w.+*!#$&^-]{1,60}", re.ASCII)


def validator(headers: Headers, name: str) -> str | None:
    """ETag or Last-Modified exactly as sent, or None. One that no request could echo counts as not sent."""
    value = headers.get(name)
    if not value or len(value) > MAX_VALIDATOR[name] or not (value.isascii() and value.isprintable()):
        return None
    return value


def retry_after(headers: Headers, now: datetime) -> float | None:
    """Seconds to wait, at most a day (RFC 9110 §10.2.3: seconds or a date)."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:18]), MAX_RETRY_AFTER))
    moment = _http_date(value)
    return None if moment is None else min(max((moment - now).total_seconds(), 0.0), MAX_RETRY_AFTER)


def fresh_for(headers: Headers, now: datetime) -> float | None:
    """Seconds for which the answer says it stays good (RFC 9111 §4.2.1), less what it spent in caches."""
    control = ", ".join(headers.getall("Cache-Control", ()))
    if _NOT_KEPT.search(control):
        return 0.0
    if match := _MAX_AGE.search(control):
        return _bounded(int(match[1]) - _age(headers))
    expires = headers.get("Expires")
    if expires is None:
        return None
    until = _http_date(expires)
    if until is None:
        return 0.0  # "0" and other non-dates mean that it has expired (RFC 9111 §5.3)
    sent = _http_date(headers.get("Date", "")) or now
    return _bounded((until - sent).total_seconds() - _age(headers))


def hub_links(headers: Headers) -> tuple[str, ...]:
    """Targets of `Link: <…>; rel=hub` (WebSub §4, RFC 8288)."""
    lines = headers.getall("Link", ())
    return tuple(
        dict.fromkeys(
            target.strip()
            for line in lines
            for target, parameters in _LINK.findall(line[:4000])
            if (rel := _REL.search(parameters)) and "hub" in (rel[1] or rel[2] or "").lower().split()
        )
    )


@lru_cache(maxsize=256)
def content_type(value: str) -> tuple[str, str]:
    """Media type and charset of a Content-Type, both in lower case and "" when not said."""
    media = _MEDIA_TYPE.match(value.strip())
    charset = _CHARSET.search(value)
    return (media[0].lower() if media else "", charset[1].lower() if charset else "")


def _age(headers: Headers) -> int:
    value = headers.get("Age", "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 12 else 0


def _bounded(seconds: float) -> float:
    return float(min(max(seconds, 0.0), MAX_FRESH))


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
