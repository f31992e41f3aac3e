"""The commands of registry, feeds, decisions and accounts: what they print, and how they end."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from aggregator import decide
from aggregator.management.commands import export_entries
from aggregator.models import (
    Entry,
    EntryTopic,
    Feed,
    Quarantine,
    Revision,
    Satker,
    SatkerHold,
    SatkerHost,
    Topic,
)
from aggregator.registry.reference import SATKER_CSV
from portal.models import User
from tests.factories import SEEN, make_entry, make_feed, make_satker
from tests.satker_network import SatkerNetwork, build_rss, ok, status

pytestmark = pytest.mark.django_db

PASSWORD = "kotak-suara-biru-7"


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, stderr=out)
    return out.getvalue()


@pytest.fixture
def net(settings) -> Iterator[SatkerNetwork]:
    with SatkerNetwork() as network:
        settings.FETCH_ALLOWED_NETWORKS = ("127.0.0.0/8",)
        settings.FETCH_ALLOWED_PORTS = (network.port,)
        settings.FETCH_HOST_SPACING = 0.0
        settings.PARSE_PROCESSES = 1
        yield network


# --- registry ---------------------------------------------------------------------------------------


def test_load_registry_reports_what_it_did():
    assert run("load_registry") == "added 553, changed 0, unchanged 0, rejected 0\n"
    assert run("load_registry") == "added 0, changed 0, unchanged 553, rejected 0\n"


def test_load_registry_names_every_bad_line_and_fails(tmp_path: Path):
    path = tmp_path / "satker.csv"
    text = SATKER_CSV.read_text().replace("Asia/Jayapura", "Asia/Atlantis", 1)
    path.write_text(text + "9999,96,regency\n")
    out = io.StringIO()
    with pytest.raises(CommandError, match="Nothing was loaded"):
        call_command("load_registry", str(path), stdout=out, stderr=out)
    assert out.getvalue().count("line ") == 2
    assert "rejected 2" in out.getvalue()
    assert not Satker.objects.exists()


def test_load_registry_refuses_a_file_that_is_none(tmp_path: Path):
    with pytest.raises(CommandError, match="tidak terbaca"):
        run("load_registry", str(tmp_path / "none.csv"))


def test_export_registry_gives_the_file_back():
    run("load_registry")
    assert run("export_registry").encode() == SATKER_CSV.read_bytes()


def test_export_registry_gives_the_inbound_feeds_as_opml():
    feed = make_feed()
    assert f'xmlUrl="{feed.url}"' in run("export_registry", "--opml")


# --- feeds ------------------------------------------------------------------------------------------


def test_add_feed_says_what_came_of_it(net: SatkerNetwork):
    make_satker("3571")
    url = net.site().feed("/feed", build_rss([{"title": "Rapat pleno"}]))
    assert "1 new entries" in run("add_feed", url, "--satker", "3571")


def test_add_feed_fails_in_a_sentence(net: SatkerNetwork):
    make_satker("3571")
    with pytest.raises(CommandError, match="404"):
        run("add_feed", net.site().answer("/feed", status(404)), "--satker", "3571")
    with pytest.raises(CommandError, match="No satker has the code 9"):
        run("add_feed", "http://a.example/feed", "--satker", "9")


def test_discover_feeds_lists_candidates(net: SatkerNetwork):
    satker = make_satker("3571")
    SatkerHost.objects.create(satker=satker, hostname="127.30.0.1", state="approved")
    site = net.site()
    link = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    site.answer("/", ok(f"<html><head>{link}</head></html>".encode(), "text/html"))
    site.feed("/feed", build_rss([{"title": "Rapat pleno"}]))
    out = run("discover_feeds")
    assert out.startswith(f"3571\t{site.url('/feed')}\t1\t")
    assert out.endswith("1 satker looked at, 1 with candidates\n")


def test_discover_feeds_leaves_satker_alone_that_have_a_feed(net: SatkerNetwork):
    make_feed()
    assert run("discover_feeds").endswith("0 satker looked at, 0 with candidates\n")


# --- decisions --------------------------------------------------------------------------------------


def test_an_entry_is_quarantined_and_released_from_the_shell():
    entry = make_entry()
    assert f"Entry {entry.pk} is held" in run(
        "quarantine_entry", str(entry.pk), "--reason", "uji", "--by", "ani"
    )
    assert not Entry.objects.public().exists()
    assert f"Entry {entry.pk} is public" in run("release_entry", str(entry.pk), "--by", "budi")
    assert Quarantine.objects.get().decided_by == "budi"


def test_a_satker_is_hidden_and_released_from_the_shell():
    entry = make_entry()
    code = entry.satker.code
    assert "1 public posts were hidden" in run("hold_satker", code, "--hide-all", "--reason", "diretas")
    assert "1 posts restored" in run("release_satker", code)
    assert Entry.objects.public().get() == entry
    assert SatkerHold.objects.get().started_by.startswith("shell")


@pytest.mark.parametrize(
    "arguments",
    [
        ("release_entry", "99"),
        ("release_entry", "99999999999999999999"),
        ("quarantine_entry", "99", "--reason", "uji"),
        ("quarantine_entry", "99"),
        ("hold_satker", "77", "--reason", "uji"),
        ("hold_satker", "77"),
        ("release_satker", "77"),
    ],
)
def test_a_decision_on_nothing_or_without_a_reason_fails(arguments: tuple[str, ...]):
    with pytest.raises(CommandError):
        run(*arguments)


def test_a_decision_that_cannot_be_taken_fails_in_a_sentence():
    entry = make_entry()
    with pytest.raises(CommandError, match="sudah terbit"):
        run("release_entry", str(entry.pk))
    with pytest.raises(CommandError, match="tidak sedang ditahan"):
        run("release_satker", entry.satker.code)


# --- export_entries ---------------------------------------------------------------------------------


def exported(*arguments: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in run("export_entries", *arguments).splitlines()]


def test_an_entry_is_exported_with_every_promised_field():
    entry = make_entry("PSU di Papua: “aman”", text="Isi berita")
    EntryTopic.objects.create(entry=entry, topic=Topic.objects.create(slug="humas", name="Humas"))
    [record] = exported()
    assert record == {
        "id": entry.pk,
        "guid": entry.guid,
        "url": entry.url,
        "title": "PSU di Papua: “aman”",
        "satker": entry.satker.code,
        "feed": entry.feed.url,
        "published_at": "2026-11-20T02:00:00+00:00",
        "first_seen_at": "2026-11-20T02:00:00+00:00",
        "status": "published",
        "story": None,
        "is_lead": True,
        "topics": ["humas"],
        "stage": None,
        "text_sha256": sha256(b"Isi berita").hexdigest(),
    }


def test_a_topic_that_staff_took_away_is_not_exported():
    entry = make_entry()
    topic = Topic.objects.create(slug="humas", name="Humas")
    EntryTopic.objects.create(entry=entry, topic=topic, removed=True)
    assert exported()[0]["topics"] == []


def test_states_are_told_apart():
    public, held, withdrawn = make_entry(), make_entry(), make_entry()
    waiting = make_entry(public=False)
    decide.quarantine_entry(held, "ani", "uji")
    decide.withdraw_entry(withdrawn, "ani", "uji")
    of_held_satker = make_entry(public=False)
    decide.hold_satker(of_held_satker.satker, "ani", "uji")
    states = {record["id"]: record["status"] for record in exported()}
    assert states == {
        public.pk: "published",
        held.pk: "quarantined",
        withdrawn.pk: "removed",
        waiting.pk: "pending",
        of_held_satker.pk: "quarantined",
    }
    for status_ in ("published", "quarantined", "removed", "pending"):
        found = {record["id"] for record in exported("--status", status_)}
        assert found == {pk for pk, state in states.items() if state == status_}


def test_the_public_version_is_exported_while_a_bad_edit_is_held():
    entry = make_entry("Judul bersih")
    Revision.objects.create(entry=entry, number=2, state="held", title="slot gacor", content_sha256="f" * 64)
    Entry.objects.update(revisions_count=2)
    assert [record["title"] for record in exported()] == ["Judul bersih"]


def test_since_counts_from_when_an_entry_was_first_seen():
    make_entry(first_seen_at=SEEN.replace(day=1))
    new = make_entry(first_seen_at=SEEN)
    assert [record["id"] for record in exported("--since", "2026-11-20")] == [new.pk]
    assert [record["id"] for record in exported("--since", "2026-11-20T09:00:00+07:00")] == [new.pk]
    assert exported("--since", "2026-11-20T09:00:01+07:00") == []


@pytest.mark.parametrize("since", ["kemarin", "2026-02-30", "2026-13-01T00:00"])
def test_a_bad_since_is_refused_in_a_sentence(since: str):
    with pytest.raises(CommandError, match="--since takes a time"):
        run("export_entries", "--since", since)


def test_a_bad_status_is_refused():
    with pytest.raises(CommandError, match="invalid choice"):
        run("export_entries", "--status", "terbit")


def test_the_export_reads_in_batches(monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(export_entries, "BATCH", 5)
    feed = make_feed()
    numbers = [make_entry(feed=feed).pk for _ in range(12)]
    with django_assert_max_num_queries(12):
        assert [record["id"] for record in exported()] == numbers


# --- create_staff -----------------------------------------------------------------------------------


def test_the_first_admin_may_enter_the_admin(monkeypatch):
    monkeypatch.setenv("STAFF_PASSWORD", PASSWORD)
    run("create_staff", "--role", "admin", "--email", "ani@kpu.example")
    user = User.objects.get(username="ani@kpu.example")
    assert (user.is_staff, user.is_superuser, user.role) == (True, True, "admin")
    assert user.check_password(PASSWORD)


def test_a_satker_account_belongs_to_its_satker(monkeypatch):
    make_satker("3571")
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    run("create_staff", "--role", "satker", "--username", "kediri", "--satker", "3571", "--password-stdin")
    user = User.objects.get(username="kediri")
    assert (user.satker.code, user.is_staff, user.is_superuser) == ("3571", False, False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--role", "satker", "--username", "a"), "needs --satker"),
        (("--role", "province", "--username", "a", "--satker", "3571"), "no provincial office"),
        (("--role", "viewer", "--username", "a", "--satker", "3571"), "leave --satker out"),
        (("--role", "satker", "--username", "a", "--satker", "77"), "No satker has the code 77"),
        (("--role", "admin"), "--username or --email"),
        (("--role", "admin", "--username", "ADA"), "an account ADA already"),
        (("--role", "admin", "--username", "a", "--email", "bukan"), "email"),
        (("--role", "raja", "--username", "a"), "invalid choice"),
    ],
)
def test_an_account_that_cannot_be_is_refused_in_a_sentence(
    monkeypatch, arguments: tuple[str, ...], words: str
):
    monkeypatch.setenv("STAFF_PASSWORD", PASSWORD)
    make_satker("3571")
    User.objects.create(username="ada", role="viewer")
    with pytest.raises(CommandError, match=words):
        run("create_staff", *arguments)
    assert User.objects.count() == 1


@pytest.mark.parametrize("password", ["pendek", "ani@kpu.example"])
def test_a_weak_password_is_refused(monkeypatch, password: str):
    monkeypatch.setenv("STAFF_PASSWORD", password)
    with pytest.raises(CommandError):
        run("create_staff", "--role", "admin", "--email", "ani@kpu.example")
    assert not User.objects.exists()


def test_without_a_terminal_a_password_must_be_given(monkeypatch):
    monkeypatch.delenv("STAFF_PASSWORD", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="--password-stdin"):
        run("create_staff", "--role", "admin", "--username", "ani")


def test_feeds_are_listed_in_the_order_of_codes():
    second, first = make_satker("3572"), make_satker("3571")
    for satker in (second, first):
        Feed.objects.create(satker=satker, url=f"https://{satker.hostname}/feed")
    opml = run("export_registry", "--opml")
    assert opml.index(first.hostname) < opml.index(second.hostname)
