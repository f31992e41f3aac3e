"""What messengers, social networks and sites that show us look for in a page's head."""

from __future__ import annotations

from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from aggregator.models import Entry, Province, Satker, Stage, Topic
from portal.cards import subjects
from portal.cards.subjects import Card

register = template.Library()
OEMBED = (("json", "application/json+oembed"), ("xml", "text/xml+oembed"))


@register.simple_tag
def card_of(what: Entry | Province | Satker | Topic | Stage | None = None) -> Card:
    """The share card of a post, a place or a subject; of the portal without one."""
    if isinstance(what, Entry):
        return subjects.of_post(what)
    return subjects.of_place(what) if what else subjects.of_portal()


@register.simple_tag
def oembed_links(path: str, title: str) -> SafeString:
    """Where a program learns how to show the page at a path (https://oembed.com, §4)."""
    rows = (
        (
            media,
            f"{settings.BASE_URL}/oembed?{urlencode({'url': settings.BASE_URL + path, 'format': form})}",
            title,
        )
        for form, media in OEMBED
    )
    return format_html_join("\n", '<link rel="alternate" type="{}" href="{}" title="{}">', rows)
