"""Documents and code say the same: settings, commands, addresses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.urls import URLPattern, URLResolver, get_resolver

from portal.env import DECLARED

DOCS = settings.BASE_DIR / "docs"
OWN_APPS = {"aggregator", "feeds", "portal", "monitoring"}


def words_of(*names: str) -> str:
    return "\n".join((DOCS / name).read_text(encoding="utf-8") for name in names)


def own_commands() -> list[str]:
    return sorted(name for name, app in get_commands().items() if str(app).split(".")[-1] in OWN_APPS)


def own_addresses() -> set[str]:
    found: set[str] = set()

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> None:
        for pattern in patterns:
            here = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                if pattern.app_name != "admin":
                    walk(pattern.url_patterns, here)
            else:
                found.add("/" + re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", here))

    walk(get_resolver().url_patterns, "")
    return found


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_every_setting_has_a_row_in_the_operators_handbook(name: str) -> None:
    assert f"| `{name}` |" in words_of("operators.md")


def test_every_setting_in_the_handbook_exists() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \|", words_of("operators.md"), flags=re.M)
    assert set(rows) == set(DECLARED)


@pytest.mark.parametrize("name", own_commands())
def test_every_command_is_in_the_operators_handbook(name: str) -> None:
    assert f"`{name}" in words_of("operators.md")


def test_every_address_is_documented() -> None:
    text = words_of("addresses.md")
    missing = sorted(address for address in own_addresses() if f"`{address}`" not in text)
    assert missing == []


def test_documents_name_no_path_of_a_machine() -> None:
    for path in [*DOCS.rglob("*.md"), *Path(settings.BASE_DIR).glob("*.md")]:
        assert not re.search(r"/(?:work|home|root|tmp/w)/", path.read_text(encoding="utf-8")), path
