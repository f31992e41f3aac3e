"""The fast reader gives what feedparser gives, or leaves the feed to it."""

from dataclasses import fields
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.fast_parse import read_plain
from aggregator.parse_feedparser import read_tolerantly

URL = "http://127.0.0.1:8097/feed.xml"
SPACES = (
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
    ' xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:wfw="http://wellformedweb.org/CommentAPI/"'
    ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" xmlns:kpu="https://kpu.go.id/ns"'
    ' xmlns:itunes="http://www.itunes.com/DTDs/PodCast-1.0.dtd" xmlns:thr="http://purl.org/syndication/thread/1.0"'
)


def differences(text):
    """Fields in which the two readers differ; None when the fast one leaves the feed to the other."""
    fast = read_plain(text, [])
    if fast is None:
        return None
    slow = read_tolerantly(text, URL, [])
    pairs = [(fast, slow), *zip(fast.entries, slow.entries, strict=True)]
    return [
        (field.name, getattr(one, field.name), getattr(other, field.name))
        for one, other in pairs
        for field in fields(one)
        if field.name != "entries" and getattr(one, field.name) != getattr(other, field.name)
    ]


# --- documents --------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        *(
            "",
            " ",
            "Pleno",
            " DPT & DPS ",
            "<b>a</b>",
            "&amp;",
            "&nbsp;",
            "é",
            "Ã©",
            "“x”",
            "a\n\nb",
            "12345",
            "60",
        ),
        *("https://x.kpu.go.id/7?a=1&b=2", "https://x.kpu.go.id/8", "/9", "tag:x,1:2", "daily"),
        *("a@kpu.go.id (Humas)", "A (b)", "2021-08-20T09:00:00Z", "20 Agustus 2021 09:00 WIB"),
    ]
)
ODD_WORDS = st.sampled_from(["\x92", "http:////x", "a;b&c;d", "a@kpu.go.id", "a&#146;", "\u2028"])
KINDS = st.sampled_from(["image/JPEG", "image", "text/html", "text", "html", "xhtml", "", "video/mp4"])
RELS = st.sampled_from(["alternate", "self", "hub", "Enclosure", "next", "prev-archive", "replies", ""])
PARTS = {  # element → its everyday attributes
    **dict.fromkeys(
        ("title", "link", "description", "author", "pubDate", "comments", "dc:creator", "dc:date"), ()
    ),
    **dict.fromkeys(("dc:subject", "content:encoded", "slash:comments", "wfw:commentRss", "kpu:nomor"), ()),
    **dict.fromkeys(
        ("feedburner:origLink", "atom:updated", "generator", "language", "ttl", "docs", "image"), ()
    ),
    **dict.fromkeys(("sy:updatePeriod", "sy:updateFrequency", "lastBuildDate", "copyright", "skipHours"), ()),
    "guid": ("isPermaLink",),
    "category": ("domain",),
    "enclosure": ("url", "type", "length"),
    "source": ("url",),
    "cloud": ("domain", "port"),
    "atom:link": ("rel", "href", "type"),
    "media:content": ("url", "medium", "type"),
    "media:thumbnail": ("url",),
}
ATOM_PARTS = {
    **dict.fromkeys(("id", "published", "updated", "author", "icon", "thr:total", "kpu:nomor"), ()),
    **dict.fromkeys(("title", "summary", "content", "subtitle", "rights"), ("type",)),
    "link": ("rel", "href", "type"),
    "category": ("term", "label", "scheme"),
    "generator": ("uri",),
    "feedburner:origLink": (),
    "contributor": (),
}
ODD_PARTS = dict.fromkeys(
    ("x", "itunes:image", "media:title", "dc:title", "dc:language", "summary", "id", "media:group"), ()
)
ODD_ATTRIBUTES = ("scheme", "uri", "version", "xml:lang", "xml:base", "lang", "src", "mode", "ispermalink")


def seldom(draw):
    return draw(st.integers(0, 79)) == 79


def written(draw, name, usual, inside):
    """XML of one element: an everyday one, seldom with something odd about it."""
    names = [key for key in usual if draw(st.integers(0, 4))] + [
        draw(st.sampled_from(ODD_ATTRIBUTES))
    ] * seldom(draw)
    values = {"rel": RELS, "type": KINDS, "medium": KINDS, "isPermaLink": st.sampled_from(["true", "false"])}
    marks = "".join(f" {key}={quoteattr(draw(values.get(key, WORDS)))}" for key in dict.fromkeys(names))
    holds_text = name not in ("author", "image") or inside is None
    text = draw(ODD_WORDS) if seldom(draw) else draw(WORDS) if holds_text else ""
    held = f"<![CDATA[{text}]]>" if draw(st.booleans()) else escape(text)
    return f"<{name}{marks}>{held}{'' if holds_text else draw(inside)}</{name}>"


