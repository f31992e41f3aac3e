"""The nationwide activity view: every figure equals a direct count, and follows the filters."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from django.utils import timezone
from lxml import etree

from aggregator.models import EntryTopic, Stage, Topic
from aggregator.search import Filters, Results
from portal import activity, daily
from portal.scope import scope_of
from tests.factories import make_entry, make_feed, make_province, make_satker

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 25)
NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)  # Friday 12.00 WIB


@pytest.fixture
def bali():
    place = make_province("51", "Bali", timezone="Asia/Makassar", tile_row=5, tile_col=7, abbr="BA")
    return make_feed(
        satker=make_satker(province=place, timezone="Asia/Makassar"), first_success_at=timezone.now()
    )


@pytest.fixture
def jatim():
    return make_feed(satker=make_satker(), first_success_at=timezone.now())


def topic(entry, name="Logistik"):
    found = Topic.objects.get_or_create(name=name, defaults={"slug": name.lower()})[0]
    EntryTopic.objects.create(entry=entry, topic=found)


def scope(**fields):
    return scope_of(Filters(**fields), TODAY)


def test_a_day_begins_at_midnight_in_wib(jatim):
    make_entry(feed=jatim, published_at=datetime(2026, 11, 19, 16, 59, tzinfo=UTC))
    make_entry(feed=jatim, published_at=datetime(2026, 11, 19, 17, 0, tzinfo=UTC))
    counts = activity.per_day(scope().stage_days())
    assert counts == {date(2026, 11, 19): 1, date(2026, 11, 20): 1}


def test_cells_add_up_to_a_direct_count(jatim, bali):
    for number in range(12):
        make_entry(
            feed=(jatim, bali)[number % 2],
            published_at=NOON - timedelta(hours=7 * number),
            origin=("own", "central", "")[number % 3],
        )
    found = activity.cells(scope().entries)
    assert sum(cell.posts for cell in found) == 12
    assert activity.per_province(scope().places()) == activity.by_province(scope().entries)


def test_posts_without_a_clear_date_count_on_no_day_and_are_told_apart(client, jatim):
    make_entry(feed=jatim, published_at=timezone.now())
    make_entry(feed=jatim, published_at=timezone.now(), date_status="impossible")
    html = client.get("/aktivitas").content.decode()
    assert "1 berita pada 1 hari" in html
    assert "1 berita tanpa tanggal jelas" in html


def test_what_is_held_is_in_no_figure(jatim):
    make_entry(feed=jatim, published_at=NOON, public=False, state="held")
    assert activity.cells(scope().entries) == []


def test_hours_are_those_of_each_offices_own_zone(jatim, bali):
    make_entry(feed=jatim, published_at=NOON)
    make_entry(feed=bali, published_at=NOON)
    make_entry(feed=bali, published_at=datetime(2026, 11, 22, 16, 30, tzinfo=UTC))  # Monday 00.30 WITA
    grid = activity.per_hour(scope().entries)
    assert (grid[4][12], grid[4][13], grid[0][0]) == (1, 1, 1)
    assert sum(map(sum, grid)) == 3


def test_reposts_do_not_lift_a_province_in_the_ranking(jatim, bali):
    for _number in range(3):
        topic(make_entry(feed=jatim, published_at=NOON, origin="central"))
    topic(make_entry(feed=bali, published_at=NOON, origin="own"))
    rows = scope().ranks(scope().places())
    assert [(row.place, row.province.name) for row in rows] == [(1, "Bali"), (2, "Jawa Timur")]
    assert (rows[1].reposts, rows[1].on_topic, rows[1].silent) == (3, 0, 0)


def test_equals_share_a_place_and_the_never_read_have_none(jatim, bali):
    make_province("95", "Papua Pegunungan")
    rows = scope().ranks({})
    assert [row.place for row in rows] == [1, 1, None]


def test_offices_without_a_post_are_counted_as_silent(jatim):
    make_feed(satker=make_satker(), first_success_at=timezone.now())
    make_satker()  # its feed was never read: nobody knows whether it is silent
    make_entry(feed=jatim, published_at=NOON)
    row = scope().ranks(scope().places())[0]
    assert (row.silent, row.read, row.offices) == (1, 2, 3)


def test_a_post_on_two_chosen_topics_counts_once(jatim):
    entry = make_entry(feed=jatim, published_at=NOON)
    topic(entry, "Logistik")
    topic(entry, "Keuangan")
    found = scope(topics=("logistik", "keuangan"))
    assert sum(cell.posts for cell in activity.cells(found.entries)) == 1


def test_words_narrow_every_figure_to_what_the_search_finds(jatim, bali, monkeypatch):
    wanted = make_entry(feed=bali, published_at=NOON - timedelta(days=900))
    make_entry(feed=jatim, published_at=NOON)
    monkeypatch.setattr("portal.scope.ask", lambda *_args, **_more: Results([wanted.pk], 1))
    found = scope(q="bimtek kpps")
    assert [cell.province for cell in activity.cells(found.entries)] == [bali.satker.province_id]
    assert found.period.first == timezone.localdate(wanted.published_at)


def test_the_period_is_twelve_months_unless_told():
    assert scope().period == activity.Period(date(2025, 12, 1), TODAY)


def test_a_month_and_dates_narrow_each_other():
    found = scope(month="2026-10", date_from=date(2026, 10, 20)).period
    assert found == activity.Period(date(2026, 10, 20), date(2026, 10, 31))


def test_a_period_from_the_year_one_begins_with_the_oldest_post(jatim):
    make_entry(feed=jatim, published_at=NOON)
    assert scope(date_from=date(1, 1, 1)).period.first == date(2026, 11, 20)


def test_the_period_before_is_as_long_and_ends_the_day_before():
    before = activity.Period(date(2026, 11, 1), date(2026, 11, 10)).before
    assert before == activity.Period(date(2026, 10, 22), date(2026, 10, 31))


def test_change_is_measured_against_the_period_before(client, jatim):
    for day in (20, 19, 12):
        make_entry(feed=jatim, published_at=datetime(2026, 11, day, 5, 0, tzinfo=UTC))
    html = client.get("/aktivitas?dari=2026-11-16&sampai=2026-11-22&ukuran=perubahan").content.decode()
    assert "Jawa Timur: +1 berita dibandingkan" in html


@pytest.mark.parametrize("query", ["ukuran=x", "peta=x", "dari=x", "bulan=13"])
def test_a_bad_parameter_is_named(client, query):
    response = client.get(f"/aktivitas?{query}")
    assert response.status_code == 400
    assert query.split("=")[0] in response.content.decode()


def test_the_page_of_an_empty_portal_says_so(client):
    assert "Belum ada berita untuk saringan ini" in client.get("/aktivitas").content.decode()


def test_a_day_links_to_the_search_that_shows_its_posts(client, jatim):
    make_entry(feed=jatim, published_at=timezone.now())
    day = timezone.localdate().isoformat()
    html = client.get("/aktivitas?asal=sendiri").content.decode()
    html += client.get("/aktivitas").content.decode()
    assert f'href="/cari?semua=1&amp;dari={day}&amp;sampai={day}"' in html


@pytest.mark.parametrize("name", ["provinsi", "hari", "jam", "topik", "tahapan", "peringkat"])
def test_every_figure_is_there_as_csv(client, jatim, name):
    topic(make_entry(feed=jatim, published_at=timezone.now(), origin="own"))
    response = client.get(f"/aktivitas/{name}.csv")
    rows = list(csv.reader(response.content.decode().splitlines()))
    assert len(rows) > 1
    assert {len(row) for row in rows} == {len(rows[0])}
    assert name in response.headers["Content-Disposition"]


def test_an_unknown_table_is_not_found(client):
    assert client.get("/aktivitas/x.csv").status_code == 404


def test_a_chosen_province_lists_its_offices_in_the_order_of_the_registry(client, jatim):
    make_entry(feed=jatim, published_at=timezone.now())
    make_satker(code="0001", name="KPU Kabupaten Awal")
    html = client.get("/aktivitas?provinsi=jawa-timur").content.decode()
    listed = html[html.index('id="kantor"') :]
    assert listed.index("KPU Kabupaten Awal") < listed.index(jatim.satker.name)


def test_queries_do_not_grow_with_the_posts(client, jatim, bali, django_assert_max_num_queries):
    Stage.objects.create(slug="x", name="x", election="x", start=TODAY, end=TODAY)
    for size in (3, 30):
        for number in range(size):
            topic(make_entry(feed=jatim, published_at=timezone.now() - timedelta(days=number)))
        with django_assert_max_num_queries(20):
            client.get("/aktivitas")


def test_the_outlined_map_draws_every_province(client, jatim, bali):
    make_entry(feed=jatim, published_at=timezone.now())
    html = client.get("/aktivitas?peta=wilayah").content.decode()
    assert len(re.findall(r'<path class="cell', html)) == 2


CHARTS = ["provinsi", "hari", "kalender", "jam", "topik", "topik-bulanan", "tahapan", "peringkat"]


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_there_as_a_drawing_that_says_what_it_shows(client, jatim, name):
    topic(make_entry(feed=jatim, published_at=timezone.now(), origin="own"))
    response = client.get(f"/aktivitas/{name}.svg?provinsi=jawa-timur")
    assert response.headers["Content-Type"].startswith("image/svg+xml")
    drawing = etree.fromstring(response.content)
    words = " ".join(drawing.itertext())
    assert drawing.find("{*}title").text
    assert "Jawa Timur" in words
    assert "Data per" in words
    assert "/aktivitas?provinsi=jawa-timur" in words
    assert b"style" not in response.content  # our policy, or that of whoever opens it, would drop it


def test_the_offices_of_a_province_are_drawn_where_they_stand(client, jatim):
    jatim.satker.latitude, jatim.satker.longitude = -7.8, 112.0
    jatim.satker.save()
    make_entry(feed=jatim, published_at=timezone.now())
    html = client.get("/aktivitas?provinsi=jawa-timur").content.decode()
    assert f'aria-label="{jatim.satker.name}: 1 berita"' in html
    assert client.get("/aktivitas/kantor.svg?provinsi=jawa-timur").status_code == 200
    assert client.get("/aktivitas/kantor.svg").status_code == 404


def test_other_provinces_than_the_chosen_keep_their_shape_without_a_number(client, jatim, bali):
    make_entry(feed=jatim, published_at=timezone.now())
    html = client.get("/aktivitas?provinsi=jawa-timur").content.decode()
    assert 'aria-label="Bali"' in html
    assert "Bali: " not in html


def test_change_may_be_measured_against_the_same_days_of_last_year():
    period = scope_of(Filters(date_from=date(2024, 2, 1), date_to=date(2024, 2, 29)), TODAY, "tahun-lalu")
    assert period.compared == activity.Period(date(2023, 2, 1), date(2023, 2, 28))


def test_the_latest_posts_are_named_and_their_places_marked_on_the_map(client, jatim, bali):
    make_entry("Bimtek KPPS", feed=bali, published_at=timezone.now())
    html = client.get("/aktivitas").content.decode()
    assert re.search(r'class="fresh" data-tempat="bali"', html)
    assert not re.search(r'class="fresh" data-tempat="jawa-timur"', html)
    strip = client.get("/aktivitas/kini").content.decode()
    assert "Bimtek KPPS" in strip
    assert "<html" not in strip


def test_a_period_that_is_over_has_no_now(client, jatim):
    make_entry(feed=jatim, published_at=NOON)
    assert "data-renew" not in client.get("/aktivitas?dari=2026-01-01&sampai=2026-11-22").content.decode()


def test_offices_are_ranked_in_public_only_where_that_is_wanted(client, jatim, settings):
    second = make_feed(satker=make_satker(name="KPU Giat"), first_success_at=timezone.now())
    make_entry(feed=jatim, published_at=timezone.now(), origin="central")
    topic(make_entry(feed=second, published_at=timezone.now(), origin="own"))
    page = "/aktivitas?provinsi=jawa-timur"
    assert "bukan peringkat" in client.get(page).content.decode()
    settings.PUBLIC_RANKING = True
    rows = list(csv.reader(client.get("/aktivitas/kantor.csv").content.decode().splitlines()))
    assert [row[0] for row in rows[1:3]] == ["1", "2"]
    assert rows[1][2] == "KPU Giat"


def test_topics_by_month_add_up_to_the_posts_on_each_topic(jatim):
    for days in (0, 40, 80):
        topic(make_entry(feed=jatim, published_at=NOON - timedelta(days=days)))
    found = scope()
    assert sum(found.topic_months().values()) == sum(row.posts for row in found.topics()) == 3
    assert {month for _topic, month in found.topic_months()} == {"2026-11", "2026-10", "2026-09"}


def test_the_kept_topics_by_month_equal_a_direct_count(jatim):
    for days in (0, 40, 80):
        topic(make_entry(feed=jatim, published_at=NOON - timedelta(days=days)))
    direct = scope().topic_months()
    daily.rebuild()
    assert scope().topic_months() == direct


def test_bars_of_a_month_lead_to_the_search_for_its_stages(client, jatim):
    stage = Stage.objects.create(slug="kampanye", name="Kampanye", election="pemilu-2024")
    make_entry(feed=jatim, published_at=timezone.now(), stage=stage)
    html = client.get("/aktivitas").content.decode()
    assert "tahapan=kampanye&amp;dari=" in html


@pytest.mark.parametrize("kind", ["topik", "tahapan"])
def test_a_span_of_a_subjects_line_leads_to_its_own_posts(client, jatim, kind):
    stage = Stage.objects.create(slug="logistik", name="Logistik", start=NOON.date(), end=TODAY)
    entry = make_entry(feed=jatim, published_at=NOON, stage=stage)
    topic(entry)
    html = client.get(f"/{kind}/logistik").content.decode()
    links = [unescape(link) for link in re.findall(r'href="(/cari\?semua=1[^"]*dari=[^"]*)"', html)]
    assert links
    assert all(f"&{kind}=logistik&" in link for link in links)
