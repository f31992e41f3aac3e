"""Push: how soon subscribers have a post, what hundreds of followed channels cost, and 200 pollers at once.

1. A real `run_hub`, 200 subscribers of one channel on loopback: from "public" to "delivered". Floor: the same
   200 requests made directly, by the same client, in the same run.
2. Noting one post for a lease on every channel there is (offices, provinces, topics, 100 searches): CPU.
   Peer: asking each channel by itself, as any table of subscriptions can be.
3. 200 readers that ask for a kept feed in the same moment, half of them conditionally (J13).

    .venv/bin/python bench/push.py [--subscribers 200] [--posts 10]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
SEARCHES = 100
WAIT = 60.0  # seconds for a delivery


def start(folder: Path, port: int) -> None:
    os.environ |= {
        "DATA_DIR": str(folder),
        "DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "FETCH_ALLOWED_NETWORKS": "127.0.0.0/8",
        "FETCH_ALLOWED_PORTS": str(port),
        "LOG_LEVEL": "ERROR",
        "WEB_WORKERS": "2",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("load_registry", verbosity=0, stdout=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    call_command("collectstatic", interactive=False, verbosity=0)


class Receiver:
    """Callbacks on loopback that answer 204 and remember when they were called."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, float]] = []
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self.socket.getsockname()[1]
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._answer, sock=self.socket, limit=1 << 20)
        await server.serve_forever()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().lower().split("\r\n")
                length = next((int(x[15:]) for x in lines if x.startswith("content-length:")), 0)
                await reader.readexactly(length)
                self.calls.append((lines[0].split()[1], time.monotonic()))
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


# --- 1 ------------------------------------------------------------------------------------------------


def publish(number: int) -> float:
    """A new post; when it was public."""
    from django.db import transaction
    from django.utils import timezone

    from aggregator.models import Feed, Satker
    from tests.factories import make_entry

    now = timezone.now()
    office = Satker.objects.order_by("pk")[number % 500]
    feed = Feed.objects.get_or_create(url=f"https://situs.example/{office.pk}/feed", satker=office)[0]
    with transaction.atomic():
        times: dict[str, Any] = {
            "published_at": now,
            "released_at": now,
            "classified_at": now,
            "clustered_at": now,
        }
        make_entry(f"Rapat pleno nomor {number}", feed=feed, guid=f"urn:b:{number}-{time.time_ns()}", **times)
    return time.monotonic()


def pushing(receiver: Receiver, subscribers: int, posts: int) -> tuple[list[float], list[float]]:
    """Seconds to each delivery of all posts; and to those of the floor."""
    from django.utils import timezone

    from feeds.hub import dispatch
    from feeds.models import Lease

    topic = "http://127.0.0.1:8000/feeds/nasional.atom"
    end = timezone.now() + timedelta(days=1)
    Lease.objects.bulk_create(
        Lease(
            topic=topic,
            callback=f"http://127.0.0.1:{receiver.port}/{n}",
            host="127.0.0.1",
            key=f"n{n}",
            secret="rahasia",  # noqa: S106
            ends_at=end,
        )
        for n in range(subscribers)
    )
    dispatch.dispatch()  # what is there already is no news
    hub = subprocess.Popen([sys.executable, str(ROOT / "manage.py"), "run_hub"])
    found: list[float] = []
    try:
        publish(0)  # the first wakes everything up
        _wait(receiver, subscribers)
        for number in range(1, posts + 1):
            time.sleep(1.5)  # the hub leaves each callback a second
            receiver.calls.clear()
            at = publish(number)
            _wait(receiver, subscribers)
            found += [called - at for _path, called in receiver.calls]
    finally:
        hub.terminate()
        hub.wait(20)
    receiver.calls.clear()
    at = time.monotonic()
    asyncio.run(_directly(receiver.port, subscribers))
    return found, [called - at for _path, called in receiver.calls]


def _wait(receiver: Receiver, count: int) -> None:
    end = time.monotonic() + WAIT
    while len({path for path, _at in receiver.calls}) < count:
        if time.monotonic() > end:
            raise SystemExit(f"only {len(receiver.calls)} of {count} deliveries came")
        time.sleep(0.01)


