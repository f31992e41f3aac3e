"""The public posts of one satker as counting wants them, in three queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import F, Q

from aggregator.classify import BY_STAFF
from aggregator.models import Correction, Entry, EntryTopic
from portal.monitoring.figures.counting import Post

# What wrongly decoded UTF-8 looks like: â€™, Ã©, Â«, and the sign for "no such character".
GARBLED = ("\ufffd", "â€", "Ã©", "Ã¢", "Â\u00a0", "ï»¿")
EMPTY = Q(public_revision__text="") & Q(public_revision__content_html="")
MENTIONS = Q(public_revision__text__icontains="pdpb") | Q(
    public_revision__text__icontains="pemilih berkelanjutan"
)
FIELDS = (
    *("pk", "published_at", "first_seen_at", "date_status", "origin", "stage_id", "stage_rule"),
    *("event_on", "is_import", "url", "title", "categories", "source", "is_empty", "is_garbled", "mentions"),
)


def posts_of(satker_id: int) -> Iterator[Post]:
    topics, corrected = _topics(satker_id)
    entries = Entry.objects.public_of(satker=satker_id).annotate(
        title=F("public_revision__title"),
        categories=F("public_revision__categories"),
        source=F("story__lead__satker"),
        is_empty=EMPTY,
        is_garbled=_garbled(),
        mentions=MENTIONS,
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
            source=source if source != satker_id else None,
            named_duty="pdpb" if mentions and "pemilih" in (title or "").lower() else "",
        )


def _topics(satker_id: int) -> tuple[dict[int, list[int]], set[int]]:
    """Topics of each post, the best first, and the posts that a person corrected."""
    found: dict[int, list[int]] = defaultdict(list)
    corrected: set[int] = set()
    rows = EntryTopic.objects.filter(entry__satker=satker_id).order_by(
        "entry", "-by_staff", "-score", "topic"
    )
    for entry, topic, by_staff, removed in rows.values_list("entry", "topic", "by_staff", "removed"):
        if by_staff or removed:
            corrected.add(entry)
        if not removed:
            found[entry].append(topic)
    said = Correction.objects.filter(entry__satker=satker_id).order_by("id").values_list("entry", "by_rules")
    for entry, by_rules in said:
        (corrected.discard if by_rules else corrected.add)(entry)
    return found, corrected


def _garbled() -> Q:
    found = Q()
    for sign in GARBLED:
        found |= Q(public_revision__title__contains=sign) | Q(public_revision__text__contains=sign)
    return found


def _slug(url: str) -> str:
    """The readable tail of an address; numbers and file names of a CMS tell nothing."""
    tail = url.partition("?")[0].rstrip("/").rpartition("/")[2]
    return tail if "-" in tail else ""
