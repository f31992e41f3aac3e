"""Whose word for a reader's address is believed."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from portal.clients import address_of, behind_proxy, is_near


def seen(settings, proxies=(), **meta):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", **meta)
    behind_proxy(lambda _request: HttpResponse())(request)
    return request


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "address"),
    [
        ((), "203.0.113.5", "10.0.0.1", "203.0.113.5"),
        (("127.0.0.0/8",), "127.0.0.1", "198.51.100.7", "198.51.100.7"),
        (("127.0.0.0/8",), "127.0.0.1", "1.2.3.4, 198.51.100.7", "198.51.100.7"),
        (("127.0.0.0/8", "10.0.0.0/8"), "127.0.0.1", "1.2.3.4, 198.51.100.7, 10.1.1.1", "198.51.100.7"),
        (("127.0.0.0/8",), "127.0.0.1", "198.51.100.7, <script>", "127.0.0.1"),
        (("127.0.0.0/8",), "127.0.0.1", "", "127.0.0.1"),
        (("127.0.0.0/8",), "::ffff:127.0.0.1", "2001:db8:1:2:3::4", "2001:db8:1:2::"),
    ],
)
def test_only_what_our_own_proxies_say_is_believed(settings, proxies, peer, forwarded, address):
    request = seen(settings, proxies, REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    assert address_of(request) == address
    assert "HTTP_X_FORWARDED_FOR" not in request.META


def test_https_is_believed_of_a_proxy_and_of_nobody_else(settings):
    told = {"HTTP_X_FORWARDED_PROTO": "https"}
    assert seen(settings, ("127.0.0.0/8",), **told).is_secure()
    assert not seen(settings, (), **told).is_secure()


def test_a_reader_behind_an_undeclared_proxy_is_not_near_though_the_proxy_is(settings):
    assert is_near(seen(settings), ())
    assert not is_near(seen(settings, HTTP_X_FORWARDED_FOR="198.51.100.7"), ())
    assert not is_near(seen(settings, REMOTE_ADDR="192.0.2.1"), ())
    assert is_near(seen(settings, REMOTE_ADDR="192.0.2.1"), ("192.0.2.0/24",))
