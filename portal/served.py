"""What a process of `serve` runs: the site, until its parent dies, however that came about. A server that
outlived its master would hold the port and answer with yesterday's code."""

import gc
import signal

from django.template.loader import get_template
from django.urls import get_resolver
from django.utils.translation import gettext, override

from portal.processes import end_with_parent
from portal.wsgi import application

__all__ = ["application"]

PAGES = ("home", "entry", "search", "activity", "satker", "province", "topic", "stage")


def settle() -> None:
    """Load what every page is made of now and not while a reader waits, and keep the garbage collector from
    looking through it for ever after: that held up now one reader, now another, for a tenth of a second."""
    for language in ("id", "en"):
        with override(language):
            gettext("Cari")
            get_resolver().reverse_dict  # noqa: B018 - filled when first looked at
    for name in PAGES:
        get_template(f"portal/{name}.html")
    gc.collect()
    gc.freeze()


settle()
end_with_parent(signal.SIGKILL)  # its master is gone: nobody would wait for a graceful end
