"""
The X simulator says nothing that X does not: every JSON path of it stands in a recorded document or in the published schema.
Runs where LISTENER_CORPUS names a folder of recorded documents; prints how many paths it looked at.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.x.simulated_network import Network
from adapters.x.simulated_objects import NEW, OLD, Vocabulary
from adapters.x.simulator import Served, serve
from tests.adapters.x.net import COUNTS, LOOKUP, SEARCH, USAGE, empty_network, get
from tests.corpus.recorded import NEEDS_CORPUS
from tests.fakes.plain_client import Walker

pytestmark = [NEEDS_CORPUS, pytest.mark.anyio]

RESPONSES = {
    "search": "SearchPostsRecentResponse",
    "counts": "GetPostsCountsRecentResponse",
    "lookup": "GetPostsByIdsResponse",
    "mentions": "GetUsersMentionsResponse",
    "usage": "GetUsageResponse",
}
REPORTED = {
    # The first body of a 402 and that of a spent cap, as public trackers and programs quote them (2026).
    *(f"error.{name}" for name in ("account_id", "period", "product_name", "scope")),
    # The plain problem of a status, which the schema lists as integer `status` of other problems.
    "error.status",
}


@pytest.fixture
def anyio_backend() -> str:
    """The server kit is asyncio's."""
    return "asyncio"


def paths(document: Any, at: str) -> Iterator[str]:
    """Every path within, such as `search.data[].id`; the parameters that an error repeats are free."""
    yield at
    if isinstance(document, dict):
        for key, value in document.items():
            yield from paths(value, f"{at}.*" if at.endswith(".parameters") else f"{at}.{key}")
    elif isinstance(document, list):
        for each in document:
            yield from paths(each, f"{at}[]")


def schema_paths(schemas: dict[str, Any], schema: dict[str, Any], at: str, depth: int = 0) -> Iterator[str]:
    """Every path that a schema allows."""
    yield at
    if depth > 14:
        return
    for part in schema.get("oneOf", []) + schema.get("allOf", []):
        yield from schema_paths(schemas, part, at, depth + 1)
    if "$ref" in schema:
        yield from schema_paths(schemas, schemas[schema["$ref"].rpartition("/")[2]], at, depth + 1)
    if "items" in schema:
        yield from schema_paths(schemas, schema["items"], f"{at}[]", depth + 1)
    for name, part in schema.get("properties", {}).items():
        yield from schema_paths(schemas, part, f"{at}.{name}", depth + 1)


def published(corpus: Path) -> set[str]:
    """The paths of the schema's answers and errors."""
    schemas = json.loads((corpus / "xdevplatform__docs/openapi.json").read_bytes())["components"]["schemas"]
    found = {
        path for route, name in RESPONSES.items() for path in schema_paths(schemas, schemas[name], route)
    }
    return (
        found
        | set(schema_paths(schemas, schemas["Problem"], "error"))
        | {
            f"error.errors[]{path.removeprefix('error')}"
            for path in schema_paths(schemas, schemas["Error"], "error")
        }
    )


def recorded(corpus: Path) -> set[str]:
    """The paths of recorded answers, of whatever route: as of any list of posts, and as of any error."""
    found: set[str] = set()
    for file in sorted(corpus.rglob("*.json")):
        if file.name == "openapi.json":
            continue
        try:
            told = json.loads(file.read_bytes())
        except ValueError:
            continue  # an example in a page that is no whole document
        for document in told if isinstance(told, list) else [told]:
            answer = document.get("response", document) if isinstance(document, dict) else document
            for route in (*RESPONSES, "error"):
                found |= set(paths(_listed(answer), route))
    return found


def _listed(answer: Any) -> Any:
    """A single post is looked at as a list of one."""
    if isinstance(answer, dict) and isinstance(answer.get("data"), dict) and "text" in answer["data"]:
        return answer | {"data": [answer["data"]]}
    return answer


