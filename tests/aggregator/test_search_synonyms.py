"""Words that say the same, as staff teach them: from the admin to the next question, without a new index."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client

from aggregator.models import PortalState, Synonym
from aggregator.search import Filters, follow, highlight, search, synonyms
from aggregator.search.synonyms import OWN_FILE
from portal.models import User
from tests.factories import make_entry

pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
ADD = "/pantauan/admin/aggregator/synonym/add/"


@pytest.fixture(params=["whoosh", "tantivy"])
def engine(request, settings) -> str:
    settings.SEARCH_ENGINE = request.param
    return request.param


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create(username="ani", role="admin", is_staff=True, is_superuser=True))
    return client


def found(q: str) -> list[int]:
    return search(Filters(q=q, sort="terbaru")).entry_ids


def teach(*forms: str, is_off: bool = False) -> Synonym:
    row = Synonym(forms="\n".join(forms), is_off=is_off)
    row.full_clean()
    row.save()
    return row


def test_a_pair_from_the_admin_is_found_both_ways_and_marked(engine: str, admin: Client):
    entry = make_entry("Sosialisasi gerakan sadar pemilih")
    short = make_entry("Gempil di kampung nelayan")
    follow(once=True)
    assert found("gempil") == [short.pk]
    assert not any(is_hit for _text, is_hit in highlight("Sosialisasi gerakan sadar pemilih", "Gempil"))
    admin.post(ADD, {"forms": "gempil\ngerakan sadar pemilih", "note": ""})
    assert set(found("gempil")) == set(found("gerakan sadar pemilih")) == {entry.pk, short.pk}
    marked = [text for text, is_hit in highlight("Sosialisasi gerakan sadar pemilih", "Gempil") if is_hit]
    assert marked == ["gerakan sadar pemilih"]
    assert Synonym.objects.get().changed_by == "ani"


def test_another_node_notices_a_change_within_a_minute(engine: str, monkeypatch):
    entry = make_entry("Gerakan sadar pemilih")
    follow(once=True)
    assert found("gempil") == []
    teach("gempil", "gerakan sadar pemilih")  # elsewhere: nobody here is told
    assert found("gempil") == []
    later = synonyms.time.monotonic() + synonyms.STAFF_KEPT
    monkeypatch.setattr(synonyms.time, "monotonic", lambda: later)
    assert synonyms.STAFF_KEPT < 40  # pages are kept for 20 s on top
    assert found("gempil") == [entry.pk]


def test_a_change_makes_kept_pages_anew(admin: Client):
    before = PortalState.get().generation
    admin.post(ADD, {"forms": "gempil\ngerakan sadar pemilih", "note": ""})
    assert PortalState.get().generation > before


def test_a_deleted_row_is_forgotten(engine: str, admin: Client):
    make_entry("Gerakan sadar pemilih")
    follow(once=True)
    row = teach("gempil", "gerakan sadar pemilih")
    synonyms.forget()
    assert found("gempil") != []
    admin.post(f"/pantauan/admin/aggregator/synonym/{row.pk}/delete/", {"post": "yes"})
    assert found("gempil") == []


def test_a_built_in_pair_can_be_switched_off(engine: str):
    psu = make_entry("PSU di Papua")
    spelled = make_entry("Pemungutan suara ulang di Pasaman")
    follow(once=True)
    assert set(found("psu")) == {psu.pk, spelled.pk}
    teach("psu", "pemungutan suara ulang", is_off=True)
    synonyms.forget()
    assert found("psu") == [psu.pk]
    assert found("pemungutan suara ulang") == [spelled.pk]


def test_a_place_gets_its_short_name(engine: str):
    entry = make_entry("Rakor di Kepulauan Seribu")
    follow(once=True)
    teach("pulser", "Kepulauan Seribu")
    synonyms.forget()
    assert found("pulser") == [entry.pk]


def test_operators_may_keep_a_file_of_their_own(engine: str, settings):
    entry = make_entry("Gerakan sadar pemilih")
    follow(once=True)
    (settings.DATA_DIR / OWN_FILE).write_text("gempil|gerakan sadar pemilih  # catatan\n")
    assert found("gempil") == [entry.pk]


@pytest.mark.parametrize(
    "forms",
    ["", "satu", "Satu\nsatu", "\n".join(f"kata{n}" for n in range(13)), "a\n" + "kata " * 9],
    ids=["nothing", "one form", "twice the same", "too many", "too long"],
)
def test_what_is_no_group_of_synonyms_is_refused(forms: str):
    with pytest.raises(ValidationError):
        Synonym(forms=forms).full_clean()


def test_a_form_without_a_word_does_no_harm(engine: str):
    entry = make_entry("Rapat pleno")
    follow(once=True)
    teach("???", "rapat")
    teach("yang", "pleno")
    synonyms.forget()
    assert found("rapat") == found("pleno") == [entry.pk]
