"""The verdict on one version of a post: points from signals that do not depend on each other.

Pure: no database, no clock. `Verdict.signals` is what staff see: a code, its points and what was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from aggregator.links import host
from aggregator.screen import terms
from aggregator.screen.hosts import Link, is_risky, is_trusted, links_of, stands_for
from aggregator.screen.text import folded, scripts, words

HOLD_ENTRY = 5.0  # points from which one entry is held
HOLD_SATKER = 10.0  # points from which one entry is enough to hold its satker

_PAYLOAD = (
    "eval(",
    "fromCharCode",
    "document.write(",
    "atob(",
    "base64_decode",
    "gzinflate(",
    "window.location",
)
_CALL = re.compile(
    r"\b(?:daftar|login|klik|main|join|deposit) (?:sekarang|di ?sini|segera|disini)\b|\bkunjungi situs\b"
)


@dataclass(frozen=True, slots=True)
class Post:
    """What is judged. `removed` are the signals of `clean`: what it had to take out, as `code` or
    `code:detail` (a host, where there is one)."""

    title: str
    text: str = ""
    html: str = ""  # sanitised
    url: str = ""
    categories: tuple[str, ...] = ()
    author: str = ""
    media: tuple[str, ...] = ()  # addresses of picture and enclosures
    removed: tuple[str, ...] = ()
    previous_html: str | None = None  # of the version that is public, when this one would replace it


@dataclass(frozen=True, slots=True)
class Signal:
    code: str
    points: float
    detail: str = ""

    def as_dict(self) -> dict[str, object]:
        return {"code": self.code, "points": round(self.points, 2), "detail": self.detail[:200]}


@dataclass(frozen=True, slots=True)
class Verdict:
    signals: tuple[Signal, ...] = ()

    @property
    def points(self) -> float:
        return sum(signal.points for signal in self.signals)

    @property
    def holds_entry(self) -> bool:
        return self.points >= HOLD_ENTRY

    @property
    def holds_satker(self) -> bool:
        return self.points >= HOLD_SATKER

    @property
    def strange_hosts(self) -> set[str]:
        """Hosts it would help to know whether this satker linked before."""
        return {s.detail for s in self.signals if s.code in ("offlist_link", "offlist_media")}

    def without(self, forgiven: set[tuple[str, str]]) -> Verdict:
        """The verdict when staff have already looked at these (code, detail) and released."""
        return Verdict(tuple(s for s in self.signals if (s.code, s.detail) not in forgiven))


def judge(post: Post, hosts_known: frozenset[str] = frozenset()) -> Verdict:
    """`hosts_known`: approved for the satker, or linked by it before."""
    links = list(links_of(post.html))
    title = terms.find(post.title, brands=True)
    signals = [
        *_title(post, title),
        *_body(terms.find(post.text), title.against),
        *_slug(post),
        *_links(post, links, hosts_known),
        *_media(post, hosts_known),
        *_removed(post, hosts_known),
        *_scripts(post),
    ]
    if "(" in post.text and (code := next((mark for mark in _PAYLOAD if mark in post.text), "")):
        signals.append(Signal("payload", 6, code))
    if signals and _CALL.search(folded(post.text)):
        signals.append(Signal("call_to_action", 1, "ajakan mendaftar atau mengeklik"))
    return Verdict(tuple(signals))


def _title(post: Post, found: terms.Found) -> Iterator[Signal]:
    if not found and not post.categories:
        return
    mild = found.against
    for number, term in enumerate(found.strong):
        points = 6.0 if number == 0 else 3.0
        yield Signal("term_strong_title", points * (0.2 if mild and terms.names_gambling(term) else 1), term)
    for term in found.medium:
        yield Signal("term_medium_title", 0.2 if mild and terms.names_gambling(term) else 1.5, term)
    if len(found.medium) >= 2 and not mild:
        yield Signal("terms_together", 1.5, ", ".join(found.medium))
    if found.disguised or (found and "zero_width" in post.removed):
        yield Signal("term_disguised", 5, ", ".join(found.disguised))
    if found and len(found.weak) >= 2 and not mild:
        yield Signal("term_weak", 1, ", ".join(found.weak))
    labels = terms.find(" | ".join(post.categories)) if post.categories else terms.NOTHING
    for term in labels.strong[:2]:
        yield Signal("term_strong_category", 4, term)


def _body(found: terms.Found, title_against: bool) -> Iterator[Signal]:
    """Terms in the body weigh less: news may name what it reports on, and less still where it speaks
    against it, in the body or already in the title."""
    if not found:
        return
    against = found.against or title_against
    factor = 0.4 if against else 1.0
    for number, term in enumerate(found.strong[:5]):
        mild = against and terms.names_gambling(term)
        yield Signal("term_strong_body", (3.0 if number == 0 else 2.0) * (0.1 if mild else factor), term)
    for term in found.medium[:6]:
        mild = against and terms.names_gambling(term)
        yield Signal("term_medium_body", 0.1 if mild else 0.5 * factor, term)
    if found.disguised:
        yield Signal("term_disguised", 5, ", ".join(found.disguised))
    if len(found.weak) >= 3 and len(found.strong) + len(found.medium) >= 2 and not against:
        yield Signal("term_weak", 1.5, ", ".join(found.weak))


def _slug(post: Post) -> Iterator[Signal]:
    """Terms in the address; and an address that speaks of something else than the title."""
    tail = post.url.partition("://")[2].partition("/")[2]
    if not tail:
        return
    slug = " ".join(words(folded(tail)))
    found = terms.find(slug, brands=True)
    if not found:
        return
    title = set(words(folded(post.title)))
    for term in found.strong[:2]:
        if not (found.against and terms.names_gambling(term)):
            yield Signal("slug_term", 4, term)
    fresh = [t for t in found.medium if not title.issuperset(t.split())]
    for term in fresh[:2]:
        yield Signal("slug_term", 2, term)
    spoken = [w for w in slug.split() if w.isalpha() and len(w) > 3]
    if len(spoken) >= 4 and title.isdisjoint(spoken):
        yield Signal("slug_mismatch", 2, slug[:100])


def _links(post: Post, links: list[Link], known: frozenset[str]) -> Iterator[Signal]:
    strange = {
        link.host: link for link in links if not is_trusted(link.host) and not stands_for(link.host, known)
    }
    yield from _terms_at_home([link for link in links if link.host not in strange])
    if not strange:
        return
    before = None if post.previous_html is None else {link.host for link in links_of(post.previous_html)}
    for number, (name, link) in enumerate(strange.items()):
        if number < 3:
            yield Signal("offlist_link", 2 if number == 0 else 0.5, name)
            yield from _one_link(link, before)
    if len(strange) > 8:
        yield Signal("link_density", 3, f"{len(strange)} host di luar daftar")
    elif len(post.text) < 40 * len(strange) and len(strange) > 2:
        yield Signal("link_density", 2, f"{len(strange)} tautan dalam {len(post.text)} huruf")


def _terms_at_home(links: list[Link]) -> Iterator[Signal]:
    """A broken-into site, or its neighbour, serves the offers itself: their addresses and anchors say so."""
    for link in links[:50]:
        path = " ".join(words(folded(link.url.partition("://")[2].partition("/")[2])))
        for text in (link.anchor, path):
            found = terms.find(text)
            if strong := [t for t in found.strong if not (found.against and terms.names_gambling(t))]:
                yield Signal("term_in_link", 5, f"{link.host}: {strong[0]}")
                return


def _one_link(link: Link, before: set[str] | None) -> Iterator[Signal]:
    if before is not None and link.host not in before:
        yield Signal("link_in_edit", 3, link.host)
    if is_risky(link.host):
        yield Signal("risky_ending", 1.5, link.host)
    if found := terms.find(" ".join(words(folded(link.url))), brands=True):
        yield Signal("term_in_link", 5 if found.strong else 3, (found.strong + found.medium)[0])
    if found := terms.find(link.anchor, brands=True):
        yield Signal("term_in_anchor", 5 if found.strong else 3.5, (found.strong + found.medium)[0])


def _media(post: Post, known: frozenset[str]) -> Iterator[Signal]:
    for address in post.media:
        name = host(address)
        if not name or is_trusted(name) or stands_for(name, known):
            continue
        yield Signal("offlist_media", 2, name)
        if found := terms.find(" ".join(words(folded(address))), brands=True):
            yield Signal("term_in_media", 4, (found.strong + found.medium)[0])


# What clean took out of the post, with points for where it is not known, or not trusted, whence it came.
_REMOVED = {
    "script": 7.0,
    "iframe": 1.5,
    "object": 2.0,
    "meta": 7.0,
    "base": 6.0,
    "form": 1.0,
    "hidden": 1.5,
    "hidden_link": 8.0,
    "event_handler": 1.5,
    "code_url": 3.0,
    "base64": 6.0,
    "blob": 3.0,
    "bidi": 1.5,
}
_AWAY = {"iframe": 4.0, "object": 4.0, "form": 3.0}  # where the host is given, and strange
_PUBLIC_BODIES = frozenset({"go.id", "mil.id", "ac.id", "sch.id", "desa.id", "or.id"})
_EMBEDDING = (
    "instagram.com/",
    "twitter.com/",
    "//x.com/",
    "tiktok.com/",
    "facebook.com/",
    "threads.",
    "flickr.com/",
)


def _removed(post: Post, known: frozenset[str]) -> Iterator[Signal]:
    for mark in post.removed:
        code, _, detail = mark.partition(":")
        name, _, said = detail.partition(" ")
        points = _REMOVED.get(code, 0.0)
        if code == "hidden_link":
            points = _hidden_link(name, said, known)
        elif name and (is_trusted(name) or stands_for(name, known)):
            continue
        if code == "script" and not name and any(place in post.html for place in _EMBEDDING):
            points = 0.5  # the quotation of a public post comes with the script of its platform
        if points:
            yield Signal(code, _AWAY.get(code, points) if name else points, detail)


def _hidden_link(name: str, said: str, known: frozenset[str]) -> float:
    """Themes hide links of their own site and to networks; nobody hides one to another public body."""
    if not name or terms.find(said, brands=True):
        return 8.0
    if stands_for(name, known):
        return 0.0
    return 8.0 if stands_for(name, _PUBLIC_BODIES) or not is_trusted(name) else 1.0


def _scripts(post: Post) -> Iterator[Signal]:
    foreign, letters = scripts(post.title)
    if foreign >= 4 and foreign / letters > 0.3:
        yield Signal("foreign_script", 10, post.title[:60])
    foreign, letters = scripts(post.text)
    if foreign >= 20 and foreign / letters > 0.2:
        yield Signal("foreign_script_body", 7, f"{foreign} dari {letters} huruf")
