"""Addresses of the outbound feeds, under /feeds/."""

from django.urls import URLPattern, path, register_converter

from feeds import views


class Ending:
    regex = "rss|atom|json"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class Number(Ending):
    """An entry number that a database can hold."""

    regex = "[1-9][0-9]{0,17}"


register_converter(Ending, "ending")
register_converter(Number, "number")

ALONE = ("nasional", "cari", "ditarik")  # kinds of which there is one channel
KEYED = ("provinsi", "satker", "topik", "tahapan")

LISTS = (*KEYED, "semua", "situs")  # as OPML: of one kind, all of ours, the offices' own

urlpatterns: list[URLPattern] = [path(f"{kind}.opml", views.outlines, {"kind": kind}) for kind in LISTS]
for kind, stem in [*((kind, kind) for kind in ALONE), *((kind, f"{kind}/<str:key>") for kind in KEYED)]:
    urlpatterns += [
        path(f"{stem}.<ending:ending>", views.feed, {"kind": kind}),
        path(f"{stem}.<ending:ending>/arsip/<number:number>", views.archive, {"kind": kind}),
        path(stem, views.page, {"kind": kind}, name=f"feed_{kind}"),
    ]
