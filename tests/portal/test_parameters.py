"""Every parameter that a public page or feed reads is one that caches part pages by."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from portal.forms import PARAMETERS

READS = re.compile(
    r"""\b(?:GET|params)\.get(?:list)?\(\s*"(\w+)"|\bGET\[\s*"(\w+)"|read_\w+\(\s*request,\s*"(\w+)"|_one\(request,\s*"(\w+)"|(?:_choice|_date)\(params,\s*"(\w+)\""""
)
STAFF = ("monitoring", "accounts", "admin", "api")


def sources() -> list[Path]:
    root = Path(settings.BASE_DIR)
    found = [*root.glob("portal/**/*.py"), *root.glob("feeds/*.py"), *root.glob("aggregator/search/*.py")]
    return [path for path in found if not any(part in path.parts or part in path.stem for part in STAFF)]


def test_caches_know_every_parameter_that_is_read() -> None:
    read = {name for path in sources() for names in READS.findall(path.read_text()) for name in names if name}
    assert {"q", "sebelum", "peta", "bulan"} <= read
    assert sorted(read - PARAMETERS) == [], "name it in portal.forms.PARAMETERS"


def test_the_question_that_is_left_is_the_one_that_was_asked(client, db) -> None:
    response = client.get("/cari?utm_source=x&q=rapat+pleno&Q=a&provinsi=&q%00=1")
    assert response.wsgi_request.META["QUERY_STRING"] == "q=rapat+pleno&provinsi="
    assert response.wsgi_request.GET["q"] == "rapat pleno"
