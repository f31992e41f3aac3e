"""Kept sums of months are those of their days, whichever way they were made."""

from __future__ import annotations

import random
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from aggregator.models import Entry, EntryTopic, Stage, Topic
from portal import daily, monthly
from portal.models import OfficeTopicCount
from tests.factories import SEEN, make_entry, make_feed, make_province, make_satker

# On PostgreSQL a follower sees a mark when its transaction has ended.
pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")


@pytest.fixture
def news():
    chance = random.Random(8)
    feeds = [make_feed(satker=make_satker(province=place)) for place in (make_province("51", "Bali"), None)]
    stage = Stage.objects.create(slug="kampanye", name="Kampanye", election="pemilu-2024")
    topics = [Topic.objects.create(slug=f"t{n}", name=f"T{n}", position=n) for n in range(2)]
    for _post in range(40):
        entry = make_entry(
            feed=chance.choice(feeds),
            published_at=SEEN - timedelta(hours=chance.randint(0, 2400)),
            origin=chance.choice(["own", "central", ""]),
            stage=chance.choice([stage, None]),
            date_status=chance.choice(["ok"] * 9 + ["impossible"]),
        )
        for topic in chance.sample(topics, chance.randint(0, 2)):
            EntryTopic.objects.create(entry=entry, topic=topic)
    daily.rebuild()


def kept():
    """All rows of all kinds, without their keys."""
    rows = {}
    for model in (*monthly.MONTHLY, OfficeTopicCount):
        names = [field.attname for field in model._meta.fields if field.name != "id"]
        rows[model.__name__] = sorted(map(repr, model.objects.values_list(*names)))
    return rows


def empty():
    for model in (*monthly.MONTHLY, OfficeTopicCount):
        model.objects.all().delete()


def test_a_post_that_leaves_takes_itself_out_of_its_month(news):
    entry = Entry.objects.public().filter(date_status="ok").order_by("published_at").first()
    Entry.objects.filter(pk=entry.pk).update(state="held")
    daily._recount(daily._moved([entry.pk]))
    followed = kept()
    daily.rebuild()
    assert followed == kept()


def test_an_update_of_the_portal_sums_up_what_a_rebuild_sums_up(news):
    before = kept()
    assert all(before.values())
    empty()
    with connection.cursor() as cursor:
        editor = SimpleNamespace(
            connection=connection, execute=lambda text, params: cursor.execute(text, params)
        )
        import_module("portal.migrations.0010_monthly_sums").sum_up(apps, editor)
        import_module("portal.migrations.0011_offices_of_topics").count(apps, editor)
    assert kept() == before
