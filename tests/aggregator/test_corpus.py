"""Feeds that others collected, which are not part of this repository, against feedparser's own reading.

`make test` fetches feedparser's source distribution into var/corpus. FEED_CORPUS names other folders or
source archives, parted by colons, whose .xml files are read. Known to be good: github.com/mmcdole/gofeed and
miniflux/v2.
"""

import io
import os
import tarfile
import warnings
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest

from aggregator import pipeline
from aggregator.clean import clean
from aggregator.decode import decode
from aggregator.errors import ParseError
from aggregator.fast_parse import read_plain
from aggregator.models import Entry, Feed
from aggregator.parse import parse
from aggregator.parse_feedparser import read_tolerantly
from tests.factories import make_feed, make_satker

KEPT = Path(__file__).resolve().parents[2] / "var" / "corpus"
URL = "http://127.0.0.1:8097/feed.xml"  # where the corpus believes to be served from


@pytest.fixture(scope="module")
def corpus():
    """All feed files, as (name, bytes)."""
    given = list(filter(None, os.environ.get("FEED_CORPUS", "").split(":")))
    given = given or [str(path) for path in sorted(KEPT.glob("*.tar.gz"))[-1:]]
    if not given:
        pytest.skip("no collection of feeds is here (deploy/test_services.sh fetches feedparser's)")
    found = [file for path in given for file in files(Path(path))]
    assert found
    return found


def files(path):
    if path.is_dir():
        return [(str(file), file.read_bytes()) for file in sorted(path.rglob("*.xml"))]
    with tarfile.open(path) as archive:
        members = [member for member in archive if member.name.endswith(".xml")]
        return [(member.name, archive.extractfile(member).read()) for member in members]


def reference(body):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)


def test_every_feed_with_entries_is_read_with_as_many_as_feedparser_reads(corpus):
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


def test_the_fast_reader_agrees_with_feedparser_on_every_feed_it_takes(corpus):
    taken, different = 0, []
    for name, body in corpus:
        text = decode(body)[0].strip()
        text = text.partition("?>")[2].strip() if text.startswith("<?xml") else text
        if (fast := read_plain(text, [])) is not None:
            taken += 1
            different += [name] * (fast != read_tolerantly(text, URL, []))
    assert taken > len(corpus) / 10
    assert different == []


def anything_to_show(body):
    """Some of the feeds hold one picture with a script, and nothing else."""
    try:
        feed = parse(body, url=URL)
    except ParseError:
        return False
    return clean(feed, url=URL, now=datetime(2026, 11, 25, tzinfo=UTC), timezone="Asia/Jakarta").entries


SHARE = 5  # every so manieth feed goes the whole way, which takes 30 ms instead of one


@pytest.mark.django_db(transaction=True)
def test_well_formed_feeds_with_entries_go_the_whole_way_into_the_store(corpus, net, settings):
    """Served over loopback, fetched, parsed by a worker, stored and public."""
    settings.FETCH_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.FETCH_ALLOWED_PORTS = (net.port,)
    settings.FETCH_HOST_SPACING = 0
    site, feeds = net.site(), {}
    for number, (name, body) in enumerate(corpus):
        if number % SHARE or reference(body)["bozo"] or not anything_to_show(body):
            continue
        site.feed(f"/{number}.xml", body, "application/xml")
        satker = make_satker(hostname=site.address)
        feeds[name] = make_feed(site.url(f"/{number}.xml"), satker)
    assert len(feeds) > 30
    totals = pipeline.refresh_feeds([feed.pk for feed in feeds.values()])
    assert totals.feeds == len(feeds)
    filled = set(Entry.objects.values_list("feed", flat=True))
    wrong = {
        name: Feed.objects.get(pk=feed.pk).error_message
        for name, feed in feeds.items()
        if feed.pk not in filled
    }
    assert wrong == {}
