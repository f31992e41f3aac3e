"""Names to addresses that may be asked, without one dead name server holding up the rest."""

from __future__ import annotations

import asyncio
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.addresses import Guard
from aggregator.errors import AddressRefused, ConnectFailed
from aggregator.limits import Slots

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver, ResolveResult

THREADS = 16  # look-ups under way at once; getaddrinfo blocks, and some name servers never answer
KEPT = 60.0  # seconds an answer is used


@dataclass(slots=True)
class _Known:
    until: float
    answers: list[ResolveResult]


class Names:
    """Names to admitted addresses, in threads of its own so that a slow name server delays only its names."""

    def __init__(self, guard: Guard, timeout: float, inner: AbstractResolver | None) -> None:
        self._guard = guard
        self._timeout = timeout
        self._inner = inner
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="names")
        self._free = asyncio.Semaphore(THREADS)
        self._known: dict[str, _Known] = {}
        self._asking = Slots(1)

    async def place(self, host: str, port: int) -> str:
        """One address that stands for the host, whichever way round its name server lists them."""
        return min(answer["host"] for answer in await self.resolve(host, port))

    async def resolve(self, host: str, port: int) -> list[ResolveResult]:
        answers = await self._answers(host, port)
        admitted = [answer for answer in answers if self._guard.admits(answer["host"])]
        if not admitted:
            found = ", ".join(sorted({answer["host"] for answer in answers}))
            raise AddressRefused(f"{host} menunjuk ke {found}, bukan alamat publik.")
        return [{**answer, "port": port} for answer in admitted]

    async def _answers(self, host: str, port: int) -> list[ResolveResult]:
        async with self._asking.slot(host):
            known = self._known.get(host)
            if known is None or known.until < time.monotonic():
                answers = await self._ask(host, port)
                known = self._known[host] = _Known(time.monotonic() + KEPT, answers)
            return known.answers

    async def _ask(self, host: str, port: int) -> list[ResolveResult]:
        await self._free.acquire()
        work: asyncio.Future[list[ResolveResult]] = asyncio.ensure_future(self._look_up(host, port))
        work.add_done_callback(self._done)  # the slot is free when the thread is, not when we stop waiting
        try:
            answers = await asyncio.wait_for(asyncio.shield(work), self._timeout)
        except TimeoutError as error:
            raise ConnectFailed(f"Nama {host} tidak terjawab oleh peladen nama.", code="dns") from error
        except (OSError, UnicodeError) as error:
            raise ConnectFailed(f"Nama {host} tidak dikenal.", code="dns") from error
        if not answers:
            raise ConnectFailed(f"Nama {host} tidak punya alamat.", code="dns")
        return answers

    def _done(self, work: asyncio.Future[list[ResolveResult]]) -> None:
        self._free.release()
        if not work.cancelled():
            work.exception()  # taken note of, even when nobody waits any more

    async def _look_up(self, host: str, port: int) -> list[ResolveResult]:
        if self._inner is not None:
            return await self._inner.resolve(host, port, socket.AF_UNSPEC)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _system_names, host, port)

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._inner is not None:
            await self._inner.close()


def _system_names(host: str, port: int) -> list[ResolveResult]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [
        {
            "hostname": host,
            "host": str(address[0]),
            "port": port,
            "family": family,
            "proto": protocol,
            "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        }
        for family, _, protocol, _, address in found
    ]
