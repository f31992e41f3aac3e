"""The drawing of a card: words on white paper, beside the post's picture where it has one; and the red card
of a place or subject. Pure of Django."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageOps

from portal.cards import lettering

SIZE = (1200, 630)  # what Open Graph readers show whole
MOST_BYTES = 100_000
EDGE = 72  # of paper around the words
PICTURE = 500  # its width, at the right
FOOT = 516  # the line above the name
TOP = 168
SIZES = (92, 84, 76, 68, 60, 52, 46)
NARROW_SIZES = (60, 54, 48, 42, 38, 34)
COLOURS = 48  # of a card without picture: letters and their edges
QUALITIES = (84, 76, 66, 54, 40, 25)
TWICE = 2  # letters are drawn twice as large and reduced, for even edges at any weight


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on a card."""

    title: str
    name: str
    note: str = ""
    kind: str = ""  # above the title: what kind of place or subject it names


@dataclass(frozen=True, slots=True)
class Paper:
    ground: str
    ink: str
    muted: str
    accent: str
    line: str


LIGHT = Paper("#ffffff", "#1a1a1a", "#595652", "#8b1014", "#d9d5d0")
RED = Paper("#8b1014", "#ffffff", "#f3d9d6", "#ffffff", "#b85a57")


def png(words: Words, paper: Paper = LIGHT) -> bytes:
    """A card of words alone."""
    image = _paper(paper)
    _words(image, words, paper, SIZE[0] - 2 * EDGE, SIZES)
    out = io.BytesIO()
    few = image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(out, "PNG", optimize=True)
    return out.getvalue()


def jpeg(words: Words, picture: bytes | None) -> bytes:
    """The same beside a picture, where it can be had. Raises OSError for bytes that are none."""
    image, width = _paper(LIGHT), SIZE[0] - 2 * EDGE
    sizes: tuple[int, ...] = SIZES
    if picture is not None:
        with Image.open(io.BytesIO(picture), formats=("WEBP",)) as found:
            shown = ImageOps.fit(found.convert("RGB"), (PICTURE, SIZE[1]), centering=(0.5, 0.35))
        image.paste(shown, (SIZE[0] - PICTURE, 0))
        width, sizes = width - PICTURE + EDGE // 2, NARROW_SIZES
    _words(image, words, LIGHT, width, sizes)
    for quality in QUALITIES:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        if out.tell() <= MOST_BYTES:
            break
    return out.getvalue()


def _paper(paper: Paper) -> Image.Image:
    image = Image.new("RGB", SIZE, paper.ground)
    ImageDraw.Draw(image).rectangle((0, 0, SIZE[0], 13), fill=LIGHT.accent)
    return image


def _words(image: Image.Image, words: Words, paper: Paper, width: int, sizes: tuple[int, ...]) -> None:
    draw = ImageDraw.Draw(image)
    after = _write(image, (EDGE, 62), "Berita", 34, paper.ink, 0.7)
    _write(image, (after + 10, 62), "KPU", 34, paper.accent, 1.1)
    top = TOP
    if words.kind:
        _write(image, (EDGE, top), words.kind, 34, paper.muted)
        top += 58
    size, lines = lettering.fitted(words.title, width, FOOT - 24 - top, sizes)
    for line in lines:
        _write(image, (EDGE, top), line, size, paper.ink, size / 60)
        top += round(size * lettering.LEADING)
    draw.line((EDGE, FOOT, EDGE + width, FOOT), fill=paper.line, width=2)
    _foot(image, words, paper, width)


def _foot(image: Image.Image, words: Words, paper: Paper, width: int) -> None:
    """Name and note: in one line where both have room, else below each other."""
    aside = lettering.measure(words.note, 28)
    if lettering.measure(words.name, 32) + aside + 64 <= width:
        _write(image, (EDGE, FOOT + 26), words.name, 32, paper.accent, 0.6)
        _write(image, (round(EDGE + width - aside), FOOT + 29), words.note, 28, paper.muted)
        return
    size, lines = lettering.fitted(words.name, width, 40, (32, 28, 24))
    _write(image, (EDGE, FOOT + 14), lines[0], size, paper.accent, 0.6)
    _write(image, (EDGE, FOOT + 54), lettering.shortened(words.note, width, 26), 26, paper.muted)


def _write(
    image: Image.Image, at: tuple[int, int], text: str, size: int, colour: str, weight: float = 0.0
) -> int:
    """A line of text with its upper left corner at a place; returns where it ends. The font has one weight:
    others are made by a stroke around its letters."""
    if not text:
        return at[0]
    wide = round(lettering.measure(text, size))
    mask = Image.new("L", ((wide + 16) * TWICE, int(size * 1.5) * TWICE))
    ImageDraw.Draw(mask).text(
        (8 * TWICE, 0), text, 255, lettering.font(size * TWICE), stroke_width=weight * TWICE, stroke_fill=255
    )
    image.paste(
        Image.new("RGB", (wide + 16, int(size * 1.5)), colour), (at[0] - 8, at[1]), mask.reduce(TWICE)
    )
    return at[0] + wide
