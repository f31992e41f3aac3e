"""Which incoming entry is which stored one: by guid, else by canonical link, else by content."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection

from aggregator import words
from aggregator.models import Entry, EntryKey, Feed
from aggregator.records import CleanEntry
from aggregator.store.reading import Counts, Reading

GUID, LINK, CONTENT = EntryKey.Kind.GUID, EntryKey.Kind.LINK, EntryKey.Kind.CONTENT
LEAST_CONTENT = 80  # characters of words; "PENGUMUMAN LELANG" and nothing else tells no posts apart
LEAST_TITLE = 25
KEYS_A_QUERY = 5000


@dataclass(slots=True)
class Match:
    """What one incoming entry turned out to be."""

    entry: CleanEntry
    keys: dict[str, str]  # kind → hash
    existing: int | None = None


def candidates(reading: Reading) -> list[Match]:
    """The feed's entries with their keys, without exact repetitions.

    A guid or link that several different posts of one feed share tells nothing and is left out."""
    unique = {(e.guid, e.canonical_url, e.title): e for e in reversed(reading.entries)}
    entries = list(reversed(unique.values()))
    shared_guids = _shared((e.guid, e.canonical_url or e.title) for e in entries)
    shared_links = _shared((e.canonical_url, e.guid) for e in entries)
    matches = []
    for entry in entries:
        keys: dict[str, str] = {}
        if entry.guid and entry.guid not in shared_guids and reading.feed.identity == Feed.Identity.GUID:
            keys[GUID] = _guid_key(reading.feed, entry.guid)
        if entry.canonical_url and entry.canonical_url not in shared_links:
            keys[LINK] = digest(entry.canonical_url)
        if not keys:
            keys[GUID] = digest(f"{reading.feed.pk}|{entry.guid}|{entry.canonical_url}|{entry.title}")
        if (content := content_key(entry)) is not None:
            keys[CONTENT] = content
        matches.append(Match(entry, keys))
    return matches


def _shared(pairs: Iterable[tuple[str, str]]) -> set[str]:
    others: dict[str, set[str]] = defaultdict(set)
    for value, other in pairs:
        others[value].add(other)
    return {value for value, seen in others.items() if len(seen) > 1}


def _guid_key(feed: Feed, guid: str) -> str:
    # A bare number is unique in its feed only; a URL, tag: or urn: everywhere in the satker.
    return digest(guid if ":" in guid else f"{feed.pk}|{guid}")


def content_key(entry: CleanEntry) -> str | None:
    """Recognises a post whose guid and link both changed: same title, same day, same words; or, where the
    feed carries too few words, same telling title at the very same time."""
    body = _words(entry.text)
    title = _words(entry.title)
    at = entry.published_at
    if len(body) >= LEAST_CONTENT:
        return digest("\n".join((title, at.date().isoformat() if at else "", body)))
    if at and (at.hour, at.minute, at.second) != (0, 0, 0) and len(title) >= LEAST_TITLE:
        return digest("\n".join((title, at.isoformat())))
    return None


_find_words = words.finder(r"\w+")


def _words(text: str) -> str:
    return " ".join(_find_words(text.casefold()))


def digest(text: str) -> str:
    """32 hex digits."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


_COMPARED = (
    *("satker", "guid", "url", "content_sha256", "revisions_count", "state"),
    *("published_at", "date_status", "last_seen_at"),
)


def _owners(keys: list[tuple[int, str, str]]) -> dict[tuple[int, str, str], int]:
    """The entries that have these (satker, kind, key). Each is one step into the index, however many posts
    the satker has; a condition `satker IN … AND key IN …` would read all of theirs."""
    if connection.vendor == "postgresql":
        source = "unnest(%s::bigint[], %s::text[], %s::text[]) AS k(satker, kind, hash)"
        given: list[Any] = [list(column) for column in zip(*keys, strict=True)]
    else:
        values = "value ->> 0 AS satker, value ->> 1 AS kind, value ->> 2 AS hash"
        source, given = f"(SELECT {values} FROM json_each(%s)) AS k", [json.dumps(keys)]  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.satker_id, e.kind, e.key, e.entry_id FROM {source} CROSS JOIN aggregator_entrykey e"  # noqa: S608
            " WHERE e.satker_id = k.satker AND e.kind = k.kind AND e.key = k.hash",
            given,
        )
        return {(satker, kind, key): entry for satker, kind, key, entry in cursor.fetchall()}


