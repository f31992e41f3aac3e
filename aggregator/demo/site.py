"""One site of the demonstration network: what it answers to a request for a path."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from aggregator.demo import pages
from aggregator.demo.files import pdf, png
from aggregator.demo.formats import Writer
from aggregator.demo.habits import habits, post_path, repeat_mark
from aggregator.demo.places import Office
from aggregator.demo.posts import Post, World
from aggregator.demo.timeline import Slot

ALIASES = {
    "wordpress": ("/feed", "/?feed=rss2", "/index.php/feed/"),
    "joomla": ("/?format=feed&type=rss", "/index.php/berita?format=feed&type=rss"),
}
_NUMBER = re.compile(r"/(?:blog/read/|index\.php/berita/|berita/baca/|dmdocument/)(\d+)")
_PICTURE = re.compile(r"kegiatan-(\d+)\.png$")
_DATED = re.compile(r"/(\d{4})/(\d\d)/(\d\d)/[a-z0-9-]+/$")
_PAGED = re.compile(r"[?&]paged=(\d{1,4})(?:&|$)")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer ready to be sent, but for the choice of its coding."""

    status: int
    media_type: str = "text/html; charset=utf-8"
    body: bytes = b""
    packed: bytes = b""  # the same in gzip, if the site compresses
    etag: str = ""
    modified: str = ""
    location: str = ""


class Site:
    def __init__(self, world: World, office: Office, base: str) -> None:
        self.world, self.office, self.base = world, office, base
        self.habits = habits(office)
        self.writer = Writer(office, self.habits, base)
        self._kept: dict[str, tuple[int, Reply]] = {}  # path → (good until, answer)

    @property
    def feed_url(self) -> str:
        return self.base + self.habits.feed_path

    def reply(self, path: str, now: datetime) -> Reply:
        """What a GET of this path (with its query) is answered at `now`."""
        moment = int(now.timestamp())
        until, kept = self._kept.get(path, (0, None))
        if kept is not None and moment < until:
            return kept
        page = self._feed_page(path)
        if page:
            reply = self._feed(page, now)
            if page == 1:
                self._kept[path] = (self.world.next_event(self.office.code, moment), reply)
            return reply
        if path in ALIASES.get(self.habits.kind, ()):
            return Reply(301, location=self.feed_url)
        return self._other(path, now)

    def _feed_page(self, path: str) -> int:
        """Which page of the feed this path is; 0 for none."""
        if path == self.habits.feed_path:
            return 1
        if self.habits.kind == "wordpress" and path.startswith("/feed/?") and (match := _PAGED.search(path)):
            return int(match[1])
        return 0

    def _feed(self, page: int, now: datetime) -> Reply:
        window = self.world.window(self.office.code)
        posts = self.world.posts(self.office.code, now, window, skip=(page - 1) * window)
        if page > 1 and not posts:
            return self._missing()
        body = self.writer.feed(posts)
        modified = max((post.updated_at or post.published_at for post in posts), default=None)
        return Reply(
            200,
            self.habits.media_type,
            body,
            gzip.compress(body, 4, mtime=0) if self.habits.compresses else b"",
            f'"{hashlib.blake2b(body, digest_size=10).hexdigest()}"' if self.habits.has_etag else "",
            format_datetime(modified, usegmt=True) if modified and self.habits.has_modified else "",
        )

    def _other(self, path: str, now: datetime) -> Reply:
        plain = unquote(urlsplit(path).path)
        if path == "/":
            posts = self.world.posts(self.office.code, now, 12)
            return Reply(200, body=pages.home(self.writer, posts).encode())
        if path == "/robots.txt":
            return Reply(200, "text/plain", b"User-agent: *\nDisallow: /wp-admin/\n")
        if match := _PICTURE.search(plain):
            return Reply(200, "image/png", png(f"{self.office.code}-{match[1]}"))
        post = self._find(plain, now)
        if post is None:
            return self._missing()
        if plain.startswith("/dmdocument/"):
            return Reply(200, "application/pdf", pdf(post.attachment, self.office.name)) if post.attachment \
                else self._missing()  # fmt: skip
        return Reply(200, body=pages.article(self.writer, post).encode())

    def _missing(self) -> Reply:
        return Reply(404, body=b"<!doctype html><title>404</title><p>Halaman tidak ditemukan.</p>")

    def _find(self, path: str, now: datetime) -> Post | None:
        """The post at this path, if it is out by now."""
        moment = int(now.timestamp())
        for slot in self._slots(path, moment):
            if slot.when <= moment:
                post = self.world.post(slot, moment)
                if _NUMBER.match(path) or post_path(self.office, self.habits.kind, post) == path:
                    return post
        return None

    def _slots(self, path: str, moment: int) -> list[Slot]:
        if match := _NUMBER.match(path):
            slot = self.world.timeline.find(self.office.code, int(match[1]))
            return [slot] if slot else []
        if match := _DATED.match(path):
            try:
                noon = datetime(int(match[1]), int(match[2]), int(match[3]), 12, tzinfo=UTC)
            except ValueError:
                return []
            at = int(noon.timestamp())
            near = self.world.timeline.between(self.office.code, at - 86_400, min(at + 86_400, moment + 1))
            return [slot for slot in near if path.endswith(f"{repeat_mark(slot.number)}/")]
        return []


def matches(reply: Reply, headers: Mapping[str, str]) -> bool:
    """Whether the asker has this already (RFC 9110 §13.1.2, §13.1.3)."""
    known = headers.get("if-none-match")
    if known is not None and reply.etag:
        return reply.etag in known or known == "*"
    return bool(reply.modified) and headers.get("if-modified-since") == reply.modified
