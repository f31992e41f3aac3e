"""The same post at another address, as after a migration of its site: readers are led to the new one.

That is no new version: nothing is dated, announced or judged again. So it holds only within the hosts that
staff approved for the satker; a site that names another keeps the address we know.
"""

from __future__ import annotations

from aggregator.links import host
from aggregator.models import Change, Entry, EntryKey, SatkerHost
from aggregator.records import CleanEntry
from aggregator.store.recognise import Match


def has_moved(entry: Entry, match: Match, unknown: list[tuple[str, str]]) -> bool:
    """Whether a post whose words are as before is now at an address never seen, or at the same by https."""
    url = match.entry.url
    is_new = any(kind == EntryKey.Kind.LINK for kind, _ in unknown)
    return bool(url) and (is_new or entry.url == f"http{url[5:]}" != url)


def relink(moved: list[tuple[Entry, CleanEntry]]) -> None:
    """Call inside the transaction that stores. Revisions keep all but the address."""
    if not moved:
        return
    satker = {entry.satker_id for entry, _ in moved}
    approved = set(
        SatkerHost.objects.filter(satker__in=satker, state="approved").values_list("satker_id", "hostname")
    )
    done = []
    for entry, clean in moved:
        if (entry.satker_id, host(clean.url)) in approved:
            entry.url, entry.guid = clean.url[:2000], clean.guid[:1000]
            done.append(entry)
    Entry.objects.bulk_update(done, ["url", "guid"], batch_size=500)
    for entry in done:
        entry.revisions.filter(content_sha256=entry.content_sha256).update(url=entry.url)
    Change.objects.mark([entry.pk for entry in done if entry.state == Entry.State.PUBLIC])
