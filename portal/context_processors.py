"""What every page needs: the banner, the navigation, the way to this page in the other language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

SECTIONS = (
    ("home", _("Berita"), ("home", "search", "entry", "history")),
    ("activity", _("Aktivitas"), ("activity",)),
    ("satker_list", _("Kantor KPU"), ("satker_list", "satker", "province_list", "province")),
    ("stage_list", _("Tahapan"), ("stage_list", "stage")),
    ("subscribe", _("Langganan"), ("subscribe",)),
)


def site(request: HttpRequest) -> dict[str, Any]:
    """Names `DEMO`, `BASE_URL`, `sections`, `section` (the active one) and `bare_path`."""
    match = request.resolver_match
    here = match.url_name if match else ""
    path = request.path
    return {
        "DEMO": settings.DEMO,
        "BASE_URL": settings.BASE_URL,
        "sections": SECTIONS,
        "section": next((name for name, _label, pages in SECTIONS if here in pages), ""),
        "page_language": get_language() or settings.LANGUAGE_CODE,
        "bare_path": path.removeprefix("/en") if path == "/en" or path.startswith("/en/") else path,
    }
