"""
The OpenAPI document says what the API does, all of it, and nothing that searches for words or people.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest

from listener.events import event_schema
from listener.telemetry import Telemetry
from listener.tell.api import Access, build_api
from listener.tell.api.openapi import document
from listener.tell.api.table import OPERATIONS
from listener.testing.virtual_clock import VirtualClock
from tests.fakes.api_client import get, served
from tests.fakes.daemon import FakeControl, post, put
from tests.fakes.memory_queue import MemoryQueue

DOCUMENT = document(OPERATIONS, version="1.2.3")

OUTLINE = {
    "type": "object",
    "required": ["openapi", "info", "paths", "components"],
    "additionalProperties": False,
    "properties": {
        "openapi": {"pattern": r"^3\.1\.\d+$"},
        "info": {"type": "object", "required": ["title", "version"]},
        "components": {"type": "object"},
        "paths": {
            "patternProperties": {
                "^/": {
                    "additionalProperties": False,
                    "patternProperties": {
                        "^(get|post)$": {
                            "type": "object",
                            "required": ["operationId", "summary", "responses", "security"],
                            "properties": {
                                "parameters": {
                                    "type": "array",
                                    "items": {
                                        "type": "object",
                                        "required": ["name", "in", "schema"],
                                        "properties": {"in": {"enum": ["query", "path"]}},
                                    },
                                },
                                "responses": {
                                    "type": "object",
                                    "minProperties": 2,
                                    "additionalProperties": {
                                        "type": "object",
                                        "required": ["description", "content"],
                                    },
                                },
                            },
                        }
                    },
                }
            },
            "additionalProperties": False,
        },
    },
}
"""What the OpenAPI 3.1 specification (sections 4.8.1, 4.8.8 to 4.8.17) asks of the objects that we use."""


def test_outline() -> None:
    """
    The document has the shape that the specification asks for.
    """
    jsonschema.validate(DOCUMENT, OUTLINE)


def test_the_rule_for_numbers_is_told_with_the_field_that_it_rests_on() -> None:
    """
    Who builds a dashboard reads which sources to leave out, in a word of the very field that says so.
    """
    view = DOCUMENT["components"]["schemas"]["SourceView"]["properties"]

    assert view["derived_metrics"]["enum"] == ["agreed", "free", "not_agreed"]
    assert "`derived_metrics`" in DOCUMENT["info"]["description"]
    assert "`not_agreed`" in DOCUMENT["info"]["description"]


def test_every_route_and_no_other() -> None:
    """
    Document, table and router know the same operations.
    """
    app = build_api(
        queue=MemoryQueue(),
        control=FakeControl(),
        telemetry=Telemetry(),
        clock=VirtualClock(),
        access=Access(door="loopback"),
        version="1.2.3",
    )
    routed = {(route.path, tuple(sorted(route.methods - {"HEAD"}))) for route in app.routes}  # type: ignore[attr-defined]  # all are routes

    described = {(path, (method.upper(),)) for path, item in DOCUMENT["paths"].items() for method in item}

    assert described == routed == {(row.path, (row.method,)) for row in OPERATIONS}
    assert len({row.name for row in OPERATIONS}) == len(OPERATIONS)


def test_references_resolve() -> None:
    """
    Whatever is referred to is there, every schema is a schema, and none is left unused.
    """
    text = repr(DOCUMENT)
    used = set(re.findall(r"#/components/schemas/([A-Za-z]+)", text))

    assert used == set(DOCUMENT["components"]["schemas"])
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_no_search_in_text_and_none_for_people() -> None:
    """
    The parameters of the whole API are this closed list: none takes words to look for, none names anybody.
    """
    parameters = {(row.path, parameter.name) for row in OPERATIONS for parameter in row.parameters}
    filters = {"watch", "network", "kind", "lang", "hashtag", "type", "since", "until", "addressed", "after"}

    assert parameters == {
        *(("/v1/events", name) for name in filters | {"limit"}),
        *(("/v1/events/stream", name) for name in filters),
        ("/v1/sources", "source"),
        ("/v1/sources", "reads"),
        ("/open/{token}", "lang"),
        ("/notice", "lang"),
        ("/notice", "format"),
    }
    assert {row.path: row.body.__struct_fields__ for row in OPERATIONS if row.body is not None} == {  # type: ignore[attr-defined]  # bodies are Structs
        "/v1/find": ("link",),
        "/v1/forget": ("link",),
        "/v1/export": ("reason", "watches", "since", "by"),
        "/v1/unseal": ("head", "end", "lines", "first"),
        "/v1/poll": ("source", "unconditional", "configured", "mended"),
    }


def test_security() -> None:
    """
    Operations that change something need a token everywhere; reading may be free; health always is.
    """
    found = {path: next(iter(item.values()))["security"] for path, item in DOCUMENT["paths"].items()}
    opening = {method: each["security"] for method, each in DOCUMENT["paths"]["/open/{token}"].items()}

    assert found["/v1/forget"] == [{"token": ["operate"]}]
    assert found["/v1/events"] == [{}, {"token": ["read"]}]
    assert found["/metrics"] == [{}, {"token": ["metrics"]}]
    assert found["/healthz"] == []
    assert opening == {"get": [], "post": [{}, {"token": ["open"]}]}


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    return schema | {"components": DOCUMENT["components"]}


@pytest.mark.anyio
async def test_answers_match(tmp_path: Path) -> None:
    """
    Real answers are valid by the schemas that the document promises for them.
    """
    queue = MemoryQueue()
    await put(queue, post(1), post(2, text=None, lang=None, expirytime=None))
    app = build_api(
        queue=queue,
        control=FakeControl(),
        telemetry=Telemetry(),
        clock=VirtualClock(),
        access=Access(door="loopback"),
        version="1.2.3",
    )
    async with served(app, folder=tmp_path) as where:
        for path in ("/v1/events", "/v1/sources", "/healthz", "/readyz"):
            got = await get(where, path)
            answers = DOCUMENT["paths"][path]["get"]["responses"]
            jsonschema.validate(
                got.json(), _resolved(answers["200"]["content"]["application/json"]["schema"])
            )
            refused = await get(where, f"{path}?x=1")
            wanted = answers["default"]["content"]["application/problem+json"]["schema"]
            jsonschema.validate(refused.json(), _resolved(wanted))
        served_document = await get(where, "/openapi.json")
        served_schema = await get(where, "/schema/event.json")

    assert served_document.json() == orjson.loads(orjson.dumps(DOCUMENT))
    assert served_schema.json() == event_schema()
    assert served_schema.headers["content-type"] == "application/schema+json"
