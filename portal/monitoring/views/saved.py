"""Views that an account keeps for itself: an address with its filters under a name."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.monitoring.access import staff, staff_user
from portal.monitoring.models import SavedView

MOST = 50  # of one account


@require_POST
@staff()
def save_view(request: HttpRequest) -> HttpResponse:
    user, address = staff_user(request), request.POST.get("alamat", "")
    name = " ".join(request.POST.get("nama", "").split())[:80]
    if not _is_ours(address):
        messages.error(request, _("Alamat ini bukan halaman pantauan."))
        return redirect("monitoring:reports")
    if not name:
        messages.error(request, _("Beri tampilan ini nama."))
    elif user.saved_views.exclude(name=name).count() >= MOST:
        messages.error(request, _("Paling banyak %d tampilan; hapus dahulu yang tidak dipakai.") % MOST)
    else:
        SavedView.objects.update_or_create(user=user, name=name, defaults={"address": address})
        messages.success(request, _("Tampilan “%s” disimpan.") % name)
    return redirect(address)


@require_POST
@staff()
def delete_view(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(SavedView, pk=pk, user=staff_user(request)).delete()
    messages.success(request, _("Tampilan dihapus."))
    return redirect("monitoring:reports")


def _is_ours(address: str) -> bool:
    """A page of ours and nothing else: no other host can be hidden in it."""
    path = address.partition("?")[0]
    is_path = path == "/pantauan" or path.startswith("/pantauan/")
    return is_path and len(address) <= 1000 and not any(sign in address for sign in ("\\", "\n", "\r", "\0"))
