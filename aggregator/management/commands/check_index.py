"""Compare this node's search index with the database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from aggregator.errors import IndexUnavailable
from aggregator.management.quick import QuickCommand
from aggregator.search import check
from aggregator.search.compare import repair

SHOWN = 20  # entry ids of one kind


class Command(QuickCommand):
    help = (
        "Compare the search index with the database and name what differs. Entries that the follower has "
        "still to take in are no difference. Exit 1 when something differs; --repair marks it to be "
        "taken in again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="have what differs taken in again")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = check()
        except IndexUnavailable as error:
            raise CommandError(f"{error}. Run `rebuild_index`.") from error
        self.stdout.write(f"{found.indexed} indexed, {found.public} public, {found.waiting} waiting.")
        for what, entry_ids in (
            ("public but not indexed", found.missing),
            ("indexed but not public", found.surplus),
            ("indexed with another date", found.changed),
        ):
            if entry_ids:
                named = ", ".join(map(str, entry_ids[:SHOWN]))
                more = f" and {len(entry_ids) - SHOWN} more" if len(entry_ids) > SHOWN else ""
                self.stdout.write(f"{len(entry_ids)} {what}: {named}{more}")
        if options["repair"]:
            repair(found)
        elif not found.is_equal:
            raise CommandError("The index differs from the database. Run `check_index --repair`.")
