"""Checked rows → satker, their hosts and feeds, in bulk.

What staff decided outranks a file: a confirmed host name is not replaced by a derived one, a revoked
host stays revoked, a feed that was switched off stays off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator import links
from aggregator.models import Feed, PortalState, Province, Satker, SatkerHost
from aggregator.registry import reference
from aggregator.registry.read import Rejection, Row

BY = "load_registry"
LEVELS = ("national", "province", "regency")  # parents before children
FIELDS = (
    "level",
    "name",
    "slug",
    "region_name",
    "kind",
    "hostname",
    "hostname_evidence",
    "latitude",
    "longitude",
    "timezone",
    "migration_status",
)
EVIDENCE = {"pattern": 0, "seen": 1, "confirmed": 2}


def write(rows: list[Row]) -> tuple[int, int, int]:
    """Store rows that passed every check; returns how many satker were added, changed, left as they were.
    Call inside a transaction."""
    stored = {satker.code: satker for satker in Satker.objects.select_related("parent", "province")}
    hosts = _hosts_by_satker()
    feeds = dict(Feed.objects.values_list("url", "state"))
    wanted = {row.code: _values(row, stored.get(row.code)) for row in rows}
    added = [row for row in rows if row.code not in stored]
    changed = [
        row for row in rows if row.code in stored and _differs(row, wanted[row.code], stored[row.code])
    ]
    ids = _write_satker([*added, *changed], wanted, stored)
    touched = _write_hosts(rows, wanted, ids, hosts) | _write_feeds(rows, ids, feeds)
    fresh = {row.code for row in [*added, *changed]}
    n_changed = len(changed) + len(touched - fresh)
    if fresh or touched:
        PortalState.bump()
    return len(added), n_changed, len(rows) - len(added) - n_changed


def refusals(rows: Iterable[Row]) -> list[Rejection]:
    """Feeds of the file that belong to another satker, or whose host staff revoked."""
    revoked = set(SatkerHost.objects.filter(state="revoked").values_list("satker__code", "hostname"))
    owner = dict(Feed.objects.values_list("url", "satker__code"))
    found = []
    for row in rows:
        for url in row.feed_urls:
            if owner.setdefault(url, row.code) != row.code:
                found.append((row.line, _("umpan %s sudah milik satker %s.") % (url, owner[url])))
            if (row.code, links.host(url)) in revoked:
                found.append(
                    (row.line, _("host %s telah dicabut petugas untuk satker ini.") % links.host(url))
                )
    return found


def _values(row: Row, old: Satker | None) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in FIELDS if name not in ("slug", "migration_status")}
    values["slug"] = reference.slug(row.name)
    values["migration_status"] = row.migration_status or ""
    if old is None:
        return values
    if row.migration_status is None:
        values["migration_status"] = old.migration_status
    kept = keep_host((old.hostname, old.hostname_evidence), (row.hostname, row.hostname_evidence))
    values["hostname"], values["hostname_evidence"] = kept
    return values


def keep_host(stored: tuple[str, str], given: tuple[str, str]) -> tuple[str, str]:
    """Which (host, evidence) to hold to: a file does not take back what staff confirmed, nor call a host
    derived that was seen."""
    is_better = EVIDENCE[stored[1]] > EVIDENCE[given[1]]
    return stored if is_better and (stored[0] == given[0] or stored[1] == "confirmed") else given


def _differs(row: Row, values: dict[str, Any], old: Satker) -> bool:
    parent = old.parent.code if old.parent else ""
    province = old.province.code if old.province else ""
    return (
        any(getattr(old, name) != value for name, value in values.items())
        or parent != row.parent_code
        or province != _province_code(row)
    )


def _province_code(row: Row) -> str:
    return "" if row.level == "national" else row.code[:2]


def _write_satker(
    rows: list[Row], wanted: dict[str, dict[str, Any]], stored: dict[str, Satker]
) -> dict[str, int]:
    """One statement a level, parents first; returns the ids of all satker by code."""
    ids = {code: satker.pk for code, satker in stored.items()}
    provinces = dict(Province.objects.values_list("code", "id"))
    for level in LEVELS:
        objects = [
            Satker(
                code=row.code,
                parent_id=ids.get(row.parent_code),
                province_id=provinces.get(_province_code(row)),
                **wanted[row.code],
            )
            for row in rows
            if row.level == level
        ]
        Satker.objects.bulk_create(
            objects,
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=[*FIELDS, "parent", "province"],
        )
        ids |= {satker.code: satker.pk for satker in objects}
    return ids


def _hosts_by_satker() -> dict[tuple[int, str], str]:
    rows = SatkerHost.objects.values_list("satker_id", "hostname", "state")
    return {(satker, hostname): state for satker, hostname, state in rows}


def _write_hosts(
    rows: list[Row],
    wanted: dict[str, dict[str, Any]],
    ids: dict[str, int],
    states: dict[tuple[int, str], str],
) -> set[str]:
    """Approve hosts that were seen or bring a feed, propose derived ones; returns the codes touched."""
    now = timezone.now()
    hosts: dict[tuple[int, str], SatkerHost] = {}
    touched = set()
    notes = reference.host_notes()
    for row in rows:
        for hostname, approved, reason in _claims(row, wanted[row.code], notes):
            key = (ids[row.code], hostname)
            state = states.get(key)
            if state in ("approved", "revoked") or (state == "proposed" and not approved):
                continue
            touched.add(row.code)
            hosts[key] = SatkerHost(
                satker_id=key[0],
                hostname=hostname,
                state="approved" if approved else "proposed",
                reason=reason,
                decided_by=BY if approved else "",
                decided_at=now if approved else None,
            )
            states[key] = hosts[key].state
    SatkerHost.objects.bulk_create(
        hosts.values(),
        update_conflicts=True,
        unique_fields=["satker", "hostname"],
        update_fields=["state", "reason", "decided_by", "decided_at"],
    )
    return touched


def _claims(
    row: Row, values: dict[str, Any], notes: dict[tuple[str, str, str], str]
) -> list[tuple[str, bool, str]]:
    """(host, approved?, why): the satker's own host, and those of its feeds."""
    claims = [(links.host(url), True, _("Host umpan dalam berkas satker.")) for url in row.feed_urls]
    hostname, evidence = values["hostname"], values["hostname_evidence"]
    if hostname:
        reason = notes.get((row.code, hostname, evidence), _("Dari berkas satker."))
        claims.append((hostname, evidence != Satker.HostEvidence.PATTERN, reason))
    return claims


def _write_feeds(rows: list[Row], ids: dict[str, int], states: dict[str, str]) -> set[str]:
    """New feeds are active at once, candidates become active; what was switched off stays off."""
    urls = [(row.code, url) for row in rows for url in row.feed_urls]
    new = {url: code for code, url in urls if url not in states}
    candidates = {url: code for code, url in urls if states.get(url) == Feed.State.CANDIDATE}
    turns = _turns(len(new))
    Feed.objects.bulk_create(
        [Feed(satker_id=ids[code], url=url, next_check_at=next(turns)) for url, code in new.items()]
    )
    Feed.objects.filter(url__in=candidates).update(state=Feed.State.ACTIVE, next_check_at=timezone.now())
    return {*new.values(), *candidates.values()}


def _turns(count: int) -> Iterator[datetime]:
    """First checks two a second: hundreds of feeds at once would be a burst to a central platform, and
    would come back as one."""
    now, span = timezone.now(), min(settings.FETCH_MIN_INTERVAL, count / 2)
    return (now + timedelta(seconds=span * number / count) for number in range(count))
