"""One feed document, ready to be written in any format: RSS 2.0, Atom 1.0 or JSON Feed 1.1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Max
from django.utils.translation import gettext as _

from aggregator.models import SatkerHold
from feeds import addresses, items, windows
from feeds.caching import Generation, generation
from feeds.channels import Channel, tombstones
from feeds.items import Facts, Tombstone

# Of an empty feed: a date that stays, so that its bytes do. No post was here before.
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_recalls: tuple[Generation, datetime] = (("", 0), EPOCH)
MEDIA_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}
LANGUAGE = "id"
PUBLISHER = "Komisi Pemilihan Umum Republik Indonesia"


@dataclass(frozen=True)
class Document:
    """A channel as of now: its current document, or one of its archives."""

    channel: Channel
    window: windows.Window
    entries: Sequence[Facts | Tombstone]
    full: bool

    @property
    def updated_at(self) -> datetime:
        return max((entry.updated_at for entry in self.entries), default=EPOCH)

    @property
    def changed_at(self) -> datetime:
        """When what it shows last changed, for Last-Modified."""
        return max((entry.changed_at for entry in self.entries), default=EPOCH)

    @property
    def title(self) -> str:
        if self.window.archive is None:
            return self.channel.title
        return _("%(title)s (arsip %(number)d)") % {
            "title": self.channel.title,
            "number": self.window.archive,
        }

    @property
    def identifier(self) -> str:
        return self.channel.identifier + ("#penuh" if self.full else "")

    def links(self, ending: str) -> list[tuple[str, str, str]]:
        """(rel, address, media type) of the document in one format: itself, hub, archives, other formats."""
        media = MEDIA_TYPES[ending]

        def beside(archive: int | None) -> str:
            return self.channel.address(ending, archive=archive, full=self.full)

        found = [("self", beside(self.window.archive), media)]
        if self.window.archive is None:
            found.append(("hub", addresses.hub(), ""))
        else:
            found.append(("current", beside(None), media))
        if self.window.previous is not None:
            found.append(("prev-archive", beside(self.window.previous), media))
        if self.window.following is not None:
            found.append(("next-archive", beside(self.window.following), media))
        return found


def rights() -> str:
    return _("Isi berita milik kantor KPU yang menerbitkannya. Boleh dikutip dengan menyebut sumbernya.")


def compose(channel: Channel, *, full: bool = False, archive: int | None = None) -> Document:
    """Read what a document needs, in a number of queries that does not depend on what it holds.

    Raises UnknownValue for an archive that does not exist.
    """
    window = windows.current(channel) if archive is None else windows.archive(channel, archive)
    ids = window.entry_ids
    entries = items.load_tombstones(ids) if channel.kind == "ditarik" else items.load(ids)
    return Document(channel, window, entries, full)


def last_recall() -> datetime:
    """When a post last ceased to be public, or a hidden office came back: it dates every document, for
    clients that know only If-Modified-Since."""
    global _recalls
    now = generation()
    if _recalls[0] == now:
        return _recalls[1]
    gone = tombstones().aggregate(at=Max("withdrawn_at"))["at"]
    held = SatkerHold.objects.filter(hide_all=True).aggregate(at=Max("ended_at"))["at"]
    found = max((at for at in (gone, held) if at is not None), default=EPOCH)
    _recalls = (now, found)
    return found
