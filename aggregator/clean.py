"""A ParsedFeed → entries that are safe to store and show: every text bounded, every address http(s).

The last stage before `store`. It decides what an entry is (guid, address, title, text, picture, date) and
what would make a new revision of it; one bad entry never costs the others.
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from urllib.parse import unquote, urlsplit

from aggregator.dates import read_date
from aggregator.errors import EntryRejected
from aggregator.links import absolute, canonical
from aggregator.records import (
    CleanEntry,
    CleanFeed,
    DateStatus,
    Enclosure,
    ParsedEntry,
    ParsedFeed,
    RejectedEntry,
)
from aggregator.sanitise import plain, safe_html, text_of

# Longest texts, in characters. Titles, authors and addresses fit the columns of the data model.
MAX_TITLE, MAX_AUTHOR, MAX_CATEGORY, MAX_GUID, MAX_CLAIM = 500, 200, 100, 1000, 100
MAX_SUMMARY, MAX_CONTENT = 400, 400_000
MAX_CATEGORIES, MAX_ENCLOSURES = 20, 20
MAX_TITLE_FROM_TEXT = 90
MIN_BLOB = 400  # characters without a space that are no language

# "The post … appeared first on …", which WordPress puts below every post of a feed, also in Indonesian.
_NOTE_BEGINS = ("The post ", "Artikel ", "Pos ", "Tulisan ", "Kiriman ")
_NOTE_GOES_ON = (
    *(" appeared first on ", " first appeared on ", " pertama kali tampil pada ", " pertama kali tampil di "),
    *(" pertama kali muncul di ", " pertama kali muncul pada "),
    *(" muncul pertama kali di ", " muncul pertama kali pada "),
)
_NOTE = re.compile(
    rf"<p>(?:{'|'.join(_NOTE_BEGINS)})<a [^>]*>[^<]*</a>"
    rf"(?:{'|'.join(_NOTE_GOES_ON)})<a [^>]*>[^<]*</a>\.?</p>\s*$"
)
_MORE = (
    "Continue reading",
    "Read more",
    "Read More",
    "Baca selengkapnya",
    "Baca Selengkapnya",
    "Selengkapnya",
)
_IMG = re.compile(r"<[iI][mM][gG]\b[^<>]*>")
_IMG_ADDRESSES = tuple(  # what a lazy loader will put in src stands for the picture, src for a blank
    (name, re.compile(rf"""{name}(?<=\s{name})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))"""))
    for name in ("data-src", "data-lazy-src", "data-original", "src", "SRC")
)
_NO_PICTURE = re.compile(
    r"""\s(?:width|height)\s*=\s*["']?[0-3]["'\s>/]|class\s*=\s*["'][^"']*\b(?:wp-smiley|emoji)\b"""
)
_NO_PICTURE_HOSTS = (
    "gravatar.com",
    "s.w.org",
    "feedburner.com",
    "pixel.wp.com",
    "stats.wp.com",
    "doubleclick.net",
)
_HREF = re.compile(r'href="(https?://[^"]*)"')
_COUNTER = re.compile(r"\b(?:[Dd]i(?:baca|lihat)|[Hh]its|[Vv]iews|[Pp]engunjung)\b[ :]*[\d.,]+(?: ?kali)?")
_COUNTER_WORDS = ("ibaca", "ilihat", "its", "iews", "engunjung")
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_].*)?")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,80}")
_INDONESIAN = (" yang ", " dan ", " di ", " untuk ")
_ENGLISH = (" the ", " and ", " of ", " to ")


def clean(feed: ParsedFeed, *, url: str, now: datetime, timezone: str) -> CleanFeed:
    """Every entry of `feed` cleaned, or rejected with a reason (`entry_empty`, `entry_too_large`, `entry`).

    `url`: where the feed came from, for relative links; `now`: aware; `timezone`: IANA name of the satker's
    zone, for dates without one."""
    place = _Place(absolute(feed.link, url) or url, now, timezone, feed.language)
    entries, rejected = [], []
    for position, entry in enumerate(feed.entries):
        try:
            entries.append(_entry(entry, place))
        except EntryRejected as error:
            rejected.append(RejectedEntry(position, error.code, error.message))
        except MemoryError:
            raise
        except Exception as error:  # whatever an entry does to us, the next one is read
            rejected.append(RejectedEntry(position, "entry", f"Berita tidak dapat dibaca: {error!r:.200}"))
    return CleanFeed(_feed(feed, url), tuple(entries), tuple(rejected))


