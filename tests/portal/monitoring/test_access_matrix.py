"""Every staff page and every export × every role × own, foreign and guessed addresses."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.models import User
from tests.portal.monitoring.world import Office, make_office

pytestmark = pytest.mark.django_db

ROLES = ("admin", "viewer", "province", "satker")
NOBODY = 999_999_999
# How the pages that show one thing are addressed. A new page with an address of its own is added here.
ADDRESSED: dict[str, Callable[[Office], dict[str, object]]] = {
    **dict.fromkeys(["case"], lambda office: {"pk": office.case.pk}),
    **dict.fromkeys(["feed", "feed_result", "feed_deed"], lambda office: {"pk": office.feed.pk}),
    **dict.fromkeys(["post", "decide_post", "correct_post"], lambda office: {"pk": office.entry.pk}),
    **dict.fromkeys(["story", "change_story"], lambda office: {"pk": office.story.pk}),
    **dict.fromkeys(["host_deed"], lambda office: {"pk": office.host.pk}),
    **dict.fromkeys(["move_deed"], lambda office: {"pk": office.move.pk}),
    **dict.fromkeys(["settle_error_report"], lambda office: {"pk": office.report.pk}),
    **dict.fromkeys(
        ["office", "office_hold", "migration", "change_migration", "look_now", "announce_move"],
        lambda office: {"code": office.satker.code},
    ),
}
OTHERWISE_HELD = {"change_account", "open_saved_search", "delete_saved_search"}  # tested where they belong


def pages() -> Iterator[tuple[str, URLPattern]]:
    """Every address under /pantauan but the Django admin's, with its name."""

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, URLPattern]]:
        for pattern in patterns:
            here = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                if pattern.app_name != "admin":
                    yield from walk(pattern.url_patterns, here)
            elif here.startswith("pantauan"):
                yield pattern.name or here, pattern

    yield from walk(get_resolver().url_patterns, "")


PAGES = dict(pages())
PLAIN = [name for name, pattern in PAGES.items() if not pattern.pattern.converters]
SHOWING = [name for name in PAGES if name in ADDRESSED]


@pytest.fixture
def own(country) -> Office:
    return make_office(country.kediri)


@pytest.fixture
def foreign(country) -> Office:
    return make_office(country.badung)


def ask(client: Client, address: str, name: str):
    """By GET, or by POST where a page is a deed; a deed without words changes nothing."""
    response = client.get(address)
    return client.post(address) if response.status_code == 405 else response


def text_of(response) -> str:
    """All words of an answer, of a spreadsheet too."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"".join(book.read(name) for name in book.namelist())
    return body.decode("utf-8", "replace")


def allowed(name: str, role: str) -> bool:
    return role in PAGES[name].callback.roles


def test_every_page_says_whom_it_serves():
    assert [name for name, pattern in PAGES.items() if not hasattr(pattern.callback, "roles")] == []


def test_every_page_of_one_thing_is_in_this_matrix():
    unknown = {name for name, pattern in PAGES.items() if pattern.pattern.converters}
    assert unknown - ADDRESSED.keys() - OTHERWISE_HELD - FILED == set()


FILED = {name for name, pattern in PAGES.items() if set(pattern.pattern.converters) <= {"ending", "name"}}


@pytest.mark.parametrize("name", [*PLAIN, *SHOWING])
def test_nobody_is_led_to_sign_in(client, own, name):
    address = reverse(f"monitoring:{name}", kwargs=ADDRESSED[name](own) if name in ADDRESSED else {})
    response = ask(client, address, name)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/masuk?next=")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", PLAIN)
def test_a_page_opens_for_its_roles_only(as_role, own, foreign, name, role):
    response = ask(as_role(role), reverse(f"monitoring:{name}"), name)
    if allowed(name, role):
        assert response.status_code in (200, 302, 400)
        assert "no-store" in response.headers["Cache-Control"]
    else:
        assert response.status_code == 403


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", SHOWING)
def test_a_thing_opens_for_its_roles_and_only_of_ones_own_satker(as_role, own, foreign, name, role):
    client = as_role(role)
    mine = ask(client, reverse(f"monitoring:{name}", kwargs=ADDRESSED[name](own)), name)
    if not allowed(name, role):
        assert mine.status_code == 403
        return
    assert mine.status_code in (200, 302, 400)
    theirs = ask(client, reverse(f"monitoring:{name}", kwargs=ADDRESSED[name](foreign)), name)
    assert (theirs.status_code == 404) == (role in ("province", "satker"))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", SHOWING)
def test_a_guessed_address_finds_nothing(as_role, country, name, role):
    guess = {key: NOBODY if key == "pk" else "9999" for key in PAGES[name].pattern.converters}
    response = ask(as_role(role), reverse(f"monitoring:{name}", kwargs=guess), name)
    assert response.status_code == (404 if allowed(name, role) else 403)


@pytest.mark.parametrize("role", ["province", "satker"])
@pytest.mark.parametrize("ending", ["", "csv", "xlsx"])
@pytest.mark.parametrize("name", PLAIN)
def test_no_list_and_no_export_holds_rows_of_others(as_role, own, foreign, name, role, ending):
    address = reverse(f"monitoring:{name}") + (f"?format={ending}" if ending else "")
    response = as_role(role).get(address)
    if response.status_code != 200:
        return
    words = text_of(response)
    assert foreign.satker.name not in words
    assert foreign.satker.hostname not in words


def test_the_lists_do_hold_rows_of_ones_own(as_role, own):
    """Or the test above would prove nothing."""
    client = as_role("satker")
    for name in ("quarantine", "feeds", "migration_board", "classification", "candidates", "duplicates"):
        assert own.satker.name in text_of(client.get(reverse(f"monitoring:{name}"))), name
        if name not in ("candidates", "duplicates"):
            assert own.satker.name in text_of(client.get(reverse(f"monitoring:{name}") + "?format=csv")), name


@pytest.mark.parametrize("role", ["viewer", "province", "satker"])
def test_the_django_admin_is_for_admins_alone(as_role, account, role):
    User.objects.filter(pk=account(role).pk).update(is_staff=True)
    assert as_role(role).get("/pantauan/admin/").status_code == 302
    assert as_role("admin").get("/pantauan/admin/").status_code == 200


@pytest.mark.parametrize("role", ["viewer", "province", "satker"])
@pytest.mark.parametrize("name", [name for name in SHOWING if "admin" in PAGES[name].callback.roles])
def test_whoever_may_not_decide_finds_no_button_to_decide(as_role, own, name, role):
    if not allowed(name, role):
        return
    response = as_role(role).get(reverse(f"monitoring:{name}", kwargs=ADDRESSED[name](own)))
    assert 'name="lakukan"' not in text_of(response)
