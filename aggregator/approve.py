"""Which hosts and feeds are in use: always by a person's word, which a registry file cannot take back."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator import journal, links
from aggregator.errors import RegistryError
from aggregator.models import Feed, Satker, SatkerHost


@transaction.atomic
def approve_host(satker: Satker, hostname: str, by: str, reason: str = "") -> None:
    """From now on this exact host may be asked for the satker. Its own derived host counts as confirmed."""
    SatkerHost.objects.update_or_create(
        satker=satker,
        hostname=hostname,
        defaults={
            "state": SatkerHost.State.APPROVED,
            "reason": reason[:200],
            "decided_by": by[:150],
            "decided_at": timezone.now(),
        },
    )
    derived = Satker.objects.filter(pk=satker.pk, hostname=hostname, hostname_evidence="pattern")
    derived.update(hostname_evidence=Satker.HostEvidence.CONFIRMED)
    journal.tell("host.approve", by, satker, reason, name=hostname)


@transaction.atomic
def revoke_host(host: SatkerHost, by: str, reason: str = "") -> None:
    """Nothing is fetched from this host for the satker any more; a registry file cannot bring it back."""
    SatkerHost.objects.filter(pk=host.pk).update(
        state=SatkerHost.State.REVOKED, reason=reason[:200], decided_by=by[:150], decided_at=timezone.now()
    )
    journal.tell("host.revoke", by, host, reason)


@transaction.atomic
def confirm_feed(feed: Feed, by: str) -> None:
    """Take a candidate, or a feed that was switched off, into use; its host is thereby approved. The feed
    it replaces, if any, rests from now on."""
    approve_host(feed.satker, links.host(feed.url), by, _("umpan disetujui"))
    Feed.objects.filter(pk=feed.pk).update(state=Feed.State.ACTIVE, next_check_at=timezone.now())
    if feed.replaces_id:
        Feed.objects.filter(pk=feed.replaces_id).update(state=Feed.State.DISABLED)
    journal.tell("feed.confirm", by, feed)


@transaction.atomic
def disable_feed(feed: Feed, by: str, reason: str = "") -> None:
    """Staff switch a feed off; a registry file does not switch it on again."""
    Feed.objects.filter(pk=feed.pk).update(state=Feed.State.DISABLED)
    journal.tell("feed.disable", by, feed, reason)


@transaction.atomic
def move_feed(feed: Feed, by: str) -> None:
    """Follow a permanent redirect before it was seen often enough to be followed by itself."""
    if not feed.moved_to:
        raise RegistryError(_("Situs tidak menyatakan umpan %s pindah.") % feed.url)
    if Feed.objects.filter(url=feed.moved_to).exists():
        raise RegistryError(_("Umpan %s sudah terdaftar.") % feed.moved_to)
    Feed.objects.filter(pk=feed.pk).update(url=feed.moved_to, moved_to="", moved_seen=0)
    journal.tell("feed.move", by, feed, feed.moved_to)