async def _directly(port: int, count: int) -> None:
    from aggregator.outbound import Outbound
    from feeds.hub.delivery import policy

    async with Outbound(policy()) as outbound:
        body = b"x" * 4000
        await asyncio.gather(*(outbound.post(f"http://127.0.0.1:{port}/{n}", body) for n in range(count)))


# --- 2 ------------------------------------------------------------------------------------------------


def noting() -> tuple[int, float, float]:
    """Followed channels, and CPU ms to note one post for them: ours, and by asking each."""
    from django.utils import timezone

    from aggregator.models import Entry, Province, Satker, Topic
    from aggregator.search import Few
    from feeds import places
    from feeds.hub import dispatch
    from feeds.models import Lease

    found = [
        "/feeds/nasional",
        *(f"/feeds/satker/{x}" for x in Satker.objects.values_list("code", flat=True)),
    ]
    found += [f"/feeds/provinsi/{x}" for x in Province.objects.values_list("slug", flat=True)]
    found += [f"/feeds/topik/{x}" for x in Topic.objects.values_list("slug", flat=True)]
    found += [f"/feeds/cari?q=kata{n}+penting" for n in range(SEARCHES)]
    Lease.objects.all().delete()
    for place in found:
        path, mark, query = place.partition("?")
        topic = f"http://127.0.0.1:8000{path}.atom{mark}{query}"
        end = timezone.now() + timedelta(days=1)
        Lease.objects.create(
            topic=topic, callback="http://127.0.0.1:9/", host="x", key=topic[-64:], ends_at=end
        )
    dispatch.dispatch()
    spent = []
    for number in range(7):
        publish(1000 + number)
        began = time.process_time()
        dispatch.dispatch()
        spent.append((time.process_time() - began) * 1000)
    newest = Entry.objects.latest("pk").pk
    began = time.process_time()
    for place in found:
        places.members(places.at(place), Few([newest]))
    return len(found), statistics.median(spent), (time.process_time() - began) * 1000


# --- 3 ------------------------------------------------------------------------------------------------


def polling(readers: int) -> list[float]:
    """Seconds each of the readers waits, all asking at the same moment, ten times over."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, str(ROOT / "manage.py"), "serve", "--port", str(port)])
    try:
        for _attempt in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        return asyncio.run(_poll(port, readers))
    finally:
        server.terminate()
        server.wait(20)


async def _poll(port: int, readers: int) -> list[float]:
    tag = (await _ask(port, ""))[1]
    for _round in range(20):
        await _ask(port, "")
    found = []
    for _round in range(10):
        conditions = ["" if n % 2 else f"If-None-Match: {tag}\r\n" for n in range(readers)]
        answers = await asyncio.gather(*(_ask(port, condition) for condition in conditions))
        found += [seconds for seconds, _tag in answers]
        await asyncio.sleep(0.5)
    return found


async def _ask(port: int, condition: str) -> tuple[float, str]:
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asked = f"GET /feeds/nasional.atom HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n{condition}"
    writer.write(f"{asked}Connection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    head = answer.partition(b"\r\n\r\n")[0].decode("latin-1")
    tags = [line[6:] for line in head.split("\r\n") if line.lower().startswith("etag: ")]
    return time.monotonic() - began, tags[0] if tags else ""


# --- all of it ----------------------------------------------------------------------------------------


def shown(seconds: list[float]) -> str:
    cuts = statistics.quantiles(seconds, n=20)
    return f"p50 {cuts[9] * 1000:6.0f} ms  p95 {cuts[18] * 1000:6.0f} ms  most {max(seconds) * 1000:6.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--subscribers", type=int, default=200)
    parser.add_argument("--posts", type=int, default=10)
    options = parser.parse_args()
    receiver = Receiver()
    with tempfile.TemporaryDirectory() as folder:
        start(Path(folder), receiver.port)
        pushed, floor = pushing(receiver, options.subscribers, options.posts)
        print(
            f"public to delivered, {options.subscribers} subscribers, {options.posts} posts: {shown(pushed)}"
        )
        print(f"  the same requests made directly: {shown(floor)}", flush=True)
        count, ours, asked = noting()
        print(f"noting a post for {count} followed channels: {ours:.0f} ms CPU; asking each: {asked:.0f} ms")
        print(f"{options.subscribers} readers at once: {shown(polling(options.subscribers))}")


if __name__ == "__main__":
    main()
