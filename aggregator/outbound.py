"""The one guarded way out of the house: feeds, discovery, pictures, callbacks, webhooks.

Only http and https, only allowed ports, only public addresses or `allowed_networks`, judged on the name's
answer, again on every socket that is opened, and anew after each redirect. One request at a time to a host,
with a pause between two; few to one address; every exchange bounded in time and in bytes. No cookies, no
Referer, no proxy from the environment. No Django.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ssl import SSLContext
from types import TracebackType
from typing import TYPE_CHECKING, Self

from yarl import URL

from aggregator.addresses import Guard, numeric_host
from aggregator.certificates import Certificate, handshake
from aggregator.errors import AddressRefused, FetchError, RedirectRefused
from aggregator.http_headers import retry_after
from aggregator.limits import PACE, Slots
from aggregator.names import Names
from aggregator.records import FetchPolicy

if TYPE_CHECKING:
    from aiohttp import AddrInfoType
    from aiohttp.abc import AbstractResolver
    from multidict import CIMultiDictProxy

    from aggregator.wire import Wire

PERMANENT = (301, 308)
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, after redirects. `body` is read only of a 200; `wire_bytes` is what was received of it."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    wire_bytes: int
    final_url: str
    permanent_url: str = ""  # where an unbroken chain of 301/308 from the first URL led, if anywhere


@dataclass(slots=True)
class Trail:
    """How far an exchange came, for those who must know it even when it fails. Filled as it goes."""

    started_at: datetime | None = None  # when its first turn came
    seconds: float = 0.0  # spent on the network, waiting for our own limits not counted
    url: str = ""  # asked last
    permanent_url: str = ""
    status: int | None = None
    wire_bytes: int = 0


class Outbound:
    """A session of guarded requests. Use as `async with Outbound(policy) as outbound:`.

    `resolver` and `tls` are for tests and for places with a certificate authority of their own."""

    def __init__(
        self, policy: FetchPolicy, *, resolver: AbstractResolver | None = None, tls: SSLContext | None = None
    ) -> None:
        self.policy = policy
        self.open = (
            asyncio.Event()
        )  # cleared by a reader who has bodies enough: nothing new is asked meanwhile
        self.open.set()
        self._guard = Guard(policy.allowed_networks, policy.allowed_ports)
        self._names = Names(self._guard, policy.connect_timeout, resolver)
        self._all = asyncio.Semaphore(policy.concurrency)
        self._hosts = Slots(policy.host_concurrency)
        self._addresses = Slots(policy.ip_concurrency)
        self._quiet: dict[str, float] = {}  # hosts that asked for quiet, until when (time.monotonic)
        self._tls = tls
        self._wire: Wire | None = None

    async def __aenter__(self) -> Self:
        from aggregator.wire import Wire  # a fifth of the start of processes that ask nobody

        self._wire = Wire(self.policy, self._names, self._socket, self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._wire is not None:
            await self._wire.close()

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        approved_hosts: frozenset[str] | None = None,
        max_bytes: int | None = None,
        trail: Trail | None = None,
    ) -> Response:
        """GET with redirects. With `approved_hosts` a redirect may lead only there or stay on its host.

        Raises FetchError: any of its children but HttpStatus, which is for the caller to judge; and one of
        code `host_quiet` for a host that in this session answered 429 or 503 with Retry-After."""
        return await self._follow("GET", url, headers, approved_hosts, max_bytes, trail or Trail())

    async def head(self, url: str, *, approved_hosts: frozenset[str] | None = None) -> Response:
        """HEAD with redirects: whether a page is still there. Raises as `get` does."""
        return await self._follow("HEAD", url, None, approved_hosts, None, Trail())

    async def _follow(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        approved_hosts: frozenset[str] | None,
        max_bytes: int | None,
        trail: Trail,
    ) -> Response:
        here = first = self._guard.check_url(url)
        seen, permanent = {here}, True
        while True:
            status, answer, body = await self._exchange(method, here, headers, max_bytes, trail)
            if status not in REDIRECTS:
                return Response(status, answer, body, trail.wire_bytes, str(here), trail.permanent_url)
            there = self._target(here, answer.get("Location", ""))
            self._check_redirect(first, here, there, seen, approved_hosts)
            permanent = permanent and status in PERMANENT
            if permanent:
                trail.permanent_url = str(there)
            seen.add(there)
            here = there

    async def post(
        self, url: str, data: bytes, *, headers: Mapping[str, str] | None = None, trail: Trail | None = None
    ) -> Response:
        """POST without following redirects; a 3xx comes back as it is. The body of a 200 is read."""
        trail = trail or Trail()
        here = self._guard.check_url(url)
        status, answer, body = await self._exchange("POST", here, headers, None, trail, data)
        return Response(status, answer, body, trail.wire_bytes, str(here))

    def may_ask(self, port: int) -> bool:
        return port in self.policy.allowed_ports

    async def certificate(self, host: str, port: int = 443) -> Certificate:
        """The certificate that this host shows. Raises FetchError, with code `tls` if it is not valid."""
        url = self._guard.check_url(f"https://{f'[{host}]' if ':' in host else host}:{port}/")
        name = url.raw_host or host
        async with self._turn(url):
            numeric = numeric_host(name)
            place = numeric or await self._names.place(name, port)
            family = socket.AF_INET6 if ":" in place else socket.AF_INET
            connection = self._socket((family, socket.SOCK_STREAM, 0, "", (place, port)))
            try:
                async with asyncio.timeout(self.policy.timeout):
                    return await handshake(connection, (place, port), name, self._tls)
            except OSError as error:
                from aggregator.wire import mapped

                raise mapped(error, url) from error

    def _target(self, here: URL, location: str) -> URL:
        if not location:
            raise RedirectRefused("Pengalihan tanpa tujuan.", code="redirect_invalid")
        try:
            return self._guard.check_url(str(here.join(URL(location))))
        except ValueError as error:
            raise RedirectRefused("Tujuan pengalihan tidak dapat dibaca.", code="redirect_invalid") from error

    def _check_redirect(
        self, first: URL, here: URL, there: URL, seen: set[URL], approved: frozenset[str] | None
    ) -> None:
        if there in seen:
            raise RedirectRefused("Pengalihan berputar kembali ke alamat semula.", code="redirect_loop")
        if len(seen) > self.policy.max_redirects:
            raise RedirectRefused(
                f"Pengalihan lebih dari {self.policy.max_redirects} kali.", code="redirect_limit"
            )
        if here.scheme == "https" and there.scheme == "http":
            raise RedirectRefused(
                f"Pengalihan dari https ke http ditolak: {there}.", code="redirect_downgrade"
            )
        if approved is not None and there.raw_host not in approved and there.raw_host != first.raw_host:
            raise RedirectRefused(
                f"Pengalihan ke host yang belum disetujui: {there.raw_host} ({there}).", code="redirect_host"
            )

    async def _exchange(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str] | None,
        max_bytes: int | None,
        trail: Trail,
        data: bytes | None = None,
    ) -> tuple[int, CIMultiDictProxy[str], bytes]:
        """One request and its answer, when its turn has come. The budget of time is the whole trail's."""
        if self._wire is None:
            raise RuntimeError("Outbound is used as `async with`")
        trail.url, trail.status = str(url), None
        limit = self.policy.max_bytes if max_bytes is None else max_bytes
        async with self._turn(url):
            trail.started_at = trail.started_at or datetime.now(UTC)
            started = time.monotonic()
            try:
                status, answer, body = await self._wire.ask(
                    method, url, headers, data, limit, self.policy.timeout - trail.seconds, trail
                )
            finally:
                trail.seconds += time.monotonic() - started
            if status in (429, 503):
                self._keep_quiet(url, answer)
            return status, answer, body

    def _keep_quiet(self, url: URL, headers: CIMultiDictProxy[str]) -> None:
        """Retry-After is meant for whoever asks this host, not only for this request."""
        if wait := retry_after(headers, datetime.now(UTC)):
            self._quiet[url.raw_host or ""] = time.monotonic() + wait

    @asynccontextmanager
    async def _turn(self, url: URL) -> AsyncIterator[None]:
        """Wait until this host, its address and the whole allow one more request."""
        host = url.raw_host or ""
        async with self._hosts.slot(host):
            place = numeric_host(host) or await self._names.place(host, url.port or 443)
            await PACE.wait(host, self.policy.host_spacing)
            if self._quiet.get(host, 0.0) > time.monotonic():
                raise FetchError(f"{host} meminta tidak ditanya dahulu.", code="host_quiet")
            try:
                async with self._addresses.slot(place), self._all:
                    await self.open.wait()
                    yield
            finally:
                PACE.ended(host, self.policy.host_spacing)

    def _socket(self, info: AddrInfoType) -> socket.socket:
        """The last look: no socket is made for an address that may not be asked, however it was found."""
        family, kind, protocol, _, address = info
        if not self._guard.admits(str(address[0])):
            raise AddressRefused(f"Alamat {address[0]} bukan alamat publik.")
        return socket.socket(family, kind, protocol)


def get_sync(
    url: str,
    policy: FetchPolicy,
    *,
    headers: Mapping[str, str] | None = None,
    approved_hosts: frozenset[str] | None = None,
    max_bytes: int | None = None,
) -> Response:
    """`Outbound.get` for commands and tasks, where no event loop runs. Raises FetchError."""

    async def go() -> Response:
        async with Outbound(policy) as outbound:
            return await outbound.get(
                url, headers=headers, approved_hosts=approved_hosts, max_bytes=max_bytes
            )

    return asyncio.run(go())
