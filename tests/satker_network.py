"""A network of satker sites on loopback that can misbehave in every way a real one does.

    with SatkerNetwork() as net:
        site = net.site()                                  # an address of its own: 127.30.0.1, then .2 ...
        site.feed("/feed", build_rss([{"title": "Rapat pleno"}]))   # 200 with validators, 304 when they match
        site.answer("/lama", redirect(301, site.url("/feed")))
        site.answer("/naik-turun", status(503, retry_after=60), feed(rss))  # in turn; the last one stays
        site.answer("/lambat", drip(rss, every=0.1))
        result = ...(site.url("/feed"), net.policy())      # a FetchPolicy that may ask exactly this network
        assert site.requests[0].headers["user-agent"] == ...
        assert site.most_at_once == 1

An answer is an `Answer`, or a function from `Seen` to an `Answer`. Ready-made ones: `ok feed status redirect
gzipped drip stall reset hang_up truncated endless bomb`. Paths are matched with their query. All sites of a
network listen on one port, `net.port`; `net.site("127.30.9.9")` chooses the address. It runs in a thread of
its own, so tests may be synchronous or not. Raw sockets, because a proper server refuses to send what faults
are made of.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256
from html import escape
from typing import Any, Self
from weakref import WeakSet

from aggregator.records import FetchPolicy

RSS_TYPE = "application/rss+xml; charset=UTF-8"
EPOCH = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@dataclass(slots=True)
class Seen:
    """One request as the site saw it. Times are of time.monotonic(); `ended_at` is 0 while it lasts."""

    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    started_at: float
    ended_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site sends. Content-Length is added unless `headers` say otherwise or `framed` is off."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""
    delay: float = 0.0  # seconds before the first byte
    every: float = 0.0  # seconds between the pieces of the body
    framed: bool = True
    end: str = ""  # "close", "reset" or "hang" after the last byte; "" keeps the connection


Reply = Answer | Callable[[Seen], Answer]


def ok(body: bytes, media_type: str = RSS_TYPE, **headers: str) -> Answer:
    """A 200. Further headers as keywords: `ok(b"", cache_control="max-age=60")`."""
    return Answer(200, {"Content-Type": media_type} | _named(headers), body)


def feed(body: bytes, media_type: str = RSS_TYPE, modified: datetime = EPOCH, **headers: str) -> Reply:
    """A feed with ETag and Last-Modified; 304 for a request that brings them (RFC 9110 §13.2.2)."""
    etag = f'"{sha256(body).hexdigest()[:16]}"'
    stamp = format_datetime(modified, usegmt=True)
    both = {"ETag": etag, "Last-Modified": stamp} | _named(headers)

    def reply(seen: Seen) -> Answer:
        known = seen.headers.get("if-none-match")
        since = seen.headers.get("if-modified-since")
        if known == etag or (known is None and since == stamp):
            return Answer(304, both)
        return Answer(200, {"Content-Type": media_type} | both, body)

    return reply


def status(code: int, *, retry_after: int | str | None = None, body: bytes = b"", **headers: str) -> Answer:
    extra = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Answer(code, extra | _named(headers), body)


def redirect(code: int, to: str) -> Answer:
    return Answer(code, {"Location": to})


def drip(body: bytes, every: float, size: int = 1) -> Answer:
    """`size` bytes at a time, `every` seconds apart."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return Answer(200, {"Content-Type": RSS_TYPE, "Content-Length": str(len(body))}, pieces, every=every)


def stall(body: bytes = b"", announced: int = 1000) -> Answer:
    """Sends `body`, promises more, and falls silent."""
    return Answer(200, {"Content-Type": RSS_TYPE, "Content-Length": str(announced)}, body, end="hang")


def reset(body: bytes = b"") -> Answer:
    """A connection torn down (RST); before any byte unless `body` is given."""
    if not body:
        return Answer(0, end="reset")
    return Answer(200, {"Content-Length": str(len(body) + 100)}, body, end="reset")


def hang_up() -> Answer:
    """The connection is closed without an answer."""
    return Answer(0, end="close")


def truncated(body: bytes, missing: int = 100) -> Answer:
    """Closes `missing` bytes before the announced end."""
    headers = {"Content-Type": RSS_TYPE, "Content-Length": str(len(body) + missing)}
    return Answer(200, headers, body, end="close")


