"""Share cards: drawn once, of public posts alone, legible whatever a title holds."""

from __future__ import annotations

import io
import os
import re

import pytest
from django.utils import timezone
from PIL import Image

from aggregator import images
from aggregator.models import Change, Entry, Picture, Stage, Topic
from portal import recalls, shards
from portal.cards import drawing, keeping, lettering, subjects
from portal.views import cards
from tests.factories import make_entry, make_public, make_satker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_places(settings, tmp_path, monkeypatch) -> None:
    settings.DATA_DIR = tmp_path
    settings.PICTURES_DIR = tmp_path / "pictures"
    monkeypatch.setattr(cards, "_slots", cards.limits.Slots(1, 0.0))


def head(client, path: str) -> dict[str, str]:
    html = client.get(path).content.decode()
    return dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)"', html))


def card_path(client, path: str, settings) -> str:
    return head(client, path)["og:image"].removeprefix(settings.BASE_URL)


def files() -> list[str]:
    return sorted(path.name for path in keeping.folder().glob("??/*"))


def with_picture(entry: Entry) -> None:
    out = io.BytesIO()
    Image.effect_noise((640, 480), 60).convert("RGB").save(out, "WEBP")
    path = images.path_of("a" * 32)
    path.parent.mkdir(parents=True)
    path.write_bytes(out.getvalue())
    Picture.objects.create(entry=entry, name="a" * 32, width=640, height=480, tried_at=timezone.now())


def opened(body: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(body))
    image.load()
    return image


def test_a_post_has_a_card_of_its_title_that_its_page_describes(client, settings):
    entry = make_entry("Rapat pleno", satker=make_satker(name="KPU Kota Kediri"))
    told = head(client, entry.get_absolute_url())
    assert told["twitter:card"] == "summary_large_image"
    assert (told["og:image:width"], told["og:image:height"]) == ("1200", "630")
    assert told["og:image:type"] == "image/png"
    assert told["og:image:alt"] == "Kartu berita: Rapat pleno – KPU Kota Kediri"
    response = client.get(told["og:image"].removeprefix(settings.BASE_URL))
    assert response["Content-Type"] == "image/png"
    assert opened(response.content).size == (1200, 630)
    assert len(response.content) <= 100_000


def test_with_a_picture_the_card_shows_it(client, settings):
    entry = make_entry("Rapat pleno")
    with_picture(entry)
    told = head(client, entry.get_absolute_url())
    response = client.get(told["og:image"].removeprefix(settings.BASE_URL))
    assert told["og:image:type"] == response["Content-Type"] == "image/jpeg"
    assert len(response.content) <= 100_000
    image = opened(response.content)
    colours = image.crop((800, 100, 1200, 600)).convert("L").getextrema()
    assert colours[1] - colours[0] > 100
    words = image.crop((0, 20, 60, 600)).convert("L").getextrema()
    assert words[0] > 240  # paper


def test_a_picture_that_is_no_more_costs_the_post_no_card(client, settings):
    entry = make_entry("Rapat pleno")
    with_picture(entry)
    images.path_of("a" * 32).unlink()
    assert client.get(card_path(client, entry.get_absolute_url(), settings)).status_code == 200


def test_every_place_and_subject_has_a_plain_card(client, settings):
    office = make_satker("3571", slug="kediri")
    Topic.objects.create(name="Logistik", slug="logistik")
    Stage.objects.create(name="Kampanye", slug="kampanye", election="pemilu-2024")
    found = set()
    for page in (
        "/",
        "/provinsi/jawa-timur",
        office.get_absolute_url(),
        "/topik/logistik",
        "/tahapan/kampanye",
    ):
        path = card_path(client, page, settings)
        response = client.get(path)
        assert (response.status_code, response["Content-Type"]) == (200, "image/png"), page
        found.add(response.content)
    assert len(found) == 5


def test_a_corrected_title_has_a_new_card_and_the_old_address_leads_to_it(client, settings):
    entry = make_entry("PDPB 1.200 pemilih")
    before = card_path(client, entry.get_absolute_url(), settings)
    client.get(before)
    make_public(entry, entry.revisions.create(number=2, title="PDPB 1.300 pemilih", content_sha256="y" * 64))
    after = card_path(client, entry.get_absolute_url(), settings)
    assert after != before
    moved = client.get(before)
    assert (moved.status_code, moved["Location"]) == (302, after)
    client.get(after)
    assert len(files()) == 1  # the old one is not kept


@pytest.mark.django_db(transaction=True)  # PostgreSQL shows followers what is committed
@pytest.mark.parametrize("state", ["held", "withdrawn"])
def test_the_card_of_a_recalled_post_is_gone_with_its_file(client, settings, state):
    entry = make_entry("Situs judi gacor")
    path = card_path(client, entry.get_absolute_url(), settings)
    client.get(path)
    recalls.look()
    entry.state, entry.withdrawn_at = state, timezone.now()
    entry.save()
    Change.objects.mark([entry.pk])
    recalls.look()
    assert files() == []
    assert client.get(path).status_code == 410


def test_a_copy_of_a_recalled_card_does_not_stand_in_for_it_while_the_database_is_away(settings, tmp_path):
    noted = recalls.Recalls(tmp_path / "prepared")
    noted.note([17], 200.0)
    for key in ("/kartu/berita/17/0123456789ab.png", "/gambar/17/abc.webp"):
        assert noted.touch(key.encode() + b"\n\x89PNG", 100.0)
    assert not noted.touch(b"/kartu/berita/18/0123456789ab.png\n", 100.0)


