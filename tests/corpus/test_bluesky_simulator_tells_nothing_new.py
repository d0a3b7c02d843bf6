"""
Every field that the simulated Bluesky tells is one that a recorded document has or a published lexicon declares.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.bluesky.simulated_appview import AppView
from adapters.bluesky.simulated_jetstream import Jetstream
from adapters.bluesky.simulated_names import POST
from adapters.bluesky.simulated_network import Network
from adapters.bluesky.simulated_xrpc import Parameters
from adapters.bluesky.simulator import Life
from listener.testing.virtual_clock import VirtualClock
from tests.adapters.bluesky.bluesky_clients import asked
from tests.corpus.recorded import NEEDS_CORPUS

pytestmark = [pytest.mark.anyio, NEEDS_CORPUS]

REFERENCE: Final = {"uri": "", "cid": ""}
BLOB: Final = {"$type": "", "ref": {"$link": ""}, "mimeType": "", "size": ""}
LABELS: Final = [{"src": "", "uri": "", "cid": "", "val": "", "cts": ""}]
SELF_LABELS: Final = {"$type": "", "values": [{"val": ""}]}
BASIC: Final = {
    "did": "",
    "handle": "",
    "displayName": "",
    "avatar": "",
    "createdAt": "",
    "labels": LABELS,
}
DETAILED: Final = {
    **BASIC,
    "description": "",
    "indexedAt": "",
    "postsCount": "",
    "followsCount": "",
    "followersCount": "",
}
EMBED: Final[dict[str, Any]] = {
    "$type": "",
    "images": [{"alt": "", "image": BLOB}],
    "external": {"uri": "", "title": "", "description": ""},
}
RECORD: Final[dict[str, Any]] = {
    "$type": "",
    "createdAt": "",
    # app.bsky.feed.post, app.bsky.richtext.facet
    "text": "",
    "langs": [""],
    "tags": [""],
    "labels": SELF_LABELS,
    "facets": [
        {
            "index": {"byteStart": "", "byteEnd": ""},
            "features": [{"$type": "", "tag": "", "did": "", "uri": ""}],
        }
    ],
    "reply": {"root": REFERENCE, "parent": REFERENCE},
    "embed": {
        **EMBED,
        "record": {**REFERENCE, "$type": "", "record": REFERENCE},
        "media": EMBED,
    },
    # app.bsky.actor.profile
    "displayName": "",
    "description": "",
    # app.bsky.feed.like, app.bsky.feed.repost; of app.bsky.graph.follow it is a string
    "subject": REFERENCE,
    # app.bsky.feed.threadgate
    "post": "",
    "allow": [{"$type": ""}],
}
QUOTE: Final = {
    "$type": "",
    "uri": "",
    "cid": "",
    "notFound": "",
    "author": BASIC,
    "value": RECORD,
    "labels": LABELS,
    "indexedAt": "",
}
EMBED_VIEW: Final[dict[str, Any]] = {
    "$type": "",
    "images": [{"thumb": "", "fullsize": "", "alt": ""}],
    "external": {"uri": "", "title": "", "description": ""},
}
POST_VIEW: Final = {
    "uri": "",
    "cid": "",
    "author": BASIC,
    "record": RECORD,
    "embed": {**EMBED_VIEW, "media": EMBED_VIEW, "record": {**QUOTE, "record": QUOTE}},
    "replyCount": "",
    "repostCount": "",
    "likeCount": "",
    "quoteCount": "",
    "indexedAt": "",
    "labels": LABELS,
    "threadgate": {"uri": "", "cid": "", "record": RECORD, "lists": []},
}
LEXICONS: Final[dict[str, Any]] = {
    # jetstream: internal/subscribe/encoder.go; com.atproto.sync.subscribeRepos#account and #identity
    "stream": {
        "did": "",
        "time_us": "",
        "cursor": "",
        "kind": "",
        "commit": {"rev": "", "operation": "", "collection": "", "rkey": "", "cid": "", "record": RECORD},
        "account": {"active": "", "did": "", "seq": "", "status": "", "time": ""},
        "identity": {"did": "", "handle": "", "seq": "", "time": ""},
    },
    "app.bsky.feed.getPosts": {"posts": [POST_VIEW]},
    "app.bsky.feed.searchPosts": {"posts": [POST_VIEW], "cursor": ""},
    "app.bsky.actor.getProfile": DETAILED,
    "app.bsky.actor.getProfiles": {"profiles": [DETAILED]},
    "com.atproto.identity.resolveHandle": {"did": ""},
    "com.atproto.server.createSession": {
        "accessJwt": "",
        "refreshJwt": "",
        "handle": "",
        "did": "",
        "active": "",
    },
    "com.atproto.server.getSession": {"handle": "", "did": "", "active": ""},
    "error": {"error": "", "message": ""},
}
"""
Fields as declared by the lexicons of bluesky-social/atproto and by Jetstream's encoder, read 2026-11-24: only those the
simulator has a use for. `app.bsky.*` and `com.atproto.*` under lexicons/, by the same names.
"""


def paths(value: Any, path: str) -> Iterator[str]:
    """Where the leaves of a document are, indices left out; an empty list or object is a leaf."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from paths(each, f"{path}.{key}")
    elif isinstance(value, list) and value:
        for each in value:
            yield from paths(each, f"{path}[]")
    else:
        yield path


