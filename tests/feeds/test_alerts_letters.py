"""What letters say, and that nothing in a post can change where they go."""

from __future__ import annotations

import re
import secrets
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aggregator.models import Change, Entry, Revision
from feeds.alerts import letters
from feeds.models import Letter
from tests.factories import make_satker
from tests.feeds.alerting import follow, make_letters, publish, text_of

pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
OURS = {
    *("Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted"),
    *("X-Auto-Response-Suppress", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"),
}


@pytest.fixture(autouse=True)
def _no_demonstration(settings) -> None:
    settings.DEMO = False


def compose(letter: Letter) -> EmailMultiAlternatives:
    found = letters.compose(letter)
    assert found is not None
    return found


def parsed(letter: Letter) -> EmailMessage:
    found = message_from_bytes(compose(letter).message().as_bytes(), policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def letter_about(*entries: Entry) -> Letter:
    alert = follow()
    return Letter.objects.create(
        key=secrets.token_hex(), alert=alert, address=alert.address, entry_ids=[entry.pk for entry in entries]
    )


def test_a_letter_names_office_time_and_page_in_text_and_html(settings) -> None:
    office = make_satker(name="KPU Kota Jayapura", timezone="Asia/Jayapura")
    entry = publish("Rapat pleno & <em>hasil</em>", satker=office, summary="Ringkas & jelas.")
    mail = parsed(letter_about(entry))
    assert mail["Subject"] == "KPU Kota Jayapura: Rapat pleno & <em>hasil</em>"
    page = f"{settings.BASE_URL}{entry.get_absolute_url()}"
    plain, html = text_of(mail), text_of(mail, "html")
    for words in ("Rapat pleno & <em>hasil</em>", "KPU Kota Jayapura · ", " WIT", "Ringkas & jelas.", page):
        assert words in plain
    for words in ("Rapat pleno &amp; &lt;em&gt;hasil&lt;/em&gt;", f'href="{page}"', f'href="{entry.url}"'):
        assert words in html
    assert "&amp;" not in plain


def test_a_letter_can_be_ended_with_one_click(settings) -> None:
    settings.BASE_URL = "https://berita.example"
    letter = letter_about(publish())
    assert letter.alert
    mail = parsed(letter)
    address = f"https://berita.example/langganan/berhenti/{letter.alert.token}"
    assert mail["List-Unsubscribe"].strip() == f"<{address}>"  # on a line of its own, being long
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert address in text_of(mail)
    assert f'href="{address}"' in text_of(mail, "html")


def test_many_posts_are_counted_and_the_rest_is_on_the_page(settings, monkeypatch) -> None:
    monkeypatch.setattr(letters, "SHOWN", 2)
    mail = parsed(letter_about(*(publish(f"Berita {n}") for n in range(5))))
    assert mail["Subject"] == "5 berita baru: Berita KPU seluruh Indonesia"
    text = text_of(mail)
    assert "Berita 4" in text and "Berita 3" in text and "Berita 2" not in text
    assert "Masih ada 3 berita lain:" in text


def test_a_letter_is_worded_in_a_number_of_queries_that_does_not_grow(django_assert_max_num_queries) -> None:
    letter = letter_about(*(publish(f"Berita {n}") for n in range(20)))
    letter = Letter.objects.select_related("alert__watched").get(pk=letter.pk)
    with django_assert_max_num_queries(3):
        compose(letter)


def test_what_was_recalled_meanwhile_is_in_no_letter() -> None:
    gone, stays = publish("Situs judi gacor"), publish("Rapat")
    letter = letter_about(gone, stays)
    Entry.objects.filter(pk=gone.pk).update(state="withdrawn")
    assert "gacor" not in compose(letter).message().as_string()
    Entry.objects.filter(pk=stays.pk).update(state="held")
    assert letters.compose(letter) is None


def test_a_letter_of_recalls_says_nothing_of_what_was_recalled() -> None:
    follow("/feeds/ditarik")
    entry = publish("Situs judi gacor", summary="daftar slot")
    Entry.objects.filter(pk=entry.pk).update(state="withdrawn", withdrawn_at=entry.released_at)
    Change.objects.mark([entry.pk])
    make_letters()
    text = compose(Letter.objects.get()).message().as_string()
    assert f"nomor {entry.pk}" in text
    assert "gacor" not in text and "slot" not in text


def test_mail_comes_back_to_the_address_for_that(settings) -> None:
    settings.DEFAULT_FROM_EMAIL, settings.EMAIL_BOUNCES = (
        "Berita KPU <kabar@kpu.example>",
        "pantul@kpu.example",
    )
    mail = compose(letter_about(publish()))
    assert mail.from_email == "pantul@kpu.example"
    assert mail.message()["From"] == "Berita KPU <kabar@kpu.example>"


def test_a_message_id_is_the_same_at_each_attempt_and_only_ours_is_believed() -> None:
    letter = letter_about(publish())
    first = parsed(letter)["Message-ID"]
    assert first == parsed(letter)["Message-ID"]
    assert letters.letter_of(first) == letter.pk
    assert letters.letter_of(first.replace(f".{letter.pk}.", ".1234567.")) is None
    assert letters.letter_of(f"<letter.{letter.pk}.x@localhost>") is None


def test_a_demonstration_says_so(settings) -> None:
    settings.DEMO = True
    mail = parsed(letter_about(publish()))
    assert mail["Subject"].startswith("[Peragaan]")
    assert "Data peragaan" in text_of(mail)


@pytest.fixture
def letter() -> Letter:
    return letter_about(publish())


@given(title=st.text(st.characters(codec="utf-8"), max_size=120), office=st.text(max_size=60))
@example(title="Rapat\r\nBcc: semua@media.example\r\n\r\nIsi", office="KPU\nSubject: x")
@example(title="\u2028\x0b\x85judul", office="=?utf-8?q?x?=")
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_nothing_in_a_post_begins_a_header_or_adds_a_reader(letter: Letter, title: str, office: str) -> None:
    entry = Entry.objects.get(pk__in=letter.entry_ids)
    Revision.objects.filter(entry=entry).update(title=title.replace("\0", "")[:500])
    entry.satker.name = office.replace("\0", "")
    entry.satker.save()
    mail = compose(letter)
    raw = mail.message().as_bytes()
    head = raw.partition(b"\n\n")[0].decode("ascii")
    names = {line.partition(":")[0] for line in re.split(r"\n(?![ \t])", head)}
    assert names == OURS
    assert mail.recipients() == ["redaksi@media.example"]
