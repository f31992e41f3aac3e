"""A reader's question, from filters to a page of results."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator.errors import IndexUnavailable
from aggregator.models import Entry
from aggregator.search.anchors import DateAnchor, RankAnchor, read_anchor
from aggregator.search.database import search_database
from aggregator.search.engine import MANIFEST, Found, Question, Reader, current, engine, read_manifest
from aggregator.search.filters import Filters, read_words
from aggregator.search.moments import order_now, order_span
from aggregator.search.names import facet_values, resolve
from aggregator.search.narrowing import facet_folds, fold_of, lifted, narrowed
from aggregator.search.query import (
    All,
    Best,
    Node,
    Parsed,
    Phrase,
    Word,
    parse,
    show,
)
from aggregator.search.ranking import WINDOW, Candidate, rank
from aggregator.search.relaxing import relaxed
from aggregator.search.results import FACETS, Results
from aggregator.search.spelling import better_spelling
from aggregator.search.synonyms import expand, loosened

log = logging.getLogger(__name__)

LONGEST = 1.5  # seconds; then what was found so far is the answer
FEW = 10  # fewer hits with all the words let in posts with most of them
PREFIX_INFORMATION = 2.0
MOST_RANKED = 1000  # hits of one question by relevance; whoever wants more narrows it or sorts by date
SPARE = 10  # hits asked for beyond a page, in place of such as are no longer public
MOST_PAGE = 10_000


def search(
    filters: Filters, *, size: int = 20, anchor: str = "", facets: bool = True, checked: bool = True
) -> Results:
    """One page of what the filters ask for; without counting facets if they are not wanted, and, where the
    caller looks itself, without looking whether posts are public still; nor is the total counted then. Raises
    BadParameter (q beyond the limits, anchor not of ours)."""
    started = time.monotonic()
    filters = replace(filters, q=read_words(filters.q))
    size = max(1, min(size, MOST_PAGE))
    begin = read_anchor(anchor)
    try:
        state = opened()
        results = _Asking(state.reader, filters, size, begin, facets, started + LONGEST, checked).answer()
        if state.is_growing:
            results.notes.append(_("Indeks sedang disusun; sebagian berita lama belum dapat ditemukan."))
    except IndexUnavailable as error:
        log.warning("search answers from the database: %s", error)
        results = search_database(filters, size=size, anchor=begin)
    return replace(results, took_ms=(time.monotonic() - started) * 1000)


@dataclass(frozen=True, slots=True)
class _State:
    """The index as this process has it open."""

    stamp: tuple[int, int, int]
    reader: Reader
    is_growing: bool  # there is a backlog


_open: dict[Path, _State] = {}
_open_lock = threading.Lock()


def opened() -> _State:
    """The newest committed state. Looks at one file a call; opens what is new. Raises IndexUnavailable."""
    path = current()
    stamp = _stamp(path)
    state = _open.get(path)
    if state and state.stamp == stamp:
        return state
    with _open_lock:
        while True:
            stamp, state = _stamp(path), _open.get(path)
            if state and state.stamp == stamp:
                return state
            try:
                return _open_anew(path, stamp, state)
            except IndexUnavailable:
                if _stamp(path) == stamp:
                    raise
                # else the writer swept these files away meanwhile, for it has committed the next state


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = (path / MANIFEST).stat()
    except OSError as error:
        raise IndexUnavailable(f"the manifest cannot be read: {error}", code="index_torn") from error
    return found.st_mtime_ns, found.st_ino, found.st_size


def _open_anew(path: Path, stamp: tuple[int, int, int], state: _State | None) -> _State:
    manifest = read_manifest(path, outdated_too=True)
    reader = engine().open_reader(path, manifest, state.reader if state else None)
    _open.clear()
    _open[path] = _State(stamp, reader, bool(manifest["cursor"]["backlog"]))
    return _open[path]


class _Asking:
    """One question on its way to an answer."""

    def __init__(
        self,
        reader: Reader,
        filters: Filters,
        size: int,
        begin: DateAnchor | RankAnchor | None,
        facets: bool,
        deadline: float,
        checked: bool = True,
    ) -> None:
        self.reader, self.filters, self.size, self.begin = reader, filters, size, begin
        self.checked = checked
        self.parsed: Parsed = parse(filters.q, resolve)
        self.notes: list[str] = []
        self.better = ""  # spelling
        self.is_respelled = self.is_widened = False
        if self.parsed.cut:
            self.notes.append(_("Pertanyaan terlalu panjang; hanya kata-kata pertamanya yang dicari."))
        if filters.q and self.parsed.tree is None:
            self.notes.append(
                _("Tidak ada kata yang dapat dicari dalam pertanyaan ini, jadi semua berita ditampilkan.")
            )
        tree, narrow = lifted(expand(self.parsed.tree), narrowed(filters))
        first, until = order_span(filters.date_from, filters.date_to)
        self.question = Question(
            tree=tree,
            narrow=narrow,
            fold=fold_of(filters, narrow),
            is_counted=facets or checked,
            facet_folds={facet: facet_folds(filters, narrow, facet) for facet in FACETS if facets},
            sort=filters.order,
            deadline=deadline,
            first=first,  # the month is a facet, so that its own counts can leave it aside
            until=until,
        )

    def answer(self) -> Results:
        by_relevance = self.question.sort == "relevan" and self.question.tree is not None
        return self._ranked_page() if by_relevance else self._dated_page()

    def _dated_page(self) -> Results:
        sort = "terbaru" if self.question.sort == "relevan" else self.question.sort
        beyond = self.begin.order if isinstance(self.begin, DateAnchor) else None
        found = self.reader.search(replace(self.question, sort=sort, beyond=beyond, limit=self.size + SPARE))
        if not found.total and not found.is_partial:
            self.better = better_spelling(self.filters.q, self.parsed.tree, self.reader)
        hits = found.hits
        if self.checked:
            public = _public([entry_id for entry_id, _order in hits])
            hits = [hit for hit in hits if hit[0] in public]
        shown = hits[: self.size]
        more = len(hits) > self.size or len(found.hits) == self.size + SPARE
        last = str(DateAnchor(int(shown[-1][1]))) if shown and more else None
        return self._results(found, [entry_id for entry_id, _order in shown], last)

    def _ranked_page(self) -> Results:
        begin = self.begin if isinstance(self.begin, RankAnchor) else None
        known = begin.known if begin else order_now()
        shown = min(begin.shown, MOST_RANKED) if begin else 0
        limit = max(WINDOW, min(shown + self.size + SPARE, MOST_RANKED))
        question = replace(self.question, known=known, limit=limit)
        found, strict = self._widest(question)
        question = self.question
        ranked = self._rank(found, strict, question.tree)
        seen = set(begin.last) if begin else set()
        rest = [entry_id for entry_id in ranked[max(0, shown - len(seen)) :] if entry_id not in seen]
        page = rest[: self.size]
        reached = shown + len(page)
        more = len(rest) > self.size and reached < MOST_RANKED
        anchor = str(RankAnchor(reached, known, tuple(page))) if more else None
        return self._results(found, page, anchor)

    def _widest(self, question: Question) -> tuple[Found, list[tuple[int, float]]]:
        """What is found with all the words and, when that is little, with better spelled words, or with
        most of the words: the answer, and the hits with all the words."""
        found = self.reader.search(question)
        if not found.total and question.tree and (loose := loosened(question.tree)) != question.tree:
            question = replace(question, tree=loose)
            found = self.reader.search(question)
        if found.total >= FEW or found.is_partial:
            return found, found.hits
        self.better = better_spelling(self.filters.q, self.parsed.tree, self.reader, rare_too=found.total > 0)
        if self.better and not found.total and (corrected := self._corrected(question)):
            return corrected, corrected.hits
        wider = relaxed(question.tree, self._information)
        if wider is None:
            return found, found.hits
        more = self.reader.search(replace(question, tree=wider))
        if more.total <= found.total:
            return found, found.hits
        self.is_widened = not found.total
        self.notes.append(
            _("Tidak ada berita yang memuat semua kata; ini yang memuat sebagiannya.")
            if not found.total
            else _("Berita yang memuat semua kata didahulukan; sesudahnya yang memuat sebagiannya.")
        )
        return more, found.hits

    def _corrected(self, question: Question) -> Found | None:
        """The answer to the question as it was probably meant, and word of that."""
        parsed = parse(self.better, resolve)
        tree, _narrow = lifted(expand(parsed.tree), dict(question.narrow))
        found = self.reader.search(replace(question, tree=tree))
        if not found.total:
            return None
        self.is_respelled = True
        self.notes.append(
            _("Tidak ada berita dengan kata “%(typed)s”; ini hasil untuk “%(meant)s”.")
            % {"typed": self.filters.q, "meant": self.better}
        )
        self.question, self.parsed = replace(self.question, tree=tree), replace(parsed, odd=True)
        return found

    def _information(self, node: Node) -> float:
        """How much it says that a post matches: the inverse document frequency."""
        match node:
            case Word(stem=stem):
                frequency = self.reader.frequency(stem)
                return math.log(1 + (self.reader.size - frequency + 0.5) / (frequency + 0.5))
            case Best(items=items):
                return min(self._information(item) for item in items)
            case All(items=items):
                return max(self._information(item) for item in items)
            case Phrase(words=words):
                return max(self._information(Word(*word)) for word in words)
        return PREFIX_INFORMATION

    def _rank(self, found: Found, strict: Sequence[tuple[int, float]], tree: Node | None) -> list[int]:
        """Only what is public; hits with all the words first, and the best of each looked at once more."""
        window = found.hits[:WINDOW]
        rows = _rows([entry_id for entry_id, _score in {*window, *strict}])
        full = {entry_id for entry_id, _score in strict}
        now = timezone.now()
        ranked: list[int] = []
        for hits in (strict[:WINDOW], [hit for hit in window if hit[0] not in full]):
            candidates = [
                Candidate(entry_id, score, *rows[entry_id]) for entry_id, score in hits if entry_id in rows
            ]
            ranked += rank(candidates, tree, now)
        beyond = [entry_id for entry_id, _score in found.hits[WINDOW:]]
        public = _public(beyond) if beyond else set()
        there = set(ranked)
        return ranked + [entry_id for entry_id in beyond if entry_id in public and entry_id not in there]

    def _results(self, found: Found, entry_ids: list[int], anchor: str | None) -> Results:
        if found.is_partial:
            self.notes.append(_("Pencarian ini berat; hanya sebagian hasil yang sempat dikumpulkan."))
        return Results(
            entry_ids=entry_ids,
            total=found.total,
            total_is_exact=not found.is_partial,
            facets=facet_values(found.facets),
            next_anchor=anchor,
            read_as=show(self.parsed.tree) if self.parsed.odd else "",
            did_you_mean=self.better,
            notes=self.notes,
            is_respelled=self.is_respelled,
            is_widened=self.is_widened,
            is_partial=found.is_partial,
        )


def _public(entry_ids: list[int]) -> set[int]:
    return set(Entry.objects.public_of(id__among=entry_ids).order_by().values_list("id", flat=True))


def _rows(entry_ids: list[int]) -> dict[int, tuple[str, datetime, bool]]:
    rows = Entry.objects.public_of(id__among=entry_ids).order_by()
    return {
        pk: (title, at, is_lead)
        for pk, title, at, is_lead in rows.values_list(
            "id", "public_revision__title", "published_at", "is_lead"
        )
    }
