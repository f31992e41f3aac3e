"""The registry back as a file: CSV that `load` takes, or the inbound feeds as OPML (opml.org/spec2.opml)."""

from __future__ import annotations

import csv
import io
from collections import defaultdict

from django.utils import timezone
from lxml import etree

from aggregator.models import Feed, Satker
from aggregator.registry.read import REQUIRED


def as_csv() -> str:
    """Every satker, by code. The optional columns stand only where some satker fills them, so
    a registry as loaded gives the same bytes back."""
    satker = list(Satker.objects.select_related("parent", "province").order_by("code"))
    feeds = feed_urls()
    optional = {
        "migration_status": any(one.migration_status for one in satker),
        "feed_url": bool(feeds),
    }
    columns = [*REQUIRED, *(name for name, filled in optional.items() if filled)]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for one in satker:
        writer.writerow(_cells(one) | {"feed_url": " ".join(feeds.get(one.pk, ()))})
    return out.getvalue()


def _cells(satker: Satker) -> dict[str, object]:
    cells: dict[str, object] = {
        name: getattr(satker, name)
        for name in (*REQUIRED, "migration_status")
        if name not in ("parent_code", "province")
    }
    cells["parent_code"] = satker.parent.code if satker.parent else ""
    cells["province"] = satker.province.name if satker.province else ""
    return cells


def feed_urls() -> dict[int, list[str]]:
    """Addresses of the active feeds by satker id."""
    urls: dict[int, list[str]] = defaultdict(list)
    for satker, url in Feed.objects.active().order_by("url").values_list("satker_id", "url"):
        urls[satker].append(url)
    return urls


def as_opml() -> str:
    """The active feeds, one outline a satker."""
    opml = etree.Element("opml", version="2.0")
    head = etree.SubElement(opml, "head")
    etree.SubElement(head, "title").text = "Umpan situs satker KPU"
    etree.SubElement(head, "dateCreated").text = timezone.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
    body = etree.SubElement(opml, "body")
    outlines: dict[int, etree._Element] = {}
    for feed in Feed.objects.active().select_related("satker").order_by("satker__code", "url"):
        satker = feed.satker
        if satker.pk not in outlines:
            outlines[satker.pk] = etree.SubElement(body, "outline", text=satker.name)
        etree.SubElement(outlines[satker.pk], "outline", _attributes(feed))
    return etree.tostring(opml, xml_declaration=True, encoding="UTF-8", pretty_print=True).decode()


def _attributes(feed: Feed) -> dict[str, str]:
    title = "".join(c for c in feed.title if c.isprintable()) or feed.satker.name  # XML 1.0 §2.2
    attributes = {"type": "rss", "text": title, "title": title, "xmlUrl": feed.url}
    if feed.satker.hostname:
        attributes["htmlUrl"] = f"https://{feed.satker.hostname}/"
    return attributes
