"""A satker moves to another site: nothing doubled, nothing announced anew, no address of the portal lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from aggregator import moves, pipeline
from aggregator.errors import PortalError
from aggregator.models import Entry, Feed, Satker, SatkerHold, SatkerHost, SatkerMove
from portal.models import User
from tests.factories import make_feed, make_satker
from tests.satker_network import FaultSite, SatkerNetwork, build_rss, ok, redirect, status

pytestmark = pytest.mark.django_db(transaction=True)
BASE = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)


def posts(site: str, first: int, count: int) -> list[dict[str, object]]:
    """The same posts as another CMS shows them: guid and address are each site's own."""
    return [
        {
            "title": f"KPU mengabarkan kegiatan nomor {n} tahun ini",
            "guid": f"urn:{site}:{n}",
            "link": f"http://{site}/berita/{n}",
            "summary": f"Kegiatan nomor {n} berlangsung tertib di kantor sejak pagi sampai sore hari. " * 3,
            "published": BASE - timedelta(days=n),
        }
        for n in range(first, first + count)
    ]


@pytest.fixture
def sites(net: SatkerNetwork, settings) -> tuple[FaultSite, FaultSite]:
    settings.FETCH_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.FETCH_ALLOWED_PORTS = (net.port,)
    settings.FETCH_HOST_SPACING = 0
    settings.PARSE_PROCESSES = 1
    return net.site(), net.site()


@pytest.fixture
def feed(sites) -> Feed:
    """A feed of the old site, read once; the new site has the same posts and older ones."""
    old, new = sites
    old.feed("/feed", build_rss(posts(old.address, 0, 10)))
    satker = make_satker("3571", hostname=old.address)
    feed = make_feed(old.url("/feed"), satker)
    pipeline.refresh_feeds([feed.pk])
    pipeline.derive()
    new.feed("/feed/", build_rss(posts(new.address, 0, 10)))
    new.answer("/", ok(b'<link rel="alternate" type="application/rss+xml" href="/feed/">', "text/html"))
    new.answer("/feed/?paged=2", ok(build_rss(posts(new.address, 10, 10))))
    new.answer("/feed/?paged=3", status(404))
    return feed


def move(feed: Feed, new: FaultSite) -> SatkerMove:
    made = moves.announce(feed.satker, new.address, "ani")
    moves.cut_over(made, "ani")
    moves.import_archive(made)
    pipeline.derive()
    made.refresh_from_db()
    return made


def test_nothing_is_doubled_and_every_address_of_the_portal_stays(sites, feed, client):
    before = {entry.pk: entry.get_absolute_url() for entry in Entry.objects.public()}
    made = move(feed, sites[1])
    assert (made.state, made.known, made.new) == ("done", 10, 10)
    assert Entry.objects.public().count() == 20
    for address in before.values():
        assert client.get(address).status_code == 200
    for number in before:
        assert client.get(f"/berita/{number}").status_code == 301


def test_host_and_feed_are_swapped_and_the_old_host_is_revoked(sites, feed):
    old, new = sites
    move(feed, new)
    satker = Satker.objects.get()
    assert (satker.hostname, satker.hostname_evidence, satker.migration_status) == (
        new.address,
        "confirmed",
        "M",
    )
    assert dict(Feed.objects.values_list("url", "state")) == {
        old.url("/feed"): "disabled",
        new.url("/feed/"): "active",
    }
    assert dict(SatkerHost.objects.values_list("hostname", "state")) == {
        old.address: "revoked",
        new.address: "approved",
    }


def test_the_archive_comes_silently_and_with_its_own_dates(sites, feed):
    move(feed, sites[1])
    older = Entry.objects.filter(published_at__lt=BASE - timedelta(days=9))
    assert older.count() == 10
    assert all(entry.is_import and entry.released_at == entry.published_at for entry in older)


def test_readers_are_led_to_the_new_site_without_a_new_version(sites, feed):
    released = dict(Entry.objects.values_list("pk", "released_at"))
    move(feed, sites[1])
    for entry in Entry.objects.filter(pk__in=released).select_related("public_revision"):
        assert entry.url.startswith(f"http://{sites[1].address}/")
        assert entry.public_revision.url == entry.url
        assert (entry.revisions.count(), entry.released_at) == (1, released[entry.pk])


def test_a_post_younger_than_the_last_look_at_the_old_site_is_news(sites, feed):
    new = sites[1]
    fresh = {**posts(new.address, 50, 1)[0], "published": timezone.now() + timedelta(seconds=1)}
    new.feed("/feed/", build_rss([fresh, *posts(new.address, 0, 10)]))
    move(feed, new)
    assert Entry.objects.get(guid=f"urn:{new.address}:50").is_import is False


