"""The menu of the staff pages. A page is one line here; who may not open it does not see it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.models import User
from portal.monitoring.access import EVERYBODY, Role


@dataclass(frozen=True, slots=True)
class Item:
    """`name` is the address's name in the name space `monitoring`; `pages` are further names under it."""

    label: Promise | str
    name: str
    pages: tuple[str, ...] = ()
    roles: tuple[User.Role, ...] = EVERYBODY


@dataclass(frozen=True, slots=True)
class Group:
    label: Promise | str
    items: list[Item]


MENU = [
    Group(
        _("Keadaan"),
        [
            Item(_("Hari ini"), "today"),
            Item(_("Peringatan"), "alerts", ("outbox",)),
            Item(_("Umpan"), "feeds", ("feed", "candidates")),
            Item(_("Papan migrasi"), "migration_board", ("migration",)),
            Item(_("Ringkasan harian"), "digest"),
        ],
    ),
    Group(
        _("Angka"),
        [
            Item(_("Aktivitas"), "activity", ("comparison", "office_activity")),
            Item(_("Kewajiban PDPB"), "duties"),
            Item(_("Target"), "targets"),
            Item(_("Laporan"), "reports", ("report",)),
            Item(_("Mutu pencarian"), "search_quality"),
            Item(_("Pencarian tersimpan"), "saved_searches"),
        ],
    ),
    Group(
        _("Keputusan"),
        [
            Item(_("Laporan pembaca"), "error_reports"),
            Item(_("Karantina"), "quarantine", ("case",)),
            Item(_("Duplikat"), "duplicates", ("story",)),
            Item(_("Klasifikasi"), "classification", ("post",)),
        ],
    ),
    Group(
        _("Akun"),
        [
            Item(_("Catatan audit"), "log"),
            Item(_("Petugas"), "people", roles=(Role.ADMIN,)),
            Item(_("Akun saya"), "account"),
        ],
    ),
]


def menu_of(user: User) -> list[Group]:
    """The groups and items that this account may open."""
    groups = [Group(group.label, [i for i in group.items if user.role in i.roles]) for group in MENU]
    return [group for group in groups if group.items]
