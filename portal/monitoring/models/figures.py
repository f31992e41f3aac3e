"""Kept figures of every satker, derived from posts and fetch logs; see figures/follow.py and
figures/polls.py. Days are those of the satker's own zone."""

from __future__ import annotations

from django.db import models

from aggregator.models import Feed, Province, Satker
from portal.monitoring.figures.counting import NUMBERS


class Published(models.Model):
    """What was published in a time: `counting.NUMBERS`."""

    posts = models.PositiveIntegerField()
    own = models.PositiveIntegerField(default=0)
    own_on_topic = models.PositiveIntegerField(default=0)
    central = models.PositiveIntegerField(default=0)
    provincial = models.PositiveIntegerField(default=0)
    peer = models.PositiveIntegerField(default=0)
    child = models.PositiveIntegerField(default=0)
    announcements = models.PositiveIntegerField(default=0)
    staged = models.PositiveIntegerField(default=0)  # within a stage of an election

    class Meta:
        abstract = True


class OfficeDay(Published):
    """What one satker published on one day of its own calendar. Days without a post have no row."""

    satker = models.ForeignKey(Satker, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["satker", "day"], name="officeday_unique")]
        indexes = [models.Index(fields=["day", "satker", *NUMBERS], name="officeday_day")]

    def __str__(self) -> str:
        return f"{self.satker_id} {self.day}: {self.posts}"


class OfficeSums(Published):
    """The days of one satker's month added up, so that a year is a dozen rows. `month` counts months since
    the year 0; bit n of `days` says that there was a post on day n+1."""

    satker = models.ForeignKey(Satker, on_delete=models.CASCADE, related_name="+")
    month = models.PositiveIntegerField()
    active_days = models.PositiveSmallIntegerField(default=0)  # with an own post
    days = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["satker", "month"], name="officesums_unique")]
        indexes = [models.Index(fields=["month", "satker", *NUMBERS, "active_days"], name="officesums_month")]

    def __str__(self) -> str:
        return f"{self.satker_id} {self.month}: {self.posts}"


class OfficeMonth(models.Model):
    """What is known of one satker's month beyond its days: the quality of its data, and how long its posts
    took. Posts without a believable date stand in the month in which they were first seen."""

    satker = models.ForeignKey(Satker, on_delete=models.CASCADE, related_name="+")
    month = models.DateField()
    posts = models.PositiveIntegerField(default=0)
    impossible = models.PositiveIntegerField(default=0)
    future = models.PositiveIntegerField(default=0)
    undated = models.PositiveIntegerField(default=0)
    empty_title = models.PositiveIntegerField(default=0)
    generic_title = models.PositiveIntegerField(default=0)
    empty_body = models.PositiveIntegerField(default=0)
    double_slug = models.PositiveIntegerField(default=0)
    encoding = models.PositiveIntegerField(default=0)
    corrected = models.PositiveIntegerField(default=0)  # stage or topic set by a person
    lags = models.JSONField(default=list)  # of days from the event to the own post that tells of it
    delays = models.JSONField(default=list)  # of minutes from the site's time of publication to ours

    class Meta:
        constraints = [models.UniqueConstraint(fields=["satker", "month"], name="officemonth_unique")]
        indexes = [models.Index(fields=["month", "satker"], name="officemonth_month")]

    def __str__(self) -> str:
        return f"{self.satker_id} {self.month:%Y-%m}"


class OfficeSubject(models.Model):
    """How many dated posts of one satker's month have one subject of one kind. `subject` is the key of a
    stage, topic or satker; 0 where there is none. `province` is the satker's, which its code fixes."""

    class Kind(models.TextChoices):
        STAGE = "s", "stage"  # 0: outside of all stages
        OUTSIDE = "n", "best topic of a post outside of all stages"
        TOPIC = "t", "each topic; a post may have several"
        SOURCE = "r", "whose post is carried"

    satker = models.ForeignKey(Satker, on_delete=models.CASCADE, related_name="+")
    province = models.ForeignKey(
        Province, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    month = models.DateField()
    kind = models.CharField(max_length=1, choices=Kind.choices)
    subject = models.BigIntegerField(default=0)
    posts = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["satker", "month", "kind", "subject"], name="officesubject_unique"
            )
        ]
        indexes = [
            models.Index(fields=["kind", "month", "satker", "subject", "posts"], name="officesubject_month"),
            models.Index(
                fields=["kind", "month", "province", "subject", "posts"], name="officesubject_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.satker_id} {self.month:%Y-%m} {self.kind}{self.subject}: {self.posts}"


class PlaceDay(models.Model):
    """Posts of all satker of one province on one day, each on its own clocks. `place` is the key of the
    province; 0 stands for the national office."""

    place = models.BigIntegerField()
    day = models.DateField()
    posts = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["place", "day"], name="placeday_unique")]
        indexes = [models.Index(fields=["day", "place", "posts"], name="placeday_day")]

    def __str__(self) -> str:
        return f"{self.place} {self.day}: {self.posts}"