def test_while_a_move_is_open_a_flood_raises_no_alarm(sites, feed):
    moves.announce(feed.satker, sites[1].address, "ani")
    sites[0].feed("/feed", build_rss(posts("lain.example", 100, 60)))
    pipeline.refresh_feeds([feed.pk])
    assert not SatkerHold.objects.exists()
    assert Entry.objects.public().count() == 70


def test_without_announcement_the_same_flood_holds_the_satker(sites, feed):
    sites[0].feed("/feed", build_rss(posts("lain.example", 100, 60)))
    pipeline.refresh_feeds([feed.pk])
    assert SatkerHold.objects.get().reason.startswith("Lonjakan")


def test_an_announced_host_may_be_redirected_to_before_the_cut_over(sites, feed):
    old, new = sites
    moves.announce(feed.satker, new.address, "ani")
    old.answer("/feed", redirect(302, new.url("/feed/")))
    pipeline.refresh_feeds([feed.pk])
    feed.refresh_from_db()
    assert (feed.error_code, Entry.objects.count(), SatkerHold.objects.count()) == ("", 10, 0)


def test_a_new_site_without_a_feed_changes_nothing_and_says_why(sites, feed):
    sites[1].answer("/", status(404))
    made = moves.announce(feed.satker, sites[1].address, "ani")
    with pytest.raises(PortalError):
        moves.cut_over(made, "ani")
    made.refresh_from_db()
    assert (made.state, bool(made.problem)) == ("announced", True)
    assert Feed.objects.get(state="active").url == sites[0].url("/feed")
    assert SatkerHost.objects.get(hostname=sites[0].address).state == "approved"


def test_a_cut_over_that_was_killed_before_the_swap_is_simply_repeated(sites, feed, monkeypatch):
    made = moves.announce(feed.satker, sites[1].address, "ani")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(moves, "_swap", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
        moves.cut_over(made, "ani")
    moves.cut_over(made, "ani")
    assert (Entry.objects.count(), Feed.objects.active().count()) == (10, 1)


def test_what_staff_order_the_worker_carries_out(sites, feed):
    made = moves.announce(feed.satker, sites[1].address, "ani")
    moves.order(made, "budi")
    assert moves.carry_out(seconds=60) >= 1
    made.refresh_from_db()
    assert (made.state, made.ordered_by, made.importing_at) == ("done", "budi", None)
    assert Entry.objects.count() == 20


def test_a_cancelled_move_leaves_the_announced_host_unasked(sites, feed):
    made = moves.announce(feed.satker, sites[1].address, "ani")
    moves.cancel(made, "ani")
    assert SatkerHost.objects.get(hostname=sites[1].address).state == "revoked"
    with pytest.raises(PortalError):
        moves.order(made, "ani")


@pytest.mark.parametrize(
    ("host", "feed_url"), [("bukan host", ""), ("", ""), ("baru.example", "https://lain.example/feed")]
)
def test_what_cannot_be_announced_is_refused_in_words(feed, host, feed_url):
    with pytest.raises(moves.MoveRefused):
        moves.announce(feed.satker, host, "ani", feed_url=feed_url)
    assert not SatkerMove.objects.exists()


def test_the_command_announces_and_cuts_over(sites, feed, capsys):
    call_command("move_satker", "3571", "announce", "--host", sites[1].address)
    call_command("move_satker", "3571", "cut-over")
    assert "10 posts recognised, 10 new" in capsys.readouterr().out
    with pytest.raises(CommandError, match="No move"):
        call_command("move_satker", "3571", "cut-over")


def test_staff_announce_and_order_in_the_admin(sites, feed, client):
    client.force_login(User.objects.create(username="ani", role="admin", is_staff=True, is_superuser=True))
    form = {"satker": feed.satker.pk, "hostname": sites[1].address, "feed_url": "", "reason": "Migrasi"}
    assert client.post("/pantauan/admin/aggregator/satkermove/add/", form).status_code == 302
    made = SatkerMove.objects.get()
    assert (made.state, made.announced_by) == ("announced", "ani")
    again = client.post("/pantauan/admin/aggregator/satkermove/add/", form)
    assert "sudah diumumkan" in again.content.decode()
    action = {"action": "cut_over", "_selected_action": [made.pk]}
    client.post("/pantauan/admin/aggregator/satkermove/", action)
    made.refresh_from_db()
    assert made.state == "ordered"
