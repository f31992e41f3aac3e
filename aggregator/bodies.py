"""Bodies off the wire: decompressed piece by piece, never more in memory than what may be kept.

A decompressor is asked for at most `STEP` bytes at a time, so a bomb is noticed when it begins to swell, not
when it has (512 MB of zeros fit in 500 KB of gzip, and in 40 bytes of zstd).
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli

from aggregator.errors import BodyRefused

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STEP = 64 * 1024  # bytes
RATIO_FREE = 1_000_000  # bytes of output before the ratio counts
ACCEPTED = "gzip, deflate, br, zstd"  # what we say in Accept-Encoding
_WINDOW_LOG = 23  # 8 MB, the most a server may use (RFC 9659)


class _Decoder(Protocol):
    def pieces(self, data: bytes) -> Iterator[bytes]:
        """The output for this input, in pieces of about STEP bytes."""

    @property
    def complete(self) -> bool:
        """Whether the stream has reached its own end mark."""


class _Identity:
    complete = True

    def pieces(self, data: bytes) -> Iterator[bytes]:
        yield data


class _Zlib:
    """gzip, possibly of several members (RFC 1952 §2.2), and deflate with or without its zlib wrapper."""

    def __init__(self, coding: str) -> None:
        self._wbits = 31 if coding == "gzip" else 0
        self._inner = zlib.decompressobj(self._wbits) if self._wbits else None
        self.complete = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        more = bool(data)
        while more and not (self.complete and not self._next_member(data)):
            inner = self._inner = self._inner or zlib.decompressobj(_deflate_wbits(data))
            piece = inner.decompress(data, STEP)
            yield piece
            self.complete = inner.eof
            data = inner.unused_data if inner.eof else inner.unconsumed_tail
            more = bool(data) or len(piece) == STEP  # output may be waiting although all input is taken

    def _next_member(self, data: bytes) -> bool:
        """Begin another gzip member; what follows the last one otherwise is padding, as gzip(1) holds."""
        if self._wbits != 31 or not data.startswith(b"\x1f"):
            return False
        self._inner, self.complete = zlib.decompressobj(31), False
        return True


def _deflate_wbits(data: bytes) -> int:
    """Servers send both forms under the name deflate (RFC 9110 §8.4.1.2)."""
    wrapped = data[0] & 0x0F == 8 and (len(data) < 2 or (data[0] << 8 | data[1]) % 31 == 0)
    return 15 if wrapped else -15


class _Brotli:
    def __init__(self) -> None:
        self._inner = brotli.Decompressor()

    @property
    def complete(self) -> bool:
        return bool(self._inner.is_finished())

    def pieces(self, data: bytes) -> Iterator[bytes]:
        piece = self._inner.process(data, output_buffer_limit=STEP)
        while piece or not self._inner.can_accept_more_data():  # it can accept more with output still waiting
            yield piece
            piece = b"" if self._inner.is_finished() else self._inner.process(b"", output_buffer_limit=STEP)


class _Zstd:
    def __init__(self) -> None:
        self._inner = self._new()

    @staticmethod
    def _new() -> zstd.ZstdDecompressor:
        return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})

    @property
    def complete(self) -> bool:
        return self._inner.eof

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while data or not (self._inner.needs_input or self._inner.eof):
            if self._inner.eof:
                self._inner = self._new()
            yield self._inner.decompress(data, STEP)
            data = self._inner.unused_data if self._inner.eof else b""


_ERRORS = (zlib.error, brotli.error, zstd.ZstdError, EOFError)


class Body:
    """Collects one body. `max_bytes` and `max_ratio` are counted on the decompressed side."""

    def __init__(self, content_encoding: str, max_bytes: int, max_ratio: float) -> None:
        self._decoder = _decoder(content_encoding)
        self._max_bytes, self._max_ratio = max_bytes, max_ratio
        self._parts: list[bytes] = []
        self._size = 0
        self.wire_bytes = 0

    def feed(self, data: bytes) -> None:
        """Take what came off the wire. BodyRefused: `too_large`, `bomb`, `encoding`."""
        self.wire_bytes += len(data)
        try:
            for piece in self._decoder.pieces(data):
                self._keep(piece)
        except _ERRORS as error:
            raise BodyRefused(f"Isi tidak dapat diuraikan: {error}.", code="encoding") from error

    def _keep(self, piece: bytes) -> None:
        if not piece:
            return
        self._size += len(piece)
        if self._size > RATIO_FREE and self._size > self._max_ratio * self.wire_bytes:
            raise BodyRefused(
                f"Isi mengembang lebih dari {self._max_ratio:.0f} kali saat diuraikan.", code="bomb"
            )
        if self._size > self._max_bytes:
            raise too_large(self._max_bytes)
        self._parts.append(piece)

    def finish(self) -> bytes:
        """The whole body. BodyRefused `truncated` when its compression has not come to its end."""
        if self.wire_bytes and not self._decoder.complete:
            raise BodyRefused("Isi terkirim tidak lengkap.", code="truncated")
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)


def too_large(max_bytes: int) -> BodyRefused:
    return BodyRefused(f"Isi lebih besar dari {max_bytes:,} bita.".replace(",", "."), code="too_large")


def _decoder(content_encoding: str) -> _Decoder:
    match content_encoding.strip().lower():
        case "" | "identity":
            return _Identity()
        case "gzip" | "x-gzip":
            return _Zlib("gzip")
        case "deflate":
            return _Zlib("deflate")
        case "br":
            return _Brotli()
        case "zstd":
            return _Zstd()
        case other:
            raise BodyRefused(f"Isi dikemas sebagai {other[:50]}, yang tidak kami minta.", code="encoding")
