"""What every engine must do, whichever it is: one set of tests, run on each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from aggregator.models import Change, Entry, EntryTopic, Revision, Stage, Story, Topic
from aggregator.search import Filters, Results, check, follow, rebuild, search
from aggregator.search.database import narrow
from tests.factories import make_entry, make_feed, make_province, make_public, make_satker

pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
DAY = datetime(2025, 10, 10, 3, tzinfo=UTC)


@pytest.fixture(params=["whoosh", "tantivy"], autouse=True)
def engine(request, settings) -> str:
    settings.SEARCH_ENGINE = request.param
    return request.param


def ask(q: str = "", **fields) -> Results:
    size, anchor = fields.pop("size", 20), fields.pop("anchor", "")
    return search(Filters(q=q, **fields), size=size, anchor=anchor)


def found(q: str = "", **fields) -> list[int]:
    results = ask(q, **fields)
    assert not results.degraded
    return results.entry_ids


def test_a_post_is_found_by_a_word_of_its_title_and_of_its_text():
    entry = make_entry("Rapat pleno terbuka", text="Penetapan daftar pemilih berkelanjutan triwulan III.")
    make_entry("Lomba memasak", text="Resep nasi goreng.")
    follow(once=True)
    assert found("pleno") == [entry.pk]
    assert found("berkelanjutan") == [entry.pk]
    assert found("jaksa") == []


def test_affixes_do_not_matter():
    entry = make_entry("KPU tetapkan jumlah pemilih")
    follow(once=True)
    assert found("penetapan") == found("menetapkan") == found("ditetapkan") == [entry.pk]


def test_capitals_and_marks_do_not_matter():
    entry = make_entry("TERIMA AUDIENSI, KPU JATIM SAMPAIKAN HASIL; Café Demokrasi")
    follow(once=True)
    assert found("terima audiensi") == found("CAFE demokrasi") == [entry.pk]


def test_all_words_must_be_there():
    both = make_entry("Logistik pilkada tiba di gudang", published_at=DAY)
    for number in range(12):
        make_entry(f"Logistik pilkada ke-{number} di gudang", published_at=DAY - timedelta(days=number + 1))
    make_entry("Logistik pemilu")
    follow(once=True)
    results = ask("logistik pilkada tiba gudang", sort="terbaru")
    assert results.entry_ids == [both.pk]


def test_words_that_are_not_all_there_give_way_to_most_of_them_and_it_is_said():
    entry = make_entry("Sosialisasi pemilih pemula di sekolah")
    follow(once=True)
    results = ask("sosialisasi pemilih pemula kampus")
    assert results.entry_ids == [entry.pk]
    assert results.notes


def test_or_not_phrase_group_and_prefix():
    psu = make_entry("Pemungutan suara ulang di Papua")
    other = make_entry("Ulang tahun, suara rakyat, pemungutan pajak")
    prefix = make_entry("Pemutakhiran data")
    follow(once=True)
    assert set(found('"pemungutan suara ulang" OR pemutakhiran', sort="terbaru")) == {psu.pk, prefix.pk}
    assert found('"suara ulang"', sort="terbaru") == [psu.pk]
    assert found("suara -papua", sort="terbaru") == [other.pk]
    assert found("(papua OR pajak) -ulang", sort="terbaru") == []
    assert found("pemutakh*", sort="terbaru") == [prefix.pk]
    assert found("judul:papua", sort="terbaru") == [psu.pk]


def test_an_abbreviation_finds_what_it_stands_for_and_the_other_way_round():
    long = make_entry("Pemungutan suara ulang di Pasaman")
    short = make_entry("PSU di Papua")
    follow(once=True)
    assert set(found("psu")) == set(found("pemungutan suara ulang")) == {long.pk, short.pk}


def test_words_that_have_a_short_form_belong_together_unless_no_post_has_them_so():
    make_entry("Ulang tahun, suara rakyat, pemungutan pajak")
    apart = make_entry("Tetap saja pemilih ada di daftar")
    together = make_entry("Pemungutan suara ulang di Pasaman")
    short = make_entry("PSU di Papua")
    follow(once=True)
    for sort in ("relevan", "terbaru"):
        assert set(found("pemungutan suara ulang", sort=sort)) == {together.pk, short.pk}
        assert set(found("psu", sort=sort)) == {together.pk, short.pk}
    assert found("daftar pemilih tetap") == [apart.pk]
    assert found('"daftar pemilih tetap"') == []


def test_a_question_without_a_word_shows_everything_and_says_so():
    make_entry("Rapat")
    follow(once=True)
    assert (ask("???").total, len(ask("???").notes)) == (1, 1)
    assert ask().notes == ask("rapat").notes == []


def test_a_post_need_not_say_that_it_is_news():
    entry = make_entry("Penetapan DPT Kota Kediri")
    record = make_entry("Berita acara penetapan DPT")
    follow(once=True)
    assert found("berita penetapan DPT Kota Kediri", sort="terbaru") == [entry.pk]
    assert found("berita acara", sort="terbaru") == found("berita", sort="terbaru") == [record.pk]


def test_a_short_name_finds_the_place():
    lobar = make_entry("Rakor dapil", satker=make_satker(name="KPU Kabupaten Lombok Barat"))
    make_entry("Rakor dapil", satker=make_satker(name="KPU Kabupaten Lombok Timur"))
    follow(once=True)
    assert found("kpu lobar", sort="terbaru") == [lobar.pk]


def test_filters_narrow_and_facets_leave_their_own_filter_aside():
    bali = make_province("51", "Bali")
    in_bali = make_entry("Rapat", satker=make_satker("5101", province=bali), origin="own", published_at=DAY)
    make_entry("Rapat", satker=make_satker("3501"), origin="central", published_at=DAY)
    make_entry("Rapat", satker=make_satker("3502"), origin="own", published_at=DAY - timedelta(days=40))
    follow(once=True)
    results = ask("rapat", provinces=("bali",))
    assert results.entry_ids == [in_bali.pk]
    counts = {facet: {one.value: one.count for one in values} for facet, values in results.facets.items()}
    assert counts["provinsi"] == {"bali": 1, "jawa-timur": 2}
    assert counts["satker"] == {"5101": 1}
    assert counts["asal"] == {"sendiri": 1}
    assert counts["bulan"] == {"2025-10": 1}
    assert {one.value: one.count for one in ask("rapat").facets["bulan"]} == {"2025-10": 2, "2025-08": 1}


def test_topics_stages_and_their_facets():
    topic = Topic.objects.create(slug="logistik", name="Logistik")
    stage = Stage.objects.create(slug="pemilu-2024-kampanye", election="pemilu-2024", name="Kampanye")
    one = make_entry("Rapat satu", stage=stage)
    two = make_entry("Rapat dua")
    EntryTopic.objects.create(entry=two, topic=topic)
    EntryTopic.objects.create(entry=one, topic=topic, removed=True)
    follow(once=True)
    assert found(topics=("logistik",)) == [two.pk]
    assert found(stages=("pemilu-2024-kampanye",)) == [one.pk]
    assert found(stages=("non",)) == [two.pk]
    assert found("rapat topik:logistik") == [two.pk]
    assert [(value.label, value.count) for value in ask("rapat").facets["topik"]] == [("Logistik", 1)]


def test_weekday_and_hour_are_those_of_the_offices_own_clocks():
    at = datetime(2025, 10, 12, 16, 30, tzinfo=UTC)  # Sunday 23.30 in Jakarta, Monday 01.30 in Jayapura
    jakarta = make_entry("Rapat", satker=make_satker("3171", timezone="Asia/Jakarta"), published_at=at)
    jayapura = make_entry("Rapat", satker=make_satker("9471", timezone="Asia/Jayapura"), published_at=at)
    follow(once=True)
    for words in ("", "rapat"):
        assert found(words, weekdays=(7,), hours=(23,)) == [jakarta.pk]
        assert found(words, weekdays=(1,)) == found(words, hours=(0, 1)) == [jayapura.pk]
        assert found(words, weekdays=(1,), hours=(23,)) == []
        assert set(found(words, weekdays=(1, 7))) == {jakarta.pk, jayapura.pk}
    counted = ask("rapat", hours=(1,)).facets["satker"]
    assert [(value.value, value.count) for value in counted] == [("9471", 1)]
    for clock in ({"weekdays": (7,), "hours": (23,)}, {"weekdays": (1,)}, {"hours": (1, 23)}):
        narrowed = narrow(Entry.objects.public(), Filters(**clock))
        assert set(narrowed.values_list("pk", flat=True)) == set(found(**clock))


def test_dates_are_whole_days_in_wib():
    late = make_entry("Rapat", published_at=datetime(2025, 10, 31, 16, 59, tzinfo=UTC))
    make_entry("Rapat", published_at=datetime(2025, 10, 31, 17, 0, tzinfo=UTC))
    early = make_entry("Rapat", published_at=datetime(2025, 9, 30, 17, 0, tzinfo=UTC))
    make_entry("Rapat", published_at=datetime(2025, 9, 30, 16, 59, tzinfo=UTC))
    follow(once=True)
    october = {"date_from": date(2025, 10, 1), "date_to": date(2025, 10, 31)}
    assert found("rapat", sort="terbaru", **october) == [late.pk, early.pk]
    assert found("rapat", sort="terbaru", month="2025-10") == [late.pk, early.pk]
    assert found("rapat dari:2025-10-01 sampai:31/10/2025", sort="terbaru") == [late.pk, early.pk]


def test_newest_oldest_and_pages_do_not_shift_when_posts_arrive():
    entries = [make_entry("Rapat", published_at=DAY + timedelta(hours=number)) for number in range(7)]
    ids = [entry.pk for entry in entries]
    follow(once=True)
    first = ask("rapat", sort="terbaru", size=3)
    assert first.entry_ids == ids[:3:-1]
    make_entry("Rapat", published_at=DAY + timedelta(days=3))
    follow(once=True)
    second = ask("rapat", sort="terbaru", size=3, anchor=first.next_anchor)
    assert second.entry_ids == ids[3:0:-1]
    third = ask("rapat", sort="terbaru", size=3, anchor=second.next_anchor)
    assert (third.entry_ids, third.next_anchor) == (ids[:1], None)
    assert ask("rapat", sort="terlama", size=3).entry_ids == ids[:3]


def test_pages_by_relevance_neither_skip_nor_repeat_when_posts_arrive():
    old = datetime(2025, 1, 1, tzinfo=UTC)
    for number in range(30):
        make_entry(f"Rapat pleno {'rapat ' * (number % 5)}", published_at=old + timedelta(hours=number))
    follow(once=True)
    everything = ask("rapat", size=30).entry_ids
    seen, anchor = [], ""
    while anchor is not None:
        page = ask("rapat", size=7, anchor=anchor)
        seen += page.entry_ids
        anchor = page.next_anchor
        make_entry("Rapat rapat rapat", released_at=datetime.now(UTC) + timedelta(seconds=5))
        follow(once=True)
    assert len(seen) == len(set(seen))
    assert set(seen) == set(everything)


def make_story(*entries: Entry) -> None:
    story = Story.objects.create(lead=entries[0])
    for entry in entries:
        entry.story, entry.is_lead = story, entry is entries[0]
        entry.save()
    Change.objects.mark([entry.pk for entry in entries])


def test_a_story_is_shown_once_nationwide_within_a_province_and_never_hidden_from_its_satker():
    bali = make_province("51", "Bali")
    lead = make_entry("Siaran pusat", satker=make_satker("0000"), origin="own")
    badung = make_entry(
        "Siaran pusat", satker=make_satker("5101", province=bali), origin="central", published_at=DAY
    )
    gianyar = make_entry(
        "Siaran pusat",
        satker=make_satker("5104", province=bali),
        origin="central",
        published_at=DAY + timedelta(hours=1),
    )
    make_story(lead, badung, gianyar)
    follow(once=True)
    assert found("siaran") == [lead.pk]
    assert found("siaran", provinces=("bali",)) == [badung.pk]
    assert found("siaran", satker=("5104",)) == [gianyar.pk]
    assert found("siaran", origin="muat-ulang") == [badung.pk]
    assert set(found("siaran", include_all=True)) == {lead.pk, badung.pk, gianyar.pk}


def test_choosing_a_facet_value_gives_the_number_it_showed():
    bali = make_province("51", "Bali")
    satker = [make_satker(f"51{number:02}", province=bali) for number in range(4)]
    central = make_entry("Siaran pusat", origin="own")
    make_story(central, *(make_entry("Siaran pusat", satker=one, origin="central") for one in satker))
    make_entry("Siaran sendiri", satker=satker[0], origin="own")
    follow(once=True)
    everything = ask("siaran")
    chosen = {"provinsi": "provinces", "satker": "satker"}
    for facet, name in chosen.items():
        for value in everything.facets[facet]:
            assert ask("siaran", **{name: (value.value,)}).total == value.count
    for value in everything.facets["asal"]:
        assert ask("siaran", origin=value.value).total == value.count


def test_the_next_one_stands_for_a_story_when_the_first_is_withdrawn():
    bali = make_province("51", "Bali")
    lead = make_entry("Siaran pusat")
    first = make_entry("Siaran pusat", satker=make_satker("5101", province=bali), published_at=DAY)
    second = make_entry("Siaran pusat", satker=make_satker("5102", province=bali))
    make_story(lead, first, second)
    follow(once=True)
    Entry.objects.filter(pk=first.pk).update(state="withdrawn")
    Change.objects.mark([first.pk])
    follow(once=True)
    assert found("siaran", provinces=("bali",)) == [second.pk]


def test_what_is_held_or_withdrawn_leaves_the_index():
    entry = make_entry("Rapat pleno")
    follow(once=True)
    Entry.objects.filter(pk=entry.pk).update(state="held")
    assert found("rapat") == []  # a stale index never shows it
    Change.objects.mark([entry.pk])
    follow(once=True)
    results = ask("rapat")
    assert (results.total, results.facets["satker"]) == (0, [])


def test_a_new_version_replaces_the_old_one():
    entry = make_entry("Rapat pleno")
    follow(once=True)
    make_public(entry, Revision.objects.create(entry=entry, number=2, title="Bimtek logistik"))
    follow(once=True)
    assert found("bimtek") == [entry.pk]
    assert found("pleno") == []
    assert ask().total == 1


def test_a_rebuilt_index_answers_the_same():
    entries = [make_entry(f"Rapat {number}") for number in range(5)]
    follow(once=True)
    before = ask("rapat")
    assert rebuild() == 5
    after = ask("rapat")
    assert (after.entry_ids, after.total, after.facets) == (before.entry_ids, before.total, before.facets)
    Entry.objects.filter(pk=entries[0].pk).update(state="withdrawn")
    Change.objects.mark([entries[0].pk])
    follow(once=True)
    assert ask("rapat").total == 4
    assert check().is_equal


def test_check_names_what_differs():
    kept, gone = make_entry("Rapat"), make_entry("Rapat")
    follow(once=True)
    Entry.objects.filter(pk=gone.pk).update(state="withdrawn")
    late = make_entry("Rapat", public=False)
    make_public(late, late.revisions.get())
    Change.objects.filter(entry=late).delete()
    Entry.objects.filter(pk=kept.pk).update(published_at=DAY)
    result = check()
    assert (result.missing, result.surplus, result.changed) == ([late.pk], [gone.pk], [kept.pk])


def test_an_empty_question_gives_the_newest_of_all():
    entries = [make_entry("Rapat", published_at=DAY + timedelta(days=number)) for number in range(3)]
    follow(once=True)
    assert found() == [entry.pk for entry in reversed(entries)]


def test_many_small_batches_end_in_the_same_index():
    feed = make_feed()
    for number in range(40):
        make_entry(f"Rapat nomor{number}", feed=feed)
        follow(once=True)
    assert ask("rapat").total == 40
    assert found("nomor17") != []
    assert check().is_equal