def endless(piece: bytes = b"<item><title>Lagi</title></item>\n" * 1000) -> Answer:
    def pieces() -> Iterator[bytes]:
        while True:
            yield piece

    return Answer(200, {"Content-Type": RSS_TYPE}, pieces(), framed=False, end="close")


def bomb(coding: str, size: int = 512_000_000) -> Answer:
    """`size` bytes of zeros in a few; coding is gzip, deflate, br or zstd. Made without ever holding them."""
    headers = {"Content-Type": RSS_TYPE, "Content-Encoding": coding}
    return Answer(200, headers, packed_zeros(coding, size), end="close")


def build_rss(
    entries: Iterable[Mapping[str, Any]] = (),
    *,
    title: str = "KPU Kabupaten Contoh",
    link: str = "",
    head: str = "",
) -> bytes:
    """RSS 2.0 in UTF-8. Each entry may have `title link guid published summary content author categories`
    (`published`: an aware datetime, or text to be written as it is); what is left out gets a sound default,
    `None` leaves the element out. `head`: further XML for the channel."""
    link = link or "https://kab-contoh.kpu.go.id"
    items = "".join(_item(number, dict(entry), link) for number, entry in enumerate(entries, 1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel>'
        f"<title>{escape(title)}</title><link>{escape(link)}</link><description>Berita</description>{head}"
        f"{items}</channel></rss>\n"
    ).encode()


def _item(number: int, entry: dict[str, Any], link: str) -> str:
    title = entry.get("title", f"KPU gelar kegiatan ke-{number}")
    published = entry.get("published", EPOCH - timedelta(hours=number))
    if isinstance(published, datetime):
        published = format_datetime(published)
    url = entry.get("link", f"{link}/berita/{number}")
    fields = {
        "title": title,
        "link": url,
        "guid": entry.get("guid", url),
        "pubDate": published,
        "dc:creator": entry.get("author"),
        "description": entry.get("summary", f"{title}. Kegiatan berlangsung di kantor KPU."),
        "content:encoded": entry.get("content"),
    }
    texts = "".join(
        f"<{name}>{escape(value)}</{name}>" for name, value in fields.items() if value is not None
    )
    topics = "".join(f"<category>{escape(name)}</category>" for name in entry.get("categories", ()))
    return f"<item>{texts}{topics}</item>\n"


@lru_cache(maxsize=16)
def packed_zeros(coding: str, size: int) -> bytes:
    block = bytes(1_000_000)
    if coding in ("gzip", "deflate"):
        packer = zlib.compressobj(6, zlib.DEFLATED, 31 if coding == "gzip" else 15)
        first = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
        again = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
        return first + again * (size // len(block) - 1)  # the checksum would come after the end of patience
    if coding == "br":
        import brotli

        squeezer = brotli.Compressor(quality=1)
        return b"".join([*(squeezer.process(block) for _ in range(size // len(block))), squeezer.finish()])
    from backports import zstd

    shrinker = zstd.ZstdCompressor()
    return b"".join(shrinker.compress(block) for _ in range(size // len(block))) + shrinker.flush()


def gzipped(body: bytes) -> Answer:
    return Answer(200, {"Content-Type": RSS_TYPE, "Content-Encoding": "gzip"}, gzip.compress(body))


class FaultSite:
    """One site. Made by `SatkerNetwork.site`. Unknown paths are 404."""

    def __init__(self, address: str, port: int, scheme: str) -> None:
        self.address, self.port, self.scheme = address, port, scheme
        self.requests: list[Seen] = []
        self.most_at_once = 0  # requests under way at the same moment, at most
        self.connections = 0
        self._replies: dict[str, list[Reply]] = {}
        self._now = 0

    def url(self, path: str = "/") -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.scheme}://{host}:{self.port}{path}"

    def answer(self, path: str, *replies: Reply) -> str:
        """Answer `path` with these, one after the other; the last one stays. Returns the URL."""
        self._replies[path] = list(replies)
        return self.url(path)

    def feed(self, path: str, body: bytes, media_type: str = RSS_TYPE, **headers: str) -> str:
        """`answer(path, feed(...))`: a well-behaved feed with validators. Returns the URL."""
        return self.answer(path, feed(body, media_type, EPOCH, **headers))

    def begin_again(self) -> None:
        """As if nobody had asked yet; the answers stay."""
        self.requests.clear()
        self.most_at_once = 0

    def paths(self) -> list[str]:
        return [seen.path for seen in self.requests]

    def _begin(self, seen: Seen) -> Reply:
        self.requests.append(seen)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        replies = self._replies.get(seen.path, [status(404, body=b"Tidak ada.")])
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def _end(self, seen: Seen) -> None:
        self._now -= 1
        seen.ended_at = time.monotonic()


class SatkerNetwork:
    """Any number of sites on loopback addresses, served by one thread. Use with `with`.

    `tls`: a server context, for sites that speak https."""

    def __init__(self, prefix: str = "127.30", tls: ssl.SSLContext | None = None) -> None:
        self._prefix = prefix
        self._tls = tls
        self._sites: dict[str, FaultSite] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="satker-network", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._talks: set[asyncio.Task[None]] = set()
        self._lines: WeakSet[asyncio.WriteTransport] = WeakSet()
        self._number = 0
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self.site(f"{self._prefix}.255.254")  # settles the port
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def site(self, address: str = "") -> FaultSite:
        """The site at this address (the next free one by default), begun if need be."""
        if not address:
            address = f"{self._prefix}.{self._number // 250}.{self._number % 250 + 1}"
            self._number += 1
        if address not in self._sites:
            self._sites[address] = asyncio.run_coroutine_threadsafe(self._open(address), self._loop).result(
                10
            )
        return self._sites[address]

    def policy(self, **changes: Any) -> FetchPolicy:
        """A policy that may ask this network and nothing else, without pauses and with short patience."""
        policy = FetchPolicy(
            user_agent="KPU-Portal/uji (+http://127.0.0.1/tentang/pengambil-umpan)",
            timeout=5.0,
            connect_timeout=2.0,
            idle_timeout=2.0,
            host_spacing=0.0,
            allowed_networks=("127.0.0.0/8", "::1/128"),
            allowed_ports=(self.port,),
        )
        return replace(policy, **changes)

    async def _open(self, address: str) -> FaultSite:
        site = FaultSite(address, self.port, "https" if self._tls else "http")

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            site.connections += 1
            with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
                await _talk(site, reader, writer)
            writer.close()

        def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = self._loop.create_task(talk(reader, writer))
            self._lines.add(writer.transport)
            self._talks.add(task)  # the loop itself holds tasks weakly
            task.add_done_callback(self._talks.discard)

        server = await asyncio.start_server(begin, address, self.port, ssl=self._tls, backlog=512)
        self._servers.append(server)
        self.port = site.port = server.sockets[0].getsockname()[1]
        return site

    async def _close(self) -> None:
        for server in self._servers:  # a connection half accepted by a closed server would never be closed
            for listener in server.sockets:
                self._loop.remove_reader(listener.fileno())
        for _round in range(5):
            await asyncio.sleep(0)  # what was accepted just now begins to talk
        for server in self._servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for line in list(self._lines):
            line.abort()  # what nobody read would hold the socket
        for _round in range(3):
            await asyncio.sleep(0)  # transports close in the next round


async def _talk(site: FaultSite, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while seen := await _request(reader):
        reply = site._begin(seen)
        try:
            answer = reply(seen) if callable(reply) else reply
            await asyncio.sleep(answer.delay)
            if answer.status:
                await _send(answer, seen, writer)
            if answer.end == "hang":
                await asyncio.sleep(3600)
        finally:
            site._end(seen)
        if answer.end == "reset":
            _reset(writer)
        if answer.end:
            return


async def _request(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    line, *rest = head.split("\r\n")
    method, path, _ = line.split(" ", 2)
    headers = {
        name.lower(): value.strip() for name, _, value in (item.partition(":") for item in rest if item)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Seen(method, path, headers, body, time.monotonic())


async def _send(answer: Answer, seen: Seen, writer: asyncio.StreamWriter) -> None:
    headers = dict(answer.headers)
    whole = isinstance(answer.body, bytes)
    if answer.framed and whole and answer.status != 304 and "Content-Length" not in headers:
        headers["Content-Length"] = str(len(answer.body))  # type: ignore[arg-type]
    if answer.end:
        headers.setdefault("Connection", "close")
    lines = [f"HTTP/1.1 {answer.status} Uji", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode("utf-8"))
    if seen.method == "HEAD":
        return
    async for piece in _pieces(answer):
        writer.write(piece)
        await writer.drain()
    await writer.drain()


async def _pieces(answer: Answer) -> AsyncIterator[bytes]:
    if isinstance(answer.body, bytes):
        yield answer.body
        return
    for piece in answer.body:
        yield piece
        await asyncio.sleep(answer.every)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST: linger on, for no time."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-").title(): value for name, value in headers.items()}
