"""The pages by which a reader begins and ends an e-mail alert, without a cookie anywhere."""

from __future__ import annotations

import re
import time
from html import unescape
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from feeds.alerts import consent, round_of_work
from feeds.alerts.consent import Wish
from feeds.models import Alert, Asked, Letter
from portal import openforms
from tests.factories import make_province

pytestmark = pytest.mark.django_db
OURS = {"Origin": "http://testserver"}


@pytest.fixture
def strict() -> Client:
    """A client that Django would refuse without its CSRF cookie."""
    return Client(enforce_csrf_checks=True)


def fields(html: str) -> dict[str, str]:
    form = html[html.index('method="post"') :]
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form)
    return {name: unescape(value) for name, value in found}


def send(client: Client, query: str = "", headers: dict[str, str] | None = None, **changes: str) -> Any:
    page = client.get(f"/langganan{query}").content.decode()
    form = {**fields(page), "surel": "warga@surel.example", "irama": "daily", **changes}
    return client.post("/langganan", form, headers=OURS if headers is None else headers)


def test_from_the_form_by_the_letter_to_the_alert_and_out_again(strict: Client) -> None:
    make_province("51", "Bali")
    response = send(strict, "?q=pleno&provinsi=bali")
    assert (response.status_code, response["Location"]) == (303, "/langganan/periksa")
    assert "Periksa surel Anda" in strict.get(response["Location"]).content.decode()
    round_of_work()
    link = re.search(r"http://127\.0\.0\.1:8000(/langganan/konfirmasi/\S+)", mail.outbox[0].body)
    assert link
    page = strict.get(link[1]).content.decode()
    assert "Berita KPU: pleno – Bali" in page
    assert not Alert.objects.exists()  # a scanner that opens links agrees to nothing
    assert "Langganan dimulai" in strict.post(link[1]).content.decode()
    alert = Alert.objects.get()
    assert alert.watched.path == "/feeds/cari?q=pleno&provinsi=bali"
    out = f"/langganan/berhenti/{alert.token}"
    assert "warga@surel.example" in strict.get(out).content.decode()
    assert Alert.objects.exists()
    assert strict.post(out).status_code == 200
    assert not Alert.objects.exists()
    assert strict.post(out).status_code == strict.get(out).status_code == 200


def test_a_mailbox_ends_an_alert_by_its_one_click(strict: Client) -> None:
    alert = consent.confirm(Wish("warga@surel.example", "/feeds/nasional", "now"))
    response = strict.post(
        f"/langganan/berhenti/{alert.token}",
        "List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 200
    assert not response.cookies
    assert not Alert.objects.exists()


def test_all_alerts_of_an_address_can_be_ended_at_once(client: Client) -> None:
    alert = consent.confirm(Wish("warga@surel.example", "/feeds/nasional", "now"))
    consent.confirm(Wish("warga@surel.example", "/feeds/ditarik", "now"))
    other = consent.confirm(Wish("lain@surel.example", "/feeds/nasional", "now"))
    assert "1 langganan lain" in client.get(f"/langganan/berhenti/{alert.token}").content.decode()
    client.post(f"/langganan/berhenti/{alert.token}", {"semua": "1"})
    assert list(Alert.objects.all()) == [other]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://penyerang.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.penyerang.example"},
        {"Referer": "https://penyerang.example/http://testserver/"},
        {"Origin": "https://testserver"},
    ],
)
def test_another_site_cannot_send_the_form(strict: Client, headers: dict[str, str]) -> None:
    response = send(strict, headers=headers)
    assert response.status_code == 400
    assert "hanya dapat dikirim dari halaman portal ini" in response.content.decode()
    assert not Letter.objects.exists()


def test_a_browser_that_names_no_origin_is_known_by_the_page_it_comes_from(strict: Client) -> None:
    assert send(strict, headers={"Referer": "http://testserver/langganan"}).status_code == 303


@pytest.mark.parametrize("sign", ["", "x", "3000000:abc", openforms.sign("lain")])
def test_a_field_that_no_page_of_ours_gave_out_is_refused(strict: Client, sign: str) -> None:
    assert send(strict, tanda=sign).status_code == 400
    assert not Letter.objects.exists()


