"""The web pages of the demonstration's sites, plain and marked as synthetic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from aggregator.demo.almanac import long_date
from aggregator.demo.formats import SYNTHETIC, Writer
from aggregator.demo.habits import MEDIA_TYPES, local_time
from aggregator.demo.posts import Post

_STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:44rem;margin:0 auto;padding:1rem;color:#222}"
    "a{color:#8b1e24}header,footer{border:solid #ccc;border-width:0 0 1px;padding:.5rem 0}"
    "footer{border-width:1px 0 0;margin-top:2rem;color:#555}img{max-width:100%;height:auto}time{color:#555}"
)


def home(writer: Writer, posts: Sequence[Post]) -> str:
    """The front page: newest posts, and the feed for those who look for one."""
    items = "".join(
        f'<li><a href="{writer.link(post)}">{writer.title(post)}</a> {_time(writer, post)}</li>'
        for post in posts
    )
    feed = escape(writer.base + writer.habits.feed_path)
    kind = MEDIA_TYPES[writer.habits.kind].replace("text/xml", "application/rss+xml")
    head = f'<link rel="alternate" type="{kind}" title="{escape(writer.office.name)}" href="{feed}">'
    if writer.habits.kind == "wordpress":
        head += '<meta name="generator" content="WordPress 6.8.3">'
    elif writer.habits.kind == "joomla":
        head += '<meta name="generator" content="Joomla! - Open Source Content Management">'
    return _page(writer.office.name, head, f"<h1>Berita terkini</h1><ul>{items}</ul>", writer.office.name)


def article(writer: Writer, post: Post) -> str:
    body = f"<article><h1>{writer.title(post)}</h1><p>{_time(writer, post)}</p>{writer.html(post)}</article>"
    return _page(post.title, f'<link rel="canonical" href="{writer.link(post)}">', body, writer.office.name)


def index(title: str, sites: Iterable[tuple[str, str, str]]) -> str:
    """All sites of the network: (name, address, feed)."""
    rows = "".join(
        f'<li><a href="{address}/">{escape(name)}</a> · <a href="{escape(feed)}">umpan</a></li>'
        for name, address, feed in sites
    )
    body = f'<h1>{escape(title)}</h1><p><a href="/registry.csv">registry.csv</a></p><ol>{rows}</ol>'
    return _page(title, "", body, "Jaringan peragaan")


def _time(writer: Writer, post: Post) -> str:
    if post.date_text is not None:
        return escape(post.date_text)
    local = local_time(writer.office, post.published_at)
    return f"<time>{long_date(local.date())}, {local:%H.%M} {writer.office.zone}</time>"


def _page(title: str, head: str, body: str, name: str) -> str:
    return (
        '<!doctype html><html lang="id"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title>{head}<style>{_STYLE}</style></head><body>"
        f'<header><a href="/">{escape(name)}</a></header><main>{body}</main>'
        f"<footer><p>{escape(name)}</p><p><strong>{SYNTHETIC}</strong></p></footer></body></html>"
    )
