"""Bodies: every coding read, nothing oversized ever held."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.bodies import STEP, Body, zstd
from aggregator.errors import BodyRefused, FetchError
from aggregator.outbound import Outbound, Response
from aggregator.records import FetchPolicy
from tests.satker_network import (
    Answer,
    SatkerNetwork,
    bomb,
    build_rss,
    endless,
    ok,
    packed_zeros,
    truncated,
)


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


PACK = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "identity": bytes,
    "": bytes,
}


def get(url: str, policy: FetchPolicy) -> Response:
    async def go() -> Response:
        async with Outbound(policy) as outbound:
            return await outbound.get(url)

    return asyncio.run(go())


def refusal(url: str, policy: FetchPolicy) -> str:
    with pytest.raises(FetchError) as caught:
        get(url, policy)
    return caught.value.code


def unpacked(coding: str, wire: bytes, size: int, most: int = 10_000_000) -> bytes:
    body = Body(coding, most, 1e9)
    for at in range(0, len(wire), size):
        body.feed(wire[at : at + size])
    return body.finish()


@pytest.mark.parametrize("coding", PACK)
@given(body=st.binary(max_size=5000), size=st.integers(1, 700))
def test_a_body_survives_every_coding_in_pieces_of_any_size(coding: str, body: bytes, size: int) -> None:
    assert unpacked(coding, PACK[coding](body), size) == body


@pytest.mark.parametrize("coding", PACK)
@pytest.mark.parametrize("length", [STEP - 1, STEP, STEP + 1, 2 * STEP, 5 * STEP + 3])
def test_a_body_around_the_step_size_comes_whole(coding: str, length: int) -> None:
    body = bytes(length)
    assert unpacked(coding, PACK[coding](body), 50_000) == body


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_packed_body_cut_short_is_truncated(coding: str) -> None:
    wire = PACK[coding](bytes(range(256)) * 40)
    with pytest.raises(BodyRefused) as caught:
        unpacked(coding, wire[:-9], 100)
    assert caught.value.code == "truncated"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "compress", "gzip, gzip", "aes128gcm"])
def test_what_cannot_be_unpacked_is_refused(coding: str) -> None:
    with pytest.raises(BodyRefused) as caught:
        unpacked(coding, b"<?xml version='1.0'?><rss/> is not packed at all" * 3, 1000)
    assert caught.value.code == "encoding"


def test_gzip_members_one_after_another_are_one_body() -> None:
    assert unpacked("gzip", gzip.compress(b"satu") + gzip.compress(b"dua"), 7) == b"satudua"


def test_padding_after_gzip_is_ignored() -> None:
    assert unpacked("gzip", gzip.compress(b"satu") + b"\0" * 300, 7) == b"satu"


@given(st.sampled_from(["gzip", "deflate", "br", "zstd"]), st.binary(max_size=300))
def test_any_bytes_are_unpacked_or_refused(coding: str, wire: bytes) -> None:
    try:
        unpacked(coding, wire, 50)
    except BodyRefused as error:
        assert error.code in ("encoding", "truncated")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_of_half_a_gigabyte_never_exists_in_memory(coding: str) -> None:
    wire = packed_zeros(coding, 512_000_000)
    tracemalloc.start()
    try:
        body = Body(coding, 5_000_000, 100.0)
        with pytest.raises(BodyRefused) as caught:
            for at in range(0, len(wire), STEP):
                body.feed(wire[at : at + STEP])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.code in ("bomb", "too_large")
    assert peak < 6_000_000


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_over_the_network_is_refused_early(net: SatkerNetwork, coding: str) -> None:
    site = net.site()
    site.answer("/feed", bomb(coding))
    assert refusal(site.url("/feed"), net.policy()) in ("bomb", "too_large")


def test_the_ratio_counts_before_the_size_is_reached(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/feed", Answer(200, {"Content-Encoding": "zstd"}, zstd.compress(bytes(3_000_000))))
    assert refusal(site.url("/feed"), net.policy()) == "bomb"


def test_a_highly_repetitive_small_body_is_no_bomb(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/feed", Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(bytes(900_000))))
    assert len(get(site.url("/feed"), net.policy()).body) == 900_000


def test_an_endless_body_is_cut_at_the_limit(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/feed", endless())
    assert refusal(site.url("/feed"), net.policy(max_bytes=200_000)) == "too_large"


def test_a_body_of_exactly_the_limit_passes_and_one_byte_more_does_not(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/pas", ok(b"x" * 10_000))
    site.answer("/lebih", ok(b"x" * 10_001))
    assert len(get(site.url("/pas"), net.policy(max_bytes=10_000)).body) == 10_000
    assert refusal(site.url("/lebih"), net.policy(max_bytes=10_000)) == "too_large"


def test_an_announced_length_over_the_limit_is_not_even_read(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/feed", Answer(200, {"Content-Length": "50000000"}, b"x", end="hang"))
    assert refusal(site.url("/feed"), net.policy(idle_timeout=60, timeout=60)) == "too_large"


def test_a_body_shorter_than_announced_is_truncated(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/feed", truncated(build_rss()))
    assert refusal(site.url("/feed"), net.policy()) == "truncated"


def test_a_chunked_body_without_its_end_is_truncated(net: SatkerNetwork) -> None:
    site = net.site()
    headers = {"Transfer-Encoding": "chunked"}
    site.answer("/feed", Answer(200, headers, b"5\r\n<rss>\r\n", framed=False, end="close"))
    assert refusal(site.url("/feed"), net.policy()) == "truncated"


def test_bytes_are_counted_as_received(net: SatkerNetwork) -> None:
    site = net.site()
    rss = build_rss({} for _ in range(30))
    site.answer("/feed", Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(rss)))
    answer = get(site.url("/feed"), net.policy())
    assert answer.body == rss
    assert answer.wire_bytes == len(gzip.compress(rss))


def test_the_body_of_an_error_is_left_unread(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/feed", Answer(500, body=b"x" * 2_000_000))
    answer = get(site.url("/feed"), net.policy(max_bytes=1000))
    assert (answer.status, answer.body) == (500, b"")