def test_a_post_that_never_was_public_has_no_card(client):
    entry = make_entry("Menunggu", public=False, state="held")
    assert client.get(f"/kartu/berita/{entry.pk}/0123456789ab.png").status_code == 404
    assert files() == []


@pytest.mark.parametrize(
    "path",
    [
        "/kartu/berita/99/x.png",
        "/kartu/provinsi/atlantis/x.png",
        "/kartu/lain/x/x.png",
        "/kartu/satker/%00/x.png",
    ],
)
def test_what_does_not_exist_has_no_card(client, path):
    assert client.get(path).status_code == 404


def test_a_card_is_drawn_once_and_then_read(client, settings, monkeypatch):
    path = card_path(client, make_entry().get_absolute_url(), settings)
    first = client.get(path)
    monkeypatch.setattr(drawing, "png", lambda *_args: pytest.fail("drawn again"))
    again = client.get(path, headers={"Accept-Encoding": "gzip, br"})
    assert again.content == first.content
    assert "Content-Encoding" not in again
    assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_readers_keep_a_card_and_shared_caches_ask_again_soon(client, settings):
    control = client.get(card_path(client, make_entry().get_absolute_url(), settings))["Cache-Control"]
    assert "max-age=86400" in control
    assert "s-maxage=20" in control


def test_one_address_may_have_so_many_drawn_and_what_is_kept_is_free(client, settings):
    settings.LIMIT_CARDS = 1
    first, second = (card_path(client, make_entry().get_absolute_url(), settings) for _number in range(2))
    assert client.get(first).status_code == 200
    refused = client.get(second)
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert client.get(first).status_code == 200


def test_no_more_than_one_is_drawn_at_a_time(client, settings, monkeypatch):
    path = card_path(client, make_entry().get_absolute_url(), settings)
    monkeypatch.setattr(cards._slots, "take", lambda: False)
    response = client.get(path)
    assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (
        503,
        "5",
        "no-store",
    )


def test_beyond_the_room_that_is_given_the_longest_unasked_go(settings, tmp_path):
    shard = keeping.folder() / "00"
    shard.mkdir(parents=True)
    for number in range(4):
        path = shard / f"berita-{number}.x.png"
        path.write_bytes(b"x" * 1000)
        os.utime(path, (1000 + number, 1000 + number))
    settings.CARDS_MAX_BYTES = 2500 * shards.SHARDS
    shards.prune(shard, settings.CARDS_MAX_BYTES)
    assert files() == ["berita-2.x.png", "berita-3.x.png"]


def test_the_font_has_every_letter_that_is_called_drawable():
    face = lettering.font(40)
    empty = bytes(face.getmask("\U000f0000"))
    assert [char for char in lettering.DRAWN if bytes(face.getmask(char)) == empty] == []


@pytest.mark.parametrize(
    ("title", "drawn"),
    [
        ("KPU – Bawaslu — rapat", "KPU - Bawaslu - rapat"),
        ("🗳️ Pemilu 2029 ✅", "Pemilu 2029"),
        ("Café Déjà\u00a0vu", "Cafe Deja vu"),
        ("𝗞𝗣𝗨 ＪＡＴＩＭ", "KPU JATIM"),
        ("\u202eabc\u202c \x07def\u200d", "abc def"),
        ("Rapat (مرحبا) pleno , selesai", "Rapat pleno, selesai"),
        ("ꦥꦼꦩꦶꦭꦸ", ""),
        ("", ""),
    ],
)
def test_what_the_font_does_not_know_is_written_otherwise_or_left_out(title, drawn):
    assert lettering.drawable(title) == drawn


def test_a_title_of_another_script_gives_way_to_the_name_of_the_office():
    for title in ("ꦥꦼꦩꦶꦭꦸ ꦱꦼꦫꦺꦤ꧀ꦠꦏ꧀", "انتخابات 2029"):
        entry = make_entry(title, satker=make_satker(name="KIP Aceh"))
        assert subjects.of_post(entry).words.title == "KIP Aceh"


@pytest.mark.parametrize(
    "title",
    [
        "A",
        "x" * 500,
        "Rapat pleno " * 40,
        "W" * 40 + " " + "i" * 200,
        "🗳️" * 200,
        "ꦥ" * 500,
        "\u202e\x07" * 200,
    ],
)
def test_a_card_of_any_title_is_whole_and_small(title):
    words = drawing.Words(
        lettering.drawable(title), "KPU Kabupaten Kepulauan Siau Tagulandang Biaro", "Jumat"
    )
    body = drawing.png(words)
    assert opened(body).size == drawing.SIZE
    assert len(body) <= drawing.MOST_BYTES
    edge = opened(body).convert("L").crop((1200 - 40, 20, 1200, 630))
    assert edge.getextrema()[0] > 240  # nothing runs off the paper


def test_lines_keep_to_their_width_and_lose_no_word():
    text = "Rapat pleno terbuka rekapitulasi daftar pemilih berkelanjutan triwulan ketiga bersama Bawaslu"
    size, lines = lettering.fitted(text, 600, 400, drawing.SIZES)
    assert " ".join(lines) == text
    assert all(lettering.measure(line, size) <= 600 for line in lines)
    _size, few = lettering.fitted(text, 600, 60, (46,))
    assert len(few) == 1 and few[0].endswith("…")
