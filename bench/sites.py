"""A lean feed server for the benches: one loopback address a site, in a process of its own.

Every answer has an ETag, and If-None-Match is honoured, so that a second pass costs what it costs in life.
"""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import random
from email.utils import formatdate
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self
from xml.sax.saxutils import escape

START = 1_790_000_000  # a day in September 2026
WORDS = str.split(
    "rapat pleno pemutakhiran data pemilih berkelanjutan sosialisasi pendidikan kantor anggota ketua divisi "
    "kegiatan peserta laporan triwulan kecamatan desa kelurahan masyarakat informasi publik layanan dokumen "
    "hukum anggaran logistik gudang arsip pegawai pelatihan koordinasi pemerintah daerah sekolah mahasiswa"
)


def host(site: int) -> str:
    return f"127.40.{site // 250}.{site % 250 + 1}"


def post(site: int, number: int, seed: int = 7) -> str:
    """One RSS item as WordPress writes it, about 2.5 kB."""
    rng = random.Random(f"{seed}/{site}/{number}")
    words = [rng.choice(WORDS) for _ in range(260)]
    paragraphs = "".join(f"<p>{' '.join(words[i : i + 65])}.</p>" for i in range(0, 260, 65))
    title = " ".join(words[:8]).capitalize()
    link = f"http://{host(site)}/{number}/{'-'.join(words[:6])}/"
    date = formatdate(START + number * 9000 + site, usegmt=True)
    return (
        f"<item><title>{escape(title)}</title><link>{link}</link><pubDate>{date}</pubDate>"
        f"<dc:creator><![CDATA[Humas]]></dc:creator><category><![CDATA[Berita]]></category>"
        f'<guid isPermaLink="false">http://{host(site)}/?p={number}</guid>'
        f"<description><![CDATA[{' '.join(words[:40])} …]]></description>"
        f"<content:encoded><![CDATA[{paragraphs}]]></content:encoded></item>"
    )


def feed(site: int, newest: int, window: int) -> bytes:
    items = "".join(post(site, n) for n in range(newest, max(newest - window, 0), -1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel><title>KPU {site}</title><link>http://{host(site)}/</link><description>d</description>"
        f"{items}</channel></rss>"
    ).encode()


class _Protocol(asyncio.Protocol):
    def __init__(self, bodies: dict[str, tuple[bytes, bytes]]) -> None:
        self.bodies, self.buffer = bodies, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.site = transport.get_extra_info("sockname")[0]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            request, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            etag, body = self.bodies[self.site]
            if b'"' + etag + b'"' in request:
                self.transport.write(b'HTTP/1.1 304 Not Modified\r\nETag: "%s"\r\n\r\n' % etag)
            else:
                self.transport.write(
                    b'HTTP/1.1 200 OK\r\nETag: "%s"\r\nContent-Type: application/rss+xml; charset=UTF-8\r\n'
                    b"Content-Length: %d\r\n\r\n%s" % (etag, len(body), body)
                )


def _serve(sites: int, posts: int, pipe: Connection) -> None:
    newest = dict.fromkeys(range(sites), posts)
    bodies: dict[str, tuple[bytes, bytes]] = {}

    def render(site: int) -> None:
        body = feed(site, newest[site], posts)
        bodies[host(site)] = (hashlib.sha256(body).hexdigest()[:16].encode(), body)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for site in range(sites):
            render(site)
        first = await loop.create_server(lambda: _Protocol(bodies), host(0), 0, backlog=512)
        port = first.sockets[0].getsockname()[1]
        for site in range(1, sites):
            await loop.create_server(lambda: _Protocol(bodies), host(site), port, backlog=64)
        pipe.send(port)
        while (count := await loop.run_in_executor(None, pipe.recv)) is not None:
            for n in range(count):
                newest[n % sites] += 1
                render(n % sites)
            pipe.send(count)

    asyncio.run(main())


class Sites:
    """`with Sites(553, 30) as sites:` serves; `sites.urls`; `sites.publish(200)` adds new posts."""

    def __init__(self, sites: int, posts: int) -> None:
        self.count = sites
        self.pipe, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(target=_serve, args=(sites, posts, theirs), daemon=True)

    def __enter__(self) -> Self:
        self.process.start()
        self.port: int = self.pipe.recv()
        self.urls = [f"http://{host(site)}:{self.port}/feed" for site in range(self.count)]
        return self

    def publish(self, posts: int) -> None:
        self.pipe.send(posts)
        self.pipe.recv()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pipe.send(None)
        self.process.join(5)
        self.process.kill()
