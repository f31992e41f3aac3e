"""Posts as lines of a list, as markup. Written here and not in templates, as the marks of charts are: a page
holds them by the dozen, and a template takes five times as long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Protocol

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aggregator.models import Entry, Satker
from aggregator.search import Segment
from portal import wording
from portal.lists import Line
from portal.wording import number

SUMMARY = 200  # characters


class Found(Protocol):
    """An entry of an answer, with the question's words marked."""

    @property
    def entry(self) -> Entry: ...
    @property
    def title(self) -> list[Segment]: ...
    @property
    def snippet(self) -> list[Segment]: ...


def items(entries: Iterable[Entry], *, summary: bool = False, with_office: bool = True) -> SafeString:
    """Posts as items of a list; `summary` shows some of each."""
    write = Writer()
    return _items(write.line(entry, _some(entry) if summary else "", with_office) for entry in entries)


def folded(lines: Iterable[Line]) -> SafeString:
    """The same of a folded list."""
    write = Writer()
    return _items(write.line(line.entry, more=line.folded) for line in lines)


def found(hits: Iterable[Found]) -> SafeString:
    """The same of an answer."""
    write = Writer()
    return _items(
        write.line(hit.entry, _marked(hit.snippet), title=_marked(hit.title) or None) for hit in hits
    )


def latest(entries: Iterable[Entry]) -> SafeString:
    """Links to the latest posts with their places, as items of a list."""
    write = Writer()
    return SafeString("".join(write.placed(entry) for entry in entries))


def alike(entries: Iterable[Entry]) -> SafeString:
    """Links to posts, with whose and of when each is, as items of a list."""
    write = Writer()
    return SafeString(
        "".join(
            f'<li><a href="{write.link(entry)}">{_title(entry)} <span class="muted">– '
            f"{escape(entry.satker.name)}, {_day(entry)}</span></a></li>"
            for entry in entries
        )
    )


def _items(lines: Iterable[str]) -> SafeString:
    return SafeString("".join(f"<li>{line}</li>" for line in lines))


def _some(entry: Entry) -> str:
    return escape(wording.cut(entry.public_revision.summary, SUMMARY)) if entry.public_revision else ""


def _marked(segments: Sequence[Segment]) -> str:
    return "".join(f"<mark>{escape(text)}</mark>" if hit else escape(text) for text, hit in segments)


class Writer:
    """What all lines of one page share: the way into the reader's language."""

    def __init__(self) -> None:
        self.prefix = wording.address("home").rstrip("/")

    def link(self, entry: Entry) -> str:
        return f"{self.prefix}{entry.get_absolute_url()}"

    def to_office(self, office: Satker) -> str:
        return f"{self.prefix}{office.get_absolute_url()}"

    def line(
        self,
        entry: Entry,
        about: str = "",
        with_office: bool = True,
        *,
        title: str | None = None,
        more: int = 0,
    ) -> str:
        """`about` and `title` are markup; `more` is the number of posts folded behind it."""
        title = _title(entry) if title is None else title
        link = self.link(entry)
        parts = [
            '<article class="entry">\n',
            _picture(entry),
            f'<h3><a href="{link}">{title}</a></h3>\n<p class="when">{_when(entry)}</p>\n'
            f'<p class="meta">{self._whose(entry) if with_office else ""}{_story(entry, link)}</p>\n',
            f'<p class="lead-in">{about}</p>\n' if about else "",
            self._more(entry, more) if more else "",
            "</article>\n",
        ]
        return "".join(parts)

    def placed(self, entry: Entry) -> str:
        """A link with the place before it and how long ago it was behind it."""
        place = entry.province
        at = _("tanggal tidak jelas")
        if entry.has_clear_date:
            at = f'<time datetime="{_iso(entry)}">{wording.ago(entry.published_at) or _day(entry)}</time>'
        return (
            f'<li data-tempat="{place.slug if place else ""}"><span class="abbr" aria-hidden="true">'
            f"{escape(place.abbr) if place and place.abbr else 'RI'}</span>"
            f'<a href="{self.link(entry)}">{_title(entry)}</a><span class="small muted">'
            f"{escape(entry.satker.name)}, {at}</span></li>"
        )

    def _whose(self, entry: Entry) -> str:
        office = entry.satker
        name = f'<a class="who" href="{self.to_office(office)}">{escape(office.name)}</a>'
        if entry.province and office.level == Satker.Level.REGENCY:
            return f"{name}<span>{escape(entry.province.name)}</span>"
        return name

    def _more(self, entry: Entry, count: int) -> str:
        words = ngettext("%(n)s berita lain dari %(name)s", "%(n)s berita lain dari %(name)s", count) % {
            "n": number(count),
            "name": entry.satker.name,
        }
        return f'<p class="more"><a href="{self.to_office(entry.satker)}">{escape(words)}</a></p>\n'


def _title(entry: Entry) -> str:
    return escape(entry.public_revision.title) if entry.public_revision else ""


def _day(entry: Entry) -> str:
    return wording.day(wording.local(entry.published_at, entry.satker.timezone), "SHORT_DATE_FORMAT")


def _iso(entry: Entry) -> str:
    return wording.local(entry.published_at, entry.satker.timezone).isoformat(timespec="minutes")


def _picture(entry: Entry) -> str:
    picture = getattr(entry, "picture", None)
    if picture is None or not picture.name:
        return ""
    return (
        f'<img class="thumb" src="{picture.small_address}" width="72" height="48" alt="" loading="lazy" '
        'decoding="async">\n'
    )


def _when(entry: Entry) -> str:
    """When a post was published, in its office's zone."""
    if not entry.has_clear_date:
        return f'<span class="unclear">{_("tanggal tidak jelas")}</span>'
    at = wording.local(entry.published_at, entry.satker.timezone)
    zone = escape(wording.zone_label(entry.satker.timezone))
    return (
        f'<time datetime="{at.isoformat(timespec="minutes")}">{wording.day(at, "SHORT_DATE_FORMAT")} '
        f"<span>{wording.clock(at.hour, at.minute)} {zone}</span></time>"
    )


def _story(entry: Entry, link: str) -> str:
    said = ""
    if entry.carriers:
        words = ngettext("Dimuat juga oleh %(n)s satker", "Dimuat juga oleh %(n)s satker", entry.carriers) % {
            "n": number(entry.carriers)
        }
        said = f'<a href="{link}#dimuat-juga">{escape(words)}</a>'
    if entry.origin and entry.origin != Entry.Origin.OWN:
        said += f"<span>{_('muat ulang')}</span>"
    if entry.is_corrected:
        said += f"<span>{_('diperbaiki')}</span>"
    return said
