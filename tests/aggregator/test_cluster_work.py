"""How stories form and change in the database."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from aggregator.cluster import cluster_new, forget_old_keys
from aggregator.decide import join_stories, split_story
from aggregator.models import Change, Entry, Province, Satker, Signature, Story, StoryDecision
from aggregator.screen import screen_pending
from tests.judging import NOW, edit, make_entry, make_satker
from tests.story_pairs import article, facts

pytestmark = pytest.mark.django_db
KNOWN = facts(Random(4))
TITLE, BODY = article("central", KNOWN)


@pytest.fixture
def offices() -> dict[str, Satker]:
    east = Province.objects.create(
        code="35", name="Jawa Timur", slug="jatim", abbr="JI", tile_row=1, tile_col=1, timezone="Asia/Jakarta"
    )
    national = make_satker(
        "0", "KPU Republik Indonesia", "national", hostname="www.kpu.go.id", region="Indonesia"
    )
    province = make_satker(
        "35", "KPU Provinsi Jawa Timur", "province", national, east, "jatim.kpu.go.id", "Jawa Timur"
    )
    kediri = make_satker("3506", "KPU Kabupaten Kediri", "regency", province, east, "kab-kediri.kpu.go.id")
    ngawi = make_satker("3521", "KPU Kabupaten Ngawi", "regency", province, east, "kab-ngawi.kpu.go.id")
    bantul = make_satker("3402", "KPU Kabupaten Bantul", "regency", None, None, "kab-bantul.kpu.go.id")
    return {"pusat": national, "jatim": province, "kediri": kediri, "ngawi": ngawi, "bantul": bantul}


def publish(
    satker: Satker, title: str = TITLE, text: str = BODY, minutes: int = 0, **fields: object
) -> Entry:
    entry = make_entry(satker, title, text, published_at=NOW + timedelta(minutes=minutes), **fields)
    screen_pending(NOW + timedelta(hours=9))
    return entry


def fresh(entry: Entry) -> Entry:
    entry.refresh_from_db()
    return entry


def test_an_entry_alone_leads_itself_and_counts_as_own(offices: dict[str, Satker]) -> None:
    entry = publish(offices["kediri"])
    assert cluster_new(NOW) == 1
    assert (fresh(entry).story, entry.is_lead, entry.carriers, entry.origin) == (None, True, 0, "own")
    assert entry.clustered_at == NOW
    assert cluster_new(NOW) == 0


def test_copies_fold_under_the_central_original_whatever_came_first(offices: dict[str, Satker]) -> None:
    first = publish(offices["kediri"], text=f"Kediri, kab-kediri.kpu.go.id – {BODY}")
    central = publish(offices["pusat"], text=f"Jakarta, kpu.go.id – {BODY}", minutes=30)
    late = publish(
        offices["bantul"], "Kabar dari Pusat", f"{BODY}\n\n(Humas KPU Kabupaten Bantul)", minutes=60
    )
    cluster_new(NOW)
    assert fresh(first).story_id == fresh(central).story_id == fresh(late).story_id is not None
    assert (central.is_lead, central.carriers, central.origin) == (True, 2, "own")
    assert (first.is_lead, first.carriers, first.origin) == (False, 0, "central")
    assert late.origin == "central"
    assert Story.objects.get().lead == central


def test_a_story_grows_over_batches(offices: dict[str, Satker]) -> None:
    central = publish(offices["pusat"])
    cluster_new(NOW)
    for name in ("kediri", "ngawi", "bantul"):
        publish(offices[name], minutes=5)
        cluster_new(NOW)
    assert fresh(central).carriers == 3
    assert Entry.objects.leads().count() == 1


def test_without_the_centre_the_first_published_leads(offices: dict[str, Satker]) -> None:
    late = publish(offices["kediri"], minutes=50)
    early = publish(offices["bantul"], minutes=1)
    cluster_new(NOW)
    assert fresh(early).is_lead and not fresh(late).is_lead
    assert late.origin == "peer"


def test_a_host_that_others_name_goes_before_the_first_published(offices: dict[str, Satker]) -> None:
    first = publish(offices["kediri"], text=f"Surabaya, jatim.kpu.go.id – {BODY}", minutes=1)
    source = publish(offices["jatim"], text=f"Surabaya, jatim.kpu.go.id – {BODY}", minutes=30)
    cluster_new(NOW)
    assert fresh(source).is_lead
    assert fresh(first).origin == "province"


def test_a_province_that_carries_its_regency_tells_its_childs_news(offices: dict[str, Satker]) -> None:
    publish(offices["kediri"], minutes=1)
    carried = publish(offices["jatim"], minutes=30)
    cluster_new(NOW)
    assert fresh(carried).origin == "child"


def test_a_dateline_alone_tells_a_central_release(offices: dict[str, Satker]) -> None:
    carried = publish(offices["kediri"], text=f"Jakarta, kpu.go.id – {BODY}")
    own = publish(
        offices["ngawi"], "Apel Pagi di Ngawi", "Ngawi, kpu.go.id – Apel pagi digelar di halaman kantor."
    )
    cluster_new(NOW)
    assert fresh(carried).origin == "central"
    assert fresh(own).origin == "own"


def test_the_same_form_of_two_offices_stays_two_stories(offices: dict[str, Satker]) -> None:
    one, two = facts(Random(1)), facts(Random(2))
    assert one["office"] != two["office"]
    for name, known in (("kediri", one), ("ngawi", two)):
        publish(offices[name], *article("pdpb", known))
    cluster_new(NOW)
    assert Entry.objects.leads().count() == 2 and not Story.objects.exists()


def test_posts_far_apart_in_time_are_not_compared(offices: dict[str, Satker]) -> None:
    publish(offices["pusat"])
    publish(offices["kediri"], minutes=-100 * 24 * 60)
    cluster_new(NOW)
    assert not Story.objects.exists()


def test_every_entry_is_marked_when_it_is_first_placed_and_not_again(offices: dict[str, Satker]) -> None:
    entry = publish(offices["kediri"])
    Change.objects.all().delete()
    cluster_new(NOW)
    mark = Change.objects.get(entry=entry).pk
    Entry.objects.update(clustered_at=None)
    cluster_new(NOW + timedelta(hours=1))
    assert Change.objects.get(entry=entry).pk == mark


def test_a_new_carrier_marks_the_lead(offices: dict[str, Satker]) -> None:
    central = publish(offices["pusat"])
    cluster_new(NOW)
    Change.objects.all().delete()
    publish(offices["kediri"], minutes=5)
    cluster_new(NOW)
    assert Change.objects.filter(entry=central).exists()


def test_a_correction_that_tells_something_else_leaves_the_story(offices: dict[str, Satker]) -> None:
    central, copy = publish(offices["pusat"]), publish(offices["kediri"], minutes=5)
    cluster_new(NOW)
    edit(copy, *article("logistics", KNOWN))
    screen_pending(NOW + timedelta(hours=10))
    cluster_new(NOW)
    assert fresh(copy).story is None and copy.is_lead and copy.origin == "own"
    assert fresh(central).carriers == 0


def test_a_withdrawn_lead_gives_way(offices: dict[str, Satker]) -> None:
    central, copy = publish(offices["pusat"]), publish(offices["kediri"], minutes=5)
    cluster_new(NOW)
    Entry.objects.filter(pk=central.pk).update(state="withdrawn")
    Entry.objects.filter(pk=copy.pk).update(clustered_at=None)
    cluster_new(NOW)
    assert fresh(copy).is_lead and copy.carriers == 0
    assert Entry.objects.leads().public().get() == copy


def test_staff_split_and_it_stays_split(offices: dict[str, Satker]) -> None:
    publish(offices["pusat"])
    copy = publish(offices["kediri"], minutes=5)
    cluster_new(NOW)
    split_story(copy, "budi", "peristiwa lain")
    assert fresh(copy).story is None and copy.is_lead
    Entry.objects.update(clustered_at=None)
    cluster_new(NOW)
    assert fresh(copy).story is None
    assert StoryDecision.objects.get().reason == "peristiwa lain"


def test_staff_join_and_it_stays_joined(offices: dict[str, Satker]) -> None:
    one = publish(offices["kediri"], *article("logistics", KNOWN))
    two = publish(offices["ngawi"], *article("school", KNOWN), minutes=5)
    cluster_new(NOW)
    join_stories(two, one, "budi", "satu acara")
    Entry.objects.update(clustered_at=None)
    cluster_new(NOW)
    assert fresh(one).story_id == fresh(two).story_id is not None
    assert one.carriers == 1


def test_clustering_all_again_changes_nothing(offices: dict[str, Satker]) -> None:
    for minute, name in enumerate(offices):
        publish(offices[name], minutes=minute)
        publish(
            offices[name],
            *article("school", KNOWN | {"office": f"Kabupaten {name}", "town": name}),
            minutes=minute,
        )
    cluster_new(NOW)
    before = list(Entry.objects.order_by("id").values_list("story", "is_lead", "carriers", "origin"))
    mark = Change.objects.latest("id").pk
    Entry.objects.update(clustered_at=None)
    while cluster_new(NOW, limit=3):
        pass
    assert list(Entry.objects.order_by("id").values_list("story", "is_lead", "carriers", "origin")) == before
    assert Change.objects.latest("id").pk == mark


def test_only_a_few_members_of_a_story_keep_their_keys(offices: dict[str, Satker]) -> None:
    for number in range(9):
        satker = make_satker(f"9{number}", f"KPU Kabupaten N{number}", hostname=f"kab-n{number}.kpu.go.id")
        publish(satker, minutes=number)
    cluster_new(NOW)
    assert Entry.objects.filter(story__isnull=False).count() == 9
    assert Signature.objects.values("entry").distinct().count() == 5


def test_old_keys_are_forgotten(offices: dict[str, Satker]) -> None:
    publish(offices["pusat"])
    cluster_new(NOW)
    assert forget_old_keys(NOW) == 0
    assert forget_old_keys(NOW + timedelta(days=200)) > 0


def test_a_copy_is_found_among_many_that_fill_in_the_same_form(offices: dict[str, Satker]) -> None:
    form = [article("pdpb", facts(Random(number))) for number in range(40)]
    first = publish(offices["kediri"], *form[0])
    for minute, post in enumerate(form[1:], 1):
        publish(offices["ngawi"], *post, minutes=minute)
    cluster_new(NOW)
    copy = publish(offices["jatim"], form[0][0], f"{form[0][1]}\n\n(Humas KPU Jawa Timur)", minutes=50)
    cluster_new(NOW)
    assert fresh(copy).story_id == fresh(first).story_id is not None
    assert Entry.objects.filter(story__isnull=False).count() == 2
