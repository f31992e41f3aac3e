"""What a letter says: subject, text and HTML, and the headers by which mailboxes sort and end it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aggregator.models import Entry
from aggregator.models.registry import Zone
from feeds import places
from feeds.addresses import absolute
from feeds.alerts import consent
from feeds.alerts.digests import still_there
from feeds.channels import Channel, tombstones
from feeds.models import Alert, Letter

SHOWN = 30  # posts with their lines; the rest is counted
EXCERPT = 240  # characters
LONGEST_SUBJECT = 150


@dataclass(frozen=True, slots=True)
class Line:
    """One post in a letter."""

    title: str
    office: str
    when: str
    excerpt: str
    page: str
    original: str


def compose(letter: Letter) -> EmailMultiAlternatives | None:
    """The mail of a letter; None when nothing of it is public any more.

    Raises RequestError when its channel is gone.
    """
    return _news(letter, letter.alert) if letter.alert else _question(letter)


def _question(letter: Letter) -> EmailMultiAlternatives:
    """Did you ask for this?"""
    request = letter.request
    wish = consent.Wish(letter.address, request["place"], request["rhythm"], request["language"])
    with translation.override(wish.language):
        channel = places.at(wish.place)
        context = {
            "channel": channel,
            "rhythm": Alert.Rhythm(wish.rhythm).label,
            "link": absolute(f"{_start(wish.language)}/langganan/konfirmasi/{consent.link(wish)}"),
            "address": letter.address,
        }
        subject = _("Konfirmasi langganan: %s") % channel.title
        return _mail(letter, subject, "question", context, {})


def _news(letter: Letter, alert: Alert) -> EmailMultiAlternatives | None:
    entry_ids = still_there(alert, letter.entry_ids)
    if not entry_ids:
        return None
    with translation.override(alert.language):
        channel = places.at(alert.watched.path)
        found = lines(channel, entry_ids[-SHOWN:])
        end = consent.unsubscribe_address(alert)
        context = {
            "channel": channel,
            "lines": found,
            "count": len(entry_ids),
            "further": len(entry_ids) - len(found),
            "rhythm": alert.get_rhythm_display(),
            "end": end,
        }
        headers = {
            # https://www.rfc-editor.org/rfc/rfc8058
            "List-Unsubscribe": f"<{end}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "List-Id": f"<{alert.watched_id}.langganan.{_host()}>",
        }
        return _mail(letter, subject_of(channel, found, len(entry_ids)), "news", context, headers)


def subject_of(channel: Channel, found: list[Line], count: int) -> str:
    if count == 1:
        return f"{found[0].office}: {found[0].title}"
    words = ngettext("%(count)d berita baru: %(title)s", "%(count)d berita baru: %(title)s", count)
    return words % {"count": count, "title": channel.title}


def lines(channel: Channel, entry_ids: list[int]) -> list[Line]:
    """The posts of these numbers, newest release first. Two queries at most."""
    if channel.kind == "ditarik":
        rows = tombstones().filter(id__in=entry_ids).select_related("satker").order_by("-withdrawn_at", "-id")
        return [_gone(row) for row in rows]
    entries = Entry.objects.public_of(id__in=entry_ids).for_lists().order_by("-released_at", "-id")
    return [_line(entry) for entry in entries]


def _line(entry: Entry) -> Line:
    revision = entry.public_revision
    summary = _one_line(revision.summary if revision else "")
    if len(summary) > EXCERPT:
        summary = summary[:EXCERPT].rsplit(maxsplit=1)[0] + "…"
    return Line(
        title=_one_line(revision.title if revision else ""),
        office=_one_line(entry.satker.name),
        when=_when(entry.published_at, entry.satker.timezone) if entry.has_clear_date else "",
        excerpt=summary,
        page=absolute(entry.get_absolute_url()),
        original=(revision.url if revision else "") or entry.url,
    )


def _gone(entry: Entry) -> Line:
    return Line(
        title=_("Berita nomor %d tidak lagi terbit") % entry.pk,
        office=_one_line(entry.satker.name),
        when=_when(entry.withdrawn_at, entry.satker.timezone) if entry.withdrawn_at else "",
        excerpt=_("Berita ini ditarik atau ditahan untuk diperiksa. Hapus salinan Anda."),
        page=absolute(f"/berita/{entry.pk}"),
        original="",
    )


def _when(at: datetime, zone: str) -> str:
    label = Zone(zone).label if zone in Zone.values else zone
    return f"{date_format(at.astimezone(ZoneInfo(zone)), 'DATETIME_FORMAT')} {label}"


def _mail(
    letter: Letter, subject: str, template: str, context: dict[str, Any], headers: dict[str, str]
) -> EmailMultiAlternatives:
    subject = _one_line(subject)
    if settings.DEMO:
        subject = _("[Peragaan] %s") % subject
    if len(subject) > LONGEST_SUBJECT:
        subject = subject[: LONGEST_SUBJECT - 1] + "…"
    context |= {"subject": subject, "BASE_URL": settings.BASE_URL, "DEMO": settings.DEMO}
    context["language"] = translation.get_language()
    mail = EmailMultiAlternatives(
        subject,
        render_to_string(f"feeds/mail/{template}.txt", context),
        settings.EMAIL_BOUNCES or settings.DEFAULT_FROM_EMAIL,  # the envelope: where it comes back to
        [letter.address],
        headers={
            "From": settings.DEFAULT_FROM_EMAIL,
            "Message-ID": message_id(letter.pk),
            "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office answers
            "X-Auto-Response-Suppress": "All",
            **headers,
        },
    )
    mail.attach_alternative(render_to_string(f"feeds/mail/{template}.html", context), "text/html")
    return mail


def message_id(number: int) -> str:
    """The same at each attempt; nobody else can make one, so a bounce that quotes it is of our letter."""
    return f"<letter.{number}.{_proof(number)}@{_host()}>"


def letter_of(quoted: str) -> int | None:
    """The number of the letter that a Message-ID names; None when it is not ours."""
    parts = quoted.strip().lstrip("<").partition("@")[0].split(".")
    if len(parts) != 3 or parts[0] != "letter" or not (parts[1].isascii() and parts[1].isdigit()):
        return None
    number = int(parts[1][:18])
    return number if constant_time_compare(parts[2], _proof(number)) else None


def _proof(number: int) -> str:
    return salted_hmac("feeds.alerts.letter", str(number), algorithm="sha256").hexdigest()[:24]


def _host() -> str:
    return urlsplit(settings.BASE_URL).hostname or "localhost"


def _start(language: str) -> str:
    return "" if language == settings.LANGUAGE_CODE else f"/{language}"


def _one_line(text: str) -> str:
    """Without line ends and other controls: nothing in a title may begin a header."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
