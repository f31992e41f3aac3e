"""What `doctor` says of this node's index."""

from __future__ import annotations

import shutil

import pytest

from aggregator.models import Change
from aggregator.search import follow
from aggregator.search.engine import current
from portal import doctor
from tests.factories import make_entry, make_feed

pytestmark = pytest.mark.django_db


def finding() -> doctor.Finding:
    [found] = [one for one in doctor.examine() if one.subject == "index"]
    return found


@pytest.fixture(autouse=True)
def _only_the_index(monkeypatch) -> None:
    monkeypatch.setattr(doctor, "CHECKS", [doctor._index])


def test_a_good_index_is_well():
    make_entry()
    follow(once=True)
    assert finding().is_well
    assert "whoosh, 1 posts" in finding().said


def test_a_missing_or_torn_index_is_told_with_what_mends_it():
    assert "manage.py work" in finding().advice
    make_entry()
    follow(once=True)
    shutil.rmtree(current())
    assert "manage.py work" in finding().advice


def test_changes_that_wait_are_told(monkeypatch):
    monkeypatch.setattr(doctor, "LONG_LAG", 3)
    feed = make_feed()
    entries = [make_entry(feed=feed) for _number in range(4)]
    follow(once=True)
    Change.objects.mark([entry.pk for entry in entries])
    assert "4 changes behind" in finding().said
    assert "follow_index" in finding().advice


@pytest.mark.parametrize(("engine", "advised"), [("whoosh", True), ("tantivy", False)])
def test_beyond_what_whoosh_is_good_for_the_other_engine_is_advised(settings, monkeypatch, engine, advised):
    assert doctor.MOST_WHOOSH == 100_000
    monkeypatch.setattr(doctor, "MOST_WHOOSH", 1)
    settings.SEARCH_ENGINE = engine
    for title in ("Rapat", "Pleno"):
        make_entry(title)
    follow(once=True)
    assert ("SEARCH_ENGINE=tantivy" in finding().advice) is advised
