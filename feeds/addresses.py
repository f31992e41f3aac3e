"""Identifiers and addresses that feeds carry. Identifiers never change once given out; addresses may."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

# RFC 4151: the year in which the portal held the name, not the year of a post.
TAG_YEAR = 2026


def absolute(path: str) -> str:
    """`path` of the portal as an absolute address."""
    return f"{settings.BASE_URL}{path}"


def tag(name: str) -> str:
    """A `tag:` identifier under the portal's host name (RFC 4151)."""
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    return f"tag:{'localhost' if ':' in host else host},{TAG_YEAR}:{name}"


def entry_tag(entry_id: int) -> str:
    """The identity of a post in every feed, format and year."""
    return tag(f"berita/{entry_id}")


def hub() -> str:
    """Where to subscribe by WebSub: the external hub if one is set, else our own."""
    return settings.WEBSUB_HUB_URL or absolute("/hub")
