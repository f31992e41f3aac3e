"""What is counted of searches, and what is never kept."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import DatabaseError

from aggregator import tasks
from aggregator.models import SearchDay, Unanswered
from aggregator.search import Filters, Results, follow, quality, search
from tests.factories import make_entry, make_province

pytestmark = pytest.mark.django_db
NOTHING = Results(entry_ids=[], total=0)
SOME = Results(entry_ids=[1], total=1, took_ms=20)


@pytest.fixture(autouse=True)
def _nothing_waits(monkeypatch) -> None:
    monkeypatch.setattr(quality, "_tally", quality._Tally())
    monkeypatch.setattr(quality, "WRITE_EVERY", 0.0)


def ask(q: str, results: Results = NOTHING, times: int = 1, **filters: object) -> None:
    for _time in range(times):
        quality.record(Filters(q=q, **filters), results)


def test_a_question_without_an_answer_is_said_from_the_third_time_on():
    ask("Lowongan Pantarlih", times=2)
    assert [row.words for row in Unanswered.objects.all()] == [""]
    ask("lowongan  pantarlih")
    row = Unanswered.objects.get()
    assert (row.words, row.times, row.is_empty) == ("lowongan pantarlih", 3, True)


def test_answers_are_told_apart():
    ask("rapat", SOME)
    ask("rapta", Results(entry_ids=[1], total=1, is_respelled=True))
    ask("rapat bulan", Results(entry_ids=[1], total=1, is_widened=True))
    ask("entah")
    ask("berat", Results(entry_ids=[1], total=1, is_partial=True, total_is_exact=False, took_ms=1500))
    day = SearchDay.objects.get()
    counts = (day.searches, day.empty, day.respelled, day.widened, day.partial, day.slow)
    assert counts == (5, 1, 1, 1, 1, 1)
    assert Unanswered.objects.count() == 3


@pytest.mark.parametrize(
    "q",
    [
        "3571012503990001",
        "nik 3571 0125 0399 0001",
        "telepon 0812-3456-7890",
        "ani@contoh.id",
        "https://contoh.id/x",
    ],
)
def test_what_looks_like_a_person_is_counted_and_never_kept(q: str):
    ask(q, times=5)
    assert SearchDay.objects.get().empty == 5
    assert not Unanswered.objects.exists()


def test_no_column_could_hold_who_asked_or_when():
    names = {field.name for model in (SearchDay, Unanswered) for field in model._meta.fields}
    assert not {name for name in names if name.endswith("_at")}
    assert names == {
        *("id", "day", "searches", "empty", "respelled", "widened", "partial", "degraded", "slow"),
        *("milliseconds", "key", "words", "narrowed", "times", "is_empty", "first_on", "last_on"),
    }


def test_the_same_words_within_a_province_are_a_question_of_their_own():
    make_province("51", "Bali")
    ask("coklit", times=3)
    ask("coklit", times=3, provinces=("bali",))
    assert sorted(Unanswered.objects.values_list("narrowed", flat=True)) == ["", "provinsi=bali"]


def test_an_answer_without_an_index_says_nothing_about_the_words():
    ask("coklit", Results(entry_ids=[], total=0, degraded=True))
    assert SearchDay.objects.get().degraded == 1
    assert not Unanswered.objects.exists()


def test_what_cannot_be_written_waits_and_nobody_notices(monkeypatch):
    def locked(*_args: object) -> None:
        raise DatabaseError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(quality, "_store", locked)
        ask("entah", times=2)
    assert not SearchDay.objects.exists()
    ask("entah")
    assert SearchDay.objects.get().searches == 3
    assert Unanswered.objects.get().times == 3


def test_many_searches_in_a_moment_are_written_together(monkeypatch):
    monkeypatch.setattr(quality, "WRITE_EVERY", 3600.0)
    monkeypatch.setattr(quality, "_written_at", float("-inf"))
    ask("satu")
    ask("dua", times=50)
    assert SearchDay.objects.get().searches == 1
    quality.write(at_once=True)
    assert SearchDay.objects.get().searches == 51


def test_a_flood_of_questions_fills_neither_memory_nor_table(monkeypatch):
    monkeypatch.setattr(quality, "MOST_KEPT", 3)
    for number in range(20):
        ask(f"kata{number}")
    assert Unanswered.objects.count() == 3
    monkeypatch.setattr(quality, "WRITE_EVERY", 3600.0)
    monkeypatch.setattr(quality, "MOST_WAITING", 5)
    for number in range(20):
        ask(f"lain{number}")
    assert len(quality._tally.asked) == 5


def test_questions_are_forgotten_after_their_time():
    ask("lama", times=3)
    ask("baru", times=3)
    row = Unanswered.objects.get(words="lama")
    Unanswered.objects.filter(pk=row.pk).update(last_on=row.last_on - timedelta(days=100))
    tasks.tidy()
    assert [row.words for row in Unanswered.objects.all()] == ["baru"]


def test_the_report_adds_up_its_days(django_assert_num_queries):
    today = date(2026, 11, 20)
    for ago, searches, empty in ((0, 10, 1), (1, 30, 3), (40, 99, 99)):
        SearchDay.objects.create(
            day=today - timedelta(days=ago), searches=searches, empty=empty, milliseconds=searches * 20
        )
    with django_assert_num_queries(3):
        found = quality.quality(30, today=today)
    assert (found.searches, found.empty, found.met, found.mean_ms) == (40, 4, 36, 20.0)
    assert found.share(found.empty) == 10.0
    assert len(found.days) == 2


def test_real_answers_tell_how_they_came_about():
    make_entry("Rapat rekapitulasi suara", text="Kegiatan di aula.")
    make_entry("Sosialisasi pemilih pemula")
    follow(once=True)
    assert not search(Filters(q="rapat rekapitulasi")).is_respelled
    assert search(Filters(q="rapat rekaptulasi")).is_respelled
    assert search(Filters(q="sosialisasi pemilih kampung")).is_widened
