"""Bodies as sites send them, read as the feeds they are or refused with a reason."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.parse import parse
from aggregator.records import Enclosure

URL = "https://kab-contoh.kpu.go.id/feed/"


def rss(items="<item><title>Pleno</title></item>", head="", declaration='<?xml version="1.0"?>', spaces=""):
    return (
        f'{declaration}<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
        f" {spaces}><channel><title>KPU Contoh</title>{head}{items}</channel></rss>"
    )


def atom(entries, head=""):
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>KPU</title>{head}{entries}</feed>'


def read(body, **more):
    return parse(body.encode() if isinstance(body, str) else body, url=URL, **more)


def entry(body, **more):
    (only,) = read(body, **more).entries
    return only


def refusal(body, **more):
    with pytest.raises(ParseError) as caught:
        read(body, **more)
    return caught.value.code


# --- what it is -------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["", "  \n\t", "\ufeff", "\x00\x00"])
def test_nothing_is_empty(body):
    assert refusal(body) == "empty"


@pytest.mark.parametrize(
    "body",
    [
        "<!DOCTYPE html><html><body>404</body></html>",
        "<!doctype HTML><title>x</title>",
        "<html><head><link rel=alternate></head></html>",
        '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x"><html xmlns="x"/>',
        "<!-- cache --><HTML></HTML>",
        "<br />\n<b>Fatal error</b>: Uncaught Error",
        "<html><body><pre><rss version='2.0'></pre></body></html>",
    ],
)
@pytest.mark.parametrize("media_type", ["text/html", "application/rss+xml"])
def test_a_web_page_is_no_feed_whatever_it_says_it_is(body, media_type):
    assert refusal(body, media_type=media_type) == "html"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"%PDF-1.7 ...", "media_type"),
        (b"\x89PNG\r\n", "media_type"),
        (b"\x1f\x8b\x08", "media_type"),
        (b"Situs dalam perbaikan", "not_xml"),
        (b'<?xml version="1.0"?><urlset><url/></urlset>', "not_a_feed"),
        (b"{}", "not_a_feed"),
        (b"[1, 2]", "not_a_feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [', "not_a_feed"),
        (b"[" * 200_000, "not_a_feed"),
    ],
)
def test_what_else_arrives_is_refused_by_name(body, code):
    assert refusal(body) == code


@pytest.mark.parametrize("media_type", ["text/html", "application/json", "text/plain", "image/png", ""])
def test_a_feed_is_read_whatever_its_media_type_says(media_type):
    assert read(rss(), media_type=media_type).version == "rss20"


def test_a_feed_without_entries_is_a_feed():
    assert read(rss(items="")).entries == ()
    assert read(atom("")).version == "atom10"


@pytest.mark.parametrize("before", ["\n", "   \r\n\t", "\ufeff", "\ufeff\n", "\x00"])
def test_white_space_before_the_declaration_does_no_harm(before):
    assert entry(before + rss()).title == "Pleno"


def test_a_message_printed_before_the_feed_is_passed_over():
    feed = read("<br />\n<b>Warning</b>: foo() in /var/www on line 7<br />\n" + rss())
    assert [e.title for e in feed.entries] == ["Pleno"]
    assert "leading_text" in feed.warnings


# --- danger -----------------------------------------------------------------------------------------

LAUGHS = '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "doctype",
    [
        LAUGHS,
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss [<!ENTITY x PUBLIC "p" "http://127.0.0.1/x">]>',
        '<!DOCTYPE rss [<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;]>',
        '<!DOCTYPE rss SYSTEM "a.dtd" [\n<!ENTITY x\nSYSTEM "file:///etc/passwd">\n]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_that_expand_or_load_are_refused(doctype, encoding):
    body = rss("<item><title>&x;&b;</title></item>", declaration='<?xml version="1.0"?>' + doctype)
    assert refusal(body.encode(encoding)) == "entities"


def test_an_entity_that_stands_for_a_word_is_put_in():
    doctype = '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY kpu "Komisi">\n<!ENTITY k2 "&#75;">]>'
    assert entry(rss("<item><title>&kpu; &k2;</title></item>", declaration=doctype)).title == "Komisi K"


def test_a_harmless_entity_may_not_be_repeated_beyond_measure():
    doctype = '<!DOCTYPE rss [<!ENTITY a "' + "x" * 200 + '">]>'
    assert refusal(rss("<item><title>" + "&a;" * 2000 + "</title></item>", declaration=doctype)) == "entities"


def test_an_external_document_type_is_not_loaded():
    doctype = '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://127.0.0.1:1/rss-0.91.dtd">'
    assert entry(rss(declaration=doctype)).title == "Pleno"


@pytest.mark.parametrize("body", [b"/etc/passwd", b"http://127.0.0.1:1/feed", b"file:///etc/passwd"])
def test_a_body_is_never_taken_for_a_path_or_address(body):
    assert refusal(body) == "not_xml"


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore")))
def test_no_body_does_worse_than_to_be_refused(body):
    for before in (b"", b"<?xml version='1.0'?><rss version='2.0'><channel><item><title>"):
        try:
            parse(before + body, url=URL)
        except ParseError as error:
            assert error.code


@pytest.mark.parametrize("reference", ["&#xD800;", "&#99999999999;", "&#x0;", "&#;", "&;", "&#xFFFF;"])
def test_a_reference_to_no_character_costs_no_entry(reference):
    feed = read(rss(f"<item><title>Ple{reference}no</title></item><item><title>DPT</title></item>"))
    assert [e.title for e in feed.entries][1] == "DPT"


# --- charsets ---------------------------------------------------------------------------------------

TITLE = "<item><title>“Pleno” – é</title></item>"


@pytest.mark.parametrize(
    ("encoding", "declared", "header"),
    [
        ("utf-8", "utf-8", ""),
        ("utf-8", "", ""),
        ("utf-8", "iso-8859-1", "iso-8859-1"),
        ("utf-8-sig", "windows-1252", ""),
        ("windows-1252", "windows-1252", ""),
        ("windows-1252", "iso-8859-1", ""),
        ("windows-1252", "utf-8", "utf-8"),
        ("windows-1252", "", ""),
        ("windows-1252", "us-ascii", "x-unknown"),
        ("utf-16", "utf-16", ""),
        ("utf-16-le", "utf-16", ""),
        ("utf-16-be", "", "utf-16"),
        ("utf-32", "utf-32", ""),
        ("gb18030", "gb2312", ""),
    ],
)
def test_a_charset_is_found_whatever_is_claimed(encoding, declared, header):
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else '<?xml version="1.0"?>'
    if encoding == "gb18030":
        declaration = declaration.replace("gb2312", "gb18030")
    body = rss(TITLE, declaration=declaration).encode(encoding)
    assert entry(body, charset=header).title == "“Pleno” – é"


def test_an_excerpt_cut_in_mid_character_does_not_spoil_the_rest():
    body = rss("<item><title>Café Kédiri ‘Pleno’ ëëë</title></item>").encode()
    broken = body.replace("é".encode(), b"\xc3", 1)
    feed = read(broken)
    assert feed.entries[0].title == "Caf\ufffd Kédiri ‘Pleno’ ëëë"
    assert "charset_faults" in feed.warnings


def test_control_characters_are_dropped_and_told():
    feed = read(rss("<item><title>Ple\x0b\x08no</title></item>"))
    assert feed.entries[0].title == "Pleno"
    assert "control_characters" in feed.warnings


# --- broken feeds -----------------------------------------------------------------------------------


def test_a_feed_cut_off_keeps_its_whole_entries_only():
    body = rss("<item><title>Satu</title></item><item><title>Dua</title></item><item><title>Ti")[
        : -len("</channel></rss>")
    ]
    feed = read(body)
    assert [e.title for e in feed.entries] == ["Satu", "Dua"]
    assert "truncated" in feed.warnings


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("A & B", "A & B"),
        ("A &nbsp;B &eacute;", "A \u00a0B é"),
        ("A &amp; B & C", "A & B & C"),
        ("<![CDATA[A & B &nbsp;]]> & C", "A & B \u00a0 & C"),
    ],
)
def test_stray_ampersands_and_html_entities_are_put_right(text, title):
    feed = read(rss(f"<item><title>{text}</title></item><item><title>DPT</title></item>"))
    assert [e.title for e in feed.entries] == [title, "DPT"]
    assert "malformed" in feed.warnings


def test_prefixes_that_nobody_declared_are_known_by_name():
    body = (
        '<rss version="2.0"><channel><title>KPU</title><item><title>a</title><kpu:x>1</kpu:x>'
        "<dc:creator>Humas</dc:creator><content:encoded>&lt;p&gt;Isi&lt;/p&gt;</content:encoded></item></channel></rss>"
    )
    assert (entry(body).author, entry(body).content) == ("Humas", "<p>Isi</p>")


@pytest.mark.parametrize("text", ["A <br> B", "A < B", "<b>A</i>"])
def test_what_cannot_be_put_right_is_read_all_the_same(text):
    feed = read(rss(f"<item><title>{text}</title></item><item><title>DPT</title></item>"))
    assert [e.title for e in feed.entries][-1] == "DPT"
    assert "malformed" in feed.warnings


def test_a_well_formed_feed_has_no_warnings():
    assert read(rss()).warnings == ()


# --- RSS --------------------------------------------------------------------------------------------


def test_an_rss_entry_is_read_as_written():
    e = entry(
        rss(
            "<item><title>Pleno &amp;amp; Rapat</title><link>https://x.kpu.go.id/7?a=1&amp;b=2</link>"
            '<guid isPermaLink="false">kpu-7</guid><pubDate>Jum, 20 Agustus 2021 09:00 WIB</pubDate>'
            "<dc:creator>Humas</dc:creator><category>Berita</category><category>DPT &amp;amp; DPS</category>"
            "<description>Ringkas</description>"
            "<content:encoded><![CDATA[<p>Isi &amp; lengkap</p>]]></content:encoded>"
            '<enclosure url="https://x.kpu.go.id/a.pdf" type="application/pdf" length="123"/></item>'
        )
    )
    assert (e.guid, e.link) == ("kpu-7", "https://x.kpu.go.id/7?a=1&b=2")
    assert e.title == "Pleno &amp; Rapat"
    assert e.published == "Jum, 20 Agustus 2021 09:00 WIB"
    assert e.author == "Humas"
    assert e.categories == ("Berita", "DPT &amp; DPS")
    assert (e.summary, e.content) == ("Ringkas", "<p>Isi &amp; lengkap</p>")
    assert e.enclosures == (Enclosure("https://x.kpu.go.id/a.pdf", "application/pdf", 123),)


def test_the_only_description_is_the_content():
    e = entry(rss("<item><title>a</title><description>&lt;p&gt;Isi&lt;/p&gt;</description></item>"))
    assert (e.summary, e.content) == ("", "<p>Isi</p>")


@pytest.mark.parametrize(
    ("guid", "link"),
    [
        ("<guid>https://x.kpu.go.id/7</guid>", "https://x.kpu.go.id/7"),
        ('<guid isPermaLink="true">https://x.kpu.go.id/7</guid>', "https://x.kpu.go.id/7"),
        ('<guid isPermaLink="false">https://x.kpu.go.id/?p=7</guid>', ""),
        ("<guid>12345</guid>", ""),
        ("<guid>12345</guid><link>https://x.kpu.go.id/8</link>", "https://x.kpu.go.id/8"),
        ("", ""),
    ],
)
def test_a_guid_is_a_link_only_where_it_is_an_address(guid, link):
    assert entry(rss(f"<item><title>a</title>{guid}</item>")).link == link


def test_a_mail_address_before_a_byline_is_left_out():
    assert entry(rss("<item><title>a</title><author>a@kpu.go.id (Humas)</author></item>")).author == "Humas"


@pytest.mark.parametrize(
    "media",
    [
        '<media:content url="https://x.kpu.go.id/a.jpg" medium="image"/>',
        '<media:content url="https://x.kpu.go.id/a.mp4" type="video/mp4"/><media:thumbnail url="https://x.kpu.go.id/a.jpg"/>',
        '<media:group><media:content url="https://x.kpu.go.id/a.jpg" type="image/jpeg"/></media:group>',
    ],
)
def test_a_picture_named_by_media_rss_is_the_image(media):
    assert entry(rss(f"<item><title>a</title>{media}</item>")).image == "https://x.kpu.go.id/a.jpg"


def test_the_channel_tells_how_it_wants_to_be_read():
    feed = read(
        rss(
            head="<link>https://x.kpu.go.id/</link><language>id</language><generator>WordPress 6</generator>"
            "<ttl>60</ttl><skipHours><hour>0</hour><hour> 23 </hour></skipHours>"
            "<skipDays><day>Sunday</day></skipDays>"
            "<sy:updatePeriod> daily </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"
            '<atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="https://x.kpu.go.id/feed"/>'
            '<atom:link rel="prev-archive" href="https://x.kpu.go.id/feed?paged=2"/>'
        )
    )
    assert (feed.title, feed.link, feed.language) == ("KPU Contoh", "https://x.kpu.go.id/", "id")
    assert feed.generator == "WordPress 6"
    assert (feed.ttl, feed.skip_hours, feed.skip_days, feed.update_seconds) == (
        60,
        (0, 23),
        ("Sunday",),
        43200,
    )
    assert feed.hub_links == ("https://hub.example/",)
    assert feed.self_link == "https://x.kpu.go.id/feed"
    assert feed.prev_archive == "https://x.kpu.go.id/feed?paged=2"


def test_rdf_is_read():
    e = entry(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="u"><title>KPU</title></channel>'
        '<item rdf:about="https://x.kpu.go.id/7"><title>Pleno</title><link>https://x.kpu.go.id/7</link>'
        "<dc:date>2021-08-20T09:00+07:00</dc:date></item></rdf:RDF>"
    )
    assert (e.guid, e.link, e.updated) == (
        "https://x.kpu.go.id/7",
        "https://x.kpu.go.id/7",
        "2021-08-20T09:00+07:00",
    )


# --- Atom -------------------------------------------------------------------------------------------


def test_an_atom_entry_is_read():
    e = entry(
        atom(
            '<entry xml:lang="en" xml:base="https://x.kpu.go.id/blog/"><id>tag:7</id><title>Pleno</title>'
            '<link href="read/7"/><link rel="enclosure" href="a.pdf" type="application/pdf" length="9"/>'
            "<published>2021-08-20T09:00:00+07:00</published><updated>2021-08-21T09:00:00+07:00</updated>"
            "<author><name>Humas</name></author><author><name>Teknis</name></author>"
            '<category term="b" label="Berita"/>'
            "<summary>Ringkas</summary>"
            '<content type="html">&lt;p&gt;Isi yang panjang&lt;/p&gt;</content></entry>'
        )
    )
    assert (e.guid, e.link) == ("tag:7", "https://x.kpu.go.id/blog/read/7")
    assert (e.published[:10], e.updated[:10]) == ("2021-08-20", "2021-08-21")
    assert (e.author, e.categories, e.language) == ("Humas, Teknis", ("Berita",), "en")
    assert (e.summary, e.content) == ("Ringkas", "<p>Isi yang panjang</p>")
    assert e.enclosures == (Enclosure("https://x.kpu.go.id/blog/a.pdf", "application/pdf", 9),)
    assert e.base == "https://x.kpu.go.id/blog/"


@pytest.mark.parametrize(
    ("title", "markup"),
    [
        ('<title type="text">R&amp;D &lt;b&gt;</title>', "R&amp;D &lt;b&gt;"),
        ('<title type="html">R&amp;amp;D &lt;b&gt;x&lt;/b&gt;</title>', "R&amp;D <b>x</b>"),
        (
            '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">R&amp;D <b>x</b></div></title>',
            "R&amp;D <b>x</b>",
        ),
    ],
)
def test_atom_says_what_is_text_and_what_is_markup(title, markup):
    assert entry(atom(f"<entry><id>7</id>{title}</entry>")).title == markup


def test_an_atom_entry_without_author_has_that_of_the_feed():
    assert (
        entry(atom("<entry><id>7</id></entry>", head="<author><name>Humas</name></author>")).author == "Humas"
    )


# --- JSON Feed --------------------------------------------------------------------------------------


def test_a_json_feed_is_read():
    feed = read(
        json.dumps(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": "KPU & Contoh",
                "home_page_url": "https://x.kpu.go.id/",
                "feed_url": "https://x.kpu.go.id/feed.json",
                "language": "id",
                "authors": [{"name": "Humas"}],
                "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
                "next_url": "https://x.kpu.go.id/feed.json?p=2",
                "items": [
                    {
                        "id": 7,
                        "url": "https://x.kpu.go.id/7",
                        "title": "Pleno <1>",
                        "content_text": "Satu <b>\n\nDua",
                        "summary": "Ringkas",
                        "image": "https://x.kpu.go.id/a.jpg",
                        "date_published": "2021-08-20T09:00:00+07:00",
                        "tags": ["Berita", 7, None],
                        "attachments": [
                            {
                                "url": "https://x.kpu.go.id/a.pdf",
                                "mime_type": "application/pdf",
                                "size_in_bytes": 9,
                            }
                        ],
                    },
                    "no item",
                ],
            }
        )
    )
    (e,) = feed.entries
    assert (feed.version, feed.title, feed.language) == ("json11", "KPU &amp; Contoh", "id")
    assert (feed.hub_links, feed.prev_archive) == (
        ("https://hub.example/",),
        "https://x.kpu.go.id/feed.json?p=2",
    )
    assert (e.guid, e.title, e.author) == ("7", "Pleno &lt;1&gt;", "Humas")
    assert e.content == "<p>Satu &lt;b&gt;</p><p>Dua</p>"
    assert (e.image, e.categories) == ("https://x.kpu.go.id/a.jpg", ("Berita", "7"))
    assert e.enclosures == (Enclosure("https://x.kpu.go.id/a.pdf", "application/pdf", 9),)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ITEM_KEYS = [
    "id",
    "url",
    "title",
    "content_html",
    "content_text",
    "tags",
    "attachments",
    "authors",
    "author",
    "image",
]


@given(st.dictionaries(st.sampled_from(ITEM_KEYS), VALUES), VALUES)
def test_a_json_feed_may_hold_anything_anywhere(item, authors):
    body = {"version": "https://jsonfeed.org/version/1", "authors": authors, "hubs": authors, "items": [item]}
    assert len(read(json.dumps(body)).entries) == 1
