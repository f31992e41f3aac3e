"""Posts as lines of a list are written without templates: they must say what a template says of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import override

from aggregator.models import Entry, Picture, Province, Revision, Satker
from portal import headlines, lists, wording

FOLDER = Path(__file__).parent.parent / "data" / "plain"
PLAIN, LATEST, ALIKE = (
    (FOLDER / f"{name}.html").read_text(encoding="utf-8") for name in ("entry", "latest", "alike")
)
pytestmark = pytest.mark.django_db

NASTY = """Rapat "pleno" <b>'&"""
AT = datetime(2026, 3, 4, 17, 30, tzinfo=UTC)


def post(title=NASTY, summary="", zone="Asia/Jakarta", level=Satker.Level.REGENCY, **more):
    office = Satker(pk=3, code="3571", name=f"KPU {NASTY}", slug="kpu-x", level=level, timezone=zone)
    words = Revision(title=title, summary=summary, public_at=AT)
    fields = {"published_at": AT, "released_at": AT, "date_status": "ok", "origin": "own"}
    fields |= {"province": Province(pk=1, name=NASTY, slug="ntb"), **more}
    entry = Entry(pk=12345, satker=office, **fields)
    entry.public_revision = words
    return entry


def plain(**context):
    lines = Template(PLAIN).render(Context(context)).splitlines()
    return "\n".join(line for line in lines if line) + "\n"


def corrected():
    return post(released_at=AT - timedelta(days=1))


def pictured():
    entry = post()
    Picture(entry=entry, name="abc")
    return entry


POSTS = {
    "an own one": post(),
    "of a province": post(level=Satker.Level.PROVINCE, zone="Asia/Jayapura"),
    "of the nation": post(level=Satker.Level.NATIONAL, province=None),
    "without a clear date": post(date_status="missing"),
    "carried by one": post(carriers=1),
    "carried by many": post(carriers=1234),
    "re-posted": post(origin="central"),
    "corrected": corrected(),
    "with a picture": pictured(),
    "without a title": post(title=""),
}
LENGTHS = [0, 1, 199, 200, 201, 500]
SUMMARIES = [("a b" * 200)[:length] for length in LENGTHS] + [("é<̈" * 200)[:length] for length in LENGTHS]


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("name", POSTS)
def test_a_line_says_what_the_template_says(name, language):
    entry = POSTS[name]
    with override(language):
        assert headlines.items([entry]) == f"<li>{plain(entry=entry)}</li>"
        bare = plain(entry=entry, hide_satker=True)
        assert headlines.items([entry], with_office=False) == f"<li>{bare}</li>"
        both = "".join(f"<li>{plain(entry=entry, folded=count)}</li>" for count in (1, 1200))
        assert headlines.folded([lists.Line(entry, 1), lists.Line(entry, 1200)]) == both


@pytest.mark.parametrize("language", ["id", "en"])
def test_links_to_posts_say_what_the_templates_say(language):
    recent = post(published_at=timezone.now() - timedelta(hours=3))
    context = Context({"entries": [*POSTS.values(), recent]})
    with override(language):
        assert headlines.latest(context["entries"]) == Template(LATEST).render(context)
        assert headlines.alike(context["entries"]) == Template(ALIKE).render(context)


@pytest.mark.parametrize("summary", SUMMARIES)
def test_a_summary_is_cut_as_the_template_cuts_it(summary):
    entry = post(summary=summary)
    assert headlines.items([entry], summary=True) == f"<li>{plain(entry=entry, summary=True)}</li>"
    assert wording.cut(summary, 200) == Truncator(summary).chars(200)


def test_words_of_the_question_are_marked():
    hit = SimpleNamespace(
        entry=post(), title=[(NASTY, True), (" lain", False)], snippet=[("… ", False), (NASTY, True)]
    )
    found = headlines.found([hit])
    assert found == f"<li>{plain(entry=hit.entry, hit=hit)}</li>"
    assert len(re.findall("<mark>", found)) == 2
    without = SimpleNamespace(entry=hit.entry, title=[], snippet=[])
    assert headlines.found([without]) == headlines.items([hit.entry])
