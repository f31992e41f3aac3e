"""The public posts of one satker as counting wants them, in three queries: all, or those of some months."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Q
from django.db.models.sql.compiler import SQLCompiler

from aggregator.classify import BY_STAFF
from aggregator.models import Correction, Entry, EntryTopic, Satker
from portal.monitoring.figures.counting import Post
from portal.monitoring.figures.months import span

# What wrongly decoded UTF-8 looks like: â€™, Ã©, Â«, and the sign for "no such character".
GARBLED = ("\ufffd", "â€", "Ã©", "Ã¢", "Â\u00a0", "ï»¿")
TEXT = "public_revision__text"
DUTY = ("pdpb", "pemilih berkelanjutan")
FIELDS = (
    *("pk", "published_at", "first_seen_at", "date_status", "origin", "stage_id", "stage_rule"),
    *("event_on", "is_import", "url", "title", "categories", "source", "is_empty", "is_garbled", "mentions"),
)


class Holds(Func):
    """Whether one of these columns has one of the `words` in it, in any case where `folded`. In one piece, as
    of a condition a word and a column Django would take longer to make SQL than the database to answer."""

    output_field = BooleanField()

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *_more: Any, **_context: Any
    ) -> tuple[str, tuple[str | int, ...]]:
        find = "strpos" if connection.vendor == "postgresql" else "instr"
        columns = [compiler.compile(column)[0] for column in self.get_source_expressions()]
        if self.extra.get("folded"):
            columns = [f"lower({column})" for column in columns]
        words = self.extra["words"]
        found = " OR ".join(f"{find}({column}, %s) > 0" for column in columns for _word in words)
        return f"({found})", words * len(columns)


def posts_of(satker: Satker, months: Collection[int] | None = None) -> Iterator[Post]:
    """`months`, as months.number names them, on the clocks of the satker; None: all."""
    topics, corrected = _topics(satker, months)
    mine = Entry.objects.public_of(satker=satker.pk).filter(within(satker, months))
    entries = mine.annotate(
        title=F("public_revision__title"),
        categories=F("public_revision__categories"),
        source=F("story__lead__satker"),
        is_empty=Func(
            TEXT,
            "public_revision__content_html",
            template="(%(expressions)s = '')",
            arg_joiner=" = '' AND ",
            output_field=BooleanField(),
        ),
        is_garbled=Holds("public_revision__title", TEXT, words=GARBLED),
        mentions=Holds(TEXT, words=DUTY, folded=True),
    )
    for row in entries.order_by("published_at", "pk").values_list(*FIELDS):
        (
            pk,
            published,
            seen,
            status,
            origin,
            stage,
            rule,
            event,
            imported,
            url,
            title,
            labels,
            source,
            *flags,
        ) = row
        is_empty, is_garbled, mentions = map(bool, flags)
        yield Post(
            pk,
            published,
            seen,
            status,
            origin,
            stage,
            title or "",
            topics=tuple(topics.get(pk, ())),
            event_on=event,
            is_import=imported,
            is_empty=is_empty,
            is_garbled=is_garbled,
            is_corrected=rule.startswith(BY_STAFF) or pk in corrected,
            is_announcement=any("pengumuman" in str(label).lower() for label in labels or ()),
            slug=_slug(url),
            source=source if source != satker.pk else None,
            named_duty="pdpb" if mentions and "pemilih" in (title or "").lower() else "",
        )


def within(satker: Satker, months: Collection[int] | None, path: str = "") -> Q:
    """Posts of these months, as a condition on the entry at `path`."""
    if months is None:
        return Q()
    found = Q(**{f"{path}pk__in": ()})
    for first, end in _bounds(months, ZoneInfo(satker.timezone)):
        found |= Q(**{f"{path}published_at__gte": first, f"{path}published_at__lt": end})
    return found


def _bounds(months: Collection[int], clocks: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    for its in map(span, sorted(months)):
        ends = its.first, its.last + timedelta(days=1)
        first, end = (datetime.combine(day, time.min, clocks) for day in ends)
        yield first, end


def _topics(satker: Satker, months: Collection[int] | None) -> tuple[dict[int, list[int]], set[int]]:
    """Topics of each post, the best first, and the posts that a person corrected."""
    found: dict[int, list[int]] = defaultdict(list)
    corrected: set[int] = set()
    theirs = Q(entry__satker=satker.pk) & within(satker, months, "entry__")
    rows = EntryTopic.objects.filter(theirs).order_by("entry", "-by_staff", "-score", "topic")
    for entry, topic, by_staff, removed in rows.values_list("entry", "topic", "by_staff", "removed"):
        if by_staff or removed:
            corrected.add(entry)
        if not removed:
            found[entry].append(topic)
    said = Correction.objects.filter(theirs).order_by("id")
    for entry, by_rules in said.values_list("entry", "by_rules"):
        (corrected.discard if by_rules else corrected.add)(entry)
    return found, corrected


def _slug(url: str) -> str:
    """The readable tail of an address; numbers and file names of a CMS tell nothing."""
    tail = url.partition("?")[0].rstrip("/").rpartition("/")[2]
    return tail if "-" in tail else ""
