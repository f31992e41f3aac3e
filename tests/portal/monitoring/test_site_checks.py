"""A look at the front page of each site: what is found out, and what is never asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from aggregator.models import SatkerHost
from portal.monitoring import sites
from portal.monitoring.models import SiteCheck
from tests.factories import make_satker
from tests.satker_network import Answer, FaultSite, SatkerNetwork, ok, status

pytestmark = pytest.mark.django_db

PAGE = b'<title>KPU  Kota\nKediri</title><meta content="WordPress 6.4" name="generator">'


@pytest.fixture
def net(settings) -> Iterator[SatkerNetwork]:
    with SatkerNetwork() as network:
        settings.FETCH_ALLOWED_NETWORKS = ("127.0.0.0/8",)
        settings.FETCH_ALLOWED_PORTS = (network.port,)
        settings.FETCH_HOST_SPACING = 0.0
        settings.FETCH_TIMEOUT = 5.0
        yield network


def approved(site: FaultSite, state: str = "approved") -> SatkerHost:
    return SatkerHost.objects.create(satker=make_satker(), hostname=site.address, state=state)


def test_a_site_tells_with_what_it_is_made(net):
    site = net.site()
    site.answer(
        "/", Answer(200, {"Content-Type": "text/html", "Server": "nginx", "X-Powered-By": "PHP/8"}, PAGE)
    )
    host = approved(site)
    assert sites.check_now(host.satker_id) == 1
    check = SiteCheck.objects.get()
    assert (check.status, check.server, check.powered_by) == (200, "nginx", "PHP/8")
    assert (check.generator, check.title) == ("WordPress 6.4", "KPU Kota Kediri")
    assert check.final_url == site.url("/")


def test_a_site_that_hides_its_generator_is_known_by_its_addresses(net):
    site = net.site()
    site.answer("/", ok(b'<link href="/media/jui/css/x.css">', "text/html"))
    sites.check_now(approved(site).satker_id)
    assert SiteCheck.objects.get().generator.startswith("Joomla")


def test_a_site_that_fails_tells_how_and_forgets_what_was_seen_before(net):
    site = net.site()
    site.answer("/", ok(PAGE, "text/html"), status(503))
    host = approved(site)
    sites.check_now(host.satker_id)
    sites.check_now(host.satker_id)
    check = SiteCheck.objects.get()
    assert (check.status, check.generator) == (503, "")


def test_only_approved_hosts_are_looked_at_and_each_once_a_day(net):
    site, other = net.site(), net.site()
    site.answer("/", ok(PAGE, "text/html"))
    approved(site)
    approved(other, "proposed")
    assert sites.check_oldest(seconds=30) == 1
    assert sites.check_oldest(seconds=30) == 0
    assert other.requests == []
    SiteCheck.objects.update(checked_at=timezone.now() - timedelta(hours=25))
    assert sites.check_oldest(seconds=30) == 1


def test_a_private_address_is_never_asked(net, settings):
    settings.FETCH_ALLOWED_NETWORKS = ()
    site = net.site()
    sites.check_now(approved(site).satker_id)
    assert SiteCheck.objects.get().error_code == "address_refused"
    assert site.requests == []