class PlaceSubject(models.Model):
    """OfficeSubject, of all satker of one province added up, so that a year of the nation need not be."""

    place = models.BigIntegerField()
    month = models.DateField()
    kind = models.CharField(max_length=1, choices=OfficeSubject.Kind.choices)
    subject = models.BigIntegerField(default=0)
    posts = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["place", "month", "kind", "subject"], name="placesubject_unique")
        ]
        indexes = [
            models.Index(fields=["kind", "month", "place", "subject", "posts"], name="placesubject_month")
        ]

    def __str__(self) -> str:
        return f"{self.place} {self.month:%Y-%m} {self.kind}{self.subject}: {self.posts}"


class OfficeState(models.Model):
    """The oldest and the newest dated post of one satker. A row says that the satker has been counted;
    `whole_at`: with all its months."""

    satker = models.OneToOneField(Satker, on_delete=models.CASCADE, primary_key=True, related_name="+")
    last_entry_id = models.BigIntegerField(null=True)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    last_title = models.CharField(max_length=500, blank=True)
    whole_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.satker_id}: {self.last_day}"


class DutyPost(models.Model):
    """A post that tells of the continuous update of the voter list (PDPB), and which quarter it fulfils:
    `quarter` counts quarters since the year 0. `named` says that the post itself names the period."""

    entry_id = models.BigIntegerField(primary_key=True)
    satker = models.ForeignKey(Satker, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    quarter = models.PositiveIntegerField()
    named = models.BooleanField(default=False)
    title = models.CharField(max_length=500)

    class Meta:
        indexes = [models.Index(fields=["quarter", "satker"], name="dutypost_quarter")]

    def __str__(self) -> str:
        return f"{self.satker_id} {self.quarter}: {self.entry_id}"


class Attempts(models.Model):
    """Attempts to read one feed in a time."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="+")
    polls = models.PositiveIntegerField()
    fetched = models.PositiveIntegerField(default=0)
    unmodified = models.PositiveIntegerField(default=0)  # 304
    same_body = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    kinds = models.JSONField(default=dict)  # error code → failures

    class Meta:
        abstract = True


class FeedDay(Attempts):
    """Those of one day (WIB). Fetch logs are dropped after a while, these stay."""

    day = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feed", "day"], name="feedday_unique")]
        indexes = [
            models.Index(
                fields=["day", "feed", "polls", "fetched", "unmodified", "same_body", "failed"],
                name="feedday_day",
            )
        ]

    def __str__(self) -> str:
        return f"{self.feed_id} {self.day}: {self.polls}"


class FeedMonth(Attempts):
    """The days of one month added up. `month` counts months since the year 0."""

    month = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feed", "month"], name="feedmonth_unique")]
        indexes = [
            models.Index(
                fields=["month", "feed", "polls", "fetched", "unmodified", "same_body", "failed"],
                name="feedmonth_month",
            )
        ]

    def __str__(self) -> str:
        return f"{self.feed_id} {self.month}: {self.polls}"


class FeedRead(models.Model):
    """How often one outbound feed was asked for on one day (WIB) by one program. `agent` is the product
    name of the program, never an address or anything of a person."""

    day = models.DateField()
    channel = models.CharField(max_length=200)
    agent = models.CharField(max_length=60)
    requests = models.PositiveIntegerField(default=0)
    unmodified = models.PositiveIntegerField(default=0)
    subscribers = models.PositiveIntegerField(default=0)  # the most that a program said it reads for

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "channel", "agent"], name="feedread_unique")]

    def __str__(self) -> str:
        return f"{self.day} {self.channel} {self.agent}: {self.requests}"


class FigureState(models.Model):
    """How far the kept figures have followed the posts (`xact`, `number`: the change sequence) and the
    fetch logs (`log`). While `built` is null they are being made anew, satker by satker."""

    epoch = models.CharField(max_length=36)
    xact = models.BigIntegerField(default=0)
    number = models.BigIntegerField(default=0)
    log = models.BigIntegerField(default=0)
    built_at = models.DateTimeField(null=True)
    followed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.xact}/{self.number}"
