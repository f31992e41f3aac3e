"""Every staff page and every export × every role × own, foreign and guessed addresses."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.models import User
from tests.factories import begin_numbers_at
from tests.portal.monitoring.scenes import Country, make_country
from tests.portal.monitoring.world import Office, fill, make_office

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
        [
            "office",
            "office_activity",
            "office_hold",
            "contacts",
            "migration",
            "change_migration",
            "look_now",
            "announce_move",
        ],
        lambda office: {"code": office.satker.code},
    ),
}
OTHERWISE_HELD = {  # what belongs to an account itself; tested where it belongs
    *("change_account", "open_saved_search", "delete_saved_search", "delete_view", "delete_exemption"),
    *("send_again", "switch_webhook"),
}
# Pages of tables: their addresses hold which table and which kind of file.
TABLES: dict[str, list[object]] = {"number": list(range(1, 11)), "ending": ["csv", "xlsx"]}


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
SHOWING = [name for name in PAGES if name in ADDRESSED]
LISTING = [name for name, page in PAGES.items() if set(page.pattern.converters) <= TABLES.keys()]


def addresses(name: str) -> list[str]:
    """All addresses of a page of tables."""
    names = list(PAGES[name].pattern.converters)
    values = product(*(TABLES[key] for key in names))
    found = [reverse(f"monitoring:{name}", kwargs=dict(zip(names, chosen, strict=True))) for chosen in values]
    return found if names else [found[0], f"{found[0]}?format=csv", f"{found[0]}?format=xlsx"]


def address(name: str, office: Office) -> str:
    return reverse(f"monitoring:{name}", kwargs=ADDRESSED[name](office))


def where_is(name: str, office: Office) -> str:
    return address(name, office) if name in ADDRESSED else addresses(name)[0]


@pytest.fixture(scope="module")
def country(module_db: None) -> Country:
    begin_numbers_at(4000)
    return make_country()


@pytest.fixture(scope="module")
def own(country) -> Office:
    return fill(make_office(country.kediri))


@pytest.fixture(scope="module")
def foreign(country) -> Office:
    return fill(make_office(country.badung))


def ask(client: Client, where: str):
    """By GET, or by POST where a page is a deed; a deed without words changes nothing."""
    response = client.get(where)
    return client.post(where) if response.status_code == 405 else response


@dataclass(frozen=True)
class Answer:
    status: int
    words: str
    headers: Mapping[str, str]


@pytest.fixture(scope="module")
def answered() -> dict[tuple[str, str], Answer]:
    return {}


@pytest.fixture
def look(as_role, own, foreign, answered) -> Callable[[str, str], Answer]:
    """What a role is answered to a GET, which changes nothing: each is asked once for all tests."""

    def ask_once(role: str, where: str) -> Answer:
        if (role, where) not in answered:
            response = as_role(role).get(where)
            answered[role, where] = Answer(response.status_code, text_of(response), response.headers)
        return answered[role, where]

    return ask_once


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


def test_every_page_is_in_this_matrix():
    assert PAGES.keys() - set(SHOWING) - set(LISTING) - OTHERWISE_HELD == set()


@pytest.mark.parametrize("name", LISTING)
def test_a_list_opens_for_its_roles_only_and_is_kept_by_no_cache(client, as_role, look, name):
    where = addresses(name)[0]
    assert ask(client, where).headers["Location"].startswith("/masuk?next=")
    for role in ROLES:
        answer = look(role, where)
        if answer.status == 405:  # a deed
            response = as_role(role).post(where)
            answer = Answer(response.status_code, "", response.headers)
        if allowed(name, role):
            assert answer.status in (200, 302, 400), role
            assert "no-store" in answer.headers["Cache-Control"]
        else:
            assert answer.status == 403, role


@pytest.mark.parametrize("name", SHOWING)
def test_a_thing_opens_for_its_roles_and_only_of_ones_own_satker(client, as_role, look, own, foreign, name):
    def status(role: str, where: str) -> int:
        answer = look(role, where)
        return as_role(role).post(where).status_code if answer.status == 405 else answer.status

    assert ask(client, address(name, own)).headers["Location"].startswith("/masuk?next=")
    for role in ROLES:
        mine = status(role, address(name, own))
        if not allowed(name, role):
            assert mine == 403, role
            continue
        assert mine in (200, 302, 400), role
        theirs = status(role, address(name, foreign))
        assert (theirs == 404) == (role in ("province", "satker")), role


@pytest.mark.parametrize("name", SHOWING)
def test_a_guessed_address_finds_nothing(as_role, country, name):
    guess = {key: NOBODY if key == "pk" else "9999" for key in PAGES[name].pattern.converters}
    for role in ROLES:
        response = ask(as_role(role), reverse(f"monitoring:{name}", kwargs=guess))
        assert response.status_code == (404 if allowed(name, role) else 403), role


@pytest.mark.parametrize("name", sorted(OTHERWISE_HELD))
def test_what_is_of_an_account_or_of_all_is_closed_to_other_roles(client, as_role, name):
    where = reverse(f"monitoring:{name}", kwargs={"pk": NOBODY})
    assert ask(client, where).headers["Location"].startswith("/masuk?next=")
    for role in ROLES:
        if not allowed(name, role):
            assert ask(as_role(role), where).status_code == 403, role


@pytest.mark.parametrize("name", LISTING)
def test_no_list_and_no_export_holds_rows_of_others(look, foreign, name):
    for role in ("province", "satker"):
        for where in addresses(name):
            answer = look(role, where)
            if answer.status == 200:
                assert foreign.satker.name not in answer.words, (role, where)
                assert foreign.satker.hostname not in answer.words, (role, where)


def files_on(page: str, where: str) -> list[str]:
    """Addresses of the tables that a page offers as files."""
    found = (urljoin(where, html.unescape(address)) for address in re.findall(r'href="([^"]+)"', page))
    return [one for one in found if "format=" in one or re.search(r"\.(csv|xlsx)($|\?)", one)]


TEMPLATES = Path(settings.BASE_DIR) / "templates/monitoring"
# Tables that are no lists of data: the sessions of one's own account, the grid of days that stands again in
# the table below it, and the labels of one post beside the forms that correct them.
NO_LISTS = {"account.html": 1, "activity.html": 1, "post.html": 1}


def test_every_table_can_be_taken_along():
    for template in sorted(TEMPLATES.glob("[!_]*.html")):
        text = template.read_text(encoding="utf-8")
        files = len(
            re.findall(r"include .monitoring/_(?:take|list|downloads|files)\.html|format='xlsx'", text)
        )
        tables = len(re.findall(r"<table|include .monitoring/_(?:list|table|grid)\.html", text))
        assert files >= tables - NO_LISTS.get(template.name, 0), template.name


@pytest.mark.parametrize("name", [*SHOWING, *LISTING])
def test_no_file_of_a_page_holds_rows_of_others(look, own, foreign, name):
    """Each file that a page offers, asked by each role: of one's own page, and of a guessed one."""
    where = where_is(name, own)
    page = look("admin", where)
    for file in files_on(page.words, where) if page.status == 200 else []:
        for role in ("province", "satker"):
            answer = look(role, file)
            assert answer.status == (200 if allowed(name, role) else 403), (role, file)
            if answer.status == 200:
                assert foreign.satker.name not in answer.words, (role, file)
                assert foreign.satker.hostname not in answer.words, (role, file)
            if name in ADDRESSED:
                guessed = f"{address(name, foreign)}?{urlsplit(file).query}"
                assert look(role, guessed).status in (403, 404), (role, guessed)