@st.composite
def elements(draw, parts, inside=None, most=9):
    """Several elements, seldom one of a kind twice or one out of place."""
    names = draw(st.lists(st.sampled_from(sorted(parts)), max_size=most, unique=not seldom(draw)))
    names += [draw(st.sampled_from(sorted(ODD_PARTS)))] * seldom(draw)
    return "".join(written(draw, name, parts.get(name, ()), inside) for name in names)


def several(template, parts, most=3):
    return st.lists(parts.map(template.format), max_size=most).map("".join)


def only(parts, *names):
    return {name: parts[name] for name in names}


PERSON = elements(dict.fromkeys(("name", "uri", "email"), ()), most=3)
PICTURE = elements(dict.fromkeys(("title", "link", "url"), ()), most=3)
RDF_ENTRY = {name: parts for name, parts in PARTS.items() if ":" in name and "atom" not in name}
RDF_ENTRY |= only(PARTS, "title", "link", "description")
CHANNEL = only(
    PARTS, "title", "link", "description", "language", "generator", "ttl", "image", "docs", "cloud"
)
CHANNEL |= only(PARTS, "lastBuildDate", "copyright", "skipHours", "sy:updatePeriod", "sy:updateFrequency")
ENTRY = {n: PARTS[n] for n in PARTS if n not in set(CHANNEL) - {"title", "link", "description"}}
CHANNEL |= only(PARTS, "atom:link", "pubDate")
RSS = st.builds(
    "<rss version={}{} xmlns:atom='http://www.w3.org/2005/Atom'><channel>{}{}{}</channel></rss>".format,
    st.sampled_from(['"2.0"', '"2.0"', '"2.0"', '"0.91"']),
    st.just(SPACES),
    elements(CHANNEL, PICTURE),
    several("<item>{}</item>", elements(ENTRY)),
    elements(PARTS, most=1),
)
RDF = st.builds(
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"{}>'
    '<channel rdf:about="u">{}</channel>{}</rdf:RDF>'.format,
    st.just(SPACES),
    elements(only(PARTS, "title", "link", "description", "dc:date", "sy:updatePeriod", "image"), PICTURE),
    several('<item rdf:about="https://x.kpu.go.id/7">{}</item>', elements(RDF_ENTRY)),
)
ATOM = st.builds(
    '<feed xmlns="http://www.w3.org/2005/Atom"{}{}>{}{}</feed>'.format,
    st.sampled_from(["", "", ' xml:lang="id_ID"', ' xml:lang=""', ' xml:base="/x/"']),
    st.just(SPACES),
    elements(ATOM_PARTS, PERSON, most=5),
    several("<entry>{}</entry>", elements(ATOM_PARTS, PERSON)),
)


@settings(max_examples=400, deadline=None)
@example('<feed xmlns="http://www.w3.org/2005/Atom"><title type="">DPT &amp;amp; DPS</title></feed>')
@given(RSS | RDF | ATOM)
def test_the_two_readers_agree_on_any_feed(text):
    assert not differences(text)


# --- the everyday is really read fast ---------------------------------------------------------------

FEEDS = Path(__file__).resolve().parents[1] / "data/feeds"
WORDPRESS, JOOMLA, PLAIN_ATOM, PLAIN_RDF = (
    (FEEDS / f"{name}.xml").read_text().strip() for name in ("wordpress", "joomla", "atom", "rdf")
)


@pytest.mark.parametrize("text", [WORDPRESS, JOOMLA, PLAIN_ATOM, PLAIN_RDF])
def test_an_everyday_feed_is_read_fast_and_alike(text):
    assert differences(text) == []
    assert len(read_plain(text, []).entries) == 1


@pytest.mark.parametrize(
    "text",
    [
        "<rss",
        "<html/>",
        "<!DOCTYPE rss SYSTEM 'x'>" + WORDPRESS,
        WORDPRESS.replace("<category>", "<dc:title>x</dc:title><category>", 1),
        WORDPRESS.replace("<title>Pleno", "<title>Dua</title><title>Pleno"),
        WORDPRESS.replace("<item>", '<item xml:base="/x/">'),
        WORDPRESS.replace("https://x.kpu.go.id/7/</link>", "https://x.kpu.go.id/?a&amp;b;</link>"),
        PLAIN_ATOM.replace('type="html">&lt;p', 'type="xhtml">&lt;p'),
        PLAIN_ATOM.replace("<title", "<x/><title", 1),
    ],
)
def test_what_it_does_not_know_it_leaves_alone(text):
    assert read_plain(text, []) is None
