"""Judging again what was judged before."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from aggregator.decide import quarantine_entry, release_entry
from aggregator.models import Change, Entry, Quarantine, Revision, Satker, SatkerHold
from aggregator.screen import rescreen, screen_pending
from tests.judging import NOW, edit, make_entry, make_satker

pytestmark = pytest.mark.django_db
SPAM = "Slot Gacor Hari Ini Gampang Maxwin"
LATER = NOW + timedelta(hours=5)


@pytest.fixture
def satker() -> Satker:
    return make_satker()


def slipped_through(satker: Satker) -> Entry:
    """A post that was clean by the rules of its day."""
    entry = make_entry(satker)
    screen_pending(NOW)
    Revision.objects.filter(entry=entry).update(title=SPAM)
    return entry


def run(*options: str) -> str:
    out = StringIO()
    call_command("rescreen", *options, stdout=out)
    return out.getvalue().strip()


def test_what_is_bad_by_new_rules_is_taken_back(satker: Satker) -> None:
    entry = slipped_through(satker)
    Change.objects.all().delete()
    assert rescreen(LATER).held == 1
    entry.refresh_from_db()
    assert entry.state == "held" and entry.withdrawn_at == LATER
    assert Quarantine.objects.get().public_minutes == 300
    assert Change.objects.filter(entry=entry).exists()


def test_what_is_good_by_new_rules_is_published(satker: Satker) -> None:
    entry = make_entry(satker, SPAM)
    screen_pending(NOW)
    SatkerHold.objects.update(ended_at=NOW)
    Revision.objects.filter(entry=entry).update(title="Apel Senin Pagi")
    assert rescreen(LATER).released == 1
    entry.refresh_from_db()
    assert entry.state == "public" and entry.released_at == LATER
    assert Quarantine.objects.get().decided_by == "screen"


def test_what_staff_decided_stays(satker: Satker) -> None:
    released = slipped_through(satker)
    rescreen(LATER)
    SatkerHold.objects.all().delete()
    release_entry(released, "budi", "ternyata sah")
    held = make_entry(satker, "Apel Lain")
    screen_pending(NOW)
    quarantine_entry(held, "budi", "diperiksa dulu")
    report = rescreen(LATER)
    assert (report.held, report.released) == (0, 0)
    assert Entry.objects.get(pk=released.pk).state == "public"
    assert Entry.objects.get(pk=held.pk).state == "held"


def test_a_host_the_satker_links_elsewhere_is_known_again(satker: Satker) -> None:
    link = '<p>Baca <a href="https://koran.example.invalid/{}">{}</a></p>'
    make_entry(satker, "Liputan", html=link.format(1, "koran"))
    screen_pending(NOW)
    entry = make_entry(
        satker, "Liputan lain", html=link.format(2, "koran"), image_url="https://koran.example.invalid/f"
    )
    screen_pending(NOW)
    Revision.objects.filter(entry=entry).update(content_html=link.format(2, "taruhan"))
    assert rescreen(LATER).held == 0


def test_a_former_version_that_is_bad_by_new_rules_leaves_the_history(satker: Satker) -> None:
    entry = slipped_through(satker)
    edit(entry, "Apel Senin Pagi")
    screen_pending(NOW + timedelta(hours=1))
    assert rescreen(LATER).held == 0
    entry.refresh_from_db()
    assert entry.state == "public"
    assert list(entry.revisions.exclude(public_at=None).values_list("number", flat=True)) == [2]
    assert Quarantine.objects.get().revision.number == 1


def test_a_link_that_a_later_version_took_out_is_no_link_put_in_by_an_edit(satker: Satker) -> None:
    entry = make_entry(satker, html='<p>Baca <a href="https://koran.example.invalid/1">koran</a></p>')
    screen_pending(NOW)
    edit(entry, "Apel Senin Pagi", "tanpa tautan")
    screen_pending(NOW + timedelta(hours=1))
    rescreen(LATER)
    assert entry.revisions.exclude(public_at=None).count() == 2


def test_the_command_counts_and_takes_a_beginning(satker: Satker) -> None:
    slipped_through(satker)
    entry = make_entry(satker, first_seen_at=LATER)
    screen_pending(LATER)
    assert run("--since", LATER.isoformat()) == "1 berita dinilai ulang, 0 ditahan, 0 dilepas."
    assert run("--after", str(entry.pk)).startswith("0 berita")
    assert run() == "2 berita dinilai ulang, 1 ditahan, 0 dilepas."


def test_an_unusable_beginning_is_said_so() -> None:
    with pytest.raises(CommandError, match="--since takes a time"):
        run("--since", "kemarin")


@pytest.mark.parametrize(
    ("command", "field"), [("recluster", "clustered_at"), ("reclassify", "classified_at")]
)
def test_a_step_is_redone_and_an_interrupted_one_gone_on_with(
    satker: Satker, command: str, field: str
) -> None:
    for _ in range(3):
        make_entry(satker)
    screen_pending(NOW)
    out = StringIO()
    call_command(command, stdout=out)
    Entry.objects.filter(pk=Entry.objects.first().pk).update(**{field: None})  # type: ignore[union-attr]
    call_command(command, "--continue", stdout=out)
    call_command(command, "--since", "2031-01-01", stdout=out)
    assert out.getvalue().split("\n")[:3] == [f"{n} berita diolah ulang." for n in (3, 1, 0)]
    assert not Entry.objects.filter(**{field: None}).exists()
