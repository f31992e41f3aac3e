"""A consistent copy of everything that is not derived, taken while the portal runs, and the way back.

A backup is one tar file: `manifest.json` (what, when, row counts, checksum) and the database as the engine
itself copies it: SQLite's online backup, or pg_dump's custom format. Index, cache and static files are
derived and stay out; SECRET_KEY stays out too, because a copy of the data must not be a copy of the key.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from aggregator.errors import PortalError
from aggregator.models import Entry, Feed, PortalState

FORMAT = 1
COUNTED = ("aggregator.Satker", "aggregator.Feed", "aggregator.Entry", "aggregator.Revision", "portal.User")


class BackupError(PortalError):
    code = "backup"
    permanent = True


@dataclass(frozen=True)
class Report:
    """What was copied or brought back: rows by table, bytes of the file."""

    counts: dict[str, int]
    size: int


def back_up(path: Path) -> Report:
    """Write a backup to `path`, which must not exist. Written beside it and renamed, so never half there."""
    if path.exists():
        raise BackupError(f"{path} exists already; a backup never writes over another file.")
    if not path.parent.is_dir():
        raise BackupError(f"{path.parent} is not a folder.")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".backup-") as folder:
        dump = Path(folder) / "database"
        _dump(dump)
        counts = _counts_of_copy(dump)
        manifest = {
            "format": FORMAT,
            "version": settings.VERSION,
            "vendor": connection.vendor,
            "made_at": timezone.now().isoformat(),
            "sha256": _sha256(dump),
            "counts": counts,
        }
        (Path(folder) / "manifest.json").write_text(json.dumps(manifest, indent=1))
        new = Path(folder) / "backup.tar"
        with tarfile.open(new, "w") as archive:
            archive.add(Path(folder) / "manifest.json", "manifest.json")
            archive.add(dump, "database")
        new.rename(path)
    return Report(counts, path.stat().st_size)


def restore(path: Path, *, replace: bool = False) -> Report:
    """Bring a backup back, checked before and after.

    Refuses a database that holds entries unless `replace`. Afterwards the database has a new epoch (every
    index starts anew), no session and no lease; what sites published since is fetched again."""
    with tempfile.TemporaryDirectory(dir=_folder(), prefix=".restore-") as folder:
        manifest = _unpack(path, Path(folder))
        if not replace and _has_entries():
            raise BackupError("This database holds entries. Use --replace to put the backup in their place.")
        _load(Path(folder) / "database")
    connection.close()
    call_command("migrate", interactive=False, verbosity=0)
    counts = _counts()
    wrong = [
        f"{name}: {counts[name]} instead of {n}"
        for name, n in manifest["counts"].items()
        if counts[name] != n
    ]
    if wrong:
        raise BackupError("The restored database does not match its manifest: " + "; ".join(wrong))
    _begin_anew()
    return Report(counts, path.stat().st_size)


def _begin_anew() -> None:
    state = PortalState.get()
    state.epoch, state.generation = uuid.uuid4(), state.generation + 1
    state.save()
    Session.objects.all().delete()
    Feed.objects.exclude(lease="").update(lease="", next_check_at=timezone.now())


def _unpack(path: Path, folder: Path) -> dict[str, Any]:
    try:
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    except (OSError, tarfile.TarError, ValueError) as error:
        raise BackupError(f"{path} is no backup of this portal: {error}") from error
    if manifest.get("format") != FORMAT:
        raise BackupError(f"{path} has format {manifest.get('format')}; this version reads {FORMAT}.")
    if manifest["vendor"] != connection.vendor:
        raise BackupError(f"{path} is of {manifest['vendor']}, this database is {connection.vendor}.")
    if _sha256(folder / "database") != manifest["sha256"]:
        raise BackupError(f"{path} is damaged: its checksum does not match.")
    return manifest


def _has_entries() -> bool:
    return Entry._meta.db_table in connection.introspection.table_names() and Entry.objects.exists()


def _counts() -> dict[str, int]:
    return {name: apps.get_model(name)._default_manager.count() for name in COUNTED}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder() -> Path:
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    return Path(settings.DATA_DIR)


# --- engines ----------------------------------------------------------------------------------------


def _dump(target: Path) -> None:
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(target)) as copy:
            connection.connection.backup(copy, pages=2000, sleep=0.01)
            _check_sqlite(copy)
    else:
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={target}")


def _counts_of_copy(copy: Path) -> dict[str, int]:
    """Rows of the copy itself: the running database has moved on. (pg_dump's snapshot cannot be asked.)"""
    if connection.vendor != "sqlite":
        return {}
    counts = {}
    with closing(sqlite3.connect(copy)) as database:
        for name in COUNTED:
            table = apps.get_model(name)._meta.db_table
            counts[name] = database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608
    return counts


def _load(copy: Path) -> None:
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(copy)) as database:
            _check_sqlite(database)
            connection.ensure_connection()
            database.backup(connection.connection)  # page by page into the open file: readers never see half
    else:
        connection.close()
        _run(
            "pg_restore",
            "--clean",
            "--if-exists",
            "--no-owner",
            "--single-transaction",
            "--exit-on-error",
            str(copy),
        )


def _check_sqlite(database: sqlite3.Connection) -> None:
    said = database.execute("PRAGMA integrity_check(5)").fetchall()
    if said != [("ok",)]:
        raise BackupError(f"SQLite finds the copy damaged: {said[0][0]}")


def _run(program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise BackupError(f"{program} is not installed (Debian: apt-get install postgresql-client).")
    with _postgres_env() as env:
        database = ["--dbname", env["PGDATABASE"]]
        done = subprocess.run([found, *database, *arguments], env=env, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()[:500]}")


@contextmanager
def _postgres_env() -> Iterator[dict[str, str]]:
    """Connection parameters by environment, so that no password stands in a process list."""
    config = connection.settings_dict
    names = {
        "HOST": "PGHOST",
        "PORT": "PGPORT",
        "USER": "PGUSER",
        "PASSWORD": "PGPASSWORD",
        "NAME": "PGDATABASE",
    }
    given = {variable: str(config[key]) for key, variable in names.items() if config.get(key)}
    yield {"PATH": os.environ.get("PATH", os.defpath), **given}