def declared() -> set[str]:
    """Every path of the table, leaves and what holds them."""
    found = {path for name, shape in LEXICONS.items() for path in paths(shape, name)}
    return found | {path[:end] for path in found for end in range(len(path)) if path[end] in ".["}


def recorded() -> set[str]:
    """Every path of the recorded documents whose kind the simulator tells."""
    folder = Path(os.environ["LISTENER_CORPUS"]) / "bluesky"
    found: set[str] = set()
    for file in (
        folder / "bluesky-social__jetstream/golden_v1.jsonl",
        *(folder / "index_excerpts").glob("*.jsonl"),
    ):
        for line in file.read_text("utf-8").splitlines():
            if line.startswith("{") and line.endswith("}"):
                found.update(paths(json.loads(line), "stream"))
    posts = json.loads((folder / "myConsciousness__atproto.dart/feed/getPosts.json").read_text("utf-8"))
    found.update(paths(posts, "app.bsky.feed.getPosts"))
    handle = json.loads((folder / "MarshalX__atproto/resolve_handle.json").read_text("utf-8"))
    found.update(paths(handle, "com.atproto.identity.resolveHandle"))
    return found


async def emitted() -> set[str]:
    """Every path that a long and eventful life makes the simulator tell."""
    from adapters.bluesky.simulator import APPVIEW, PDS, serve

    network = Network(VirtualClock(), 7, frozenset({"yyc"}))
    network.join(handle="city.bsky.example")
    life = Life(network, ("yyc",), city="city.bsky.example", ours=0.5)
    life.populate(20)
    for _ in range(2000):
        life.step()
    host, view = Jetstream("x", network), AppView(network)
    found = {path for n in range(len(network.log)) for path in paths(json.loads(host.body(n)), "stream")}
    posts = [each.uri for each in network.records.values() if each.collection == POST]
    for at in range(0, len(posts), 25):
        told = view.get_posts(Parameters({"uris": posts[at : at + 25]}))
        found.update(paths(told, "app.bsky.feed.getPosts"))
    someone = next(each for each in network.accounts.values() if each.status == "active")
    async with serve(network) as served:
        served.pds.passwords[someone.did] = "secret"
        session = await asked(
            served,
            PDS,
            "com.atproto.server.createSession",
            send={"identifier": someone.did, "password": "secret"},
        )
        found.update(paths(session.json(), "com.atproto.server.createSession"))
        token = session.json()["accessJwt"]
        for name, query in (
            ("app.bsky.feed.searchPosts", ("q", "*")),
            ("app.bsky.actor.getProfile", ("actor", someone.did)),
            ("app.bsky.actor.getProfiles", ("actors", someone.did)),
            ("com.atproto.identity.resolveHandle", ("handle", someone.handle)),
            ("com.atproto.server.getSession", ("", "")),
        ):
            found.update(paths((await asked(served, PDS, name, [query], token=token)).json(), name))
        found.update(paths((await asked(served, APPVIEW, "app.bsky.feed.getPosts")).json(), "error"))
    return found


async def test_no_field_is_invented() -> None:
    """What the simulator tells, less what was recorded, less what the lexicons declare, is nothing."""
    told, seen = await emitted(), recorded()

    print(f"\n{len(told)} paths told; {len(told & seen)} of them in recorded documents; by lexicon only:")
    print("\n".join(f"  {path}" for path in sorted(told - seen)))
    assert told - seen - declared() == set()
    assert len(told & seen) > 40
