"""From filters to what an engine is asked: the values to narrow by, and the folds they lead to."""

from __future__ import annotations

from aggregator.search.filters import Filters
from aggregator.search.query import All, In, Node


def narrowed(filters: Filters) -> dict[str, tuple[str, ...]]:
    values = {
        "provinsi": filters.provinces,
        "satker": filters.satker,
        "topik": filters.topics,
        "tahapan": filters.stages,
        "asal": (filters.origin,) if filters.origin else (),
        "bulan": (filters.month,) if filters.month else (),
        "hari": tuple(str(day) for day in filters.weekdays),
        "jam": tuple(str(hour) for hour in filters.hours),
    }
    return {facet: wanted for facet, wanted in values.items() if wanted}


def lifted(
    tree: Node | None, narrow: dict[str, tuple[str, ...]]
) -> tuple[Node | None, dict[str, tuple[str, ...]]]:
    """`provinsi:bali` among the words is the filter it says, unless there is one of that kind already."""
    items = tree.items if isinstance(tree, All) else (tree,) if tree else ()
    kept: list[Node] = []
    for item in items:
        if isinstance(item, In) and item.facet not in narrow:
            narrow = {**narrow, item.facet: item.values}
        else:
            kept.append(item)
    if len(kept) > 1:
        return All(tuple(kept)), narrow
    return (kept[0] if kept else None), narrow


def fold_of(filters: Filters, narrow: dict[str, tuple[str, ...]]) -> str:
    """Within what a story is shown once; see documents."""
    if filters.include_all:
        return ""
    if "satker" in narrow:
        return "satker"
    if narrow.get("asal") == ("muat-ulang",):
        return "satker" if "provinsi" in narrow else "repost"
    return "province" if "provinsi" in narrow else "nation"


def facet_folds(filters: Filters, narrow: dict[str, tuple[str, ...]], facet: str) -> dict[str, str]:
    """The fold that choosing a value of this facet would lead to; "" is for values not named."""
    folds = {"": fold_of(filters, {**narrow, facet: ("?",)})}
    if facet == "asal":
        folds["muat-ulang"] = fold_of(filters, {**narrow, facet: ("muat-ulang",)})
    return folds
