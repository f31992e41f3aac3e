"""Events: opened once, told when they open or become worse, reminded of ever more rarely."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.utils import timezone
from django_q.models import Schedule

from aggregator import outage
from aggregator.models import Duty, Feed, Gap, Quarantine, SatkerHold, SatkerHost
from portal.models import User
from portal.monitoring.alerts import notices, rules, watch
from portal.monitoring.alerts.rules import RULES, Condition, Rule
from portal.monitoring.figures import follow
from portal.monitoring.models import Alert, FigureState, Notice, SiteCheck
from tests.factories import make_entry, make_feed, make_satker

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def found(name, now=NOW):
    return list(RULES[name].find(now))


def titles(name, now=NOW):
    return [condition.title for condition in found(name, now)]


class World:
    """Conditions that a test sets by hand, seen through one rule."""

    def __init__(self, name="hacked"):
        self.now, self.matter = NOW, {}
        self.rule = Rule(
            name, name, tuple(User.Role), lambda _now: list(self.matter.values()), RULES[name].urgent
        )

    def set(self, key, level=1):
        self.matter[key] = Condition(key, f"Perkara {key}", level=level)

    def look(self, after=timedelta(0)):
        """Look and tell; the keys that people were told of."""
        self.now += after
        seen = watch.look(self.now, [self.rule])
        notices.tell(seen.due, self.now)
        return sorted(alert.key for alert in seen.due)


@pytest.fixture
def world(account):
    account("admin")
    return World()


def test_an_event_is_told_once(world):
    world.set("a")
    assert world.look() == ["a"]
    assert [world.look(HOUR) for _ in range(20)] == [[]] * 20
    assert Alert.objects.count() == Notice.objects.count() == 1


def test_an_event_ends_with_its_condition_and_comes_anew_later(world):
    world.set("a")
    world.look()
    world.matter.clear()
    world.look(HOUR)
    assert Alert.objects.get().closed_at is not None
    world.set("a")
    assert world.look(2 * DAY) == ["a"]
    assert Alert.objects.count() == 2


def test_a_condition_that_comes_and_goes_is_one_event(world):
    told = []
    for step in range(20):
        world.set("a") if step % 2 == 0 else world.matter.clear()
        told += world.look(HOUR)
    assert told == ["a"]
    assert Alert.objects.count() == 1


def test_reminders_become_rare_while_nothing_changes(world):
    world.set("a")
    days = [day for day in range(120) if world.look(DAY if day else timedelta(0))]
    assert days == [0, 1, 4, 11, 41, 71, 101]


def test_who_took_note_is_not_reminded_unless_it_becomes_worse(world):
    world.set("a")
    world.look()
    Alert.objects.update(acknowledged_at=world.now, acknowledged_by="x")
    assert [world.look(10 * DAY) for _ in range(5)] == [[]] * 5
    world.set("a", level=2)
    assert world.look(HOUR) == ["a"]
    assert Alert.objects.get().acknowledged_at is None


def test_a_level_that_wavers_is_no_news_but_a_new_wave_is(world):
    world.set("a", level=3)
    world.look()
    told = []
    for level in (2, 3, 2, 3):
        world.set("a", level=level)
        told += world.look(HOUR)
    assert told == []
    world.set("a", level=1)
    world.look(HOUR)
    world.set("a", level=3)
    assert world.look(HOUR) == ["a"]


def test_events_of_one_look_are_one_mail(world):
    for number in range(40):
        world.set(str(number))
    assert len(world.look()) == 40
    notice = Notice.objects.get()
    assert notice.subject == "40 peringatan: dugaan peretasan"
    assert "Perkara 17" in notice.body


@pytest.mark.parametrize(
    ("first", "end", "quiet"),
    [(0, 0, set()), (21, 6, {21, 22, 23, 0, 1, 2, 3, 4, 5}), (1, 3, {1, 2}), (9, 9, set())],
)
def test_quiet_hours_may_go_over_midnight(settings, first, end, quiet):
    settings.ALERT_QUIET_FROM, settings.ALERT_QUIET_UNTIL = first, end
    midnight = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # WIB
    assert {hour for hour in range(24) if watch.is_quiet(midnight + hour * HOUR)} == quiet


def test_in_quiet_hours_only_what_is_urgent_is_told_and_the_rest_in_the_morning(account, settings):
    account("admin")
    settings.ALERT_QUIET_FROM, settings.ALERT_QUIET_UNTIL = 8, 12  # NOW is 09.00 WIB
    calm, urgent = World("gap"), World("hacked")
    calm.set("a")
    urgent.set("b")
    assert (calm.look(), urgent.look()) == ([], ["b"])
    assert calm.look(3 * HOUR) == ["a"]


def test_what_is_not_urgent_is_told_together_hourly_at_most(account):
    account("admin")
    world = World("gap")
    told = []
    for minute in range(0, 180, 10):
        world.set(str(minute))
        told.append(len(world.look(timedelta(minutes=10))))
    assert [number for number in told if number] == [1, 6, 6]
    assert sum(told) == 13


def test_a_rule_that_breaks_closes_nothing_and_stops_no_other(world):
    world.set("a")
    world.look()
    broken = Rule("hacked", "x", (), lambda _now: 1 / 0)
    other = World("outage")
    other.set("b")
    seen = watch.look(world.now + HOUR, [broken, other.rule])
    assert (seen.closed, seen.opened) == (0, 1)


def test_two_that_look_at_once_tell_once(world):
    world.set("a")
    seen = watch.look(world.now, [world.rule])
    again = watch.due(world.now)
    notices.tell(seen.due, world.now)
    notices.tell(again, world.now)
    assert Notice.objects.count() == 1


def test_f34_many_failures_at_once_are_one_alarm(world, settings):
    for _ in range(40):
        make_feed(error_code="dns", last_checked_at=NOW, last_success_at=NOW - HOUR)
    for _ in range(3):
        make_feed(last_checked_at=NOW, last_success_at=NOW)
    pair = [RULES["outage"], RULES["failing"]]
    for hours in range(0, 72, 6):
        at = NOW + timedelta(hours=hours)
        Feed.objects.update(last_checked_at=at)
        notices.tell(watch.look(at, pair).due, at)
    assert list(Alert.objects.values_list("rule", flat=True)) == ["outage"]


def test_an_outage_that_the_pipeline_told_is_an_alarm_until_feeds_are_read_again(world):
    for _ in range(outage.LEAST):
        make_feed(error_code=outage.CODE, last_checked_at=NOW - HOUR / 2, last_success_at=NOW - HOUR)
    for _ in range(40):  # waiting for their turn meanwhile
        make_feed(last_checked_at=NOW - 2 * HOUR, last_success_at=NOW - 2 * HOUR)
    watch.look(NOW, [RULES["outage"]])
    alert = Alert.objects.get()
    assert (alert.rule, alert.closed_at) == ("outage", None)
    Feed.objects.update(error_code="", last_checked_at=NOW)
    watch.look(NOW + HOUR / 6, [RULES["outage"]])
    alert.refresh_from_db()
    assert alert.closed_at


def test_former_single_failures_stay_open_through_an_outage(world):
    old = make_feed(error_code="http_404", last_checked_at=NOW, last_success_at=NOW - 3 * DAY)
    pair = [RULES["outage"], RULES["failing"]]
    watch.look(NOW, pair)
    for _ in range(40):
        make_feed(error_code="dns", last_checked_at=NOW, last_success_at=NOW - 2 * DAY)
    watch.look(NOW, pair)
    assert sorted(Alert.objects.filter(closed_at=None).values_list("rule", "key")) == [
        ("failing", str(old.pk)),
        ("outage", "umpan"),
    ]


def test_silence_is_told_from_its_class_and_grows_with_it(settings):
    settings.SILENCE_DAYS, settings.ALERT_SILENCE_DAYS = (7, 14, 30, 180), 14
    for days in (8, 15, 35):
        make_entry(feed=make_feed(last_success_at=NOW), published_at=NOW - days * DAY)
    make_entry(feed=make_feed(error_code="dns"), published_at=NOW - 90 * DAY)
    follow.follow()
    assert [condition.level for condition in found("silent")] == [2, 1]


def test_while_figures_are_counted_anew_silence_neither_begins_nor_ends():
    make_entry(feed=make_feed(last_success_at=NOW), published_at=NOW - 90 * DAY)
    follow.follow()
    watch.look(NOW, [RULES["silent"]])
    FigureState.objects.update(built_at=None)
    make_feed(last_success_at=NOW)  # of a satker whose last post is not known yet
    watch.look(NOW + HOUR, [RULES["silent"]])
    assert [alert.closed_at for alert in Alert.objects.all()] == [None]


def test_the_hosts_of_a_registry_that_wait_for_approval_are_no_alarm():
    satker = make_satker()
    SatkerHost.objects.create(satker=satker, hostname=satker.hostname, state="proposed")
    assert found("moved") == []


def test_an_event_told_again_says_why(world, account):
    user = account("viewer")
    world.set("a")
    world.look()
    assert notices.why_again(Alert(title="x"), user) == ""
    assert "pengingat; berlangsung sejak" in notices.letter(list(Alert.objects.all()), user, NOW)[1]
    world.set("a", level=2)
    watch.look(world.now, [world.rule])
    assert "memburuk; berlangsung sejak" in notices.letter(list(Alert.objects.all()), user, NOW)[1]


def test_a_feed_is_told_when_it_fails_for_long():
    make_feed(error_code="dns", last_success_at=NOW - 2 * HOUR)
    make_feed(error_code="dns", last_success_at=NOW - 25 * HOUR)
    make_feed(error_code="dns", last_success_at=NOW - 40 * DAY)
    make_feed(error_code="dns", last_success_at=NOW - 40 * DAY, state="disabled")
    assert [condition.level for condition in found("failing")] == [1, 3]


def test_a_move_a_proposed_host_and_a_foreign_redirect_are_told():
    feed = make_feed(moved_to="https://baru.kpu.go.id/feed")
    SatkerHost.objects.create(satker=feed.satker, hostname="lain.kpu.go.id", state="proposed")
    SatkerHold.objects.create(
        satker=feed.satker, reason="Umpan dialihkan ke host yang tidak disetujui: x", started_by="x"
    )
    assert len(found("moved")) == 3


def test_k13_a_redirect_to_a_foreign_host_is_one_alarm_however_often_it_is_polled(world):
    feed = make_feed(error_code="redirect_host", last_success_at=NOW)
    SatkerHold.objects.create(
        satker=feed.satker, reason="Umpan dialihkan ke host yang tidak disetujui: x", started_by="x"
    )
    told = 0
    for poll in range(20):
        at = NOW + poll * HOUR
        seen = watch.look(at, [RULES["moved"]])
        notices.tell(seen.due, at)
        told += len(seen.due)
    assert told == 1


def test_held_posts_of_one_satker_are_one_event_that_grows():
    satker = make_satker()
    for number in range(5):
        entry = make_entry(satker=satker)
        Quarantine.objects.create(entry=entry, revision=entry.public_revision, state="held")
        if number in (0, 1, 4):
            assert [condition.level for condition in found("hacked")] == [(number + 1).bit_length()]


def test_bursts_gaps_and_certificates_are_told():
    satker = make_satker()
    SatkerHold.objects.create(satker=satker, reason="Lonjakan: 60 kiriman baru sekaligus", started_by="x")
    Gap.objects.create(feed=make_feed(satker=satker), from_at=NOW - DAY, to_at=NOW, about=12)
    Gap.objects.create(feed=make_feed(satker=satker), from_at=NOW - DAY, to_at=NOW, filled_at=NOW)
    for host, days in (("a", 40), ("b", 20), ("c", 3), ("d", -1)):
        SiteCheck.objects.create(satker=satker, hostname=host, tls_expires_at=NOW + days * DAY)
    assert len(found("burst")) == len(found("gap")) == 1
    assert [condition.level for condition in found("certificate")] == [1, 2, 3]


def test_a_dead_worker_a_stopped_schedule_and_late_feeds_are_told():
    assert found("worker") == []  # what never worked is not dead
    Duty.objects.create(name="derive", holder="x", until=NOW + timedelta(minutes=1))
    Schedule.objects.create(name="refresh_due", func="x", next_run=NOW + timedelta(minutes=1))
    assert found("worker") == []
    make_feed(next_check_at=NOW - HOUR)
    assert titles("worker") == ["Umpan terlambat diperiksa"]
    assert len(found("worker", NOW + HOUR)) == 3


def test_everybody_hears_of_their_own_satker_only(country, account):
    for role in ("admin", "viewer", "province", "satker"):
        account(role)
    for satker in (country.kediri, country.east_java, country.badung):
        Alert.objects.create(rule="hacked", key=satker.code, satker=satker, title=f"Perkara {satker.code}")
    Alert.objects.create(rule="worker", key="pekerja", title="Pekerja mati")
    Alert.objects.create(rule="gap", key="1", satker=country.kediri, title="Celah")
    notices.tell(list(Alert.objects.all()), NOW)
    bodies = {notice.address.partition("@")[0]: notice.body for notice in Notice.objects.all()}
    seen = {
        role: [code for code in ("3571", "3500", "5103") if f"Perkara {code}" in body]
        for role, body in bodies.items()
    }
    assert seen == {
        "admin": ["3571", "3500", "5103"],
        "viewer": ["3571", "3500", "5103"],
        "province": ["3571", "3500"],
        "satker": ["3571"],
    }
    assert [role for role, body in bodies.items() if "Pekerja" in body] == ["admin"]
    assert [role for role, body in bodies.items() if "Celah" in body] == ["admin"]


def test_accounts_that_are_off_or_without_mail_are_not_told(account, country):
    account("admin")
    User.objects.update(is_active=False)
    Alert.objects.create(rule="worker", key="x", title="x")
    assert notices.tell(list(Alert.objects.all()), NOW) == 0


@pytest.mark.parametrize("seed", range(2))
def test_ninety_days_none_missed_and_none_doubled(account, seed):
    """A made-up quarter: events begin, waver, become worse, end; watchers restart and run twice. Every
    event that lasts is told of at the next look, at each level once, and between two tellings of one level
    lies at least a day. A look every three hours."""
    account("admin")
    chance = random.Random(seed)
    world = World(("hacked", "gap")[seed])
    begins = {f"e{number}": chance.randrange(0, 82 * 8) for number in range(50)}
    ends = {key: begin + chance.randrange(3, 160) for key, begin in begins.items()}
    grows = {key: begin + chance.randrange(2, 120) for key, begin in begins.items()}
    told: list[tuple[int, str, int]] = []
    for step in range(90 * 8):
        world.matter = {}
        for key, begin in begins.items():
            wavers = chance.random() < 0.02 and step > begin + 1
            if begin <= step < ends[key] and not wavers:
                world.set(key, level=1 + (step >= grows[key]))
        told += [(step, key, world.matter[key].level) for key in world.look(3 * HOUR)]
        if step % 37 == 0:  # a second watcher, a moment later
            notices.tell(watch.look(world.now, [world.rule]).due, world.now)
    by_key: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for step, key, level in told:
        by_key[key].append((step, level))
    for key, begin in begins.items():
        assert by_key[key][0] == (begin, 1), "told when it begins"
        if grows[key] < ends[key] - 1:
            assert 2 in [level for _step, level in by_key[key]], "told when it becomes worse"
        for (step, level), (later, next_level) in pairwise(by_key[key]):
            assert later - step >= 8 or next_level > level, "not told again within the day"
    assert Notice.objects.count() == len({step for step, _key, _level in told})
    assert max(Counter(key for _step, key, _level in told).values()) <= 8


def test_every_rule_runs_on_an_empty_portal():
    follow.follow()
    for name in RULES:
        assert isinstance(found(name, timezone.now()), list)
    assert rules.MANY_FEEDS > 1


def test_a_look_takes_few_queries_however_many_satker(django_assert_max_num_queries, account):
    account("admin")
    for _ in range(12):
        make_entry(
            feed=make_feed(error_code="dns", last_success_at=NOW - 9 * DAY), published_at=NOW - 30 * DAY
        )
    with django_assert_max_num_queries(60):
        watch.look(NOW)