def everything() -> tuple[Network, Walker]:
    """Posts that carry whatever a post can carry, and posts of every end."""
    network, clock = empty_network()
    anna, boris = network.account(), network.account(protected=True)
    first = network.post(anna, "First #yyc")
    full = network.post(
        anna,
        f"@{network.city} {'all of it ' * 40} https://news.example/story $SNOW #yyc",
        reply_to=first,
        quote_of=first,
        sensitive=True,
        withheld=("DE",),
        likes=3,
    )
    network.edit(full, f"{full.latest.raw} again")
    network.repost(anna, full)
    network.post(boris, "Hidden #yyc")
    network.delete(network.post(anna, "Gone #yyc"))
    clock.walk(minutes=2)
    return network, clock


async def documents(served: Served, vocabulary: Vocabulary) -> list[tuple[str, Any]]:
    """Whatever the simulator answers, one of each."""
    site = served.site
    site.accepts = "tweet" if vocabulary is OLD else "post"
    shown: dict[str, Any] = {
        vocabulary.parameter: sorted(vocabulary.fields),
        "expansions": sorted(vocabulary.expansions),
        "user.fields": [
            "created_at",
            "description",
            "location",
            "profile_image_url",
            "protected",
            "public_metrics",
            "url",
            "verified",
            "verified_type",
        ],
    }
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("search", SEARCH, {"query": "#yyc", **shown}),
        ("search", SEARCH, {"query": "#yyc", "max_results": 10}),
        ("counts", COUNTS, {"query": "#yyc"}),
        ("lookup", LOOKUP, {"ids": list(served.world.posts), **shown}),
        ("mentions", f"/2/users/{served.world.own.id}/mentions", shown),
        ("mentions", "/2/users/1/mentions", {}),
        ("usage", USAGE, {"usage.fields": "daily_project_usage"}),
        ("error", SEARCH, {"query": "lang:en"}),
    ]
    found = [(route, (await get(served, path, **parameters)).json) for route, path, parameters in asked]
    found.append(("error", (await get(served, SEARCH, token="wrong", query="#yyc")).json))
    site.keys.users["user"] = served.world.own.id
    found.append(("error", (await get(served, USAGE, token="user")).json))
    for shape in ("title", "status"):
        site.bill.credit, site.manners.broke = Decimal(0), shape
        found.append(("error", (await get(served, SEARCH, query="#yyc")).json))
    site.bill.credit, site.bill.cap = None, 0
    found.append(("error", (await get(served, SEARCH, query="#yyc")).json))
    for limit in ("problem", "legacy"):
        site.limits.per_app["search"], site.manners.too_many = 0, limit
        found.append(("error", (await get(served, SEARCH, query="#yyc")).json))
    site.enrolled = False
    found.append(("error", (await get(served, SEARCH, query="#yyc")).json))
    return found


@pytest.mark.parametrize("vocabulary", [OLD, NEW], ids=["tweet", "post"])
async def test_no_path_that_x_does_not_have(vocabulary: Vocabulary) -> None:
    """Answer by answer, in either vocabulary; the new one is held to the schema only."""
    corpus = Path(os.environ["LISTENER_CORPUS"]) / "x"
    schema, records = published(corpus), recorded(corpus)
    network, _ = everything()
    async with serve(network) as served:
        found = {path for route, told in await documents(served, vocabulary) for path in paths(told, route)}
    known = (
        schema
        | REPORTED
        | (records if vocabulary is OLD else {path for path in records if path.startswith("error")})
    )

    print(
        f"\n{vocabulary.noun}: {len(found)} paths; {len(found & records)} recorded, {len(found & schema - records)} by "
        f"schema only; {len(records)} known from records, {len(schema)} from the schema"
    )
    assert {f"search.data[].{vocabulary.note}.text", "lookup.errors[].resource_id", "error.title"} <= found
    assert sorted(found - known) == []
