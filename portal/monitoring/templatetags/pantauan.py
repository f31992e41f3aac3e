"""What staff templates need beyond the portal's own tags."""

from __future__ import annotations

from collections.abc import Sequence

from django import template

from portal.models import User
from portal.monitoring.menu import Group, menu_of

register = template.Library()


@register.simple_tag(takes_context=True)
def staff_menu(context: template.Context) -> list[Group]:
    """The menu of the account that signed in; empty for nobody."""
    user = context["request"].user
    return menu_of(user) if isinstance(user, User) else []


@register.filter
def at(values: Sequence[object], place: int) -> object:
    """The value at a place of a list."""
    return values[place]
