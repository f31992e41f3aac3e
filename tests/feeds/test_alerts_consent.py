"""Asking for an e-mail alert, agreeing to it, ending it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail, signing
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.errors import BadParameter, TooMany, UnknownValue
from aggregator.models import Topic
from feeds import former
from feeds.alerts import consent, round_of_work
from feeds.alerts.consent import Wish
from feeds.alerts.rhythms import next_due
from feeds.models import Alert, Asked, Letter, Noticed, Watched
from tests.factories import make_province
from tests.feeds.alerting import NATION, follow, publish, settle

# On PostgreSQL a follower sees a mark when its transaction has ended.
pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
WISH = Wish("redaksi@media.example", NATION, "daily")


def test_nothing_of_the_reader_is_kept_before_the_mailbox_has_agreed() -> None:
    consent.ask(WISH)
    assert round_of_work() == 1
    assert not Alert.objects.exists()
    assert not Letter.objects.exists()
    row = Asked.objects.get()
    assert "media" not in "".join(map(str, vars(row).values()))


def test_the_link_of_the_letter_begins_the_alert() -> None:
    consent.ask(WISH)
    round_of_work()
    (letter,) = mail.outbox
    link = next(line for line in letter.body.splitlines() if "/langganan/konfirmasi/" in line)
    alert = consent.confirm(consent.read_link(link.rpartition("/")[2]))
    assert (alert.address, alert.watched.path, alert.rhythm) == (WISH.address, NATION, "daily")
    assert "List-Unsubscribe" not in letter.extra_headers


def test_confirming_twice_is_confirming_once_and_another_rhythm_replaces_the_first() -> None:
    first = consent.confirm(WISH)
    again = consent.confirm(Wish(WISH.address, NATION, "weekly"))
    assert (first.pk, first.token) == (again.pk, again.token)
    assert Alert.objects.get().rhythm == "weekly"


@pytest.mark.parametrize("signed", ["", "x", "a:b:c", None])
def test_a_link_that_is_not_ours_begins_nothing(signed: str | None) -> None:
    signed = signing.dumps(["a", "b", "c", "d"], salt="other") if signed is None else signed
    with pytest.raises(UnknownValue):
        consent.read_link(signed)


def test_a_link_is_good_for_three_days(monkeypatch: pytest.MonkeyPatch) -> None:
    signed = consent.link(WISH)
    assert consent.read_link(signed) == WISH
    monkeypatch.setattr(consent, "VALID", timedelta(seconds=-1))
    with pytest.raises(UnknownValue):
        consent.read_link(signed)


def test_a_channel_that_is_gone_cannot_be_followed() -> None:
    with pytest.raises(UnknownValue):
        consent.confirm(Wish(WISH.address, "/feeds/topik/tiada", "daily"))
    assert not Watched.objects.exists()


def test_a_channel_renamed_before_the_confirmation_is_followed_by_its_new_name() -> None:
    topic = Topic.objects.create(slug="dpb", name="DPB")
    former.remember()
    Topic.objects.filter(pk=topic.pk).update(slug="pdpb")
    assert (
        consent.confirm(Wish(WISH.address, "/feeds/topik/dpb", "daily")).watched.path == "/feeds/topik/pdpb"
    )


def test_all_ways_to_write_a_search_are_one_channel() -> None:
    make_province("51", "Bali")
    one = consent.confirm(Wish(WISH.address, "/feeds/cari?q=psu&provinsi=bali", "daily"))
    assert consent.confirm(Wish(WISH.address, "/feeds/cari?provinsi=bali&q=+psu", "now")).pk == one.pk


def test_what_was_there_before_is_no_news() -> None:
    follow(address="lama@media.example")
    publish()
    settle()
    late = consent.confirm(WISH)
    assert late.seen == Noticed.objects.get().pk


def test_ending_forgets_the_address_and_its_letters() -> None:
    alert = follow()
    Letter.objects.create(key="x", alert=alert, address=alert.address)
    other = follow("/feeds/ditarik")
    consent.end(alert.token)
    assert list(Alert.objects.all()) == [other]
    assert not Letter.objects.exists()
    assert consent.end(alert.token) == 0
    consent.end_all(other.token)
    assert not Alert.objects.exists()


# --- limits -----------------------------------------------------------------------------------------


def wish(number: int, address: str = "") -> Wish:
    return Wish(address or f"a{number}@media.example", NATION, "daily")


def test_nobody_can_have_one_mailbox_filled_with_questions() -> None:
    Topic.objects.bulk_create(Topic(slug=f"t{n}", name=f"T{n}") for n in range(consent.PER_ADDRESS + 1))
    for number in range(consent.PER_ADDRESS):
        consent.ask(Wish("a@media.example", f"/feeds/topik/t{number}", "daily"))
    with pytest.raises(TooMany):
        consent.ask(Wish("a@media.example", f"/feeds/topik/t{consent.PER_ADDRESS}", "daily"))


def test_there_is_a_limit_for_all_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "OVERALL", 3)
    for number in range(3):
        consent.ask(wish(number))
    with pytest.raises(TooMany):
        consent.ask(wish(9))


def test_a_button_pressed_twice_asks_once() -> None:
    consent.ask(WISH)
    consent.ask(WISH)
    assert Letter.objects.count() == 1


def test_one_address_has_only_so_many_alerts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "MOST_ALERTS", 1)
    consent.confirm(WISH)
    consent.confirm(Wish(WISH.address, NATION, "now"))
    with pytest.raises(TooMany):
        consent.confirm(Wish(WISH.address, "/feeds/ditarik", "now"))


# --- addresses and times ----------------------------------------------------------------------------


@pytest.mark.parametrize("raw", ["Redaksi@Media.Example", "  a.b+c@media.example ", "x@xn--c1yn36f.example"])
def test_usual_addresses_are_taken_in_lower_case(raw: str) -> None:
    assert consent.read_address(raw) == raw.strip().lower()


@pytest.mark.parametrize(
    "raw",
    [
        *("", "a", "a@", "@b.example", "a@b", "a b@c.example", "a@b.example,c@d.example", "<a@b.example>"),
        *("a@b.example\nBcc: c@d.example", '"a\\r\\n"@b.example', '"x"@b.example', "a@b.example\x00"),
        *("a\u2028@b.example", f"{'a' * 65}@b.example", f"a@{'b' * 260}.example", "a@[127.0.0.1]"),
    ],
)
def test_what_is_no_plain_address_is_refused(raw: str) -> None:
    with pytest.raises(BadParameter):
        consent.read_address(raw)


@given(st.text(max_size=80) | st.emails())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_address_that_is_taken_is_one_line_and_one_address(raw: str) -> None:
    try:
        address = consent.read_address(raw)
    except BadParameter:
        return
    assert address.isprintable()
    assert not set(address) & set(' ,;<>"\\')
    assert address.count("@") == 1


@pytest.mark.parametrize(
    ("rhythm", "now", "due"),
    [
        ("daily", (2026, 11, 24, 23, 59), (2026, 11, 25, 0)),  # 06.59 WIB
        ("daily", (2026, 11, 25, 0, 0), (2026, 11, 26, 0)),
        ("weekly", (2026, 11, 25, 12, 0), (2026, 11, 30, 0)),  # a Wednesday
        ("weekly", (2026, 11, 29, 23, 0), (2026, 11, 30, 0)),
        ("weekly", (2026, 11, 30, 0, 0), (2026, 12, 7, 0)),
    ],
)
def test_digests_come_at_seven_in_the_morning(
    rhythm: str, now: tuple[int, ...], due: tuple[int, ...]
) -> None:
    assert next_due(rhythm, datetime(*now, tzinfo=UTC)) == datetime(*due, tzinfo=UTC)  # type: ignore[misc]
    assert next_due("now", datetime(*now, tzinfo=UTC)) is None  # type: ignore[misc]
