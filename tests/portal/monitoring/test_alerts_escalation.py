"""Where escalation is set, an event that nobody takes note of goes from satker to province to KPU RI."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from portal.models import User
from portal.monitoring.alerts import notices, watch
from portal.monitoring.alerts.rules import RULES, Condition, Rule
from portal.monitoring.models import Alert, Notice, Webhook

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVERYBODY = ["admin", "province", "satker", "viewer"]


class Office:
    """Conditions of one satker that a test sets by hand, looked at as time goes by."""

    def __init__(self, satker, name="silent"):
        self.satker, self.now, self.matter = satker, NOW, {}
        self.rule = Rule(name, name, (), lambda _now: list(self.matter.values()))

    def set(self, key="a", level=1):
        self.matter[key] = Condition(key, f"Perkara {key}", satker=self.satker, level=level)

    def look(self, after=timedelta(0)):
        """Look and tell; the roles that got a letter."""
        self.now += after
        notices.tell(watch.look(self.now, [self.rule]).due, self.now)
        return written(self.now)

    def hours(self, number):
        """The letters of so many hours, by the hour of this stretch."""
        return {hour: roles for hour in range(1, number + 1) if (roles := self.look(HOUR))}


def written(at):
    letters = Notice.objects.filter(created_at=at, channel="mail")
    return sorted(address.partition("@")[0] for address in letters.values_list("address", flat=True))


def take_note():
    Alert.objects.update(acknowledged_at=NOW, acknowledged_by="x")


@pytest.fixture
def office(country, account, settings):
    settings.ALERT_ESCALATE_HOURS = 24
    for role in EVERYBODY:
        account(role)
    office = Office(country.kediri)
    office.set()
    return office


def test_without_escalation_everybody_hears_at_once(office, settings):
    settings.ALERT_ESCALATE_HOURS = 0
    assert office.look() == EVERYBODY
    assert office.hours(23) == {}
    assert Alert.objects.get().escalated_at is None


def test_an_event_goes_up_one_level_each_time_that_nobody_takes_note_of_it(office, settings):
    settings.ALERT_ESCALATE_HOURS = 10
    assert office.look() == ["satker"]
    assert office.hours(23) == {10: ["province"], 20: ["admin", "viewer"]}
    assert office.hours(24 * 3) == {21: EVERYBODY}  # a reminder, a day after the last letter


def test_a_reminder_and_the_step_up_of_the_same_hour_are_one_letter_each(office):
    office.look()
    assert office.hours(48) == {24: ["province", "satker"], 48: ["admin", "viewer"]}


def test_only_those_hear_above_whom_such_events_concern(country, office):
    feeds = Office(country.kediri, "certificate")
    feeds.set()
    assert feeds.look() == ["satker"]
    assert feeds.hours(48)[48] == ["admin"]


def test_who_takes_note_stops_it(office):
    office.look()
    office.hours(23)
    take_note()
    assert office.hours(24 * 9) == {}


def test_what_is_over_goes_no_higher(office):
    office.look()
    office.hours(23)
    office.matter.clear()
    assert office.hours(24 * 9) == {}


def test_note_taken_between_the_look_and_the_letter_stops_it(office):
    office.look()
    due = watch.look(office.now + DAY, [office.rule]).due
    take_note()
    assert notices.tell(due, office.now + DAY) == 0
    assert Alert.objects.get().escalated_at is None


def test_what_became_worse_after_somebody_took_note_is_given_the_time_anew(office):
    office.look()
    take_note()
    office.hours(100)
    office.set(level=2)
    assert office.look(HOUR) == ["satker"]
    assert list(office.hours(24)) == [24]


def test_what_became_worse_while_nobody_took_note_is_given_no_more_time(office):
    office.look()
    office.hours(12)
    office.set(level=2)
    assert office.look(HOUR) == ["satker"]
    assert office.hours(11) == {11: ["province"]}


@pytest.mark.parametrize(
    ("missing", "first", "second"),
    [
        (["satker"], ["province"], ["admin", "province", "viewer"]),
        (["province"], ["satker"], ["admin", "satker", "viewer"]),
        (["satker", "province"], ["admin", "viewer"], ["admin", "viewer"]),
    ],
)
def test_a_level_without_an_account_is_passed_over(office, missing, first, second):
    User.objects.filter(role__in=missing).update(is_active=False)
    assert office.look() == first
    assert office.hours(24) == {24: second}


def test_an_event_of_a_province_begins_there(country, office):
    office.satker = country.east_java
    office.set()
    assert office.look() == ["province"]


@pytest.mark.parametrize("name", sorted(name for name, rule in RULES.items() if rule.urgent))
def test_what_is_urgent_waits_for_nobody(country, office, name):
    urgent = Office(country.kediri, name)
    urgent.set()
    assert "admin" in urgent.look()
    assert urgent.hours(23) == {}


def test_what_everybody_was_told_before_escalation_was_set_is_not_told_above_again(office, settings):
    settings.ALERT_ESCALATE_HOURS = 0
    office.look()
    settings.ALERT_ESCALATE_HOURS = 5
    assert office.hours(23) == {}


def test_what_waits_below_is_told_to_all_when_escalation_is_switched_off(office, settings):
    office.look()
    settings.ALERT_ESCALATE_HOURS = 0
    assert office.hours(23) == {1: ["admin", "province", "viewer"]}


def test_quiet_hours_hold_for_what_goes_up(office, settings):
    office.look()
    office.hours(10)
    settings.ALERT_QUIET_FROM, settings.ALERT_QUIET_UNTIL = 8, 12  # NOW is 09.00 WIB
    assert office.hours(20) == {17: ["province", "satker"]}


def test_what_goes_up_and_what_is_new_come_in_one_letter(office, settings):
    settings.ALERT_ESCALATE_HOURS = 10
    for number in range(30):
        office.set(str(number))
    office.look()
    User.objects.filter(role="satker").update(is_active=False)
    office.hours(9)
    office.set("baru")
    assert office.look(HOUR) == ["province"]
    letter = Notice.objects.get(address="province@kpu.example")
    assert letter.subject == "32 peringatan: tanpa berita"
    assert letter.body.count("diteruskan ke provinsi") == 31


def test_the_letter_says_since_when_and_that_nobody_took_note(office):
    office.look()
    office.hours(24)
    letter = Notice.objects.get(address="province@kpu.example")
    assert letter.subject == "Perkara a"
    assert (
        "(diteruskan ke provinsi; berlangsung sejak Rabu, 25 November 2026, 09.00 WIB, "
        "belum ditandai diketahui oleh siapa pun)" in letter.body
    )
    assert "diteruskan" not in Notice.objects.filter(address="satker@kpu.example")[0].body


def test_a_machine_hears_at_once_and_not_again_by_the_step_up(office, settings):
    settings.ALERT_ESCALATE_HOURS = 10
    Webhook.objects.create(name="SOC", url="https://soc.kpu.example/", secret="x", created_by="x")
    office.look()
    office.hours(21)
    assert Notice.objects.filter(channel="webhook").count() == 1


def test_a_watcher_that_dies_before_it_wrote_forgets_nothing_and_two_of_them_tell_once(office, monkeypatch):
    office.look()
    office.now += DAY
    due = watch.look(office.now, [office.rule]).due
    with monkeypatch.context() as broken:
        broken.setattr(notices, "letter", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            notices.tell(due, office.now)
    assert Alert.objects.get().escalated_at is None
    again = watch.due(office.now)
    assert (notices.tell(due, office.now), notices.tell(again, office.now)) == (2, 0)
    assert written(office.now) == ["province", "satker"]


def test_two_watchers_that_pass_up_one_event_at_once_tell_those_above_once(office, settings):
    """The step up is no reminder and counts none, and the slower one's letter is another, for a second event
    is in it by then: nothing but the level that the first one marked tells that this was done."""
    settings.ALERT_ESCALATE_HOURS = 10
    office.look()
    office.set("b")
    office.look(HOUR)
    quick = watch.look(NOW + 10 * HOUR, [office.rule]).due
    slow = watch.look(NOW + 11 * HOUR, [office.rule]).due
    assert [sorted(alert.key for alert in due) for due in (quick, slow)] == [["a"], ["a", "b"]]
    notices.tell(quick, NOW + 10 * HOUR)
    notices.tell(slow, NOW + 11 * HOUR)
    letters = Notice.objects.filter(address="province@kpu.example").order_by("created_at")
    assert [letter.subject for letter in letters] == ["Perkara a", "Perkara b"]
    assert Alert.objects.get(key="a").escalated_at == NOW + 10 * HOUR


@pytest.mark.parametrize("seed", range(2))
def test_twenty_days_none_missed_above_and_none_doubled(office, settings, seed):
    """Made-up events begin, end, and are taken note of at any time, while every few looks are made twice.
    Each level hears of each event for the first time when its turn has come, and once."""
    settings.ALERT_ESCALATE_HOURS = 36
    chance = random.Random(seed)
    begins = {f"e{number}": chance.randrange(0, 100) for number in range(25)}
    ends = {key: begin + chance.randrange(2, 60) for key, begin in begins.items()}
    noted = {key: begin + chance.randrange(2, 60) for key, begin in begins.items()}
    first: dict[tuple[str, str], list[int]] = {}
    for step in range(20 * 8):
        office.matter = {}
        for key in begins:
            if begins[key] <= step < ends[key]:
                office.set(key)
        marks = [key for key, at in noted.items() if at == step]
        Alert.objects.filter(key__in=marks, closed_at=None).update(acknowledged_at=office.now)
        office.look(3 * HOUR)
        if step % 17 == 0:
            office.look()
        for letter in Notice.objects.filter(created_at=office.now):
            role = letter.address.partition("@")[0]
            for line, why in pairwise(letter.body.splitlines()):
                if line.startswith("- Perkara ") and "pengingat" not in why:
                    first.setdefault((line.removeprefix("- Perkara "), role), []).append(step)
    expected = {}
    for key, begin in begins.items():
        for turn, roles in enumerate((["satker"], ["province"], ["admin", "viewer"])):
            at = begin + turn * 12
            if at < min(ends[key], noted[key] if turn else ends[key]):
                expected |= {(key, role): [at] for role in roles}
    assert first == expected


def test_the_page_and_its_table_say_how_far_up_it_went(office, as_role):
    office.look()
    office.hours(24)
    said = "diteruskan ke provinsi sejak 26 Nov 2026 09.00 WIB"
    for ending in ("", ".csv"):
        assert said in as_role("satker").get(f"/pantauan/peringatan{ending}").content.decode()
    take_note()
    assert said in as_role("admin").get("/pantauan/peringatan").content.decode()