@dataclass(slots=True)
class Known:
    """The stored keys and entries that a batch meets again."""

    by_key: dict[tuple[int, str, str], int]
    entries: dict[int, Entry]

    @classmethod
    def load(cls, matches: dict[int, list[Match]]) -> Known:
        """`matches` by satker id."""
        keys = [
            (satker, kind, key)
            for satker, found in matches.items()
            for match in found
            for kind, key in match.keys.items()
        ]
        by_key: dict[tuple[int, str, str], int] = {}
        for start in range(0, len(keys), KEYS_A_QUERY):
            by_key |= _owners(keys[start : start + KEYS_A_QUERY])
        return cls(by_key, Entry.objects.only(*_COMPARED).in_bulk(set(by_key.values())))

    def recognise(self, satker: int, matches: list[Match], counts: Counts) -> list[Match]:
        """Fill `existing`; leave out entries that are only another face of one already met."""
        taken: set[int] = set()
        for match in matches:
            self._by_guid_or_link(satker, match, counts, taken)
        for match in matches:
            if match.existing is None:
                self._take(satker, match, self._find(satker, CONTENT, match), counts, taken)
        kept = [m for m in matches if m.existing is not None or not self._is_face(satker, m, taken)]
        self._drop_clashes(satker, kept)
        return kept

    def _by_guid_or_link(self, satker: int, match: Match, counts: Counts, taken: set[int]) -> None:
        by_guid = self._find(satker, GUID, match)
        by_link = self._find(satker, LINK, match)
        if by_guid is not None and by_guid != by_link and self._is_reused(by_guid, match):
            counts.reused += 1
            del match.keys[GUID]
            by_guid = None
        if by_guid is not None and by_guid not in taken:
            match.existing = by_guid
            taken.add(by_guid)
        else:
            self._take(satker, match, by_link, counts, taken)

    def _take(self, satker: int, match: Match, found: int | None, counts: Counts, taken: set[int]) -> None:
        if found is not None and found not in taken:
            match.existing = found
            taken.add(found)
            name = GUID if GUID in match.keys else LINK
            counts.relinked += self._find(satker, name, match) is None

    def _find(self, satker: int, kind: str, match: Match) -> int | None:
        return self.by_key.get((satker, kind, match.keys.get(kind, "")))

    def _is_reused(self, by_guid: int, match: Match) -> bool:
        """A guid that came back on another post (a new CMS that counts from 1 again): other link, other
        day of publication, other words."""
        entry, new = self.entries[by_guid], match.entry
        if not new.published_at or not entry.has_clear_date or entry.content_sha256 == new.content_sha256:
            return False
        apart = abs(entry.published_at - new.published_at) > timedelta(days=1)
        return apart and bool(new.canonical_url) and entry.url != new.url

    def _is_face(self, satker: int, match: Match, taken: set[int]) -> bool:
        return any(self._find(satker, kind, match) in taken for kind in (GUID, LINK))

    def _drop_clashes(self, satker: int, matches: list[Match]) -> None:
        """A key belongs to one entry: the stored owner, else the first of this feed."""
        mine: set[tuple[str, str]] = set()
        for match in matches:
            for kind, key in list(match.keys.items()):
                owner = self.by_key.get((satker, kind, key))
                if (owner is not None and owner != match.existing) or (kind, key) in mine:
                    del match.keys[kind]
                mine.add((kind, key))
