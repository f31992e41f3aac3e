#!/usr/bin/env python
"""Django's command line for the portal."""

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

YOUNG = 20_000  # objects more than were freed before garbage is looked for; Python begins with 700
FIGURES = "PROMETHEUS_MULTIPROC_DIR"


def main() -> None:
    # What is loaded at the start stays: to look through it for garbage, again and again and once more at the
    # end, took a third of the time of a small command.
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.core.management import execute_from_command_line

    try:
        with counting_together() if sys.argv[1:2] == ["serve"] else nullcontext():
            execute_from_command_line(sys.argv)
    finally:
        gc.freeze()


@contextmanager
def counting_together() -> Iterator[None]:
    """A folder for the counters of all processes of a server. prometheus_client asks for it when it is
    imported, which is before any command has a say."""
    folder = tempfile.mkdtemp(prefix="portal-metrics-")
    os.environ.setdefault(FIGURES, folder)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
