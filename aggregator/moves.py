"""A satker moves to another site: announced by staff, carried out on their word, the archive read in silence.

    announce   the new host is approved, alarms about floods of posts rest for this satker
    cut over   the new feed is read and takes the old one's place; the old host is revoked
    import     older pages of the new site, bit by bit, each post with its own date, nothing pushed

Posts are recognised by link or words, so that nothing is doubled and every address of the portal stays.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator import archive, enrol, journal, links
from aggregator.approve import approve_host, revoke_host
from aggregator.errors import PortalError
from aggregator.models import Feed, PortalState, Satker, SatkerHost, SatkerMove

CALM_ANNOUNCED = timedelta(days=30)  # a migration that has not come by then is announced anew
CALM_AFTER = timedelta(days=3)
RETRY = timedelta(hours=1)


class MoveRefused(PortalError):
    """The move cannot be announced or carried out as things stand; the sentence says why."""

    code = "move"
    permanent = True


@transaction.atomic
def announce(satker: Satker, hostname: str, by: str, *, feed_url: str = "", reason: str = "") -> SatkerMove:
    """From now on the new host may be asked and redirected to, and a flood of posts raises no alarm."""
    Satker.objects.select_for_update(no_key=True).get(pk=satker.pk)
    hostname = checked(satker, hostname, feed_url)
    approve_host(satker, hostname, by, _("perpindahan situs diumumkan"))
    now = timezone.now()
    move = SatkerMove.objects.create(
        satker=satker,
        hostname=hostname,
        feed_url=links.absolute(feed_url),
        reason=reason[:500],
        announced_at=now,
        announced_by=by[:150],
        calm_until=now + CALM_ANNOUNCED,
    )
    journal.tell("migration", by, satker, reason, step="announced", host=hostname)
    return move


def checked(satker: Satker, hostname: str, feed_url: str) -> str:
    """The host name as it is compared. Raises MoveRefused for what cannot be announced."""
    name = links.host(f"https://[{hostname}]/" if ":" in hostname else f"https://{hostname}/")
    if not name:
        raise MoveRefused(_("“%s” bukan nama host.") % hostname)
    if feed_url and links.host(feed_url) != name:
        raise MoveRefused(
            _("Umpan %(feed)s tidak berada di host %(host)s.") % {"feed": feed_url, "host": name}
        )
    if SatkerMove.objects.filter(satker=satker, state__in=SatkerMove.OPEN).exists():
        raise MoveRefused(_("Perpindahan %s sudah diumumkan dan belum selesai.") % satker)
    if SatkerHost.objects.filter(satker=satker, hostname=name, state="revoked").exists():
        raise MoveRefused(_("Host %s telah dicabut; setujui dahulu bila memang benar.") % name)
    return name


def order(move: SatkerMove, by: str) -> None:
    """Let the worker carry it out in the next minutes."""
    if not SatkerMove.objects.filter(pk=move.pk, state=SatkerMove.State.ANNOUNCED).update(
        state=SatkerMove.State.ORDERED, ordered_by=by[:150], problem=""
    ):
        raise MoveRefused(_("Perpindahan %s tidak sedang menunggu.") % move.satker)


@transaction.atomic
def cancel(move: SatkerMove, by: str) -> None:
    """The site stays where it is; the announced host may not be asked any more."""
    open_ = SatkerMove.objects.filter(pk=move.pk, state__in=SatkerMove.OPEN)
    if not open_.update(state=SatkerMove.State.CANCELLED, ended_at=timezone.now(), calm_until=timezone.now()):
        raise MoveRefused(_("Perpindahan %s sudah selesai atau dibatalkan.") % move.satker)
    journal.tell("migration", by, move.satker, step="cancelled", host=move.hostname)
    if move.hostname == move.satker.hostname or _feeds_on(move.satker, {move.hostname}):
        return
    for host in SatkerHost.objects.filter(satker=move.satker, hostname=move.hostname, state="approved"):
        revoke_host(host, by, _("perpindahan situs dibatalkan"))


def cut_over(move: SatkerMove, by: str) -> SatkerMove:
    """Read the new feed, swap host and feed, revoke the old host. Safe to repeat after a crash at any point.

    Raises PortalError when the new site has no feed that can be read; then all is as it was, but for the
    reason on the move."""
    if move.state not in SatkerMove.OPEN:
        raise MoveRefused(_("Perpindahan %s sudah selesai atau dibatalkan.") % move.satker)
    old = list(
        Feed.objects.filter(satker=move.satker, state__in=(Feed.State.ACTIVE, Feed.State.STOPPED)).order_by(
            "-last_success_at"
        )
    )
    old = [feed for feed in old if links.host(feed.url) != move.hostname]
    try:
        added = _add(move, by, old[0] if old else None)
    except PortalError as error:
        SatkerMove.objects.filter(pk=move.pk).update(
            state=SatkerMove.State.ANNOUNCED, problem=error.message[:500]
        )
        raise
    _swap(move, by, added, old)
    move.refresh_from_db()
    return move


def _add(move: SatkerMove, by: str, replaces: Feed | None) -> enrol.Added:
    """The named feed, or the first that the new host's front page leads to."""
    urls = [move.feed_url] if move.feed_url else enrol.site_urls([move.hostname])
    problem: PortalError = MoveRefused(_("Tidak ada alamat di host %s yang boleh ditanya.") % move.hostname)
    for url in urls:
        try:
            return enrol.add_feed(url, move.satker, by, replaces)
        except PortalError as error:
            problem = error
    raise problem


