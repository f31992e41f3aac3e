"""The API keeps to its description (OpenAPI), whatever it is asked; the guide tells the same."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal.api import api, guide
from tests.factories import make_entry

pytestmark = pytest.mark.django_db
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def one_connection(module_db) -> Iterator[None]:
    """As Django's test client does: no request's end closes what the test's transaction hangs on."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def described(one_connection):
    """Once: what it gathers of the description and of our code is then there for each address."""
    make_entry("Rapat pleno", text="Rapat pleno rutin.")
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@pytest.mark.parametrize("path", [f"/api/v1{address}" for address, _example, _meaning in guide.ADDRESSES])
def test_whatever_is_asked_the_answer_is_as_described(described, path):
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=described[path]["GET"].as_strategy())
    def ask(case):
        case.call_and_validate(checks=CHECKS, headers={"Accept-Encoding": "identity"})

    ask()


def told() -> dict[str, object]:
    return json.loads(json.dumps(api.get_openapi_schema()))


def test_the_guide_names_every_address_parameter_and_field(client):
    description = told()
    page = client.get("/api/").content.decode()
    addresses = [path.removeprefix("/api/v1") for path in description["paths"]]
    assert [address for address, _example, _meaning in guide.ADDRESSES] == addresses
    listed = description["paths"]["/api/v1/entries"]["get"]["parameters"]
    assert [name for name, _meaning in guide.PARAMETERS] == [row["name"] for row in listed]
    fields = description["components"]["schemas"]["FullEntry"]["properties"]
    assert [name for name, _meaning in guide.FIELDS] == list(fields)
    assert all(f"<code>{name}</code>" in page for name in fields)


def test_every_example_of_the_guide_can_be_followed(client):
    for path, example, _meaning in guide.ADDRESSES:
        if "{" not in path and "topik=" not in example and "provinsi=" not in example:
            assert client.get(f"/api/v1{path}{example}").status_code == 200


def test_every_field_is_described():
    for name, kind in told()["components"]["schemas"].items():
        bare = [
            field
            for field, facts in kind["properties"].items()
            if name in ("Entry", "FullEntry") and "description" not in facts and "$ref" not in str(facts)
        ]
        assert bare == [], name


def test_head_is_answered_as_get(client):
    entry = make_entry()
    assert client.head(f"/api/v1/entries/{entry.pk}").status_code == 200
    assert client.post(f"/api/v1/entries/{entry.pk}").status_code == 405
