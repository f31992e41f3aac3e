"""Figures for Prometheus, for those who may read them; and error reports, where they are wanted."""

from __future__ import annotations

import gzip
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from random import randrange
from secrets import token_hex

import brotli
import pytest
import sentry_sdk
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from portal import figures, metrics, reporting
from tests.factories import make_entry, make_feed

pytestmark = pytest.mark.django_db
UNPACK = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(figures, "_kept", (float("-inf"), []))


def read(client) -> dict[tuple[str, str], float]:
    text = client.get("/metrics").content.decode()
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_figures_of_feeds_entries_queue_and_delay(client):
    now = timezone.now()
    make_feed(next_check_at=now - timedelta(hours=1), error_code="timeout")
    feed = make_feed(next_check_at=now - timedelta(minutes=1))
    make_feed(next_check_at=now + timedelta(hours=1))
    for minutes in (1, 2, 3):
        make_entry(feed=feed, published_at=now - timedelta(minutes=minutes), released_at=now)
    make_entry(feed=feed, state="held", public=False)
    found = read(client)
    assert found["portal_feeds", ""] == 3
    assert found["portal_feeds_due", ""] == 2
    assert found["portal_feeds_late", ""] == 1
    assert found["portal_feeds_failing", ""] == 1
    assert found["portal_entries", "public"] == 3
    assert found["portal_entries", "held"] == 1
    assert found["portal_post_delay_seconds", "0.5"] == pytest.approx(120, abs=5)
    assert found["portal_queue_depth", ""] == 0
    assert found["portal_database_up", ""] == 1
    assert found["portal_index_lag_marks", ""] == -1


def test_requests_are_counted_by_class_of_address(client):
    before = read(client).get(("portal_http_requests_total", "place,200"), 0)
    client.get("/satker")
    client.get("/provinsi")
    assert read(client)["portal_http_requests_total", "place,200"] == before + 2


@pytest.mark.parametrize(
    "path", ["/x/y", "/berita/1/a", "/en/berita/2/b", "/static/a.css", "/", "/en", "/cari"]
)
def test_classes_are_few_whatever_is_asked_for(path):
    assert metrics.route_class(path) in {name for _start, name in metrics.ROUTES} | {"home", "other"}


def test_figures_are_not_public(client, settings):
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.1").status_code == 404
    assert client.get("/metrics", headers={"x-forwarded-for": "203.0.113.1"}).status_code == 404
    settings.METRICS_TOKEN = "geheim"
    token = {"authorization": "Bearer geheim"}
    assert client.get("/metrics", headers=token, REMOTE_ADDR="203.0.113.1").status_code == 200
    wrong = {"authorization": "Bearer x"}
    assert client.get("/metrics", headers=wrong, REMOTE_ADDR="203.0.113.1").status_code == 404
    settings.METRICS_NETWORKS = ("203.0.113.0/24",)
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.1").status_code == 200


def test_an_empty_token_opens_nothing(client, settings):
    settings.METRICS_TOKEN = ""
    bare = {"authorization": "Bearer "}
    assert client.get("/metrics", headers=bare, REMOTE_ADDR="203.0.113.1").status_code == 404


@pytest.fixture
def sentry():
    """A server that takes error reports, as Sentry and GlitchTip do."""
    received: list[bytes] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(UNPACK[self.headers.get("Content-Encoding", "")](body))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Taker)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://key@127.0.0.1:{server.server_port}/1", received
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)
    server.shutdown()
    thread.join()
    server.server_close()


def test_errors_are_reported_where_that_is_wanted_without_the_reader(client, sentry, monkeypatch):
    dsn, received = sentry
    reporting.report_to(dsn)
    client.raise_request_exception = False
    monkeypatch.setattr("portal.views.home.lists.newest_folded", lambda _entries: 1 / 0)
    secret, address = token_hex(), f"198.51.100.{randrange(200)}"
    client.get(f"/?q={secret}", headers={"cookie": f"sessionid={secret}"}, REMOTE_ADDR=address)
    sentry_sdk.flush(5)
    text = b"".join(received).decode()
    assert "ZeroDivisionError" in text
    assert secret not in text
    assert address not in text
    event = next(json.loads(line) for line in text.splitlines() if '"exception"' in line)
    assert set(event.get("request", {})) <= {"url", "method"}


def test_nothing_is_reported_by_default(settings):
    assert settings.SENTRY_DSN == ""
    assert not sentry_sdk.get_client().is_active()
