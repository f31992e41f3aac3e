"""The demonstration network: hundreds of satker sites on loopback, served by one asyncio process.

    with DemoNetwork(sites=30) as network:              # in a thread of its own
        network.registry_csv()                          # for load_registry
        network.site("3506").feed_url                   # http://127.20.1.33:40123/feed/
        network.posts("3506")                           # what it shows now, with the truth about it

Each site has a loopback address of its own (127.20.0.1, .2, …), all on one port. What a site shows follows
from seed, site and time alone; while the network runs, it posts `rate` new posts a minute over all sites.
"""

from __future__ import annotations

import asyncio
import csv
import io
import resource
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Self

from aggregator.demo import pages
from aggregator.demo.habits import migration_status
from aggregator.demo.places import REGISTRY, Office
from aggregator.demo.posts import Post, World
from aggregator.demo.site import Reply, Site, matches
from aggregator.demo.timeline import Session

RATE = 15.0  # posts a minute: one about every four seconds
MAX_HEAD = 16_384  # bytes of a request
INDEX = "127.0.0.1"
PHRASES = {
    200: "OK",
    301: "Moved Permanently",
    304: "Not Modified",
    404: "Not Found",
    405: "Method Not Allowed",
}


class DemoNetwork:
    """`sites`: how many of the 553 have a site (see `chosen`); `port` 0: any free one; `rate`: new posts a
    minute, and at 0 the network stands still: its clock stops; `sessions`: earlier times it ran, whose posts
    stay; `clock`: aware UTC, of this moment on when none is given."""

    def __init__(
        self,
        sites: int = 553,
        port: int = 0,
        seed: int = 1,
        *,
        host_base: str = "127.20.0.0",
        rate: float = RATE,
        sessions: Sequence[Session] = (),
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        began = clock() if clock else datetime.now(UTC)
        self.clock = clock or (lambda: datetime.now(UTC) if rate else began)
        self.port, self._base = port, IPv4Address(host_base)
        started = int(began.timestamp())
        self.world = World(seed, (*sessions, Session(started, None, rate)))
        self.codes = chosen(self.world.offices, sites)
        self._sites: dict[str, Site] = {}
        self._by_address: dict[str, Site] = {}
        self._servers: list[asyncio.Server] = []
        self._talks: set[_Talk] = set()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    # --- What it holds ---------------------------------------------------------------------------
    def site(self, code: str) -> Site:
        """The site of this office. Needs the port, so only once the network has begun."""
        return self._sites[code]

    def address(self, code: str) -> str:
        """The loopback address of an office: by its place in the registry, whatever `sites` is."""
        return str(self._base + self._places()[code])

    def _places(self) -> dict[str, int]:
        return {code: at // 250 * 256 + at % 250 + 1 for at, code in enumerate(self.world.offices)}

    def posts(self, code: str, count: int | None = None) -> list[Post]:
        """What the feed of this office holds now, newest first, with the truth about each post."""
        return self.world.posts(code, self.clock(), count or self.world.window(code))

    def registry_csv(self, port: int | None = None) -> str:
        """The registry's rows, each with a made-up migration status, and `feed_url` for every office that has
        a site here."""
        self._settle(port or self.port)
        rows = list(csv.DictReader(io.StringIO(REGISTRY.read_text(encoding="utf-8"))))
        out = io.StringIO()
        table = csv.DictWriter(out, [*rows[0], "migration_status", "feed_url"], lineterminator="\n")
        table.writeheader()
        for row in rows:
            site, status = self._sites.get(row["code"]), migration_status(self.world.offices[row["code"]])
            table.writerow(row | {"migration_status": status, "feed_url": site.feed_url if site else ""})
        return out.getvalue()

    def _settle(self, port: int) -> None:
        """Make the sites, once the port is known."""
        if self._sites and port == self.port:
            return
        self.port, places = port, self._places()
        for code in self.codes:
            address = str(self._base + places[code])
            site = Site(self.world, self.world.offices[code], f"http://{address}:{port}")
            self._sites[code] = self._by_address[address] = site

    # --- Running ---------------------------------------------------------------------------------
    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="demo-network", daemon=True)
        self._thread.start()
        if not ready.wait(30) or not self._servers:
            raise OSError("the demonstration network could not listen")
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _run(self, ready: threading.Event) -> None:
        self._loop = asyncio.new_event_loop()
        try:
            self._loop.run_until_complete(self.start())
        finally:
            ready.set()
        self._loop.run_forever()

    async def start(self) -> None:
        """Listen on every address. Raises OSError when the port is taken."""
        _raise_file_limit(len(self.codes) + 1024)
        await self._listen(INDEX, lambda: _Talk(self, None))
        self._settle(self.port)
        try:
            for address, site in self._by_address.items():
                await self._listen(address, lambda site=site: _Talk(self, site))  # type: ignore[misc]
        except OSError:
            await self.stop()
            raise

    async def _listen(self, address: str, talk: Callable[[], asyncio.Protocol]) -> None:
        server = await asyncio.get_running_loop().create_server(talk, address, self.port, backlog=256)
        self._servers.append(server)
        self.port = server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()
        for talk in list(self._talks):
            talk.close()
        await asyncio.sleep(0)

    def index(self, path: str) -> Reply:
        """The network's own page: what sites there are, and the registry to load."""
        if path == "/registry.csv":
            return Reply(200, "text/csv; charset=utf-8", self.registry_csv().encode())
        if path != "/":
            return Reply(404)
        sites = ((site.office.name, site.base, site.feed_url) for site in self._sites.values())
        return Reply(
            200, body=pages.index(f"Jaringan peragaan: {len(self._sites)} situs satker", sites).encode()
        )


class _Talk(asyncio.Protocol):
    """One connection to one site, or to the index when there is none."""

    def __init__(self, network: DemoNetwork, site: Site | None) -> None:
        self.network, self.site, self.buffer = network, site, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.network._talks.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.network._talks.discard(self)

    def close(self) -> None:
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head, self.buffer = self.buffer[:end], self.buffer[end + 4 :]
            self._answer(head.decode("latin-1"))
        if len(self.buffer) > MAX_HEAD:
            self.transport.close()

    def _answer(self, head: str) -> None:
        line, *rest = head.split("\r\n")
        method, _, target = line.partition(" ")
        path = target.rpartition(" ")[0]
        headers = {name.lower(): value.strip() for name, _, value in (item.partition(":") for item in rest)}
        if method not in ("GET", "HEAD"):
            reply = Reply(405)
        elif self.site is None:
            reply = self.network.index(path)
        else:
            reply = self.site.reply(path, self.network.clock())
        self.transport.write(_message(reply, headers, with_body=method != "HEAD"))
        if headers.get("connection", "").lower() == "close" or target.endswith("HTTP/1.0"):
            self.transport.close()


def _message(reply: Reply, headers: dict[str, str], with_body: bool) -> bytes:
    """The whole answer as bytes."""
    status, body = reply.status, reply.body
    fields = []
    if reply.etag:
        fields.append(f"ETag: {reply.etag}")
    if reply.modified:
        fields.append(f"Last-Modified: {reply.modified}")
    if status == 200 and matches(reply, headers):
        status, body = 304, b""
    else:
        if reply.packed:
            fields.append("Vary: Accept-Encoding")
            if "gzip" in headers.get("accept-encoding", ""):
                body = reply.packed
                fields.append("Content-Encoding: gzip")
        if reply.location:
            fields.append(f"Location: {reply.location}")
        fields += [f"Content-Type: {reply.media_type}", f"Content-Length: {len(body)}"]
    head = f"HTTP/1.1 {status} {PHRASES[status]}\r\nServer: peragaan\r\n" + "\r\n".join(fields) + "\r\n\r\n"
    return head.encode("latin-1") + (body if with_body else b"")


def chosen(offices: Mapping[str, Office], count: int) -> list[str]:
    """Which offices have a site when not all do: the nation, a quarter provinces (evenly over the country, at
    most 38), and regencies of those provinces in turn; in the order of the registry."""
    codes = list(offices)
    if count >= len(codes):
        return codes
    provinces = [code for code in codes if offices[code].level == "province"]
    wanted = min(len(provinces), max(1, (count - 1) // 4)) if count > 1 else 0
    provinces = [provinces[at * len(provinces) // wanted] for at in range(wanted)] if wanted else []
    rows = [[child.code for child in offices[code].children] for code in provinces]
    turns = [row[at] for at in range(max(map(len, rows), default=0)) for row in rows if at < len(row)]
    taken = {codes[0], *provinces, *turns[: max(0, count - 1 - wanted)]}
    return [code for code in codes if code in taken]


def _raise_file_limit(wanted: int) -> None:
    """Every site needs a listening socket; the usual soft limit of 1,024 files is close to that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
