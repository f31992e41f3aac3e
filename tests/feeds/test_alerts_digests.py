"""What an alert tells, when, and that it tells it once."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from aggregator.models import Change, Entry, EntryTopic, PortalState, Revision, Story, Topic
from feeds import former
from feeds.alerts import digests, loop, notice
from feeds.models import Alert, Letter, Noticed, Watched
from tests.factories import make_province, make_public, make_satker
from tests.feeds.alerting import follow, make_letters, publish, settle

# On PostgreSQL a follower sees a mark when its transaction has ended.
pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")


def told() -> list[int]:
    """The posts of all letters, in order."""
    return [pk for ids in Letter.objects.order_by("pk").values_list("entry_ids", flat=True) for pk in ids]


def pass_time(**span: float) -> None:
    """As if all that happened had happened so much earlier."""
    for alert in Alert.objects.all():
        alert.due_at = alert.due_at and alert.due_at - timedelta(**span)
        alert.told_at = alert.told_at and alert.told_at - timedelta(**span)
        alert.save()


def test_at_once_means_with_the_next_round() -> None:
    follow()
    entry = publish()
    assert make_letters() == 1
    assert told() == [entry.pk]


def test_a_burst_makes_one_letter_now_and_one_after_a_quarter_of_an_hour() -> None:
    follow()
    first = publish("pertama")
    make_letters()
    rest = [publish(f"berikut {n}").pk for n in range(5)]
    assert make_letters() == 0
    pass_time(minutes=15)
    assert make_letters() == 1
    assert told() == [first.pk, *rest]


def test_a_digest_waits_for_its_hour_and_is_one_letter() -> None:
    alert = follow(rhythm="daily")
    found = [publish(f"berita {n}").pk for n in range(3)]
    assert make_letters() == 0
    assert alert.due_at
    assert make_letters(alert.due_at) == 1
    assert make_letters(alert.due_at + timedelta(hours=1)) == 0
    assert told() == found


def test_no_news_no_letter_and_the_next_time_stands() -> None:
    alert = follow(rhythm="weekly")
    assert alert.due_at
    assert make_letters(alert.due_at) == 0
    before = alert.due_at
    alert.refresh_from_db()
    assert alert.due_at == before + timedelta(days=7)
    assert alert.told_at is None


def test_days_without_a_worker_make_one_digest_of_everything() -> None:
    alert = follow(rhythm="daily")
    found = [publish(f"berita {n}").pk for n in range(3)]
    settle()
    assert alert.due_at
    assert make_letters(alert.due_at + timedelta(days=3)) == 1
    assert told() == found
    alert.refresh_from_db()
    assert alert.due_at
    assert alert.due_at > timezone.now() + timedelta(days=3)


def test_what_happened_while_no_worker_followed_is_told_late_but_told() -> None:
    follow()
    publish()
    assert make_letters(timezone.now() + timedelta(days=4)) == 1


def test_a_digest_is_one_row_however_often_and_by_whom_it_is_made() -> None:
    alert = follow(rhythm="daily")
    publish()
    settle()
    stale = Alert.objects.select_related("watched").get()  # as another process read it
    assert alert.due_at
    assert digests.make(alert.due_at) == 1
    assert digests._make(stale, alert.due_at) == 0
    Alert.objects.update(seen=stale.seen, due_at=stale.due_at)  # as if the step past it had been lost
    assert digests.make(alert.due_at) == 0
    assert Letter.objects.count() == 1


def test_a_crash_between_noting_and_the_cursor_repeats_and_doubles_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    follow()
    publish()
    with monkeypatch.context() as broken:
        broken.setattr(notice, "_make_due", lambda *_args: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            notice.notice(timezone.now())
    assert not Noticed.objects.exists()
    assert make_letters() == 1
    assert Noticed.objects.count() == 1


# --- what is news -----------------------------------------------------------------------------------


def test_only_alerts_of_the_channels_a_post_is_in_are_told() -> None:
    bali, papua = make_province("51", "Bali"), make_province("94", "Papua")
    topic = Topic.objects.create(slug="psu", name="PSU")
    make_satker("5101", province=bali)
    follow("/feeds/provinsi/bali")
    follow("/feeds/satker/5101")
    follow("/feeds/topik/psu")
    follow("/feeds/cari?q=pleno+-dpt&provinsi=papua")
    follow("/feeds/cari?q=pleno&provinsi=bali")
    entry = publish("Rapat pleno PSU", satker=make_satker(province=papua))
    EntryTopic.objects.create(entry=entry, topic=topic)
    assert make_letters() == 2
    paths = set(Letter.objects.values_list("alert__watched__path", flat=True))
    assert paths == {"/feeds/topik/psu", "/feeds/cari?q=pleno+-dpt&provinsi=papua"}


def test_first_imports_and_backfill_are_never_mailed() -> None:
    follow()
    publish("lama", is_import=True)
    later = publish("diimpor, dilepas kemudian", is_import=True)
    Revision.objects.filter(entry=later).update(public_at=timezone.now() + timedelta(hours=1))
    assert make_letters() == 0


def test_a_correction_is_not_told_again() -> None:
    follow()
    entry = publish("1.200 pemilih")
    make_letters()
    corrected = Revision.objects.create(entry=entry, number=2, title="1.300 pemilih", content_sha256="2")
    make_public(entry, corrected)
    pass_time(minutes=20)
    assert make_letters() == 0


def test_a_post_recalled_before_the_digest_is_not_in_it() -> None:
    alert = follow(rhythm="daily")
    entry, stays = publish("judi"), publish("tetap")
    settle()
    withdraw(entry)
    assert alert.due_at
    assert make_letters(alert.due_at) == 1
    assert told() == [stays.pk]


def test_recalls_are_a_channel_that_can_be_followed() -> None:
    follow("/feeds/ditarik")
    entry = publish()
    assert make_letters() == 0
    withdraw(entry)
    assert make_letters() == 1
    assert told() == [entry.pk]


def test_of_a_story_one_post_is_told_although_another_becomes_its_lead() -> None:
    follow()
    follow("/feeds/nasional?semua=1", address="semua@media.example")
    story = Story.objects.create()
    copy = publish("salinan", story=story)
    make_letters()
    Entry.objects.filter(pk=copy.pk).update(is_lead=False)
    lead = publish("asal", story=story)
    pass_time(minutes=20)
    make_letters()
    told_to = dict.fromkeys(("redaksi@media.example", "semua@media.example"))
    for address in told_to:
        rows = Letter.objects.filter(address=address).values_list("entry_ids", flat=True)
        told_to[address] = sorted(pk for ids in rows for pk in ids)
    assert told_to == {"redaksi@media.example": [copy.pk], "semua@media.example": [copy.pk, lead.pk]}


def test_a_post_older_than_the_first_alert_of_a_channel_is_no_news_when_marked_again() -> None:
    entry = publish()
    alert = follow()
    Change.objects.mark([entry.pk])
    assert make_letters() == 0
    assert alert.watched.since > (entry.released_at or timezone.now())


def test_an_alert_follows_its_channel_to_a_new_name() -> None:
    topic = Topic.objects.create(slug="dpb", name="DPB")
    follow("/feeds/topik/dpb")
    former.remember()
    Topic.objects.filter(pk=topic.pk).update(slug="pdpb")
    EntryTopic.objects.create(entry=publish(), topic=topic)
    assert make_letters() == 1


def test_a_channel_that_is_gone_keeps_nobody_else_from_their_news() -> None:
    topic = Topic.objects.create(slug="dpb", name="DPB")
    follow("/feeds/topik/dpb")
    follow()
    topic.delete()
    publish()
    assert make_letters() == 1
    assert Watched.objects.get(path="/feeds/topik/dpb").error


def test_after_a_restore_nobody_is_told_anything_twice() -> None:
    alert = follow(rhythm="daily")
    publish()
    settle()
    waiting = Letter.objects.create(key="x", alert=alert, address=alert.address)
    PortalState.objects.update(epoch=uuid.uuid4())
    assert alert.due_at
    assert make_letters(alert.due_at) == 0
    waiting.refresh_from_db()
    assert waiting.state == Letter.State.UNCLEAR
    fresh = publish("sesudahnya")
    assert make_letters(alert.due_at + timedelta(days=1)) == 1
    assert fresh.pk in told()


def test_channels_of_many_alerts_are_looked_at_once(django_assert_max_num_queries) -> None:
    for number in range(30):
        follow(address=f"a{number}@media.example")
    publish()
    with django_assert_max_num_queries(25):
        notice.notice(timezone.now())
    assert Noticed.objects.count() == 1


def test_hundreds_of_channels_are_ruled_out_without_a_query_each(django_assert_max_num_queries) -> None:
    settle()
    for number in range(40):
        office = make_satker()
        Alert.objects.create(
            address=f"a{number}@media.example",
            watched=Watched.objects.create(path=f"/feeds/satker/{office.code}"),
            rhythm="now",
        )
    follow("/feeds/cari?q=pleno", address="kata@media.example")
    publish("Rapat pleno", satker=office)
    with django_assert_max_num_queries(40):
        notice.notice(timezone.now())
    assert Noticed.objects.count() == 2


def test_no_news_means_no_write(django_assert_num_queries) -> None:
    follow()
    settle()
    with django_assert_num_queries(3):
        assert notice.notice(timezone.now()) is False


def test_what_is_past_its_time_goes() -> None:
    alert = follow()
    publish()
    make_letters()
    Letter.objects.update(state="sent", made_at=timezone.now() - loop.SENT_KEPT * 2)
    Noticed.objects.update(at=timezone.now() - loop.NOTICED_KEPT * 2)
    Letter.objects.create(key="c", address="x@y.example", made_at=timezone.now() - timedelta(days=4))
    alert.delete()
    loop.tidy()
    assert not Letter.objects.exists()
    assert not Noticed.objects.exists()
    assert not Watched.objects.exists()


def withdraw(entry: Entry) -> None:
    Entry.objects.filter(pk=entry.pk).update(state="withdrawn", withdrawn_at=timezone.now())
    Change.objects.mark([entry.pk])
