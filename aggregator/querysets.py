"""The questions that are asked of the tables in more than one place."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q

if TYPE_CHECKING:
    from aggregator.models import Entry, Feed, Satker  # noqa: F401


class EntryQuerySet(models.QuerySet["Entry"]):
    def public(self) -> EntryQuerySet:
        """What the public may see: the only door to entries for pages, feeds, API and search."""
        return self.filter(state="public")

    def public_of(self, **few: Any) -> EntryQuerySet:
        """`public()`, of the few that these conditions leave, such as `pk__in=…`. Says what the state is
        not, because for `state = 'public'` SQLite would rather walk through all public posts."""
        return self.filter(**few).exclude(state__in=("pending", "held", "withdrawn"))

    def for_lists(self, *, text: bool = False) -> EntryQuerySet:
        """With what a line in a list shows, in one query; the plain text only if asked for."""
        long = ["public_revision__content_html", "public_revision__signals"]
        long += [] if text else ["public_revision__text"]
        return self.select_related("public_revision", "satker", "province", "picture").defer(*long)

    def for_lines(self) -> EntryQuerySet:
        """With what a line in a list of the portal shows (portal/headlines.py)."""
        return self.select_related("public_revision", "satker", "province", "picture").only(
            *("published_at", "date_status", "released_at", "carriers", "origin", "picture__name"),
            *(f"public_revision__{name}" for name in ("title", "summary", "public_at")),
            *(f"satker__{name}" for name in ("code", "slug", "name", "level", "timezone")),
            *("province__name", "province__slug"),
        )

    def for_hits(self) -> EntryQuerySet:
        """With what a line among search results shows and the text that its passage is taken from. Of these
        few rows as many columns as the tables have cost more than to find them."""
        return self.select_related("public_revision", "satker", "province", "picture").only(
            *("published_at", "date_status", "released_at", "carriers", "origin", "picture"),
            *(f"public_revision__{name}" for name in ("title", "summary", "text", "public_at")),
            *(f"satker__{name}" for name in ("code", "slug", "name", "level", "timezone")),
            "province__name",
        )

    def for_links(self) -> EntryQuerySet:
        """With no more than a link to each post shows: its address, its title, whose and of when it is."""
        return self.select_related("public_revision", "satker", "province").only(
            *("published_at", "date_status", "public_revision__title", "satker__name", "satker__timezone"),
            *("province__slug", "province__abbr"),
        )

    def leads(self) -> EntryQuerySet:
        """One entry a story."""
        return self.filter(is_lead=True)

    def newest(self) -> EntryQuerySet:
        return self.order_by("-published_at", "-id")

    def older_than(self, anchor: tuple[datetime, int] | None) -> EntryQuerySet:
        """Keyset paging for `newest()`: what comes after the entry at (published_at, id)."""
        if anchor is None:
            return self
        at, pk = anchor
        return self.filter(Q(published_at__lt=at) | Q(published_at=at, id__lt=pk))


class FeedQuerySet(models.QuerySet["Feed"]):
    def active(self) -> FeedQuerySet:
        return self.filter(state="active")

    def due(self, now: datetime) -> FeedQuerySet:
        return self.active().filter(next_check_at__lte=now).order_by("next_check_at", "id")


class SatkerQuerySet(models.QuerySet["Satker"]):
    def with_feed_state(self) -> SatkerQuerySet:
        """Annotate `has_feed` (an active feed) and `feed_failing` (its last check failed)."""
        from aggregator.models import Feed

        feeds: Any = Feed.objects.filter(satker=OuterRef("pk"), state="active")
        return self.annotate(has_feed=Exists(feeds), feed_failing=Exists(feeds.exclude(error_code="")))

    def with_public_count(self) -> SatkerQuerySet:
        return self.annotate(public_count=Count("entries", filter=Q(entries__state="public")))
