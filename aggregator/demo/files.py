"""Pictures and documents that the sites of the demonstration offer, made on demand."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache

from aggregator.demo.places import number

WIDTH, HEIGHT = 480, 270
PALETTES = (
    ((139, 30, 36), (226, 184, 92)),
    ((32, 64, 96), (190, 210, 226)),
    ((44, 92, 66), (214, 222, 186)),
    ((92, 58, 40), (232, 206, 170)),
    ((60, 60, 84), (214, 196, 206)),
)


@lru_cache(maxsize=256)
def png(key: str) -> bytes:
    """A quiet picture of hills under a sky with a band of colour; the same for the same key."""
    bits = number(key, "picture")
    dark, light = PALETTES[bits % len(PALETTES)]
    horizon = 120 + bits % 60
    peaks = [(40 + (bits >> shift) % 400, 30 + (bits >> (shift + 8)) % 60) for shift in (4, 16, 28)]
    heights = [
        horizon - max(0, *(height - abs(x - place) * height // 150 for place, height in peaks))
        for x in range(WIDTH)
    ]
    rows = []
    for y in range(HEIGHT):
        sky = bytes(light[part] + (255 - light[part]) * (HEIGHT - y) // (2 * HEIGHT) for part in range(3))
        land = bytes(dark[part] + (light[part] - dark[part]) * (y - 60) // (3 * HEIGHT) for part in range(3))
        rows.append(b"\0" + b"".join(land if y >= heights[x] else sky for x in range(WIDTH)))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(b"".join(rows), 6))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@lru_cache(maxsize=2048)
def pdf(title: str, office: str) -> bytes:
    """A one-page PDF 1.4 with a heading, the office, and the mark of the demonstration."""
    lines = (office, title, "Data peragaan: dokumen ini dibuat otomatis untuk demonstrasi.")
    text = "".join(f"({_pdf_text(line)}) Tj 0 -22 Td " for line in lines)
    stream = f"BT /F1 13 Tf 60 770 Td {text}ET".encode("latin-1", "replace")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for at, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (at, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        out
        + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (
            table,
            len(out),
        )
    )


def _pdf_text(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
