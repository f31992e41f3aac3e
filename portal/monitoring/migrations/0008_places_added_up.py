"""Days and subjects of provinces added up from those of their satker."""

from django.db import migrations, models
from django.db.models import Sum


def add_up(apps, _schema_editor):
    model = {name: apps.get_model("monitoring", name) for name in ("OfficeDay", "OfficeSubject")}
    days = model["OfficeDay"].objects.order_by().values_list("satker__province", "day")
    subjects = model["OfficeSubject"].objects.order_by().values_list("province", "month", "kind", "subject")
    for name, fields, rows in (
        ("PlaceDay", ("day",), days),
        ("PlaceSubject", ("month", "kind", "subject"), subjects),
    ):
        place = apps.get_model("monitoring", name)
        place.objects.bulk_create(
            (
                place(place=province or 0, posts=posts, **dict(zip(fields, key, strict=True)))
                for province, *key, posts in rows.annotate(n=Sum("posts")).iterator()
            ),
            batch_size=500,
        )


def key():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0007_months_covered")]

    operations = [
        migrations.AddField("officestate", "whole_at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="PlaceDay",
            fields=[
                ("id", key()),
                ("place", models.BigIntegerField()),
                ("day", models.DateField()),
                ("posts", models.PositiveIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["day", "place", "posts"], name="placeday_day")],
                "constraints": [models.UniqueConstraint(fields=["place", "day"], name="placeday_unique")],
            },
        ),
        migrations.CreateModel(
            name="PlaceSubject",
            fields=[
                ("id", key()),
                ("place", models.BigIntegerField()),
                ("month", models.DateField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("s", "stage"),
                            ("n", "best topic of a post outside of all stages"),
                            ("t", "each topic; a post may have several"),
                            ("r", "whose post is carried"),
                        ],
                        max_length=1,
                    ),
                ),
                ("subject", models.BigIntegerField(default=0)),
                ("posts", models.PositiveIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["kind", "month", "place", "subject", "posts"], name="placesubject_month"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["place", "month", "kind", "subject"], name="placesubject_unique"
                    )
                ],
            },
        ),
        migrations.RunPython(add_up, migrations.RunPython.noop, elidable=True),
    ]