@dataclass(frozen=True, slots=True)
class _Place:
    """What the entries of one feed have in common."""

    base: str
    now: datetime
    timezone: str
    language: str


def _feed(feed: ParsedFeed, url: str) -> ParsedFeed:
    return replace(
        feed,
        title=_bounded(plain(feed.title), 300),
        link=absolute(feed.link, url),
        language=_language(feed.language, ""),
        generator=_bounded(plain(feed.generator), 200),
        entries=(),
        hub_links=tuple(filter(None, (absolute(link, url) for link in feed.hub_links[:5]))),
        self_link=absolute(feed.self_link, url) if feed.self_link else "",
        prev_archive=absolute(feed.prev_archive, url) if feed.prev_archive else "",
    )


def _entry(entry: ParsedEntry, place: _Place) -> CleanEntry:
    signals: set[str] = set()
    base = (entry.base and absolute(entry.base, place.base)) or place.base
    link = absolute(entry.link, base) if entry.link.strip() else ""
    content, text = _content(entry.content, link or base, signals)
    title = _title(entry.title, text, link, signals)
    if not (title or text or link):
        raise EntryRejected("Berita tanpa judul, teks, dan tautan.", code="entry_empty")
    enclosures = _enclosures(entry.enclosures, base)
    identity = canonical(link)
    sha256 = _sha256(title, text, content, enclosures)
    published, status = read_date(entry.published or entry.updated, timezone=place.timezone, now=place.now)
    return CleanEntry(
        guid=_guid(entry.guid) or identity or f"urn:sha256:{sha256}",
        url=link,
        canonical_url=identity,
        title=title,
        author=_bounded(_author(plain(entry.author, signals)[: MAX_AUTHOR * 2]), MAX_AUTHOR),
        summary=_summary(entry.summary, text),
        content_html=content,
        text=text,
        categories=_categories(entry.categories),
        enclosures=enclosures,
        image_url=_image(entry, base),
        language=_language(entry.language or place.language, text),
        published_claimed=_bounded(plain(entry.published or entry.updated), MAX_CLAIM),
        published_at=published,
        updated_at=_updated(entry.updated, place),
        date_status=status,
        content_sha256=sha256,
        signals=tuple(sorted(signals)),
    )


def _content(markup: str, base: str, signals: set[str]) -> tuple[str, str]:
    """Safe HTML and the text of it."""
    if not markup.strip():
        return "", ""
    if len(markup) > MAX_CONTENT and "data:" not in markup:
        raise EntryRejected(f"Isi berita {len(markup)} karakter, terlalu panjang.", code="entry_too_large")
    if "<" not in markup:
        markup = "".join(f"<p>{part}</p>" for part in re.split(r"\n\s*\n", markup))
    content, found = safe_html(markup, base)
    signals |= found
    if len(content) > MAX_CONTENT:
        raise EntryRejected(f"Isi berita {len(content)} karakter, terlalu panjang.", code="entry_too_large")
    content = _NOTE.sub("", content).rstrip()
    text = text_of(content)
    if len(text) > MIN_BLOB and text.count(" ") + text.count("\n") < len(text) // MIN_BLOB:
        signals.add("blob")
    return content, text


def _title(markup: str, text: str, link: str, signals: set[str]) -> str:
    """The title as given; else the first words of the text; else those of the address."""
    if title := plain(markup, signals):
        return _bounded(title, MAX_TITLE)
    if text:
        return _bounded(text.partition("\n")[0], MAX_TITLE_FROM_TEXT)
    parts = urlsplit(link)
    slug = re.sub(r"[\W_]+", " ", unquote(parts.path.rstrip("/").rpartition("/")[2].partition(".")[0]))
    return _bounded(plain(html.escape(slug)).capitalize(), MAX_TITLE_FROM_TEXT) or parts.netloc


