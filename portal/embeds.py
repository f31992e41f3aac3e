"""What other sites show of us: the frame with a channel's newest posts, or with one post, and how it is
chosen, measured and put into words of HTML.

A frame, not markup to copy: what is recalled here is gone there within a minute too.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aggregator.errors import BadParameter
from feeds.channels import Channel

MOST, USUAL = 10, 5  # posts
THEMES = ("terang", "gelap")  # without one it follows the reader's system
WIDTH = 600  # pixels at most; it is made for 200 and more
HEAD, ROW, POST = 112, 72, 236  # pixels of height: around the list, of one post in it, of a post alone
KINDS = ("nasional", "cari", "provinsi", "satker", "topik", "tahapan")


@dataclass(frozen=True, slots=True)
class Choice:
    """How a frame is to look."""

    count: int = USUAL
    theme: str = ""

    @property
    def query(self) -> str:
        pairs = [("jumlah", self.count)] if self.count != USUAL else []
        return urlencode([*pairs, *([("tema", self.theme)] if self.theme else [])])

    @property
    def height(self) -> int:
        return HEAD + ROW * self.count


def read(params: QueryDict) -> Choice:
    """`jumlah` (1 to 10) and `tema`. Raises BadParameter."""
    count, theme = params.get("jumlah", "") or str(USUAL), params.get("tema", "")
    if not (count.isascii() and count.isdigit() and 1 <= int(count[:4]) <= MOST):
        raise BadParameter("jumlah", _("Parameter “jumlah” hanya menerima bilangan 1 sampai %d.") % MOST)
    if theme and theme not in THEMES:
        known = ", ".join(f"“{word}”" for word in THEMES)
        raise BadParameter("tema", _("Parameter “tema” hanya menerima %s.") % known)
    return Choice(int(count), theme)


def without_choice(params: QueryDict) -> QueryDict:
    """What names the channel alone."""
    left = params.copy()
    for name in ("jumlah", "tema"):
        left.pop(name, None)
    return left


def of_channel(channel: Channel, choice: Choice) -> str:
    """Path of the frame of a channel."""
    path = channel.path.replace("/feeds/", "/sisipan/", 1)
    query = "&".join(part for part in (channel.query, choice.query) if part)
    return _localised(path) + (f"?{query}" if query else "")


def of_post(pk: int, choice: Choice) -> str:
    """Path of the frame of one post."""
    return _localised(f"/sisipan/berita/{pk}") + (f"?tema={choice.theme}" if choice.theme else "")


def snippet(path: str, title: str, height: int, width: int = WIDTH) -> str:
    """The HTML for another site: a text to be shown, not markup of a page of ours."""
    markup = format_html(
        '<iframe src="{}" title="{}" loading="lazy" width="{}" height="{}"'
        ' style="border:0;width:100%;max-width:{}px"></iframe>',
        f"{settings.BASE_URL}{path}",
        title,
        width,
        height,
        width,
    )
    return markup + ""  # no longer marked as safe: a template that shows it escapes it


def _localised(path: str) -> str:
    return path if get_language() == settings.LANGUAGE_CODE else f"/{get_language()}{path}"
