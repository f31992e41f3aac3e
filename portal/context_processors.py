"""What every page needs: the banner, the navigation, the way to this page in the other language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

SECTIONS = (
    ("home", _("Berita"), ("home", "search", "entry", "history", "report")),
    ("activity", _("Aktivitas"), ("activity",)),
    ("satker_list", _("Kantor KPU"), ("satker_list", "satker", "province_list", "province")),
    ("stage_list", _("Tahapan"), ("stage_list", "stage")),
    ("subscribe", _("Langganan"), ("subscribe", "alert_asked", "alert_confirm", "alert_end")),
)


def site(request: HttpRequest) -> dict[str, Any]:
    """Names `DEMO`, `BASE_URL`, `sections`, `section` (the active one), `bare_path` and `languages`."""
    match = request.resolver_match
    here = match.url_name if match else ""
    path = request.path
    return {
        "DEMO": settings.DEMO,
        "BASE_URL": settings.BASE_URL,
        "sections": SECTIONS,
        "section": next((name for name, _label, pages in SECTIONS if here in pages), ""),
        "page_language": get_language() or settings.LANGUAGE_CODE,
        "bare_path": (bare := path.removeprefix("/en") if path == "/en" or path.startswith("/en/") else path),
        "languages": _languages(request, bare or "/"),
    }


def _languages(request: HttpRequest, bare: str) -> list[tuple[str, str, str]]:
    """(code, name, path with query) of this page in each language; none for pages that have but one."""
    match = request.resolver_match
    if match is None or match.namespaces or request.method == "POST":
        return []
    params = request.GET.copy()
    params.pop("sebelum", None)
    query = f"?{params.urlencode()}" if params else ""
    return [("id", "Bahasa Indonesia", bare + query), ("en", "English", f"/en{bare}{query}")]
