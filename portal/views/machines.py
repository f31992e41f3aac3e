"""What programs ask for: robots, OpenSearch, sitemaps, the security contact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from aggregator.models import Entry, Province, Satker, Stage, Topic

SITEMAP_IDS = 10_000  # entry numbers a sitemap file; the protocol allows 50,000 addresses
NEWS_SPAN, MOST_NEWS = (
    timedelta(days=2),
    1000,
)  # https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap
PRIVATE = ("langganan/konfirmasi/", "langganan/berhenti/")  # addresses that only mails carry


def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        "Disallow: /cari?",
        "Disallow: /en/cari?",
        "Disallow: /aktivitas?",
        "Disallow: /en/aktivitas?",
        "Disallow: /pantauan/",
        "Disallow: /masuk",
        *(f"Disallow: {start}{path}" for path in PRIVATE for start in ("/", "/en/")),
        f"Sitemap: {settings.BASE_URL}/sitemap.xml",
        f"Sitemap: {settings.BASE_URL}/news-sitemap.xml",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def opensearch(request: HttpRequest) -> HttpResponse:
    return _xml(request, "portal/opensearch.xml", "application/opensearchdescription+xml", {})


def sitemap(request: HttpRequest) -> HttpResponse:
    """The index: one file of fixed pages, and one for every SITEMAP_IDS entry numbers."""
    last = Entry.objects.public().order_by("-pk").values_list("pk", flat=True).first() or 0
    return _xml(
        request, "portal/sitemap_index.xml", "application/xml", {"files": range(last // SITEMAP_IDS + 1)}
    )


def sitemap_pages(request: HttpRequest) -> HttpResponse:
    places = [
        *Province.objects.all(),
        *Satker.objects.only("code", "slug"),
        *Topic.objects.all(),
        *Stage.objects.all(),
    ]
    fixed = [
        "/",
        "/aktivitas",
        "/satker",
        "/provinsi",
        "/topik",
        "/tahapan",
        "/langganan",
        "/tentang",
        "/metode",
    ]
    paths = [*fixed, *(place.get_absolute_url() for place in places)]
    return _xml(request, "portal/sitemap.xml", "application/xml", {"paths": paths})


def sitemap_entries(request: HttpRequest, number: int) -> HttpResponse:
    first = number * SITEMAP_IDS
    if first > (Entry.objects.aggregate(last=Max("pk"))["last"] or 0):
        raise Http404
    found = Entry.objects.public().filter(pk__gte=first, pk__lt=first + SITEMAP_IDS)
    entries = found.select_related("public_revision").only(
        "pk", "public_revision__title", "public_revision__public_at"
    )
    return _xml(
        request, "portal/sitemap.xml", "application/xml", {"entries": entries.order_by("pk").iterator()}
    )


def news_sitemap(request: HttpRequest) -> HttpResponse:
    """What was published in the last two days, one entry a story, newest first."""
    now = timezone.now()
    found = Entry.objects.public().leads().filter(published_at__gt=now - NEWS_SPAN, published_at__lte=now)
    dated = found.filter(date_status=Entry.DateStatus.OK).select_related("public_revision").newest()
    entries = dated.only("published_at", "public_revision__title", "public_revision__language")[:MOST_NEWS]
    return _xml(request, "portal/news_sitemap.xml", "application/xml", {"entries": entries})


def security_txt(request: HttpRequest) -> HttpResponse:
    """RFC 9116. `Expires` is the first of a month half a year ahead, so that it changes rarely."""
    contact = settings.FETCH_USER_AGENT_CONTACT
    ahead = timezone.now().astimezone(UTC) + timedelta(days=183)
    expires = datetime(ahead.year, ahead.month, 1, tzinfo=UTC)
    lines = [
        f"Contact: {'mailto:' + contact if contact else settings.BASE_URL + '/tentang#kontak'}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: id, en",
        f"Canonical: {settings.BASE_URL}/.well-known/security.txt",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def _xml(request: HttpRequest, template: str, media_type: str, context: dict[str, object]) -> HttpResponse:
    context["base"] = settings.BASE_URL
    return render(request, template, context, content_type=f"{media_type}; charset=utf-8")
