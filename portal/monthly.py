"""Kept sums of whole months, made of the kept daily counts whenever those change: a year of days is thirty
times as many rows as a year of months."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import connection, models

from portal.days import month_end


class PlaceMonth(models.Model):
    """The sums of PlaceCount over a month; `days` are those with an own post."""

    topic = models.ForeignKey(
        "aggregator.Topic", on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    province = models.ForeignKey(
        "aggregator.Province", on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    month = models.DateField()  # its first day
    posts = models.PositiveIntegerField()
    own = models.PositiveIntegerField()
    on_topic = models.PositiveIntegerField()
    decided = models.PositiveIntegerField()
    days = models.PositiveSmallIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["month"], name="placemonth_month"),
            models.Index(fields=["topic", "month"], name="placemonth_topic"),
            models.Index(fields=["province", "month", "topic", "posts"], name="placemonth_province"),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.topic_id} {self.province_id}: {self.posts}"


class OfficeMonth(models.Model):
    """The sums of OfficeCount over a month; `first_day` and `last_day` are those with a post."""

    office = models.ForeignKey(
        "aggregator.Satker", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    month = models.DateField()
    posts = models.PositiveIntegerField()
    own = models.PositiveIntegerField()
    on_topic = models.PositiveIntegerField()
    days = models.PositiveSmallIntegerField()
    last_at = models.DateTimeField()
    first_day = models.DateField()
    last_day = models.DateField()

    class Meta:
        indexes = [
            models.Index(fields=["month", "office", "first_day", "last_day"], name="officemonth_of_month"),
            models.Index(fields=["office", "month"], name="officemonth_of_office"),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.office_id}: {self.posts}"


class PairMonth(models.Model):
    """The sums of PairCount over a month."""

    topic = models.ForeignKey("aggregator.Topic", on_delete=models.CASCADE, related_name="+", db_index=False)
    other = models.ForeignKey("aggregator.Topic", on_delete=models.CASCADE, related_name="+", db_index=False)
    month = models.DateField()
    posts = models.PositiveIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["month"], name="pairmonth_month"),
            models.Index(fields=["topic", "month", "other", "posts"], name="pairmonth_topic"),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.topic_id} {self.other_id}: {self.posts}"


class StageMonth(models.Model):
    """The sums of DayCount over a month by stage and province."""

    stage = models.ForeignKey(
        "aggregator.Stage", on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    province = models.ForeignKey(
        "aggregator.Province", on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    month = models.DateField()
    posts = models.PositiveIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["month"], name="stagemonth_month"),
            models.Index(fields=["stage", "month", "province", "posts"], name="stagemonth_stage"),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.stage_id} {self.province_id}: {self.posts}"


class OfficeTopicMonth(models.Model):
    """The first and the last day of a month on which an office has a post on a topic."""

    topic = models.ForeignKey("aggregator.Topic", on_delete=models.CASCADE, related_name="+", db_index=False)
    office = models.ForeignKey(
        "aggregator.Satker", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    month = models.DateField()
    first_day = models.DateField()
    last_day = models.DateField()

    class Meta:
        indexes = [
            models.Index(fields=["month"], name="officetopicmonth_month"),
            models.Index(
                fields=["topic", "month", "office", "first_day", "last_day"], name="officetopicmonth_topic"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.topic_id} {self.office_id}"


MONTHLY = (PlaceMonth, OfficeMonth, PairMonth, StageMonth, OfficeTopicMonth)
__all__ = ["OfficeMonth", "OfficeTopicMonth", "PairMonth", "PlaceMonth", "StageMonth"]
MONTH = {"postgresql": "date_trunc('month', day)::date", "sqlite": "strftime('%%Y-%%m-01', day)"}
SUMS = (
    """INSERT INTO portal_placemonth (topic_id, province_id, month, posts, own, on_topic, decided, days)
    SELECT topic_id, province_id, {month}, SUM(posts), SUM(own), SUM(on_topic), SUM(decided),
        SUM(CASE WHEN own > 0 THEN 1 ELSE 0 END)
    FROM portal_placecount WHERE day BETWEEN %s AND %s GROUP BY 1, 2, 3""",
    """INSERT INTO portal_officemonth (office_id, month, posts, own, on_topic, days, last_at,
        first_day, last_day)
    SELECT office_id, {month}, SUM(posts), SUM(own), SUM(on_topic),
        SUM(CASE WHEN own > 0 THEN 1 ELSE 0 END), MAX(last_at), MIN(day), MAX(day)
    FROM portal_officecount WHERE day BETWEEN %s AND %s GROUP BY 1, 2""",
    """INSERT INTO portal_pairmonth (topic_id, other_id, month, posts)
    SELECT topic_id, other_id, {month}, SUM(posts)
    FROM portal_paircount WHERE day BETWEEN %s AND %s GROUP BY 1, 2, 3""",
    """INSERT INTO portal_stagemonth (stage_id, province_id, month, posts)
    SELECT stage_id, province_id, {month}, SUM(posts)
    FROM portal_daycount WHERE day BETWEEN %s AND %s GROUP BY 1, 2, 3""",
    """INSERT INTO portal_officetopicmonth (topic_id, office_id, month, first_day, last_day)
    SELECT topic_id, office_id, {month}, MIN(day), MAX(day)
    FROM portal_officetopiccount WHERE day BETWEEN %s AND %s GROUP BY 1, 2, 3""",
)


def keep(days: Iterable[date]) -> None:
    """Sum up the months of these days anew."""
    for first in sorted({day.replace(day=1) for day in days}):
        for model in MONTHLY:
            model._default_manager.filter(month=first).delete()
        with connection.cursor() as cursor:
            for statement in SUMS:
                text = statement.format(month=MONTH[connection.vendor])
                cursor.execute(text, [first.isoformat(), month_end(first).isoformat()])
