"""The HTTP library behind `outbound`, which decides what may be asked: its session, one exchange, its errors.

Only here is aiohttp known, and only whoever asks loads it. No Django.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from ssl import SSLContext
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDictProxy
from yarl import URL

from aggregator.bodies import ACCEPTED, Body, too_large
from aggregator.errors import BodyRefused, ConnectFailed, FetchError, TimedOut
from aggregator.names import Names
from aggregator.records import FetchPolicy

if TYPE_CHECKING:
    from aggregator.outbound import Trail


class Wire:
    """A session whose names and sockets are our own. Make it where an event loop runs."""

    def __init__(
        self,
        policy: FetchPolicy,
        names: Names,
        new_socket: Callable[[aiohttp.AddrInfoType], socket.socket],
        tls: SSLContext | None,
    ) -> None:
        self._max_ratio = policy.max_ratio
        connector = aiohttp.TCPConnector(
            limit=0,  # our own limits are stricter and know addresses
            resolver=_Resolver(names),
            use_dns_cache=False,
            socket_factory=new_socket,
            ssl=tls or True,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": policy.user_agent, "Accept": "*/*", "Accept-Encoding": ACCEPTED},
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=policy.connect_timeout, sock_read=policy.idle_timeout
            ),
            read_bufsize=65536,
        )

    async def close(self) -> None:
        await self._session.close()

    async def ask(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str] | None,
        data: bytes | None,
        limit: int,
        seconds: float,
        trail: Trail,
    ) -> tuple[int, CIMultiDictProxy[str], bytes]:
        """One request and its answer within so many seconds; of a 200 with its body, up to `limit` bytes.
        Raises FetchError."""
        async with (
            _ours(url),
            asyncio.timeout(seconds),
            self._session.request(method, url, headers=headers, data=data, allow_redirects=False) as answer,
        ):
            trail.status = answer.status
            if answer.status != 200 or method == "HEAD":
                return answer.status, answer.headers, b""
            if (answer.content_length or 0) > limit:
                raise too_large(limit)
            body = Body(answer.headers.get("Content-Encoding", ""), limit, self._max_ratio)
            try:
                async for chunk in answer.content.iter_any():
                    body.feed(chunk)
            except (aiohttp.ClientPayloadError, aiohttp.ClientOSError) as error:
                raise BodyRefused("Isi terkirim tidak lengkap.", code="truncated") from error
            finally:
                trail.wire_bytes += body.wire_bytes
            return 200, answer.headers, body.finish()


class _Resolver(AbstractResolver):
    def __init__(self, names: Names) -> None:
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return await self._names.resolve(host, port)

    async def close(self) -> None:
        await self._names.close()


@asynccontextmanager
async def _ours(url: URL) -> AsyncIterator[None]:
    try:
        yield
    except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
        raise mapped(error, url) from error


def mapped(error: Exception, url: URL) -> FetchError:
    """The library's error as one of ours. The only place that knows both."""
    host = url.raw_host
    match error:
        case TimeoutError():
            return TimedOut(f"{host} tidak menjawab pada waktunya.")
        case aiohttp.ClientConnectorCertificateError():
            return ConnectFailed(f"Sertifikat {host} tidak sah: {error.certificate_error}.", code="tls")
        case aiohttp.ClientSSLError() | aiohttp.ServerFingerprintMismatch():
            return ConnectFailed(f"Sambungan aman dengan {host} gagal: {error}.", code="tls")
        case aiohttp.ClientConnectorDNSError():
            return ConnectFailed(f"Nama {host} tidak dikenal.", code="dns")
        case aiohttp.ClientConnectorError():
            return ConnectFailed(f"{host} tidak dapat dihubungi: {error.strerror}.", code="connect")
        case aiohttp.ClientResponseError():
            return ConnectFailed(f"Jawaban {host} bukan HTTP yang sah.", code="protocol")
        case aiohttp.ClientError() | OSError():
            return ConnectFailed(f"{host} memutus sambungan.", code="reset")
    return FetchError(f"Permintaan ke {host} tidak dapat dikirim: {error}.", code="fetch")
