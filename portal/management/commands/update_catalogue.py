"""The English catalogue of the public pages, kept in step with their strings by Babel alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation.template import templatize

CATALOGUE = Path("portal/locale/en/LC_MESSAGES/django.po")
HEADER = "# English of the public pages. `update_catalogue` keeps the strings; people write the English here."
MADE_AT = datetime(2026, 11, 25, tzinfo=UTC)
TEMPLATES = ("*.html", "portal/**/*", "feeds/**/*", "embeds/**/*")
CODE = (
    *(
        "portal/*.py",
        "portal/api/*.py",
        "portal/cards/*.py",
        "portal/charts/*.py",
        "portal/views/*.py",
        "portal/templatetags/*.py",
    ),
    *("feeds/*.py", "feeds/hub/*.py", "feeds/alerts/*.py", "aggregator/search/*.py"),
    *("aggregator/models/entries.py", "aggregator/models/registry.py", "feeds/models/alerts.py"),
)
STAFF_ONLY = {"portal/admin.py", "portal/models.py", "feeds/admin.py"}
DATA = {
    "aggregator/data/topics.csv": ("name", "description"),
    "aggregator/data/stages.csv": ("stage",),
    "portal/data/stage_words.csv": ("explanation",),
}
KEYWORDS: dict[str, Any] = (
    dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"))
    | dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2))
    | dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2))
)


class Command(BaseCommand):
    help = (
        "Bring the English catalogue in step with the strings of the public pages and name those that are "
        "not translated. Staff pages are Indonesian only."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail when something is missing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / CATALOGUE
        catalogue = updated(path)
        missing = [message.id for message in catalogue if message.id and not _is_translated(message)]
        if not options["check"]:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                write_po(file, catalogue, width=110, omit_header=False, ignore_obsolete=True)
        for identifier in missing:
            self.stderr.write(f"not translated: {identifier!r}")
        if missing:
            raise CommandError(f"{len(missing)} strings have no English; add them in {CATALOGUE}.")


def updated(path: Path) -> Catalog:
    """The catalogue at `path` with exactly the strings that the sources hold now."""
    if path.exists():
        with path.open("rb") as file:
            catalogue = read_po(file, locale="en")
    else:
        catalogue = Catalog(locale="en", project="kpu-portal", version=settings.VERSION)
    wanted = Catalog(locale="en")
    for identifier, context in strings():
        wanted.add(identifier, context=context)
    catalogue.update(wanted, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.header_comment, catalogue.fuzzy = HEADER, False  # a fuzzy catalogue is not compiled
    catalogue.last_translator = catalogue.language_team = catalogue.msgid_bugs_address = "KPU portal"
    catalogue.copyright_holder = "KPU portal"
    catalogue.creation_date = catalogue.revision_date = MADE_AT  # the history of the file says the rest
    return catalogue


def strings() -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    """Every translatable string of the public pages, with its context."""
    root = settings.BASE_DIR
    for pattern in TEMPLATES:
        for path in sorted((root / "templates").glob(pattern)):
            if path.suffix in (".html", ".txt", ".xml"):
                yield from _of(templatize(path.read_text(encoding="utf-8")))
    for pattern in CODE:
        for path in sorted(root.glob(pattern)):
            if path.relative_to(root).as_posix() not in STAFF_ONLY:
                yield from _of(path.read_text(encoding="utf-8"))
    yield from ((text, None) for text in of_data())


def of_data() -> Iterator[str]:
    """Names and explanations that pages take from data files."""
    for name, columns in DATA.items():
        with (settings.BASE_DIR / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield from (row[column] for column in columns)


def _of(source: str) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    found = extract("python", io.BytesIO(source.encode()), keywords=KEYWORDS)
    for _line, identifier, _comments, context in found:
        if identifier:
            yield identifier, context


def _is_translated(message: Any) -> bool:
    texts = message.string if isinstance(message.string, tuple) else (message.string,)
    return all(texts)
