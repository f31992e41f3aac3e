"""Look-up keys of a post: bands of its MinHash, the beginning of its text, its facts, and its title.

Two posts are compared only when they share a key. Keys are signed 64-bit numbers, the same on every
machine and in every process, as they live in the database (Signature).
"""

from __future__ import annotations

import struct
from hashlib import blake2b

from rensa import RMinHash

from aggregator.cluster.told import Told

BANDS, ROWS, SEED = 16, 4, 20240214
_ALL, _LEAD = 2**64 - 1, 0x6C656164
LEAD_WORDS, LEAD_RUN, LEAD_KEYS = 60, 5, 4
LEAST_FACTS = 3
LEAST_WORDS = 8  # below that only the title counts


def keys_of(post: Told) -> list[int]:
    """Up to 22 keys: 16 bands, 4 of the first words, 1 of the title, 1 of the facts."""
    keys = _title_key(post)
    if len(post.tokens) >= LEAST_WORDS:
        keys += _bands(post) + _lead_keys(post)
    if (exact := facts_key(post)) is not None:
        keys.append(exact)
    return list(dict.fromkeys(keys))


def facts_key(post: Told) -> int | None:
    """Where hundreds of offices fill in one form, its words say nothing and a copy is drowned: its numbers,
    days, months and places are what finds it."""
    told = [f"{kind} {fact}" for kind, facts in sorted(post.facts.items()) for fact in sorted(facts)]
    return _hashed("\x1f".join(told)) if len(told) >= LEAST_FACTS else None


def _hashed(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little", signed=True)


def _bands(post: Told) -> list[int]:
    sketch = RMinHash(BANDS * ROWS, SEED)
    sketch.update(post.pairs)
    halves = iter(struct.unpack(f"<{BANDS * 2}Q", struct.pack(f"<{BANDS * ROWS}I", *sketch.digest())))
    return [
        _mixed(band, first, second)
        for band, (first, second) in enumerate(zip(halves, halves, strict=True), 1)
    ]


def _mixed(band: int, first: int, second: int) -> int:
    """One number of a band's rows: odd multipliers (of splitmix64) spread them over all 64 bits."""
    mixed = (first * 0x9E3779B97F4A7C15 ^ second * 0xBF58476D1CE4E5B9 + band * 0x94D049BB133111EB) & _ALL
    return _signed(mixed ^ mixed >> 31)


def _lead_keys(post: Told) -> list[int]:
    """The smallest hashes of five-word runs among the first words: what an excerpt shares with the whole,
    whatever stands before it (winnowing: Schleimer, Wilkerson, Aiken 2003)."""
    lead = post.tokens[:LEAD_WORDS]
    shifted = [lead[start:] for start in range(LEAD_RUN)]
    runs = set(map(" ".join, zip(*shifted, strict=False))) or {" ".join(lead)}
    hashes = RMinHash.hash_token_sets([runs])[0]
    return [_signed((number ^ _LEAD) & _ALL) for number in sorted(hashes)[:LEAD_KEYS]]


def _signed(number: int) -> int:
    return number - 2**64 if number >> 63 else number


def _title_key(post: Told) -> list[int]:
    if len(post.title_words) < 3:
        return []
    return [_hashed(" ".join(post.title_words))]
