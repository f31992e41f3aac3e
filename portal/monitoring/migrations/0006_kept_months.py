"""Months added up. Those of feeds are made of the kept days; figures about posts are counted again by the
worker, because the days with a post are now kept too."""

from collections import Counter, defaultdict

import django.db.models.deletion
from django.db import migrations, models


def add_up_feeds(apps, _schema_editor):
    days, months = apps.get_model("monitoring", "FeedDay"), apps.get_model("monitoring", "FeedMonth")
    names = ("polls", "fetched", "unmodified", "same_body", "failed")
    sums, kinds = defaultdict(Counter), defaultdict(Counter)
    for feed, day, failures, *numbers in days.objects.values_list("feed", "day", "kinds", *names).iterator():
        key = feed, day.year * 12 + day.month - 1
        sums[key].update(dict(zip(names, numbers, strict=True)))
        kinds[key].update(failures)
    rows = [
        months(feed_id=feed, month=month, kinds=dict(kinds[feed, month]), **found)
        for (feed, month), found in sums.items()
    ]
    months.objects.bulk_create(rows, batch_size=500)


def count_again(apps, _schema_editor):
    apps.get_model("monitoring", "FigureState").objects.update(epoch="")


def published():
    return [
        ("posts", models.PositiveIntegerField()),
        *(
            (name, models.PositiveIntegerField(default=0))
            for name in (
                *("own", "own_on_topic", "central", "provincial", "peer", "child"),
                *("announcements", "staged"),
            )
        ),
    ]


def to(model):
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=model)


def key():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [
        ("aggregator", "0009_watched"),
        ("monitoring", "0005_covering_indexes"),
    ]

    operations = [
        migrations.AddField("officestate", "first_day", models.DateField(null=True)),
        migrations.AddField(
            "officesubject",
            "province",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="aggregator.province",
            ),
        ),
        migrations.AddIndex(
            "officesubject",
            models.Index(
                fields=["kind", "month", "province", "subject", "posts"], name="officesubject_place"
            ),
        ),
        migrations.CreateModel(
            name="OfficeSums",
            fields=[
                ("id", key()),
                *published(),
                ("month", models.PositiveIntegerField()),
                ("active_days", models.PositiveSmallIntegerField(default=0)),
                ("days", models.BigIntegerField(default=0)),
                ("satker", to("aggregator.satker")),
            ],
            options={
                "indexes": [models.Index(fields=["month", "satker"], name="officesums_month")],
                "constraints": [
                    models.UniqueConstraint(fields=("satker", "month"), name="officesums_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedMonth",
            fields=[
                ("id", key()),
                ("polls", models.PositiveIntegerField()),
                ("fetched", models.PositiveIntegerField(default=0)),
                ("unmodified", models.PositiveIntegerField(default=0)),
                ("same_body", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("kinds", models.JSONField(default=dict)),
                ("month", models.PositiveIntegerField()),
                ("feed", to("aggregator.feed")),
            ],
            options={
                "indexes": [models.Index(fields=["month", "feed"], name="feedmonth_month")],
                "constraints": [
                    models.UniqueConstraint(fields=("feed", "month"), name="feedmonth_unique")
                ],
            },
        ),
        migrations.RunPython(add_up_feeds, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(count_again, migrations.RunPython.noop, elidable=True),
    ]
