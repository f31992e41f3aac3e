"""The built-in WebSub hub, spoken to over HTTP as subscribers do."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs

import feedparser
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from aggregator.errors import FetchError
from aggregator.models import Change, Entry, EntryTopic, PortalState, Province, Revision, Topic
from aggregator.search import follow
from feeds import former
from feeds.hub import deliver_once, delivery, dispatch, requests
from feeds.models import Follower, FormerAddress, Intent, Lease, Pushed
from tests.factories import make_entry, make_province, make_public, make_satker
from tests.feeds.subscriber import Subscriber

# On PostgreSQL a follower sees a mark when its transaction has ended.
pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
BASE = "http://127.0.0.1:8000"
NATION = f"{BASE}/feeds/nasional.atom"


@pytest.fixture
def subscriber(settings) -> Iterator[Subscriber]:
    with Subscriber() as found:
        settings.FETCH_ALLOWED_NETWORKS = ("127.0.0.0/8",)
        settings.FETCH_ALLOWED_PORTS = (found.port,)
        dispatch.dispatch()  # what is there already is no news
        yield found


def ask(client: Client, subscriber: Subscriber, topic: str = NATION, **more: str) -> int:
    form = {"hub.mode": "subscribe", "hub.topic": topic, "hub.callback": subscriber.url()}
    form |= {f"hub.{name}": value for name, value in more.items()}
    return int(client.post("/hub", form).status_code)


def subscribe(client: Client, subscriber: Subscriber, topic: str = NATION, **more: str) -> Lease:
    assert ask(client, subscriber, topic, **more) == 202
    deliver_once()
    return Lease.objects.get(key=requests.key_of(topic, more.get("callback", subscriber.url())))


def publish(title: str = "Rapat pleno", **fields: object) -> Entry:
    now = timezone.now()
    times = {"published_at": now, "released_at": now, "classified_at": now, "clustered_at": now}
    return make_entry(title, **(times | fields))


def let_a_second_pass() -> None:
    Lease.objects.update(delivered_at=timezone.now() - dispatch.GAP)


def titles(subscriber: Subscriber) -> list[list[str]]:
    return [[e.title for e in feedparser.parse(r.body).entries] for r in subscriber.received]


# --- asking -----------------------------------------------------------------------------------------


def test_a_subscription_begins_when_the_callback_confirms_it(client: Client, subscriber: Subscriber) -> None:
    assert ask(client, subscriber, lease_seconds="86400") == 202
    assert not Lease.objects.exists()
    deliver_once()
    question = subscriber.questions[0]
    assert question["hub.mode"] == "subscribe"
    assert question["hub.topic"] == NATION
    assert question["hub.lease_seconds"] == "86400"
    lease = Lease.objects.get()
    assert abs(lease.ends_at - timezone.now() - timedelta(days=1)) < timedelta(minutes=1)
    assert not Intent.objects.exists()


def test_a_callback_that_does_not_confirm_gets_nothing_and_is_not_asked_again(
    client: Client, subscriber: Subscriber
) -> None:
    subscriber.confirm = False
    ask(client, subscriber)
    deliver_once()
    deliver_once()
    assert not Lease.objects.exists()
    assert len(subscriber.questions) == 1


def test_the_question_follows_no_redirect(client: Client, subscriber: Subscriber) -> None:
    subscriber.redirect = subscriber.url("/elsewhere")
    ask(client, subscriber)
    deliver_once()
    assert not Lease.objects.exists()
    assert len(subscriber.questions) == 1


def test_the_callbacks_own_parameters_are_kept(client: Client, subscriber: Subscriber) -> None:
    ask(client, subscriber, callback=subscriber.url("/callback?id=7"))
    deliver_once()
    assert subscriber.questions[0]["id"] == "7"
    assert Lease.objects.get().callback.endswith("/callback?id=7")


def test_asking_again_renews_the_same_lease(client: Client, subscriber: Subscriber) -> None:
    first = subscribe(client, subscriber, lease_seconds="400")
    again = subscribe(client, subscriber, lease_seconds="86400")
    assert again.pk == first.pk
    assert again.ends_at > first.ends_at


def test_leaving_needs_the_callbacks_consent_too(client: Client, subscriber: Subscriber) -> None:
    subscribe(client, subscriber)
    subscriber.confirm = False
    ask(client, subscriber, mode="unsubscribe")
    deliver_once()
    assert Lease.objects.count() == 1
    subscriber.confirm = True
    ask(client, subscriber, mode="unsubscribe")
    deliver_once()
    assert not Lease.objects.exists()
    assert "hub.lease_seconds" not in subscriber.questions[-1]


def test_a_request_that_could_not_be_confirmed_within_an_hour_is_dropped_unasked(
    client: Client, subscriber: Subscriber
) -> None:
    ask(client, subscriber)
    Intent.objects.update(asked_at=timezone.now() - requests.UNCONFIRMED_SPAN)
    assert delivery.work() == []
    deliver_once()
    assert not Intent.objects.exists()
    assert subscriber.questions == []


@pytest.mark.parametrize(("given", "kept"), [("1", 300), ("999999999", 30 * 86400), ("", 10 * 86400)])
def test_leases_have_a_least_and_a_greatest_length(
    client: Client, subscriber: Subscriber, given: str, kept: int
) -> None:
    ask(client, subscriber, lease_seconds=given)
    assert Intent.objects.get().seconds == kept


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("mode", "publish", 400),
        ("topic", "https://elsewhere.example/feed", 400),
        ("topic", f"{BASE}/feeds/nasional", 400),
        ("topic", f"{BASE}/feeds/nasional.atom/arsip/7", 400),
        ("topic", f"{BASE}/feeds/satker.opml", 400),
        ("topic", f"{BASE}/cari?q=x", 400),
        ("topic", f"{BASE}/feeds/provinsi/atlantis.atom", 404),
        ("topic", f"{BASE}/feeds/cari.atom?propinsi=x", 400),
        ("callback", "", 400),
        ("callback", "ftp://example.org/", 400),
        ("callback", "javascript:alert(1)", 400),
        ("callback", "http://10.0.0.1/", 400),
        ("callback", "http://169.254.169.254/latest", 400),
        ("callback", "http://[::1]/", 400),
        ("callback", "http://user:pass@example.org/", 400),
        ("secret", "x" * 200, 400),
        ("lease_seconds", "-5", 400),
        ("lease_seconds", "soon", 400),
    ],
)
def test_what_cannot_be_granted_is_refused_at_once_in_words(
    client: Client, subscriber: Subscriber, field: str, value: str, status: int
) -> None:
    form = {
        "hub.mode": "subscribe",
        "hub.topic": NATION,
        "hub.callback": subscriber.url(),
        f"hub.{field}": value,
    }
    response = client.post("/hub", form)
    assert response.status_code == status
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.strip()
    assert not Intent.objects.exists()


def test_the_hub_takes_post_only_and_needs_no_cookie() -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.get("/hub").status_code == 405
    response = client.post("/hub", {"hub.mode": "x"})
    assert response.status_code == 400
    assert not response.cookies


def test_nobody_can_aim_our_questions_at_a_host_that_does_not_want_them(
    client: Client, subscriber: Subscriber
) -> None:
    subscriber.confirm = False
    found = []
    for number in range(requests.MOST_UNCONFIRMED + 2):
        found.append(ask(client, subscriber, callback=subscriber.url(f"/{number}")))
        deliver_once()
    assert found.count(429) == 2
    assert len(subscriber.questions) == requests.MOST_UNCONFIRMED


def test_the_number_of_leases_is_limited(client: Client, subscriber: Subscriber, monkeypatch) -> None:
    monkeypatch.setattr(requests, "MOST_OF_HOST", 1)
    subscribe(client, subscriber)
    assert ask(client, subscriber, callback=subscriber.url("/other")) == 429
    assert ask(client, subscriber) == 202  # renewing is always possible


def test_parameters_in_another_order_are_the_same_topic(client: Client, subscriber: Subscriber) -> None:
    make_province("51", "Bali")
    ask(client, subscriber, f"{BASE}/feeds/cari.atom?provinsi=bali&q=pleno")
    assert Intent.objects.get().topic == f"{BASE}/feeds/cari.atom?q=pleno&provinsi=bali"


# --- delivering -------------------------------------------------------------------------------------


def test_a_new_post_is_delivered_as_a_feed_of_the_topics_kind(client: Client, subscriber: Subscriber) -> None:
    subscribe(client, subscriber)
    publish("Rapat pleno")
    assert deliver_once() == 1
    got = subscriber.received[0]
    assert titles(subscriber) == [["Rapat pleno"]]
    assert got.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert f'<{NATION}>; rel="self"' in got.headers["Link"]
    assert f'<{BASE}/hub>; rel="hub"' in got.headers["Link"]
    assert "X-Hub-Signature" not in got.headers


def test_a_delivery_is_signed_with_the_subscribers_secret(client: Client, subscriber: Subscriber) -> None:
    subscribe(client, subscriber, secret="rahasia")
    publish()
    deliver_once()
    got = subscriber.received[0]
    digest = hmac.new(b"rahasia", got.body, hashlib.sha256).hexdigest()
    assert got.headers["X-Hub-Signature"] == f"sha256={digest}"


def test_only_leases_of_the_channels_a_post_is_in_get_it(client: Client, subscriber: Subscriber) -> None:
    here, there = make_satker("0101"), make_satker("0202")
    subscribe(client, subscriber, f"{BASE}/feeds/satker/0101.rss", callback=subscriber.url("/a"))
    subscribe(client, subscriber, f"{BASE}/feeds/satker/0202.json", callback=subscriber.url("/b"))
    subscribe(client, subscriber, f"{BASE}/feeds/provinsi/jawa-timur.atom", callback=subscriber.url("/c"))
    publish(satker=here)
    deliver_once()
    assert sorted(got.path for got in subscriber.received) == ["/a", "/c"]
    assert there


def test_a_search_by_words_is_pushed_too(client: Client, subscriber: Subscriber) -> None:
    subscribe(client, subscriber, f"{BASE}/feeds/cari.atom?q=pleno")
    publish("Rapat pleno")
    publish("Sosialisasi pemilih")
    deliver_once()
    assert titles(subscriber) == [["Rapat pleno"]]


def test_a_post_that_the_index_does_not_know_yet_reaches_those_who_search_for_it(
    client: Client, subscriber: Subscriber
) -> None:
    make_province()
    follow(once=True)
    subscribe(client, subscriber, f"{BASE}/feeds/cari.atom?q=psu+-logistik&provinsi=jawa-timur")
    publish("Pemungutan suara ulang di dua TPS")
    publish("Pemungutan suara ulang: logistik tiba")
    assert deliver_once() == 1
    assert titles(subscriber) == [["Pemungutan suara ulang di dua TPS"]]


def test_one_callback_is_not_asked_twice_within_a_second(client: Client, subscriber: Subscriber) -> None:
    lease = subscribe(client, subscriber)
    publish("pertama")
    assert deliver_once() == 1
    publish("kedua")
    assert deliver_once() == 0
    lease.refresh_from_db()
    assert lease.due_at == lease.delivered_at + dispatch.GAP
    Lease.objects.update(due_at=timezone.now())
    assert deliver_once() == 1


def test_a_lease_follows_its_channel_to_a_new_name(client: Client, subscriber: Subscriber) -> None:
    topic = Topic.objects.create(slug="dpb", name="DPB")
    subscribe(client, subscriber, f"{BASE}/feeds/topik/dpb.atom")
    former.remember()
    Topic.objects.filter(pk=topic.pk).update(slug="pdpb")
    entry = publish("Rekapitulasi")
    EntryTopic.objects.create(entry=entry, topic=topic)
    assert deliver_once() == 1
    assert titles(subscriber) == [["Rekapitulasi"]]


def test_each_version_is_pushed_once_however_often_it_is_marked(
    client: Client, subscriber: Subscriber
) -> None:
    subscribe(client, subscriber)
    entry = publish()
    deliver_once()
    Change.objects.mark([entry.pk])
    deliver_once()
    assert len(subscriber.received) == 1


def test_a_correction_is_pushed_again(client: Client, subscriber: Subscriber) -> None:
    subscribe(client, subscriber)
    entry = publish("1.200 pemilih")
    deliver_once()
    let_a_second_pass()
    make_public(
        entry, Revision.objects.create(entry=entry, number=2, title="1.300 pemilih", content_sha256="2")
    )
    deliver_once()
    assert titles(subscriber) == [["1.200 pemilih"], ["1.300 pemilih"]]


def test_a_post_waits_until_it_is_known_to_which_channels_it_belongs(
    client: Client, subscriber: Subscriber
) -> None:
    topic = Topic.objects.create(slug="pdpb", name="PDPB")
    subscribe(client, subscriber, f"{BASE}/feeds/topik/pdpb.atom")
    entry = publish(classified_at=None)
    assert deliver_once() == 0
    EntryTopic.objects.create(entry=entry, topic=topic)
    Entry.objects.filter(pk=entry.pk).update(classified_at=timezone.now())
    assert deliver_once() == 1


def test_a_post_that_nobody_classifies_does_not_wait_for_ever(client: Client, subscriber: Subscriber) -> None:
    subscribe(client, subscriber)
    before = timezone.now() - timedelta(minutes=5)
    publish(classified_at=None, released_at=before, published_at=before)
    assert deliver_once() == 1


def test_imports_and_old_news_are_not_pushed(client: Client, subscriber: Subscriber) -> None:
    subscribe(client, subscriber)
    publish(is_import=True)
    long_ago = timezone.now() - timedelta(days=9)
    publish(published_at=long_ago, released_at=long_ago)
    assert deliver_once() == 0


def test_what_was_there_before_the_hub_began_is_not_pushed(client: Client, settings) -> None:
    publish()
    with Subscriber() as subscriber:
        settings.FETCH_ALLOWED_NETWORKS, settings.FETCH_ALLOWED_PORTS = ("127.0.0.0/8",), (subscriber.port,)
        subscribe(client, subscriber)
        assert deliver_once() == 0


def test_a_recall_goes_to_those_who_follow_ditarik_and_to_nobody_else(
    client: Client, subscriber: Subscriber
) -> None:
    subscribe(client, subscriber, f"{BASE}/feeds/ditarik.atom", callback=subscriber.url("/recalls"))
    subscribe(client, subscriber, callback=subscriber.url("/news"))
    entry = publish("Situs judi")
    Entry.objects.filter(pk=entry.pk).update(state="withdrawn", withdrawn_at=timezone.now())
    Change.objects.mark([entry.pk])
    deliver_once()
    assert [got.path for got in subscriber.received] == ["/recalls"]
    assert b"judi" not in subscriber.received[0].body
    assert f"berita/{entry.pk}<".encode() in subscriber.received[0].body


def test_what_is_withdrawn_before_it_was_delivered_is_not_delivered(
    client: Client, subscriber: Subscriber
) -> None:
    subscribe(client, subscriber)
    entry = publish()
    dispatch.dispatch()
    Entry.objects.filter(pk=entry.pk).update(state="withdrawn", withdrawn_at=timezone.now())
    assert deliver_once() == 0
    assert Lease.objects.get().due_at is None


def test_a_failed_delivery_is_tried_again_later_with_what_came_meanwhile(
    client: Client, subscriber: Subscriber
) -> None:
    lease = subscribe(client, subscriber)
    subscriber.status = 500
    publish("satu")
    assert deliver_once() == 0
    lease.refresh_from_db()
    assert lease.failures == 1
    assert lease.due_at is not None
    assert timedelta(seconds=20) < lease.due_at - timezone.now() < timedelta(seconds=40)
    publish("dua")
    deliver_once()
    assert len(subscriber.received) == 1  # not before its time
    subscriber.status = 200
    Lease.objects.update(due_at=timezone.now())
    assert deliver_once() == 1
    assert set(titles(subscriber)[-1]) == {"satu", "dua"}
    lease.refresh_from_db()
    assert (lease.failures, lease.pending, lease.due_at) == (0, [], None)


def test_waits_grow_and_have_an_end(client: Client, subscriber: Subscriber) -> None:
    lease = subscribe(client, subscriber)
    waits = []
    for failures in (0, 1, 5, 50):
        lease.failures = failures
        delivery._failed(lease, 500, "x")
        due = Lease.objects.get().due_at
        assert due is not None
        waits.append(round((due - timezone.now()).total_seconds()))
    assert waits == [30, 60, 960, 21600]


def test_a_subscriber_that_is_gone_is_taken_off_the_list(client: Client, subscriber: Subscriber) -> None:
    subscribe(client, subscriber)
    subscriber.status = 410
    publish()
    deliver_once()
    assert not Lease.objects.exists()


def test_a_subscriber_that_fails_for_days_is_taken_off_the_list(
    client: Client, subscriber: Subscriber
) -> None:
    subscribe(client, subscriber)
    Lease.objects.update(failing_since=timezone.now() - timedelta(days=4), failures=20)
    subscriber.status = 503
    publish()
    deliver_once()
    assert not Lease.objects.exists()


def test_a_lease_that_has_ended_gets_nothing(client: Client, subscriber: Subscriber) -> None:
    subscribe(client, subscriber)
    Lease.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    publish()
    assert deliver_once() == 0
    delivery.tidy()
    assert not Lease.objects.exists()


def test_a_callback_whose_address_became_private_is_not_asked(
    client: Client, subscriber: Subscriber, settings
) -> None:
    lease = subscribe(client, subscriber)
    settings.FETCH_ALLOWED_NETWORKS = ()
    publish()
    assert deliver_once() == 0
    assert not subscriber.received
    lease.refresh_from_db()
    assert "publik" in lease.error


def test_a_worker_that_dies_in_mid_delivery_loses_nothing(client: Client, subscriber: Subscriber) -> None:
    subscribe(client, subscriber)
    publish()
    assert delivery.work()  # taken, and then the worker dies
    assert deliver_once() == 0  # left alone for a while
    Lease.objects.update(due_at=timezone.now())
    assert deliver_once() == 1


def test_two_workers_do_not_dispatch_one_change_twice(client: Client, subscriber: Subscriber) -> None:
    subscribe(client, subscriber)
    publish()
    before = Follower.objects.get(name=dispatch.NAME).cursor
    assert dispatch.dispatch() == 1
    assert dispatch.dispatch() == 0
    assert Follower.objects.get(name=dispatch.NAME).cursor["id"] > before["id"]
    assert Pushed.objects.count() == 1


def test_no_news_means_no_write(client: Client, subscriber: Subscriber, django_assert_num_queries) -> None:
    subscribe(client, subscriber)
    with django_assert_num_queries(3):
        dispatch.dispatch()


def test_after_a_restore_the_hub_begins_at_the_present(client: Client, subscriber: Subscriber) -> None:
    import uuid

    subscribe(client, subscriber)
    publish()
    PortalState.objects.update(epoch=uuid.uuid4())
    assert deliver_once() == 0
    publish("baru")
    assert deliver_once() == 1


def test_two_hundred_subscribers_get_a_post_within_two_seconds(
    client: Client, subscriber: Subscriber
) -> None:
    import time

    now = timezone.now()
    Lease.objects.bulk_create(
        Lease(
            topic=NATION,
            callback=subscriber.url(f"/{n}"),
            host="127.0.0.1",
            key=requests.key_of(NATION, subscriber.url(f"/{n}")),
            ends_at=now + timedelta(days=1),
        )
        for n in range(200)
    )
    publish()
    started = time.process_time()
    assert deliver_once() == 200
    assert time.process_time() - started < 2.0
    assert len({got.path for got in subscriber.received}) == 200


# --- another hub ------------------------------------------------------------------------------------


def test_an_external_hub_is_told_which_feeds_changed(
    client: Client, subscriber: Subscriber, settings
) -> None:
    settings.WEBSUB_HUB_URL = subscriber.url("/hub")
    publish(satker=make_satker("0101"))
    deliver_once()
    form = parse_qs(subscriber.received[0].body.decode())
    assert form["hub.mode"] == ["publish"]
    assert {f"{BASE}/feeds/nasional.rss", f"{BASE}/feeds/satker/0101.json"} <= set(form["hub.url"])
    assert all(client.get(address.removeprefix(BASE)).status_code == 200 for address in form["hub.url"])
    deliver_once()
    assert len(subscriber.received) == 1


def test_while_an_external_hub_fails_the_news_waits(client: Client, subscriber: Subscriber, settings) -> None:
    settings.WEBSUB_HUB_URL = subscriber.url("/hub")
    subscriber.status = 503
    publish()
    with pytest.raises(FetchError):
        deliver_once()
    subscriber.status = 204
    deliver_once()
    assert len(subscriber.received) == 2


# --- renamed slugs ----------------------------------------------------------------------------------


def test_a_renamed_topic_answers_301_in_every_format_and_keeps_parameters(client: Client) -> None:
    topic = Topic.objects.create(slug="dpb", name="DPB")
    former.remember()
    Topic.objects.filter(pk=topic.pk).update(slug="pdpb")
    response = client.get("/feeds/topik/dpb.rss?semua=1")
    assert response.status_code == 301
    assert response["Location"] == "/feeds/topik/pdpb.rss?semua=1"
    assert client.get("/feeds/topik/dpb", headers={"Accept": "text/html"})["Location"] == "/feeds/topik/pdpb"


def test_a_search_for_a_renamed_topic_answers_301_too(client: Client) -> None:
    topic = Topic.objects.create(slug="dpb", name="DPB")
    make_province("51", "Bali")
    former.remember()
    Topic.objects.filter(pk=topic.pk).update(slug="pdpb")
    response = client.get("/feeds/cari.atom?provinsi=bali&topik=dpb&q=rapat+pleno")
    assert response.status_code == 301
    assert response["Location"] == "/feeds/cari.atom?provinsi=bali&topik=pdpb&q=rapat+pleno"
    assert client.get(response["Location"]).status_code == 200
    assert client.get("/feeds/cari.atom?provinsi=atlantis&topik=dpb").status_code == 301
    assert client.get("/feeds/cari.atom?provinsi=atlantis&topik=pdpb").status_code == 404


def test_a_slug_that_serves_another_now_leads_to_nobody_else(client: Client) -> None:
    first = Province.objects.get(pk=make_province("51", "Bali").pk)
    former.remember()
    Province.objects.filter(pk=first.pk).update(slug="pulau-bali")
    other = make_province("52", "Lain")
    Province.objects.filter(pk=other.pk).update(slug="bali")
    former.remember()
    assert client.get("/feeds/provinsi/bali.atom").status_code == 200
    assert FormerAddress.objects.get(slug="bali").target == other.pk


def test_what_a_former_slug_named_may_be_gone(client: Client) -> None:
    topic = Topic.objects.create(slug="dpb", name="DPB")
    former.remember()
    topic.delete()
    assert client.get("/feeds/topik/dpb.atom").status_code == 404