def _guid(guid: str) -> str:
    guid = " ".join(re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", " ", guid).split())
    if len(guid) <= MAX_GUID:
        return guid
    return f"urn:sha256:{hashlib.sha256(guid.encode()).hexdigest()}"


def _author(author: str) -> str:
    """A byline without mail addresses: nobody asked to have theirs published once more."""
    if "@" not in author:
        return author
    return re.sub(r"\S+@\S+|[()<>]", " ", author).strip(" ,;")


def _summary(markup: str, text: str) -> str:
    """One bounded paragraph: what the feed gives as such, else the beginning of the text."""
    given = _without_note(plain(markup[: MAX_SUMMARY * 10]))
    summary = given
    for words in _MORE:
        if (at := summary.rfind(words, max(0, len(summary) - 100))) >= 0:
            summary = summary[:at].rstrip()
    if summary.endswith(("…", "…]", "...", "...]")):
        summary = summary.rstrip(" .…[]")
    if len(summary) < 20 and text:
        return _bounded(" ".join(text[: MAX_SUMMARY * 2].split()), MAX_SUMMARY)
    return _bounded(summary if summary == given else f"{summary} …", MAX_SUMMARY)


def _without_note(summary: str) -> str:
    start = max(summary.rfind(words) for words in _NOTE_BEGINS)
    noted = start >= 0 and any(words in summary[start:] for words in _NOTE_GOES_ON)
    return summary[:start].rstrip() if noted else summary


def _categories(names: tuple[str, ...]) -> tuple[str, ...]:
    plain_names = (_bounded(plain(name), MAX_CATEGORY) for name in names[: MAX_CATEGORIES * 2])
    return tuple(dict.fromkeys(filter(None, plain_names)))[:MAX_CATEGORIES]


def _enclosures(enclosures: tuple[Enclosure, ...], base: str) -> tuple[Enclosure, ...]:
    kept: dict[str, Enclosure] = {}
    for enclosure in enclosures[: MAX_ENCLOSURES * 2]:
        if url := absolute(enclosure.url, base):
            media_type = enclosure.media_type.strip().lower()
            known = media_type if _MEDIA_TYPE.fullmatch(media_type) else ""
            kept.setdefault(url, Enclosure(url, known, enclosure.length))
    return tuple(kept.values())[:MAX_ENCLOSURES]


def _image(entry: ParsedEntry, base: str) -> str:
    """The lead picture: named as such, attached, or the first real one in the content."""
    if (url := _picture(entry.image, base)) or not (entry.content or entry.enclosures):
        return url
    for enclosure in entry.enclosures:
        if enclosure.media_type.startswith("image/") and (url := _picture(enclosure.url, base)):
            return url
    for found in islice(_IMG.finditer(entry.content), 10):
        tag = found[0]
        if not _NO_PICTURE.search(tag) and (url := _picture(_img_address(tag), base)):
            return url
    return ""


def _img_address(tag: str) -> str:
    for name, pattern in _IMG_ADDRESSES:
        if name in tag and (match := pattern.search(tag)):
            return html.unescape(match[1] or match[2] or match[3] or "")
    return ""


def _picture(address: str, base: str) -> str:
    url = absolute(address, base) if address.strip() else ""
    return "" if url and url.split("/", 3)[2].endswith(_NO_PICTURE_HOSTS) else url


def _language(claimed: str, text: str) -> str:
    """Two or three letters, or "". WordPress says en-US wherever nobody changed it, so the text decides."""
    match = _LANGUAGE.fullmatch(claimed.strip().lower()[:20])
    code = {"in": "id"}.get(match[1], match[1]) if match else ""  # ISO 639 said "in" until 1989
    if code == "id" or len(text) < 40:
        return code
    sample = text[:1000].lower()
    indonesian, english = (sum(map(sample.count, words)) for words in (_INDONESIAN, _ENGLISH))
    return "id" if indonesian > 2 * english else code


def _updated(claim: str, place: _Place) -> datetime | None:
    updated, status = read_date(claim, timezone=place.timezone, now=place.now)
    return updated if status is DateStatus.OK else None


def _sha256(title: str, text: str, content: str, enclosures: tuple[Enclosure, ...]) -> str:
    """Of what a reader would call another version; not of white space, counters or tracking parameters."""
    words = _uncounted(text[:200]) + text[200:-200] + _uncounted(text[200:][-200:])
    links = sorted({canonical(html.unescape(link)) for link in _HREF.findall(content)})
    files = [canonical(enclosure.url) for enclosure in enclosures]
    return hashlib.sha256(
        "\x1f".join([title, words.replace("\n", ""), *links, "", *files]).encode()
    ).hexdigest()


def _uncounted(text: str) -> str:
    """The beginning or end of a text without "Dibaca 1.234 kali", which is an edit only in name."""
    return _COUNTER.sub("", text) if any(word in text for word in _COUNTER_WORDS) else text


def _bounded(text: str, length: int) -> str:
    """At most `length` characters, cut between words where there are any."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    return (cut.rpartition(" ")[0] if " " in cut[length // 2 :] else cut).rstrip(" ,;:") + "…"
