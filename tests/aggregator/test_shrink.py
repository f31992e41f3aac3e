"""Pictures come out small, upright and bare, or with a reason why they do not."""

from __future__ import annotations

import io
import random
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from aggregator.errors import ParseError
from aggregator.shrink import LARGE, SMALL, shrink


def encoded(size=(1200, 800), form="JPEG", mode="RGB", colour="red", **options) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, form, **options)
    return out.getvalue()


def opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_every_usual_format_becomes_webp_in_two_sizes(form):
    made = shrink(encoded(form=form))
    assert opened(made.large).format == opened(made.small).format == "WEBP"
    assert opened(made.large).size == (made.width, made.height) == (640, 427)
    assert opened(made.small).size == SMALL


def test_a_small_picture_is_not_blown_up():
    made = shrink(encoded(size=(300, 200)))
    assert (made.width, made.height) == (300, 200)


def test_a_picture_lying_on_its_side_is_turned_and_tells_no_place():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    exif[0x8825] = {1: "S", 2: (6.0, 10.0, 0.0)}  # GPS
    made = shrink(encoded(size=(800, 400), exif=exif))
    assert made.height > made.width
    assert not opened(made.large).getexif()


def test_a_transparent_picture_stands_on_white():
    body = encoded(size=(200, 200), form="PNG", mode="RGBA", colour=(0, 0, 0, 0))
    assert opened(shrink(body).large).convert("RGB").getpixel((100, 100)) == (255, 255, 255)


def bomb() -> bytes:
    """A PNG that says it is 60,000 pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100)))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "picture"),
        (b"<html>not found</html>", "picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture"),
        (encoded()[:400], "picture"),
        (encoded(size=(1, 1), form="GIF", mode="P", colour=0), "picture_small"),
        (encoded(size=(1000, 40)), "picture_small"),
        (bomb(), "picture_large"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_a_reason(body, code):
    with pytest.raises(ParseError) as caught:
        shrink(body)
    assert caught.value.code == code


@given(st.integers(0, 2**32), st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]))
@settings(max_examples=60, deadline=None)
def test_a_damaged_picture_is_shown_or_refused_and_never_an_accident(seed, form):
    rng = random.Random(seed)
    body = bytearray(encoded(size=(200, 150), form=form))
    for _cut in range(rng.randint(1, 12)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    try:
        made = shrink(bytes(body[: rng.randint(1, len(body))]))
    except ParseError:
        return
    assert made.width <= LARGE[0]
    assert made.height <= LARGE[1]
