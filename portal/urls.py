"""Every address of the portal. `feeds.urls` holds what goes out as feeds."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from feeds.hub.requests import hub
from feeds.urls import KEYED
from portal.api import api
from portal.api.guide import guide
from portal.views import (
    about,
    activity,
    alerts,
    cards,
    downloads,
    embeds,
    entry,
    error_reports,
    health,
    home,
    inspiration,
    machines,
    oembed,
    offices,
    pictures,
    search,
    subjects,
    subscribe,
    websub,
)

admin.autodiscover()

urlpatterns = [
    path("pantauan/admin/", admin.site.urls),
    path("", include("portal.monitoring.urls")),
    path("feeds/", include("feeds.urls")),
    path("hub", hub, name="hub"),
    path("websub/<str:token>", websub.callback, name="websub"),
    path("api/v1/", api.urls),
    path("gambar/<int:pk>/<slug:name>.webp", pictures.picture, name="picture"),
    path("kartu/portal/<str:name>", cards.portal, name="card"),
    path("kartu/berita/<int:pk>/<str:name>", cards.post, name="card_post"),
    path("kartu/<str:kind>/<str:key>/<str:name>", cards.place, name="card_place"),
    path("oembed", oembed.oembed, name="oembed"),
    path("satker.csv", offices.satker_csv, name="satker_csv"),
    path("saran", search.suggestions, name="suggestions"),
    path("robots.txt", machines.robots, name="robots"),
    path("opensearch.xml", machines.opensearch, name="opensearch"),
    path("sitemap.xml", machines.sitemap, name="sitemap"),
    path("news-sitemap.xml", machines.news_sitemap, name="news_sitemap"),
    path("sitemap/halaman.xml", machines.sitemap_pages, name="sitemap_pages"),
    path("sitemap/<int:number>.xml", machines.sitemap_entries, name="sitemap_entries"),
    path(".well-known/security.txt", machines.security_txt, name="security_txt"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.figures, name="metrics"),
]

# The same pages in English under /en/; Indonesian addresses carry no prefix.
urlpatterns += i18n_patterns(
    path("", home.home, name="home"),
    path("cari", search.search, name="search"),
    path("berita/<int:pk>", entry.entry, name="entry_bare"),
    path("berita/<int:pk>/riwayat", entry.history, name="history"),
    path("berita/<int:pk>/lapor", error_reports.report, name="report"),
    path("berita/<int:pk>/<path:slug>", entry.entry, name="entry"),
    path("satker", offices.satker_list, name="satker_list"),
    path("satker/<str:code>", offices.satker, name="satker_bare"),
    path("satker/<str:code>/<path:slug>", offices.satker, name="satker"),
    path("provinsi", offices.province_list, name="province_list"),
    path("provinsi/<str:slug>", offices.province, name="province"),
    path("topik", subjects.topic_list, name="topic_list"),
    path("topik/<str:slug>", subjects.topic, name="topic"),
    path("tahapan", subjects.stage_list, name="stage_list"),
    path("tahapan/<str:slug>", subjects.stage, name="stage"),
    path("aktivitas", activity.activity, name="activity"),
    path("aktivitas/kini", activity.now, name="activity_now"),
    path("aktivitas/<str:name>.csv", downloads.table, name="activity_table"),
    path("aktivitas/<str:name>.svg", downloads.drawing, name="activity_drawing"),
    path("api/", guide, name="api_guide"),
    path("inspirasi", inspiration.inspirations, name="inspiration"),
    path("sisipan/nasional", embeds.channel, {"kind": "nasional"}, name="embed_nasional"),
    path("sisipan/cari", embeds.channel, {"kind": "cari"}, name="embed_cari"),
    path("sisipan/berita/<int:pk>", embeds.post, name="embed_post"),
    *(
        path(f"sisipan/{kind}/<str:key>", embeds.channel, {"kind": kind}, name=f"embed_{kind}")
        for kind in KEYED
    ),
    path("langganan", subscribe.subscribe, name="subscribe"),
    path("langganan/periksa", subscribe.asked, name="alert_asked"),
    path("langganan/konfirmasi/<str:signed>", alerts.confirm, name="alert_confirm"),
    path("langganan/berhenti/<str:token>", alerts.end, name="alert_end"),
    path("ditarik", entry.withdrawn, name="withdrawn"),
    path("tentang", about.about, name="about"),
    path("tentang/pengambil-umpan", about.fetcher, name="fetcher"),
    path("metode", about.method, name="method"),
    path("privasi", about.privacy, name="privacy"),
    path("koreksi", about.corrections, name="corrections"),
    path("aksesibilitas", about.accessibility, name="accessibility"),
    path("data", about.data, name="data"),
    path("gaya", about.gaya, name="gaya"),
    prefix_default_language=False,
)

handler400 = "portal.views.errors.bad_request"
handler403 = "portal.views.errors.forbidden"
handler404 = "portal.views.errors.not_found"
handler500 = "portal.views.errors.server_error"