def test_a_page_left_open_for_days_must_be_loaded_anew(strict: Client, monkeypatch) -> None:
    sign = openforms.sign("langganan")
    later = time.time() + openforms.VALID + openforms.STEP * 2
    monkeypatch.setattr(time, "time", lambda: later)
    response = send(strict, tanda=sign)
    assert response.status_code == 400
    assert "terlalu lama terbuka" in response.content.decode()


def test_the_same_page_is_given_to_everybody_for_a_while(client: Client, monkeypatch) -> None:
    now = 1_790_000_400.0
    monkeypatch.setattr(time, "time", lambda: now)
    first = openforms.sign("langganan")
    monkeypatch.setattr(time, "time", lambda: now + openforms.STEP - 401)
    assert openforms.sign("langganan") == first


def test_a_wrong_address_is_said_beside_the_form_and_the_choice_stays(client: Client) -> None:
    make_province("51", "Bali")
    response = send(client, "?provinsi=bali", surel="warga@", irama="weekly")
    html = response.content.decode()
    assert response.status_code == 400
    assert "tidak dapat dipakai" in html
    assert 'value="warga@"' in html
    assert 'value="weekly" checked' in html
    assert '<option value="bali" selected>' in html
    assert response["Cache-Control"] == "no-store"


def test_too_many_questions_to_one_address_are_answered_with_429(client: Client, monkeypatch) -> None:
    monkeypatch.setattr(consent, "PER_ADDRESS", 1)
    assert send(client).status_code == 303
    assert send(client, irama="weekly").status_code == 429
    assert Asked.objects.count() == 1


def test_too_many_forms_of_one_client_are_answered_with_429(client: Client, settings) -> None:
    settings.LIMIT_SUBSCRIBE = 1
    assert send(client).status_code == 303
    assert send(client, surel="lain@surel.example").status_code == 429
    alert = consent.confirm(Wish("warga@surel.example", "/feeds/nasional", "now"))
    for _number in range(3):  # ending is never refused
        assert client.post(f"/langganan/berhenti/{alert.token}").status_code == 200


def test_the_answer_does_not_tell_whether_an_address_has_an_alert(client: Client) -> None:
    consent.confirm(Wish("warga@surel.example", "/feeds/nasional", "daily"))
    known, unknown = send(client), send(client, surel="lain@surel.example")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


@pytest.mark.parametrize("path", ["/langganan/konfirmasi/{signed}", "/langganan/berhenti/{token}"])
def test_pages_whose_address_is_a_key_are_kept_by_nobody_and_told_to_nobody(
    client: Client, settings, path: str
) -> None:
    settings.PAGE_CACHE_SECONDS = 20
    wish = Wish("warga@surel.example", "/feeds/nasional", "now")
    address = path.format(signed=consent.link(wish), token=consent.confirm(wish).token)
    for answer in (client.get(address), client.post(address)):
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex"
        assert not answer.cookies


def test_a_link_that_is_too_old_says_what_to_do(client: Client) -> None:
    response = client.get("/langganan/konfirmasi/tidak-berlaku")
    assert response.status_code == 404
    assert "daftarkan alamat Anda lagi" in response.content.decode()


@pytest.mark.parametrize(
    "place", ["", "/feeds/", "/feeds/provinsi/atlantis", "/aktivitas", "/feeds/cari?x=1"]
)
def test_only_channels_that_exist_can_be_followed(client: Client, place: str) -> None:
    assert send(client, umpan=place).status_code in (400, 404)
    assert not Letter.objects.exists()


def test_english_readers_get_their_letters_and_links_in_english(client: Client) -> None:
    page = client.get("/en/langganan").content.decode()
    form = {**fields(page), "surel": "reader@mail.example", "irama": "now"}
    assert client.post("/en/langganan", form, headers=OURS)["Location"] == "/en/langganan/periksa"
    round_of_work()
    assert "/en/langganan/konfirmasi/" in mail.outbox[0].body
