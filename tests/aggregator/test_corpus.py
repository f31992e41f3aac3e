"""feedparser's own test feeds, which are not part of this repository, against feedparser's own reading.

`pip download --no-binary :all: --no-deps feedparser`, unpack, and FEEDPARSER_SDIST=that/feedparser-6.0.x.
"""

import io
import os
import re
import tarfile
import warnings
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest

from aggregator.clean import clean
from aggregator.errors import ParseError
from aggregator.parse import parse

URL = "http://127.0.0.1:8097/feed.xml"  # where the corpus believes to be served from


@pytest.fixture(scope="module")
def corpus():
    """All feed files, as (name, bytes): of an unpacked source distribution or of the archive itself."""
    given = os.environ.get("FEEDPARSER_SDIST", "")
    if not given:
        pytest.skip("feedparser's source distribution is not given (FEEDPARSER_SDIST)")
    path = Path(given)
    if path.is_file():
        with tarfile.open(path) as archive:
            members = [m for m in archive if re.search(r"/tests/.*\.xml$", m.name)]
            return [(m.name, archive.extractfile(m).read()) for m in members]
    return [(str(file.relative_to(path)), file.read_bytes()) for file in sorted(path.glob("tests/**/*.xml"))]


def reference(body):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)


def test_every_feed_with_entries_is_read_with_as_many_as_feedparser_reads(corpus):
    assert len(corpus) > 2000
    different = {}
    for name, body in corpus:
        expected = len(reference(body)["entries"])
        try:
            found = len(parse(body, url=URL).entries)
        except ParseError as error:
            found = error.code
        if expected and found != expected:
            different[name] = (found, expected)
    assert different == {}


def test_every_feed_is_cleaned_without_a_surprise(corpus):
    surprises = {}
    for name, body in corpus:
        try:
            feed = parse(body, url=URL)
        except ParseError:
            continue
        done = clean(feed, url=URL, now=datetime(2026, 11, 25, tzinfo=UTC), timezone="Asia/Jakarta")
        assert len(done.entries) + len(done.rejected) == len(feed.entries)
        if odd := [r for r in done.rejected if r.code != "entry_empty"]:
            surprises[name] = odd
    assert surprises == {}
