"""Lead pictures of posts: fetched politely, shown by the portal alone, gone with their post."""

from __future__ import annotations

import io
import os
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image

from aggregator import images
from aggregator.models import Entry, Picture, SatkerHost
from tests.factories import make_entry, make_feed, make_public, make_satker
from tests.satker_network import ok, redirect, status

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_places(settings, tmp_path, net):
    settings.PICTURES_DIR = tmp_path / "pictures"
    settings.FETCH_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.FETCH_ALLOWED_PORTS = (net.port,)
    settings.FETCH_HOST_SPACING = 0.0


def photo(colour: str = "red", size=(800, 600)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def post_with(image_url: str, site, **fields) -> Entry:
    """A public post of a satker to which the site belongs."""
    satker = make_satker()
    SatkerHost.objects.create(satker=satker, hostname=site.address, state="approved")
    now = timezone.now() - timedelta(minutes=5)
    feed = make_feed(site.url(f"/feed-{satker.code}"), satker)
    return make_entry(feed=feed, image_url=image_url, published_at=now, **fields)


def names() -> set[str]:
    return {path.name for path in images.folder().glob("??/*")}


def test_a_new_post_gets_its_picture_in_two_sizes(net, client):
    site = net.site()
    post = post_with(site.answer("/foto.jpg", ok(photo(), "image/jpeg")), site)
    images.fetch_due()
    found = Picture.objects.get(entry=post)
    assert (found.width, found.height, found.error_code) == (640, 480, "")
    page = client.get(post.get_absolute_url()).content.decode()
    assert f'src="{found.address}" width="640" height="480"' in page
    assert site.url("/foto.jpg") not in page
    for address in (found.address, found.small_address):
        response = client.get(address)
        assert (response.status_code, response.headers["Content-Type"]) == (200, "image/webp")


def test_a_picture_is_asked_for_once(net):
    site = net.site()
    post_with(site.answer("/foto.jpg", ok(photo(), "image/jpeg")), site)
    images.fetch_due()
    images.fetch_due()
    assert site.paths() == ["/foto.jpg"]


@pytest.mark.parametrize("state", ["held", "withdrawn"])
def test_with_its_post_a_picture_is_shown_no_more_and_its_files_go(net, client, state):
    site = net.site()
    post = post_with(site.answer("/foto.jpg", ok(photo(), "image/jpeg")), site)
    images.fetch_due()
    address = Picture.objects.get().address
    Entry.objects.filter(pk=post.pk).update(state=state)
    assert client.get(address).status_code == 404
    for path in images.folder().glob("??/*"):
        os.utime(path, (time.time() - 7200, time.time() - 7200))
    images.tidy()
    assert (names(), Picture.objects.count()) == (set(), 0)


def test_of_a_post_that_is_held_no_picture_is_fetched(net):
    site = net.site()
    post_with(site.answer("/foto.jpg", ok(photo(), "image/jpeg")), site, public=False)
    assert images.fetch_due() == 0
    assert site.requests == []


def test_a_host_that_is_nobodys_is_not_asked_even_by_redirect(net):
    site, stranger = net.site(), net.site()
    elsewhere = stranger.answer("/iklan.jpg", ok(photo(), "image/jpeg"))
    direct = post_with(elsewhere, site)
    led = post_with(site.answer("/foto.jpg", redirect(302, elsewhere)), site)
    images.fetch_due()
    codes = dict(Picture.objects.values_list("entry", "error_code"))
    assert codes == {direct.pk: "host_not_approved", led.pk: "redirect_host"}
    assert stranger.requests == []


def test_a_site_that_fails_is_asked_again_later_and_at_last_no_more(net):
    site = net.site()
    post_with(site.answer("/foto.jpg", status(503), status(503), status(503)), site)
    for _round in range(5):
        images.fetch_due()
        Picture.objects.filter(next_try_at__isnull=False).update(next_try_at=timezone.now())
    assert len(site.requests) == 3
    assert Picture.objects.get().error_code == "http_503"


def test_what_is_no_picture_is_told_and_not_asked_for_again(net, client):
    site = net.site()
    post = post_with(site.answer("/foto.jpg", ok(b"<html>", "image/jpeg")), site)
    images.fetch_due()
    assert Picture.objects.get().error_code == "picture"
    assert images.fetch_due() == 0
    assert "<img" not in client.get(post.get_absolute_url()).content.decode()


def test_a_correction_with_another_picture_brings_the_other(net):
    site = net.site()
    post = post_with(site.answer("/satu.jpg", ok(photo("red"), "image/jpeg")), site)
    images.fetch_due()
    before = Picture.objects.get().name
    other = site.answer("/dua.jpg", ok(photo("blue"), "image/jpeg"))
    make_public(
        post, post.revisions.create(number=2, title="Ralat", image_url=other, content_sha256="y" * 64)
    )
    images.fetch_due()
    assert Picture.objects.get().name not in ("", before)


def test_old_posts_of_an_archive_get_no_picture(net):
    site = net.site()
    post = post_with(site.answer("/foto.jpg", ok(photo(), "image/jpeg")), site)
    Entry.objects.filter(pk=post.pk).update(released_at=timezone.now() - images.WINDOW)
    assert images.fetch_due() == 0


def test_beyond_the_room_that_is_given_the_oldest_go(net, settings):
    site = net.site()
    for number, colour in enumerate(("red", "green", "blue")):
        post_with(site.answer(f"/{number}.jpg", ok(photo(colour), "image/jpeg")), site)
        images.fetch_due()
    settings.PICTURES_MAX_BYTES = sum(Picture.objects.values_list("bytes", flat=True)) - 1
    images.tidy()
    kept = [bool(name) for name in Picture.objects.order_by("tried_at").values_list("name", flat=True)]
    assert kept == [False, True, True]
    assert images.fetch_due() == 0


def test_a_name_that_is_not_the_posts_is_not_found(client, net):
    site = net.site()
    post = post_with(site.answer("/foto.jpg", ok(photo(), "image/jpeg")), site)
    images.fetch_due()
    assert client.get(f"/gambar/{post.pk}/{'0' * 32}.webp").status_code == 404
    assert client.get(f"/gambar/{post.pk + 1}/{Picture.objects.get().name}.webp").status_code == 404