def test_the_files_do_hold_rows_of_ones_own(look, own):
    """Or the tests above would prove nothing."""
    offered = set()
    for name in (*SHOWING, *LISTING):
        where = where_is(name, own)
        page = look("admin", where)
        if page.status == 200:
            offered |= {file for file in files_on(page.words, where) if "csv" in file}
    filled = [file for file in offered if look("admin", file).words.count("\r\n") > 1]
    assert len(offered) >= 35
    assert len(filled) >= 33


@pytest.mark.parametrize("name", [*SHOWING, *LISTING])
def test_no_number_of_a_row_is_written_in_groups_of_three(look, own, name):
    """A field or an address that says 4.001 for 4001 finds nothing; nobody looks for case 4.001 either."""
    page = look("admin", where_is(name, own)).words
    attributes = re.findall(r'\s(?:value|href|action|name|id|for|data-\w+)="([^"]*)"', page)
    assert [value for value in attributes if re.search(r"\b\d{1,3}\.\d{3}\b", value)] == []
    numbers = {row.pk for row in (own.feed, own.entry, own.case, own.story, own.report)}
    assert min(numbers) > 1000
    assert [number for number in numbers if f"{number:,}".replace(",", ".") in page] == []


LISTS = ("quarantine", "feeds", "migration_board", "classification", "candidates", "duplicates")


def test_the_lists_do_hold_rows_of_ones_own(look, own):
    """Or the test above would prove nothing."""
    for name in LISTS:
        assert own.satker.name in look("satker", reverse(f"monitoring:{name}")).words, name
    for name in LISTS[:4]:
        assert own.satker.name in look("satker", reverse(f"monitoring:{name}") + "?format=csv").words, name


def test_the_django_admin_is_for_admins_alone(as_role, account):
    for role in ("viewer", "province", "satker"):
        User.objects.filter(pk=account(role).pk).update(is_staff=True)
        assert as_role(role).get("/pantauan/admin/").status_code == 302
    assert as_role("admin").get("/pantauan/admin/").status_code == 200


@pytest.mark.parametrize("name", [name for name in SHOWING if name != "contacts"])  # others write there too
def test_whoever_may_not_decide_finds_no_button_to_decide(look, own, name):
    for role in ("viewer", "province", "satker"):
        if allowed(name, role):
            assert 'name="lakukan"' not in look(role, address(name, own)).words, role
