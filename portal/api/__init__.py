"""The open API at `/api/v1`: what the pages show, for programs. Reading only, no key needed."""

from __future__ import annotations

from portal.api import activity, bulk, changes, entries, places, stories
from portal.api.app import Api

api = Api()
for module in (entries, stories, changes, places, activity, bulk):
    api.add_router("", module.router)

__all__ = ["api"]
