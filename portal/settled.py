"""Load what every page is made of before the first reader comes."""

from __future__ import annotations

import gc

from django.template.loader import get_template
from django.urls import get_resolver
from django.utils.translation import gettext, override

# Objects, then rounds of the younger generation: a full round of what was made since costs 20 ms, and came
# once in some fifteen pages.
ROUNDS = (2_000, 10, 100)
PAGES = ("home", "entry", "search", "activity", "satker", "province", "topic", "stage")


def settle() -> None:
    """And keep the garbage collector from looking through it for ever after: that held up now one reader,
    now another, for a tenth of a second."""
    for language in ("id", "en"):
        with override(language):
            gettext("Cari")
            get_resolver().reverse_dict  # noqa: B018 - filled when first looked at
    for name in PAGES:
        get_template(f"portal/{name}.html")
    gc.collect()
    gc.freeze()
    gc.set_threshold(*ROUNDS)
