"""Kinds of own activity: told apart by telling words, newest first, with those who do alike."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from aggregator.models import EntryTopic, Topic
from portal import inspiration
from portal.models import Kind
from tests.factories import make_entry, make_feed, make_satker

pytestmark = pytest.mark.django_db


@pytest.fixture
def topic():
    return Topic.objects.create(slug="sosialisasi", name="Sosialisasi")


@pytest.fixture
def tell(topic):
    def make(title, days=0, feed=None, **fields):
        feed = feed or make_feed(satker=make_satker())
        at = timezone.now() - timedelta(days=days)
        entry = make_entry(title, feed=feed, published_at=at, **({"origin": "own"} | fields))
        EntryTopic.objects.create(entry=entry, topic=topic)
        return entry

    return make


def kinds():
    inspiration.rebuild()
    return inspiration.shown(Kind.objects.order_by("-first_at"))


def test_the_same_activity_of_two_offices_is_one_kind_named_after_who_began(tell):
    make_satker(region_name="Kabupaten Solok")
    first = tell("Outing Class ke KPU Kabupaten Solok, Siswa SMA Negeri 3 Kenali Kotak Suara", days=9)
    tell("KPU Simulasikan Alat Bantu Tunanetra di TPS", days=8)
    second = tell("Outing Class ke KIP Aceh, Siswa MAN 2 Tondano Kenali Kotak Suara", days=2)
    found = {row.first.pk: row for row in kinds()}
    assert len(found) == 2
    assert [entry.pk for entry in found[first.pk].examples] == [first.pk, second.pk]
    assert found[first.pk].others == 1
    assert "outing" in found[first.pk].kind.words


def test_kinds_that_began_last_come_first(tell):
    old = tell("KPU Gelar Lomba Cerdas Cermat Kepemiluan Tingkat Pelajar", days=70)
    tell("KPU Gelar Lomba Cerdas Cermat Kepemiluan Tingkat Pelajar", days=1)
    new = tell("KPU Buka Kelas Pemilu bagi Nelayan di Pelabuhan", days=3)
    assert [row.first.pk for row in kinds()] == [new.pk, old.pk]


def test_reposts_undated_posts_and_what_nobody_did_lately_are_left_out(tell):
    tell("KPU Buka Kelas Pemilu bagi Nelayan", origin="central")
    tell("KPU Ajak Petani Cek Data Pemilih Daring", date_status="impossible")
    tell("KPU Rilis Maskot dan Jingle Pendidikan", days=60)
    assert kinds() == []


def test_what_is_withdrawn_later_is_not_shown(tell):
    entry = tell("KPU Buka Kelas Pemilu bagi Nelayan di Pelabuhan")
    inspiration.rebuild()
    entry.state = "withdrawn"
    entry.save()
    assert inspiration.shown(Kind.objects.all()) == []


def test_the_page_shows_each_topic_and_one_topic_alone(client, tell, topic):
    assert "belum disusun" in client.get("/inspirasi").content.decode()
    tell("KPU Buka Kelas Pemilu bagi Nelayan di Pelabuhan")
    inspiration.rebuild()
    assert "Kelas Pemilu bagi Nelayan" in client.get("/inspirasi").content.decode()
    assert "Belum ada kantor lain" in client.get("/inspirasi?topik=sosialisasi").content.decode()
    assert client.get("/inspirasi?topik=x").status_code == 404


def test_queries_do_not_grow_with_the_kinds(client, tell, django_assert_max_num_queries):
    for number in range(12):
        tell(f"KPU Kegiatan {'abcdefghijkl'[number] * 5} tentang {'mnopqrstuvwx'[number] * 4}")
    inspiration.rebuild()
    assert Kind.objects.count() == 12
    with django_assert_max_num_queries(8):
        client.get("/inspirasi?topik=sosialisasi")
