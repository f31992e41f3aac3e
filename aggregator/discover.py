"""Where a site keeps its feeds: what its page names, then the usual addresses of WordPress and Joomla.

Found feeds are candidates for staff; nothing here decides that one is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree, html

from aggregator.errors import ConnectFailed, FetchError, ParseError, TimedOut
from aggregator.http_headers import content_type
from aggregator.links import absolute, host
from aggregator.outbound import Outbound, Response
from aggregator.parse import parse

PAGE_BYTES = 2_000_000  # of a page, where links are looked for
MAX_NAMED = 20  # links a page may name; more would be a trap
MAX_TRIED = 16  # requests to one site

FEED_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/rss",
        "application/atom",
        "text/rss+xml",
        "text/xml",
        "application/xml",
    }
)
WORDPRESS = ("/feed/", "/?feed=rss2")
JOOMLA = ("/?format=feed&type=rss", "/index.php?format=feed&type=rss")
OTHERS = ("/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/feed.json")

_LOOKS_LIKE_FEED = re.compile(
    r"(?:/(?:feed|rss|atom)(?:/|\.xml|\.json|\.php)?$)|\.(?:rss|atom)$|[?&](?:feed=|type=rss|format=feed)",
    re.ASCII | re.IGNORECASE,
)
_COMMENTS = re.compile(r"/comments?/|feed=comments|/komentar/", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A feed that was read. `url` is where it really is, after redirects."""

    url: str
    title: str
    entries: int


def candidates(page: bytes, base_url: str) -> list[str]:
    """Addresses worth a look, best first: those the page names, then the usual ones of its site."""
    document = _document(page)
    named = [] if document is None else list(_named(document, base_url))
    return list(dict.fromkeys([*named[:MAX_NAMED], *_usual(page, base_url)]))


async def discover(
    url: str,
    outbound: Outbound,
    approved_hosts: frozenset[str] | None = None,
    elsewhere: list[str] | None = None,
) -> list[Found]:
    """The feeds of a site or page, each one asked for and read. The page itself may be the feed.

    What the page names is tried whole, the usual addresses only until one is a feed. With `approved_hosts`
    no other host is asked; what the page names on one goes into `elsewhere`. Raises FetchError when the
    page itself cannot be had."""
    page = await outbound.get(url, approved_hosts=approved_hosts)
    if (itself := _read(page)) is not None:
        return [itself]
    document = _document(page.body)
    named = [] if document is None else list(_named(document, page.final_url))[:MAX_NAMED]
    if approved_hosts is not None:
        if elsewhere is not None:
            elsewhere += [one for one in named if host(one) not in approved_hosts]
        named = [one for one in named if host(one) in approved_hosts]
    found = await _try_all(named, outbound, approved_hosts, first_only=False)
    return found or await _try_all(
        [usual for usual in _usual(page.body, page.final_url) if usual not in named],
        outbound,
        approved_hosts,
        first_only=True,
    )


async def _try_all(
    urls: list[str], outbound: Outbound, approved_hosts: frozenset[str] | None, *, first_only: bool
) -> list[Found]:
    found: dict[str, Found] = {}
    for url in urls[:MAX_TRIED]:
        try:
            answer = await outbound.get(url, approved_hosts=approved_hosts)
        except (ConnectFailed, TimedOut):
            break  # a site in trouble is not asked ten more times
        except FetchError:
            continue
        if answer.status in (429, 503):
            break
        if (feed := _read(answer)) is not None:
            found.setdefault(feed.url, feed)
            if first_only:
                break
    return list(found.values())


def _read(answer: Response) -> Found | None:
    if answer.status != 200 or not answer.body:
        return None
    media_type, charset = content_type(answer.headers.get("Content-Type", ""))
    try:
        feed = parse(answer.body, url=answer.final_url, media_type=media_type, charset=charset)
    except ParseError:
        return None
    return Found(answer.final_url, " ".join(feed.title.split())[:200], len(feed.entries))


def _document(page: bytes) -> html.HtmlElement | None:
    try:
        return html.document_fromstring(page[:PAGE_BYTES], parser=html.HTMLParser(no_network=True))
    except (etree.LxmlError, ValueError):
        return None


def _named(document: html.HtmlElement, page_url: str) -> Iterator[str]:
    """`<link rel=alternate>` with a feed's type, then links in the text that look like feeds; feeds of
    comments last."""
    base = next((absolute(href, page_url) for href in document.xpath("//base/@href")), "") or page_url
    links = [
        element.get("href", "")
        for element in document.iter("link")
        if "alternate" in (element.get("rel") or "").lower().split()
        and (element.get("type") or "").partition(";")[0].strip().lower() in FEED_TYPES
    ]
    anchors = [href for href in document.xpath("//a/@href") if _LOOKS_LIKE_FEED.search(href.strip())]
    urls = [url for href in (*links, *anchors) if (url := absolute(href, base))]
    yield from sorted(dict.fromkeys(urls), key=lambda url: bool(_COMMENTS.search(url)))


def _usual(page: bytes, page_url: str) -> Iterator[str]:
    """The usual addresses at the root of the site and, for a system in a folder, at the folder."""
    parts = urlsplit(page_url)
    root = f"{parts.scheme}://{parts.netloc}"
    folder = parts.path.rpartition("/")[0].removesuffix("/index.php")
    first, second = (JOOMLA, WORDPRESS) if b"joomla" in page.lower() else (WORDPRESS, JOOMLA)
    for place in dict.fromkeys((f"{root}{folder}", root)):
        for path in (*first, *second):
            yield f"{place}{path}"
    for path in OTHERS:
        yield f"{root}{path}"
