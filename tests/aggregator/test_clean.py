"""Parsed entries, made safe, bounded and comparable."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.clean import MAX_CONTENT, MAX_TITLE, clean
from aggregator.records import CleanEntry, DateStatus, Enclosure, ParsedEntry, ParsedFeed

URL = "https://kab-contoh.kpu.go.id/feed/"
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def cleaned(*entries, **feed):
    return clean(
        ParsedFeed(version="rss20", entries=entries, **feed), url=URL, now=NOW, timezone="Asia/Makassar"
    )


def one(**fields) -> CleanEntry:
    (only,) = cleaned(ParsedEntry(**fields)).entries
    return only


# --- identity ---------------------------------------------------------------------------------------


def test_a_guid_is_kept_as_published():
    assert one(guid=" kpu-7 ", link="/7").guid == "kpu-7"


def test_without_guid_the_canonical_link_is_the_identity():
    e = one(link="http://www.kab-contoh.kpu.go.id/7?utm_source=rss", title="a")
    assert e.guid == e.canonical_url == "https://kab-contoh.kpu.go.id/7"
    assert e.url == "http://www.kab-contoh.kpu.go.id/7?utm_source=rss"


def test_without_guid_and_link_the_content_is_the_identity():
    e = one(title="Pleno", content="<p>Isi</p>")
    assert e.guid == f"urn:sha256:{e.content_sha256}"


def test_a_guid_beyond_measure_is_known_by_its_hash():
    assert one(guid="x" * 5000, title="a").guid.startswith("urn:sha256:")


def test_a_relative_link_starts_from_its_base_then_from_the_site():
    assert one(link="read/7", base="/blog/").url == "https://kab-contoh.kpu.go.id/blog/read/7"
    (e,) = cleaned(ParsedEntry(link="read/7"), link="https://x.kpu.go.id/").entries
    assert e.url == "https://x.kpu.go.id/read/7"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"])
def test_a_link_that_is_none_is_left_out(link):
    e = one(title="a", link=link, enclosures=(Enclosure(link),), image=link, content=f'<img src="{link}">')
    assert (e.url, e.canonical_url, e.enclosures, e.image_url) == ("", "", (), "")


# --- texts ------------------------------------------------------------------------------------------


def test_every_text_is_plain_and_bounded():
    e = one(
        title="Pleno &amp; <b>Rapat</b> " + "kata " * 500,
        author="<script>x()</script>Humas " + "a" * 500,
        categories=tuple(f"<i>Berita {n}</i>" for n in range(50)),
        summary="<p>Ringkas</p>" + "<p>kata</p>" * 5000,
    )
    assert e.title.startswith("Pleno & Rapat kata")
    assert len(e.title) <= MAX_TITLE
    assert len(e.author) <= 200
    assert e.categories[0] == "Berita 0"
    assert len(e.categories) == 20
    assert len(e.summary) <= 400
    assert "<" not in e.title + e.author + e.summary + "".join(e.categories)


def test_a_title_is_made_of_the_text_then_of_the_address():
    assert one(content="<p>KPU menetapkan DPT.</p><p>Dua</p>").title == "KPU menetapkan DPT."
    assert one(link="/blog/read/9001_kpu-gelar-rapat%20pleno.html").title == "9001 kpu gelar rapat pleno"
    assert one(link="https://x.kpu.go.id/").title == "x.kpu.go.id"


def test_a_mail_address_is_not_published_as_byline():
    assert one(title="a", author="admin@kpu.go.id (Humas)").author == "Humas"
    assert one(title="a", author="admin@kpu.go.id").author == ""


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        (
            "<p>KPU Contoh menggelar rapat pleno terbuka [&#8230;]</p>",
            "KPU Contoh menggelar rapat pleno terbuka …",
        ),
        ("KPU Contoh menggelar rapat pleno terbuka...", "KPU Contoh menggelar rapat pleno terbuka …"),
        (
            "<p>KPU Contoh menggelar rapat pleno.</p>"
            '<p>The post <a href="x">Pleno</a> appeared first on <a>KPU</a>.</p>',
            "KPU Contoh menggelar rapat pleno.",
        ),
        (
            "KPU Contoh menggelar rapat pleno. Pos Pleno pertama kali muncul di KPU Contoh.",
            "KPU Contoh menggelar rapat pleno.",
        ),
        (
            'KPU Contoh menggelar rapat pleno <a class="more" href="x">Baca selengkapnya &raquo;</a>',
            "KPU Contoh menggelar rapat pleno …",
        ),
        ("", "Isi berita yang lengkap."),
        ("…", "Isi berita yang lengkap."),
    ],
)
def test_a_summary_is_one_paragraph_without_the_machines_words(summary, expected):
    assert one(title="a", summary=summary, content="<p>Isi berita\n yang lengkap.</p>").summary == expected


def test_the_note_below_every_post_of_a_wordpress_feed_is_no_part_of_it():
    note = '<p>The post <a rel="nofollow" href="x">Pleno</a> appeared first on <a href="y">KPU</a>.</p>\n'
    assert one(title="a", content=f"<p>Isi</p>{note}").content_html == "<p>Isi</p>"


def test_text_without_markup_keeps_its_paragraphs():
    assert one(title="a", content="Satu &amp; dua\ntiga\n\nEmpat").text == "Satu & dua tiga\n\nEmpat"


@pytest.mark.parametrize(
    ("claimed", "text", "language"),
    [
        ("id-ID", "", "id"),
        ("in", "", "id"),
        ("en_GB", "The office of the commission and the people of the region to vote", "en"),
        ("en-US", "KPU yang hadir dan rapat di kantor untuk DPT yang baru dan yang lama", "id"),
        ("", "KPU yang hadir dan rapat di kantor untuk DPT yang baru dan yang lama", "id"),
        ("x" * 50, "", ""),
    ],
)
def test_the_language_is_the_texts_own_where_the_claim_is_a_default(claimed, text, language):
    assert one(title="a", language=claimed, content=f"<p>{text}</p>").language == language


# --- pictures and files -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"image": "/a.jpg"},
        {"enclosures": (Enclosure("/a.jpg", "image/jpeg"),)},
        {"content": '<p><img class="x" src="/a.jpg"></p>'},
        {"content": "<IMG ALT='' SRC=/a.jpg>"},
        {"content": '<img src="data:image/gif;base64,R0lG" data-src="/a.jpg">'},
        {"content": '<img src="/pixel.gif" width="1" height="1"><img src="/a.jpg">'},
        {
            "content": '<img class="wp-smiley" src="/s.png">'
            '<img src="https://s.w.org/e.png"><img src="/a.jpg">'
        },
        {"image": "https://0.gravatar.com/avatar/7", "content": '<img src="/a.jpg">'},
    ],
)
def test_the_lead_picture_is_found_where_it_is(fields):
    assert one(title="a", **fields).image_url == "https://kab-contoh.kpu.go.id/a.jpg"


def test_files_are_absolute_once_each_and_few():
    files = tuple(Enclosure(f"/dmdocument/{n % 30}.pdf", " Application/PDF ", 7) for n in range(100))
    e = one(title="a", enclosures=files)
    assert e.enclosures[0] == Enclosure("https://kab-contoh.kpu.go.id/dmdocument/0.pdf", "application/pdf", 7)
    assert len(e.enclosures) == 20


# --- dates ------------------------------------------------------------------------------------------


def test_a_time_without_zone_is_that_of_the_satker():
    e = one(title="a", published="2021-08-20 10:00:00")
    assert (e.published_at, e.date_status) == (datetime(2021, 8, 20, 2, tzinfo=UTC), DateStatus.OK)
    assert e.published_claimed == "2021-08-20 10:00:00"


def test_only_an_update_date_stands_for_both():
    e = one(title="a", updated="2021-08-20T02:00:00Z")
    assert e.published_at == e.updated_at == datetime(2021, 8, 20, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("claim", "status"), [("", DateStatus.MISSING), ("30 Februari 2021", DateStatus.IMPOSSIBLE)]
)
def test_an_unusable_date_is_marked(claim, status):
    e = one(title="a", published=claim)
    assert (e.published_at, e.date_status) == (None, status)


def test_a_future_date_is_kept_and_marked():
    e = one(title="a", published="2099-01-01T00:00:00Z", updated="2099-01-01T00:00:00Z")
    assert (e.published_at, e.date_status) == (datetime(2099, 1, 1, tzinfo=UTC), DateStatus.FUTURE)
    assert e.updated_at is None


# --- revisions --------------------------------------------------------------------------------------

BODY = (
    "<p>KPU Contoh menetapkan DPT.</p>"
    '<p>Lihat <a href="https://x.kpu.go.id/a?id=7">berkas</a>. Dibaca 12 kali</p>'
)


@pytest.mark.parametrize(
    "same",
    [
        BODY.replace("<p>", "<p class='x'>\n "),
        BODY.replace("<p>KPU Contoh menetapkan", "<p>KPU <b>Contoh</b>   menetapkan"),
        BODY.replace("12 kali", "3.456 kali"),
        BODY.replace("?id=7", "?utm_source=a&id=7&fbclid=9#top"),
        BODY + "<img src=/iklan/9.gif>",
    ],
)
def test_what_no_reader_would_call_an_edit_makes_no_revision(same):
    assert one(title="a", content=same).content_sha256 == one(title="a", content=BODY).content_sha256


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "b", "content": BODY},
        {"title": "a", "content": BODY.replace("DPT", "DPS")},
        {"title": "a", "content": BODY.replace("id=7", "id=8")},
        {"title": "a", "content": BODY, "enclosures": (Enclosure("/a.pdf"),)},
    ],
)
def test_an_edit_makes_a_revision(fields):
    assert one(**fields).content_sha256 != one(title="a", content=BODY).content_sha256


# --- bad entries ------------------------------------------------------------------------------------


def test_an_entry_of_nothing_is_rejected_and_the_others_stay():
    feed = cleaned(ParsedEntry(title="a"), ParsedEntry(guid="7", title=" <i></i> "), ParsedEntry(title="c"))
    assert [e.title for e in feed.entries] == ["a", "c"]
    assert [(r.position, r.code) for r in feed.rejected] == [(1, "entry_empty")]


def test_an_entry_beyond_measure_is_rejected():
    feed = cleaned(ParsedEntry(title="a", content="kata " * 300_000), ParsedEntry(title="b"))
    assert [r.code for r in feed.rejected] == ["entry_too_large"]


def test_a_picture_pasted_into_the_text_costs_only_itself():
    e = one(
        title="a", content='<p>Isi</p><img src="data:image/png;base64,' + "iVBOR" * 400_000 + '"><p>Akhir</p>'
    )
    assert e.text == "Isi\n\nAkhir"
    assert e.signals == ("data_url",)


def test_an_entry_that_breaks_us_is_rejected_alone(monkeypatch):
    monkeypatch.setattr("aggregator.clean._categories", lambda names: 1 / len(names))
    feed = cleaned(ParsedEntry(title="a"), ParsedEntry(title="b", categories=("x",)))
    assert [(r.position, r.code) for r in feed.rejected] == [(0, "entry")]


def test_signals_come_from_every_field():
    e = one(title="slo\u200bt", content="<script>x()</script><p onclick=x()>Isi</p>")
    assert e.signals == ("event_handler", "script", "zero_width")


def test_a_blob_is_told():
    assert "blob" in one(title="a", content="<p>" + "QUJD" * 200 + "</p>").signals


def test_the_feed_itself_is_cleaned():
    feed = cleaned(
        title="<b>KPU</b> &amp; Contoh",
        link="/",
        language="id-ID",
        generator="<i>x</i>" * 200,
        hub_links=("javascript:x", "https://hub.example/"),
        self_link="data:x",
        prev_archive="?paged=2",
    ).feed
    assert (feed.title, feed.link, feed.language) == ("KPU & Contoh", "https://kab-contoh.kpu.go.id/", "id")
    assert (feed.hub_links, feed.self_link) == (("https://hub.example/",), "")
    assert feed.prev_archive == "https://kab-contoh.kpu.go.id/feed/?paged=2"
    assert len(feed.generator) <= 200


TEXT = st.text(max_size=30) | st.sampled_from(
    ["<b>", "&amp;", "javascript:x", "//x", "\ud800", "\u202e", "<img src=//["]
)


@given(
    st.builds(
        ParsedEntry,
        guid=TEXT,
        link=TEXT,
        title=TEXT,
        author=TEXT,
        published=TEXT,
        updated=TEXT,
        summary=TEXT,
        content=TEXT,
        categories=st.lists(TEXT, max_size=3).map(tuple),
        enclosures=st.lists(st.builds(Enclosure, TEXT, TEXT), max_size=2).map(tuple),
        image=TEXT,
        language=TEXT,
        base=TEXT,
    )
)
def test_any_entry_is_cleaned_or_found_empty(entry):
    feed = cleaned(entry)
    assert [r.code for r in feed.rejected] in ([], ["entry_empty"])
    for e in feed.entries:
        assert e.title
        assert e.guid
        for link in (e.url, e.canonical_url, e.image_url, *(file.url for file in e.enclosures)):
            assert link == "" or link.startswith(("http://", "https://"))
        (e.guid + e.title + e.text + e.content_html + e.published_claimed).encode()


PIECES = ["<a", "<a=", "<img ", "<!--", "&", "&x;", "data:", "display:", "a@", " ", "\n", "<p>", "</b>", "x"]


@pytest.mark.parametrize("piece", PIECES)
def test_no_run_of_one_thing_takes_more_than_a_moment(piece):
    run = piece * (MAX_CONTENT // len(piece) - 1)
    started = time.process_time()
    cleaned(ParsedEntry(*[run] * 8, (run,), (Enclosure(run, run),), run, run, run))
    assert time.process_time() - started < 4
