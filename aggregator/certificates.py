"""The certificate that a host shows, and until when it is good. No Django; sockets come from outbound."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aggregator.errors import ConnectFailed


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that was checked like that of any fetch: chain, name, dates."""

    expires_at: datetime
    issuer: str
    tls_version: str


async def handshake(
    connection: socket.socket, address: tuple[str, int], host: str, tls: ssl.SSLContext | None
) -> Certificate:
    """Connect this socket, agree on TLS for `host`, and say goodbye. Raises ConnectFailed, OSError."""
    loop = asyncio.get_running_loop()
    connection.setblocking(False)
    writer = None
    try:
        await loop.sock_connect(connection, address)
        _reader, writer = await asyncio.open_connection(
            sock=connection, ssl=tls or ssl.create_default_context(), server_hostname=host
        )
        return _read(writer.get_extra_info("ssl_object"))
    except ssl.SSLCertVerificationError as error:
        raise ConnectFailed(f"Sertifikat {host} tidak sah: {error.verify_message}.", code="tls") from error
    except ssl.SSLError as error:
        raise ConnectFailed(f"Sambungan aman dengan {host} gagal: {error.reason}.", code="tls") from error
    finally:
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()
        connection.close()


def _read(tls: ssl.SSLObject) -> Certificate:
    found: dict[str, Any] = tls.getpeercert() or {}
    seconds = ssl.cert_time_to_seconds(str(found["notAfter"]))
    names = {name: value for part in found.get("issuer", ()) for name, value in part}
    issuer = names.get("organizationName") or names.get("commonName") or ""
    return Certificate(datetime.fromtimestamp(seconds, UTC), issuer, tls.version() or "")
