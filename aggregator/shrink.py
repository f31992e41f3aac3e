"""A picture made small: decoded within limits, turned upright, stripped of everything but its pixels, and
encoded anew. Runs in a parse process; no Django.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from aggregator.errors import ParseError

MOST_PIXELS = 40_000_000  # decoded: 160 MB at most
LEAST = 120  # pixels on either side; less is an icon or a tracker
LARGE = (640, 480)  # fitted into
SMALL = (144, 96)  # cropped to, twice the size at which lists show it
QUALITY = 70
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


@dataclass(frozen=True, slots=True)
class Picture:
    """The two renditions (WebP), and the size of the larger."""

    large: bytes
    small: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ShrinkTask:
    """For a ParsePool."""

    body: bytes

    def run(self) -> Picture:
        return shrink(self.body)


def shrink(body: bytes) -> Picture:
    """Raises ParseError: `picture` for what is no picture, `picture_large`, `picture_small`."""
    image = _decoded(body)
    fitted = ImageOps.contain(image, LARGE) if image.width > LARGE[0] or image.height > LARGE[1] else image
    cropped = ImageOps.fit(image, SMALL)
    return Picture(_encoded(fitted), _encoded(cropped), fitted.width, fitted.height)


def _decoded(body: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sizes are judged here
            found = Image.open(io.BytesIO(body), formats=FORMATS)
        if found.width * found.height > MOST_PIXELS:
            raise ParseError(f"Gambar {found.width} × {found.height} terlalu besar.", code="picture_large")
        if min(found.size) < LEAST:
            raise ParseError(f"Gambar {found.width} × {found.height} terlalu kecil.", code="picture_small")
        found.draft("RGB", (LARGE[0] * 2, LARGE[1] * 2))  # JPEG: decode no more than is needed
        return _flat(ImageOps.exif_transpose(found))
    except Image.DecompressionBombError as error:
        raise ParseError(f"Gambar terlalu besar: {error!r:.200}", code="picture_large") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise ParseError(f"Bukan gambar yang dapat dibaca: {error!r:.200}", code="picture") from error


def _flat(image: Image.Image) -> Image.Image:
    """Without transparency, on white paper."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        paper = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(paper, layered).convert("RGB")
    return image.convert("RGB")


def _encoded(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=None)
    return out.getvalue()
