"""WSGI entry of the site; `serve` runs it under granian."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()

from portal import guard, recalls  # noqa: E402 - only once the apps are loaded

guard.watch()
recalls.watch()
