"""What this process counts for Prometheus. The processes of one `serve` count into one folder
(PROMETHEUS_MULTIPROC_DIR, set by `serve`), so `/metrics` tells of all of them whichever answers."""

from __future__ import annotations

from django.http import HttpRequest
from prometheus_client import Counter, Histogram

ROUTES = (
    ("/berita/", "entry"),
    ("/cari", "search"),
    ("/saran", "search"),
    ("/feeds/cari", "search_feed"),
    ("/feeds/", "feed"),
    ("/hub", "hub"),
    ("/api/", "api"),
    ("/pantauan", "staff"),
    ("/masuk", "staff"),
    ("/aktivitas", "activity"),
    ("/satker", "place"),
    ("/provinsi", "place"),
    ("/topik", "subject"),
    ("/tahapan", "subject"),
    ("/sitemap", "machine"),
    ("/news-sitemap", "machine"),
    ("/robots.txt", "machine"),
    ("/.well-known", "machine"),
    ("/healthz", "health"),
    ("/readyz", "health"),
    ("/metrics", "health"),
    ("/static/", "static"),
    ("/gambar/", "picture"),
    ("/kartu/", "picture"),
    ("/sisipan/", "embed"),
    ("/oembed", "embed"),
)

requests = Counter("portal_http_requests", "Answers by class of address and status.", ("route", "status"))
seconds = Histogram(
    "portal_http_seconds",
    "Time to make an answer, by class of address.",
    ("route",),
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10),
)
pages = Counter("portal_pages", "Public pages by where they came from: hit, miss, stale.", ("found",))
refused = Counter("portal_refused", "Requests refused by a limit.", ("limit",))


def route_class(path: str) -> str:
    """A class of addresses: few, whatever is asked for."""
    path = path[3:] if path.startswith("/en/") else path
    if path in ("/", "/en"):
        return "home"
    return next((name for start, name in ROUTES if path.startswith(start)), "other")


def count_request(request: HttpRequest, status: int, took: float) -> None:
    route = route_class(request.path_info)
    requests.labels(route, str(status)).inc()
    seconds.labels(route).observe(took)


def count_page(found: str) -> None:
    pages.labels(found).inc()


def count_refused(limit: str) -> None:
    refused.labels(limit).inc()
