"""
Bluesky's own TypeScript client reads the simulator without a complaint. Needs node and `npm ci` in `atproto/` (see .ci/run).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import anyio
import pytest

from adapters.bluesky.simulated_names import POST, PROFILE, THREADGATE
from adapters.bluesky.simulated_network import NO_UNAUTHENTICATED, Network, tags_of
from adapters.bluesky.simulator import APPVIEW, PDS, Life, serve
from listener.testing.virtual_clock import VirtualClock

FOLDER = Path(__file__).parent / "atproto"
PASSWORD = "abcd-efgh-ijkl-mnop"

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        shutil.which("node") is None or not (FOLDER / "node_modules").is_dir(),
        reason="needs node, and `npm ci` in tests/surfaces/atproto",
    ),
]


def lived_in() -> Network:
    """A network after an eventful while: every kind of post, embed, label and gate."""
    network = Network(VirtualClock(), 7, frozenset({"yyc"}))
    network.join(handle="city.bsky.example")
    life = Life(network, ("yyc",), city="city.bsky.example", ours=0.5)
    life.populate(20)
    for _ in range(1500):
        life.step()
    return network


async def read_by_the_official_client(orders: dict[str, Any]) -> dict[str, Any]:
    """What the client saw; fails with its own words where it throws."""
    run = await anyio.run_process(
        ["node", "read.mjs"], cwd=FOLDER, input=json.dumps(orders).encode(), check=False
    )
    assert run.returncode == 0, run.stderr.decode()[-4000:]
    seen: dict[str, Any] = json.loads(run.stdout)
    return seen


async def test_the_official_client_reads_the_simulator() -> None:
    """Session, search by pages, posts, profiles, handles and errors; every record is valid by the client's lexicons."""
    network = lived_in()
    accounts = [each for each in network.accounts.values() if each.status == "active"]
    me = accounts[0]
    posts = [
        each for each in network.records.values() if each.collection == POST and network.visible(each.uri)
    ]
    shown = posts[-25:]
    records = [
        json.loads(b"{" + happening.rest[1:])["commit"]["record"]
        for happening in network.log
        if happening.collection in (POST, PROFILE, THREADGATE) and happening.operation != "delete"
    ]
    async with serve(network) as served:
        served.pds.passwords[me.did] = PASSWORD
        seen = await read_by_the_official_client(
            {
                "pds": served.address(PDS),
                "appview": served.address(APPVIEW),
                "identifier": me.handle,
                "password": PASSWORD,
                "uris": [each.uri for each in shown],
                "actors": [each.did for each in accounts[:25]],
                "records": records,
            }
        )

    found = [uri for page in seen.pop("found") for uri in page]
    tagged = {each.uri for each in posts if {"yyc"} & tags_of(each.value)}
    assert len(found) == len(tagged) > 14
    assert set(found) == tagged
    assert seen == {
        "did": me.did,
        "posts": [[each.uri, network.labels_of(each.did)] for each in shown],
        "profile": me.did,
        "profiles": len(accounts[:25]),
        "handle": me.did,
        "session": me.did,
        "refusals": {
            "tooMany": [400, "InvalidRequest"],
            "nobody": [400, "InvalidRequest"],
            "publicSearch": [403, "Forbidden"],
        },
        "invalid": [],
    }
    assert any(NO_UNAUTHENTICATED in network.labels_of(each.did) for each in shown)
    assert len(records) > 500
