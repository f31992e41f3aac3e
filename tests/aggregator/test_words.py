"""Words found fast are the words a pattern finds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.words import LONGEST, SIGNS, Remembered, finder


@pytest.mark.parametrize("pattern", [r"\w+", r"[^\W_]+"])
@settings(deadline=None)
@given(st.text(alphabet=st.one_of(st.characters(max_codepoint=127), st.sampled_from(SIGNS + "é_١\u2003"))))
def test_words_are_those_of_the_pattern(pattern: str, text: str):
    assert finder(pattern)(text) == re.findall(pattern, text)


def test_what_was_made_once_is_remembered_within_bounds():
    asked: list[str] = []
    known = Remembered(lambda text: asked.append(text) or text.upper(), most=2)
    assert list(map(known.__getitem__, ["a", "b", "a", "c", "a", "x" * (LONGEST + 1)]))[:5] == [
        "A",
        "B",
        "A",
        "C",
        "A",
    ]
    assert asked[:4] == ["a", "b", "c", "a"]
    assert set(known) == {"c", "a"}
