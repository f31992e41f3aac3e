"""Pages under test find their style sheet without collectstatic."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _plain_static_files(settings) -> None:
    settings.WHITENOISE_AUTOREFRESH = True  # asks for no collected folder
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
