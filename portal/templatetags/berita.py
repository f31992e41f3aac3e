"""What templates need beyond Django: times in a satker's own zone, addresses with one thing changed."""

from __future__ import annotations

from datetime import date, datetime
from urllib.parse import unquote, urlsplit

from django import template
from django.conf import settings
from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from aggregator.classify import BY_STAFF
from aggregator.models import Entry, EntryTopic, Revision
from feeds.items import fit
from portal import headlines, lasting, structured, wording

register = template.Library()

register.simple_tag(headlines.items, name="posts")
register.simple_tag(headlines.folded, name="folded_posts")
register.simple_tag(headlines.found, name="found_posts")
register.tag("lasting", lasting.parse)
register.simple_tag(headlines.latest, name="latest_posts")
register.simple_tag(headlines.alike, name="posts_alike")
register.simple_tag(wording.address)
register.filter("ago", wording.ago)
at_zone = register.filter("at_zone", wording.local)


@register.filter
def long_time(at: datetime, zone: str = "") -> str:
    """ "Jumat, 20 Agustus 2021, 09.00 WIB"."""
    zone = zone or settings.TIME_ZONE
    return f"{wording.moment(at_zone(at, zone), 'DATETIME_FORMAT')} {wording.zone_label(zone)}"


@register.filter
def short_day(at: datetime, zone: str = "") -> str:
    """ "20 Agu 2021"."""
    return wording.day(at_zone(at, zone or settings.TIME_ZONE), "SHORT_DATE_FORMAT")


@register.filter
def on(day: date | None, pattern: str) -> str:
    """A day by one of Django's formats for days, as `date` writes it, but kept."""
    return wording.day(day, pattern) if day else ""


@register.filter
def short_time(at: datetime, zone: str = "") -> str:
    """ "20 Agu 2021, 09.00 WIB"."""
    zone = zone or settings.TIME_ZONE
    return f"{wording.moment(at_zone(at, zone), 'SHORT_DATETIME_FORMAT')} {wording.zone_label(zone)}"


@register.filter
def clock(at: datetime, zone: str = "") -> str:
    """ "09.00 WIB"."""
    zone = zone or settings.TIME_ZONE
    local = at_zone(at, zone)
    return f"{wording.clock(local.hour, local.minute)} {wording.zone_label(zone)}"


@register.filter
def iso(at: datetime, zone: str = "") -> str:
    """For `<time datetime>`: ISO 8601 with the offset of the zone."""
    return at_zone(at, zone or settings.TIME_ZONE).isoformat(timespec="minutes")


@register.filter
def published(entry: Entry) -> str:
    """The post's time in words, or that it has none that could be believed."""
    if not entry.has_clear_date:
        return _("tanggal tidak jelas")
    return long_time(entry.published_at, entry.satker.timezone)


@register.filter
def why(tagged: EntryTopic) -> str:
    """Which rule gave a post this topic, or that a person did."""
    return _("ditetapkan petugas") if tagged.by_staff else tagged.rule


@register.filter
def stage_why(entry: Entry) -> str:
    """The same for its stage. A rule begins with "non-tahapan: " where the page says that already."""
    if entry.stage_rule.startswith(BY_STAFF):
        return _("ditetapkan petugas")
    return entry.stage_rule.removeprefix("non-tahapan: ")


@register.filter
def file_size(size: int | None) -> str:
    """ "1,2 MB" in the reader's notation; empty when unknown."""
    if not size:
        return ""
    kilobytes = size / 1000
    text = f"{kilobytes / 1000:.1f}" if kilobytes >= 1000 else f"{max(1, round(kilobytes))}"
    return text.replace(".", _(",")) + (" MB" if kilobytes >= 1000 else " kB")


MEDIA = {
    "application/pdf": "PDF",
    "application/msword": "Word",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
    "application/vnd.ms-excel": "Excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
    "application/vnd.ms-powerpoint": "PowerPoint",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
    "application/zip": "ZIP",
}


@register.filter
def media_name(media_type: str) -> str:
    """What kind of file it is, for people: "PDF", "gambar JPEG"."""
    kind, _slash, form = media_type.partition("/")
    words = {"image": _("gambar %s"), "audio": _("audio %s"), "video": _("video %s")}
    if kind in words:
        return words[kind] % form.upper()
    return MEDIA.get(media_type, form.upper())


@register.filter
def share(part: int, whole: int) -> int:
    """Whole per cent; 0 of nothing is 0."""
    return round(100 * part / whole) if whole else 0


def _query(changed: QueryDict) -> str:
    text = changed.urlencode()
    return f"?{text}" if text else "?"


@register.simple_tag(takes_context=True)
def query_with(context: template.Context, **changes: object) -> str:
    """This page's query string with some parameters set (None takes one away) and paging begun anew."""
    params: QueryDict = context["request"].GET.copy()
    params.pop("sebelum", None)
    for name, value in changes.items():
        params.pop(name, None)
        if value is not None:
            params[name] = str(value)
    return _query(params)


@register.filter
def file_name(url: str) -> str:
    """The last part of an address, readable: "DPT Kota Kediri.pdf"."""
    parts = urlsplit(url)
    return unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.hostname or url


@register.filter
def fit_for_xml(text: str) -> str:
    """Without the characters that XML forbids."""
    return fit(text)


@register.simple_tag
def news_article(entry: Entry, revision: Revision) -> SafeString:
    """The post as a schema.org data block."""
    return structured.data_block(structured.news_article(entry, revision))
