"""What the page of a post tells machines about it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.models import EntryTopic, Topic
from portal.structured import data_block
from tests.factories import make_entry, make_satker

pytestmark = pytest.mark.django_db
BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


def told(client: Any, entry: Any) -> dict[str, Any]:
    html = client.get(entry.get_absolute_url()).content.decode()
    (block,) = BLOCK.findall(html)
    found: dict[str, Any] = json.loads(block)
    return found


def test_the_office_is_author_and_publisher_of_its_post(client, settings) -> None:
    office = make_satker("3571", name="KPU Kota Kediri")
    entry = make_entry("Rapat pleno", satker=office, summary="Ringkas.")
    EntryTopic.objects.create(entry=entry, topic=Topic.objects.create(slug="pdpb", name="PDPB"))
    found = told(client, entry)
    assert (found["@type"], found["headline"]) == ("NewsArticle", "Rapat pleno")
    assert found["publisher"] == found["author"]
    assert found["publisher"]["name"] == "KPU Kota Kediri"
    assert found["publisher"]["url"] == settings.BASE_URL + office.get_absolute_url()
    assert found["isBasedOn"] == entry.url
    assert found["mainEntityOfPage"] == settings.BASE_URL + entry.get_absolute_url()
    assert found["datePublished"] == "2026-11-20T02:00:00+00:00"
    assert found["about"] == [{"@type": "Thing", "name": "PDPB"}]
    assert found["contentLocation"]["name"] == "Jawa Timur"


def test_a_title_cannot_end_the_data_block(client) -> None:
    entry = make_entry("</script><script>alert(1)</script> & <!--")
    assert told(client, entry)["headline"] == "</script><script>alert(1)</script> & <!--"


@given(st.text())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_comes_back_from_a_data_block(text: str) -> None:
    block = data_block({"headline": text})
    inside = block.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    assert "<" not in inside
    assert json.loads(inside) == {"headline": text}


def test_the_page_has_one_canonical_address_and_plain_share_metadata(client, settings) -> None:
    entry = make_entry('Rapat "pleno" & <b>', summary="Ringkas.")
    html = client.get(entry.get_absolute_url()).content.decode()
    page = settings.BASE_URL + entry.get_absolute_url()
    assert html.count(f'<link rel="canonical" href="{page}">') == 1
    assert f'<meta property="og:url" content="{page}">' in html
    assert '<meta property="og:title" content="Rapat &quot;pleno&quot; &amp; &lt;b&gt;">' in html
    assert '<meta property="og:description" content="Ringkas.">' in html
