"""Settings from the environment, each declared once with its type, default and meaning.

A value that cannot be used ends the start with one sentence that names the variable and says what it
takes. `DECLARED` lists every variable for the documentation test and for `doctor`.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

TRUE = {"1", "true", "yes", "on", "ya"}
FALSE = {"0", "false", "no", "off", "tidak"}


@dataclass(frozen=True)
class Variable:
    name: str
    kind: str
    default: str
    meaning: str


DECLARED: dict[str, Variable] = {}


class Env:
    """Reads typed variables from a mapping (the process environment unless told otherwise).

    Every reader raises ImproperlyConfigured, naming the variable, for a value it cannot use.
    A variable set to nothing counts as absent.
    """

    def __init__(self, source: Mapping[str, str] | None = None) -> None:
        self.source = os.environ if source is None else source

    def _read(self, name: str, kind: str, default: T, meaning: str, convert: Callable[[str], T]) -> T:
        shown = "" if default in (None, "", (), []) else str(default)
        DECLARED[name] = Variable(name, kind, shown, meaning)
        raw = self.source.get(name, "").strip()
        if not raw:
            return default
        try:
            return convert(raw)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}={raw!r} cannot be used: {error}") from error

    def text(self, name: str, default: str, meaning: str) -> str:
        return self._read(name, "text", default, meaning, str)

    def choice(self, name: str, default: str, choices: tuple[str, ...], meaning: str) -> str:
        def convert(raw: str) -> str:
            if raw not in choices:
                raise ValueError(f"it takes one of {', '.join(choices)}")
            return raw

        return self._read(name, "one of " + ", ".join(choices), default, meaning, convert)

    def boolean(self, name: str, default: bool, meaning: str) -> bool:
        def convert(raw: str) -> bool:
            if raw.lower() in TRUE:
                return True
            if raw.lower() in FALSE:
                return False
            raise ValueError("it takes 1 or 0")

        return self._read(name, "1 or 0", default, meaning, convert)

    def integer(self, name: str, default: int, meaning: str, *, least: int = 0, most: int = 2**31) -> int:
        def convert(raw: str) -> int:
            if not re.fullmatch(r"-?\d{1,18}", raw):
                raise ValueError("it takes a whole number")
            number = int(raw)
            if not least <= number <= most:
                raise ValueError(f"it takes a whole number from {least} to {most}")
            return number

        return self._read(name, "whole number", default, meaning, convert)

    def number(self, name: str, default: float, meaning: str, *, least: float = 0.0) -> float:
        def convert(raw: str) -> float:
            if not re.fullmatch(r"\d{1,12}(\.\d{1,9})?", raw):
                raise ValueError("it takes a number such as 2 or 0.5")
            number = float(raw)
            if number < least:
                raise ValueError(f"it takes a number from {least:g} up")
            return number

        return self._read(name, "number", default, meaning, convert)

    def words(self, name: str, default: tuple[str, ...], meaning: str) -> tuple[str, ...]:
        return self._read(name, "list, parted by commas", default, meaning, _split)

    def ports(self, name: str, default: tuple[int, ...], meaning: str) -> tuple[int, ...]:
        def convert(raw: str) -> tuple[int, ...]:
            parts = _split(raw)
            if not parts or not all(p.isascii() and p.isdigit() and 0 < int(p) < 65536 for p in parts):
                raise ValueError("it takes port numbers parted by commas, each from 1 to 65535")
            return tuple(int(p) for p in parts)

        return self._read(name, "ports, parted by commas", default, meaning, convert)

    def days(self, name: str, default: tuple[int, ...], meaning: str) -> tuple[int, ...]:
        def convert(raw: str) -> tuple[int, ...]:
            parts = _split(raw)
            if not parts or not all(re.fullmatch(r"[1-9]\d{0,3}", part) for part in parts):
                raise ValueError("it takes numbers of days parted by commas, such as 7,14,30")
            return tuple(sorted({int(part) for part in parts}))

        return self._read(name, "days, parted by commas", default, meaning, convert)

    def networks(self, name: str, meaning: str) -> tuple[str, ...]:
        def convert(raw: str) -> tuple[str, ...]:
            return tuple(str(ipaddress.ip_network(part, strict=False)) for part in _split(raw))

        return self._read(name, "CIDRs, parted by commas", (), meaning, convert)

    def base_url(self, name: str, default: str, meaning: str) -> str:
        def convert(raw: str) -> str:
            parts = urlsplit(raw)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
                raise ValueError("it takes an address such as https://berita.kpu.go.id")
            if parts.username or parts.password:
                raise ValueError("it takes an address without a user name or password")
            return raw.rstrip("/")

        return self._read(name, "address", default, meaning, convert)

    def issuer(self, name: str, meaning: str) -> str:
        """Kept as it is written: a provider's name for itself is compared sign by sign."""

        def convert(raw: str) -> str:
            parts = urlsplit(raw)
            if not is_confidential(raw) or parts.query or parts.fragment or parts.username or parts.password:
                raise ValueError("it takes an https address such as https://sso.kpu.go.id/realms/kpu")
            return raw

        return self._read(name, "https address", "", meaning, convert)

    def path(self, name: str, default: Path, meaning: str) -> Path:
        return self._read(name, "folder", default, meaning, lambda raw: Path(raw).expanduser().absolute())

    def database(self, name: str, default: str, meaning: str) -> dict[str, Any]:
        def convert(raw: str) -> dict[str, Any]:
            config: dict[str, Any] = environ.Env.db_url_config(raw)
            if config.get("ENGINE") not in (
                "django.db.backends.postgresql",
                "django.db.backends.sqlite3",
            ):
                raise ValueError("it takes sqlite:///path or postgres://user:password@host:port/name")
            return config

        shown = self._read(name, "database address", default, meaning, lambda raw: (convert(raw), raw)[1])
        return convert(shown)

    def email(self, name: str, default: str, meaning: str) -> dict[str, Any]:
        def convert(raw: str) -> dict[str, Any]:
            try:
                config: dict[str, Any] = environ.Env.email_url_config(raw)
            except (KeyError, environ.ImproperlyConfigured) as error:
                raise ValueError("it takes consolemail:// or smtp+tls://user:password@host:587") from error
            return config

        shown = self._read(name, "mail address", default, meaning, lambda raw: (convert(raw), raw)[1])
        return convert(shown)


def is_confidential(address: str) -> bool:
    """Whether what is said there is heard by nobody else: https, or http within this machine."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme == "http":
        return host == "localhost" or _is_loopback(host)
    return parts.scheme == "https" and bool(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(raw: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in raw.split(",") if part.strip())
