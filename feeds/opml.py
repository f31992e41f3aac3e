"""Lists of feeds as OPML 2.0 (http://opml.org/spec2.opml): ours, of one kind or all of them, and the
offices' own that we read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from aggregator.models import Feed, Province, Satker, SatkerHold, Stage, Topic
from feeds.addresses import absolute
from feeds.items import fit

Outline = tuple[str, str, str]  # title, feed, page
Group = tuple[str, list[Outline]]  # "": not grouped


def site_wide() -> bytes:
    """All feeds of the portal, by kind."""
    groups: list[Group] = [
        (
            _("Umum"),
            [
                (_("Berita KPU seluruh Indonesia"), *_addresses("nasional", "/")),
                (_("Berita KPU di luar tahapan"), *_addresses("tahapan/non", "/tahapan")),
                (_("Berita yang ditarik"), *_addresses("ditarik", "/ditarik")),
            ],
        ),
        (_("Provinsi"), list(_places("provinsi"))),
        (_("Topik"), list(_places("topik"))),
        (_("Tahapan"), list(_places("tahapan"))),
        *((_("Kantor KPU: %s") % place, offices) for place, offices in _offices()),
    ]
    return _written(_("Umpan portal berita KPU"), groups)


def _addresses(path: str, page: str) -> tuple[str, str]:
    return absolute(f"/feeds/{path}.atom"), absolute(page)


def outbound(kind: str) -> bytes:
    """The feeds of the portal of one kind: `satker`, `provinsi`, `topik` or `tahapan`."""
    titles = {
        "satker": _("Berita KPU menurut satker"),
        "provinsi": _("Berita KPU menurut provinsi"),
        "topik": _("Berita KPU menurut topik"),
        "tahapan": _("Berita KPU menurut tahapan"),
    }
    groups = _offices() if kind == "satker" else [("", list(_places(kind)))]
    return _written(titles[kind], groups)


def inbound() -> bytes:
    """The active feeds of the offices' own sites, those that the portal reads. Not of an office that is
    held: whoever reads its site by our list would read what we hold back."""
    feeds = (
        Feed.objects.active()
        .exclude(satker__in=SatkerHold.objects.filter(ended_at=None).values("satker"))
        .select_related("satker__province")
        .order_by("satker__province__code", "satker__code", "url")
    )
    groups = [
        (province, [(feed.title or feed.satker.name, feed.url, _site(feed.satker)) for feed in found])
        for province, found in groupby(feeds, key=lambda feed: _province(feed.satker))
    ]
    return _written(_("Umpan situs kantor KPU"), groups)


def _offices() -> list[Group]:
    offices = Satker.objects.select_related("province").order_by("province__code", "code")
    return [
        (province, [_ours(office, f"satker/{office.code}") for office in found])
        for province, found in groupby(offices, key=_province)
    ]


def _places(kind: str) -> Iterator[Outline]:
    models: dict[str, Any] = {"provinsi": Province, "topik": Topic, "tahapan": Stage}
    for place in models[kind].objects.all():
        yield _ours(place, f"{kind}/{place.slug}")


def _ours(place: Any, path: str) -> Outline:
    return place.name, absolute(f"/feeds/{path}.atom"), absolute(place.get_absolute_url())


def _province(office: Satker) -> str:
    return office.province.name if office.province else _("Nasional")


def _site(office: Satker) -> str:
    return f"https://{office.hostname}/" if office.hostname else absolute(office.get_absolute_url())


def _written(title: str, groups: Iterable[Group]) -> bytes:
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    body = etree.SubElement(root, "body")
    for name, outlines in groups:
        parent = etree.SubElement(body, "outline", text=fit(name)) if name else body
        for text, feed, page in outlines:
            etree.SubElement(parent, "outline", type="rss", text=fit(text), xmlUrl=feed, htmlUrl=page)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
