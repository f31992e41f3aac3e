"""Hubs of inbound feeds: subscribed to, confirmed, renewed, and believed only when they sign."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from aggregator import pipeline, subscriber
from aggregator.models import Entry, Feed, Gap, HubSubscription, PushedBody
from aggregator.records import Outcome
from aggregator.schedule import Attempt, plan
from tests.factories import make_feed, make_satker
from tests.satker_network import FaultSite, SatkerNetwork, build_rss, status

pytestmark = pytest.mark.django_db(transaction=True)


def posts(first: int, count: int) -> list[dict[str, object]]:
    return [
        {
            "title": f"KPU mengabarkan kegiatan nomor {n}",
            "guid": f"urn:p:{n}",
            "link": f"https://situs.example/{n}",
        }
        for n in range(first, first + count)
    ]


@pytest.fixture
def hub(net: SatkerNetwork, settings) -> FaultSite:
    settings.FETCH_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.FETCH_ALLOWED_PORTS = (net.port,)
    settings.FETCH_HOST_SPACING = 0
    settings.PARSE_PROCESSES = 1
    hub = net.site()
    hub.answer("/hub", status(202))
    return hub


@pytest.fixture
def site(net: SatkerNetwork) -> FaultSite:
    return net.site()


@pytest.fixture
def feed(hub: FaultSite, site: FaultSite) -> Feed:
    """A feed that names the hub and itself, read once."""
    links = (
        f'<atom:link rel="hub" href="{hub.url("/hub")}"/><atom:link rel="self" href="{site.url("/feed")}"/>'
    )
    site.feed("/feed", build_rss(posts(0, 5), head=links))
    feed = make_feed(site.url("/feed"), make_satker(hostname=site.address))
    pipeline.refresh_feeds([feed.pk])
    feed.refresh_from_db()
    return feed


@pytest.fixture
def lease(feed: Feed) -> HubSubscription:
    """A subscription that the hub has confirmed."""
    subscriber.keep_subscriptions(timezone.now(), seconds=10)
    one = HubSubscription.objects.get()
    assert subscriber.confirm(one.token, "subscribe", one.topic, "864000")
    one.refresh_from_db()
    return one


def signed(body: bytes, secret: str, method: str = "sha256") -> str:
    return f"{method}=" + hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()


def push(client, lease: HubSubscription, body: bytes, signature: str = ""):
    headers = {"x-hub-signature": signature} if signature else {}
    return client.post(f"/websub/{lease.token}", body, content_type="application/rss+xml", headers=headers)


# --- subscribing ------------------------------------------------------------------------------------


def test_a_feed_that_names_a_hub_is_subscribed_to_with_a_secret(hub, feed):
    assert subscriber.keep_subscriptions(timezone.now(), seconds=10) == 1
    one = HubSubscription.objects.get()
    [seen] = hub.requests
    form = {name: value for name, [value] in parse_qs(seen.body.decode()).items()}
    assert form["hub.mode"] == "subscribe"
    assert form["hub.topic"] == feed.url
    assert form["hub.callback"].endswith(f"/websub/{one.token}")
    assert form["hub.secret"] == one.secret
    assert one.state == "asked"


def test_the_hubs_question_is_answered_with_its_challenge_only_for_what_we_asked(feed, client):
    subscriber.keep_subscriptions(timezone.now(), seconds=10)
    one = HubSubscription.objects.get()
    asked = {
        "hub.mode": "subscribe",
        "hub.topic": one.topic,
        "hub.challenge": "a&b",
        "hub.lease_seconds": "3600",
    }
    answer = client.get(f"/websub/{one.token}", asked)
    assert (answer.status_code, answer.content) == (200, b"a&b")
    assert answer["Content-Type"].startswith("text/plain")
    assert not answer.cookies
    one.refresh_from_db()
    assert one.state == "active"
    for wrong in ({"hub.topic": "https://lain.example/feed"}, {"hub.mode": "unsubscribe"}):
        assert client.get(f"/websub/{one.token}", asked | wrong).status_code == 404
    assert client.get("/websub/tak-dikenal", asked).status_code == 404


def test_a_lease_is_renewed_before_it_ends(hub, lease):
    assert subscriber.keep_subscriptions(timezone.now() + timedelta(days=7), seconds=10) == 0
    assert subscriber.keep_subscriptions(timezone.now() + timedelta(days=8, hours=1), seconds=10) == 1
    lease.refresh_from_db()
    assert lease.state == "active"  # until it really ends


def test_a_lease_that_ended_unrenewed_is_active_no_longer(hub, lease):
    hub.answer("/hub", status(500))
    subscriber.keep_subscriptions(timezone.now() + timedelta(days=11), seconds=10)
    lease.refresh_from_db()
    assert (lease.state, lease.problem) == ("wanted", "Hub menjawab 500.")


def test_a_hub_in_trouble_is_asked_ever_more_rarely(hub, feed):
    hub.answer("/hub", status(500))
    now, waits = timezone.now(), []
    for _ in range(4):
        subscriber.keep_subscriptions(now, seconds=10)
        due = HubSubscription.objects.get().next_try_at
        waits.append(due - now)
        now = due
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]


def test_a_hub_that_denies_is_left_alone_for_a_week(hub, feed, client):
    subscriber.keep_subscriptions(timezone.now(), seconds=10)
    one = HubSubscription.objects.get()
    client.get(f"/websub/{one.token}", {"hub.mode": "denied", "hub.topic": one.topic})
    assert subscriber.keep_subscriptions(timezone.now() + timedelta(days=6), seconds=10) == 0
    assert HubSubscription.objects.get().state == "refused"


def test_a_hub_on_a_private_address_is_not_asked(hub, feed, settings):
    settings.FETCH_ALLOWED_NETWORKS = ()
    subscriber.keep_subscriptions(timezone.now(), seconds=10)
    assert hub.requests == []
    assert HubSubscription.objects.get().problem


def test_a_feed_out_of_use_or_without_its_hub_has_no_subscription(lease):
    Feed.objects.update(hub_url="")
    subscriber.keep_subscriptions(timezone.now(), seconds=10)
    assert not HubSubscription.objects.exists()


# --- pushes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["sha256", "sha384", "sha512"])
def test_a_signed_push_is_news_within_moments(lease, client, site, method):
    body = build_rss(posts(100, 2))
    requests = len(site.requests)
    assert push(client, lease, body, signed(body, lease.secret, method)).status_code == 202
    assert subscriber.read_pushes() == 1
    entry = Entry.objects.get(guid="urn:p:100")
    assert (entry.state, entry.is_import) == ("public", False)
    assert (len(site.requests), PushedBody.objects.count()) == (requests, 0)


def test_a_push_touches_neither_validators_nor_schedule_and_is_no_gap(feed, lease, client):
    before = Feed.objects.filter(pk=feed.pk).values().get()
    body = build_rss(posts(100, 5))
    push(client, lease, body, signed(body, lease.secret))
    subscriber.read_pushes()
    assert Feed.objects.filter(pk=feed.pk).values().get() == before
    assert not Gap.objects.exists()


@pytest.mark.parametrize(
    "signature",
    ["sha256=" + "0" * 64, "sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709", "sha256", "md5=x", "sha256=é"],
)
def test_a_wrongly_signed_push_is_accepted_and_ignored(feed, lease, client, signature):
    before = Feed.objects.values_list("next_check_at", flat=True).get()
    assert subscriber.receive(lease.token, b"<rss/>", signature, "")
    assert (PushedBody.objects.count(), subscriber.read_pushes()) == (0, 0)
    assert Feed.objects.values_list("next_check_at", flat=True).get() == before


def test_an_unsigned_push_is_a_hint_to_look_and_no_content(feed, lease, client):
    Feed.objects.update(last_checked_at=timezone.now() - timedelta(minutes=10))
    assert push(client, lease, build_rss(posts(100, 1))).status_code == 202
    assert not PushedBody.objects.exists()
    assert Feed.objects.get().next_check_at <= timezone.now()


def test_hints_cannot_make_us_ask_a_site_more_than_once_a_minute(feed, lease, client):
    for _ in range(5):
        push(client, lease, b"")
    feed.refresh_from_db()
    assert feed.next_check_at >= feed.last_checked_at + subscriber.HINT_EVERY


def test_a_push_beyond_the_size_of_feeds_is_a_hint_only(feed, lease, client, settings):
    settings.FETCH_MAX_BYTES = 1000
    body = b"x" * 2000
    assert push(client, lease, body, signed(body, lease.secret)).status_code == 202
    assert not PushedBody.objects.exists()


def test_pushes_that_nobody_reads_do_not_pile_up(feed, lease, client):
    for number in range(30):
        body = build_rss(posts(number, 1))
        push(client, lease, body, signed(body, lease.secret))
    assert PushedBody.objects.count() == subscriber.MOST_PUSHED


def test_a_pushed_body_that_is_no_feed_is_dropped(feed, lease, client):
    body = b"<html>bukan umpan</html>"
    push(client, lease, body, signed(body, lease.secret))
    assert subscriber.read_pushes() == 1
    assert Entry.objects.count() == 5


def test_a_push_waits_while_the_feed_is_being_polled(feed, lease, client):
    body = build_rss(posts(100, 1))
    push(client, lease, body, signed(body, lease.secret))
    Feed.objects.update(lease="elsewhere/1/1/x", next_check_at=timezone.now() + timedelta(minutes=4))
    assert (subscriber.read_pushes(), PushedBody.objects.count()) == (0, 1)


def test_a_push_to_an_unknown_address_is_gone(lease, client):
    assert client.post("/websub/tak-dikenal", b"x", content_type="text/xml").status_code == 410


@given(st.binary(max_size=200), st.text(max_size=100))
def test_no_signature_but_the_right_one_passes(body, text):
    assert not subscriber.is_signed(body, text, "rahasia")
    assert subscriber.is_signed(body, signed(body, "rahasia"), "rahasia")


def test_a_feed_whose_hub_tells_is_polled_more_rarely_and_never_less_than_at_the_longest_interval():
    now = timezone.now()
    waits = [
        plan(Attempt(Outcome.NOT_MODIFIED, is_pushed=p), interval=3600, now=now, least=900, most=21_600)
        for p in (False, True)
    ]
    told = [(made.next_check_at - now).total_seconds() for made in waits]
    assert told[1] > 3 * told[0]
    assert told[1] < 21_600 * 1.1