@transaction.atomic
def _swap(move: SatkerMove, by: str, added: enrol.Added, old: list[Feed]) -> None:
    satker, now = move.satker, timezone.now()
    Feed.objects.filter(pk__in=[feed.pk for feed in old]).update(state=Feed.State.DISABLED)
    left = {links.host(feed.url) for feed in old} | {satker.hostname}
    left -= {move.hostname, links.host(added.feed.url)}
    for host in SatkerHost.objects.filter(satker=satker, hostname__in=left, state="approved"):
        revoke_host(host, by, _("situs pindah ke %s") % move.hostname)
    Satker.objects.filter(pk=satker.pk).update(
        hostname=move.hostname,
        hostname_evidence=Satker.HostEvidence.CONFIRMED,
        migration_status=Satker.Migration.MIGRATED,
    )
    SatkerMove.objects.filter(pk=move.pk).update(
        state=SatkerMove.State.DONE,
        ended_at=now,
        calm_until=now + CALM_AFTER,
        importing_at=now,
        ordered_by=by[:150],
        feed_url=added.feed.url,
        new=added.totals.new,
        known=added.totals.changed + added.totals.unchanged,
        problem="",
    )
    journal.tell("migration", by, satker, move.reason, step="done", host=move.hostname)
    PortalState.bump()


def _feeds_on(satker: Satker, hosts: set[str]) -> bool:
    return any(links.host(feed.url) in hosts for feed in Feed.objects.active().filter(satker=satker))


# --- what the worker does ---------------------------------------------------------------------------


def carry_out(*, seconds: float) -> int:
    """Cut over what staff ordered, then go on with archives; returns how many moves were worked on."""
    started = time.monotonic()
    worked = 0
    for move in SatkerMove.objects.filter(state=SatkerMove.State.ORDERED).select_related("satker")[:20]:
        if time.monotonic() - started > seconds:
            return worked
        worked += 1
        try:
            cut_over(move, move.ordered_by)
        except PortalError:
            continue  # the reason stands on the move, for staff
    for move in SatkerMove.objects.filter(importing_at__lte=timezone.now()).order_by("importing_at")[:20]:
        left = seconds - (time.monotonic() - started)
        if left <= 0:
            return worked
        worked += 1
        import_archive(move, seconds=left)
    return worked


def import_archive(move: SatkerMove, *, seconds: float | None = None) -> archive.Sum:
    """Older pages of the new feed, as far as time allows; the rest another time."""
    feed = Feed.objects.filter(url=move.feed_url, state=Feed.State.ACTIVE).first()
    if feed is None:
        SatkerMove.objects.filter(pk=move.pk).update(importing_at=None)
        return archive.Sum()
    again: datetime | None = timezone.now() + RETRY
    total = archive.Sum()
    try:
        total = archive.backfill(feed, seconds=seconds, reach=archive.Reach.END)
        unfinished = Feed.objects.filter(pk=feed.pk).exclude(backfill_url="").exists()
        again, problem = timezone.now() if unfinished else None, ""
    except PortalError as error:
        problem = error.message[:500]
    move.refresh_from_db()
    move.new, move.known = move.new + total.new, move.known + total.unchanged + total.changed
    move.importing_at, move.problem = again, problem
    move.save(update_fields=["new", "known", "importing_at", "problem"])
    return total
