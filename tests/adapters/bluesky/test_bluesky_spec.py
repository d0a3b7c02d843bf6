"""
The adapter as the core sees it: configuration, reach, the allow-list of the wire, and what an import costs.
"""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr, ValidationError

from adapters.bluesky import SPEC, wire
from adapters.bluesky.config import HOSTS, BlueskyConfig
from adapters.bluesky.wire import WIRE_FIELDS, WIRE_TYPES
from listener.adapter import Reach, Streamer
from listener.testing.canned import CannedReader, EverythingInteresting
from listener.testing.spec_contract import wire_fields
from listener.testing.streamer_contract import SteppedClock
from tests.adapters.bluesky.frames import JO, compact, uri, view

SEARCHING = BlueskyConfig(
    identifier="city.example", app_password=SecretStr("SECRET"), own_accounts=("city.example",)
)


@pytest.mark.parametrize(
    "keys",
    [
        {"hosts": []},
        {"hosts": ["https://one.example"]},
        {"hosts": ["wss://one.example/subscribe"]},
        {"hosts": ["wss://one.example", "wss://one.example/"]},
        {"hosts": [f"wss://{name}.example" for name in "abcde"]},
        {"hosts": ["wss://user:SECRET@one.example"]},
        {"hosts": ["wss://one.example?cursor=SECRET"]},
        {"appview": "public.api.bsky.app"},
        {"appview": "https://a.example/SECRET"},
        {"own_accounts": ["SECRET"]},
        {"own_accounts": ["did:plc:"]},
        {"silence_s": 5},
        {"identifier": "city.example"},
        {"app_password": "SECRET"},
        {"identifier": "city.example", "app_password": "SECRET", "service": "http://pds.example"},
        {"zstd_dictionary": ""},
        {"unknown": "SECRET"},
    ],
)
def test_config_refuses(keys: dict[str, Any]) -> None:
    """What cannot be read, or would send a password in the clear, is refused; the message repeats nothing of it."""
    with pytest.raises(ValidationError) as caught:
        BlueskyConfig.model_validate(keys)

    assert "SECRET" not in str(caught.value)


def test_config_by_default() -> None:
    """Two public hosts on either coast, no account, no compression."""
    config = BlueskyConfig()

    assert (config.hosts, config.may_search, config.zstd_dictionary) == (HOSTS, False, None)
    assert len(set(HOSTS)) == 2


def test_accounts_are_written_as_people_write_them() -> None:
    """With or without the at sign, in any case; a DID stays as it is."""
    config = BlueskyConfig(own_accounts=("@City.Example", "did:web:city.example"))

    assert (config.own_accounts, config.handles) == (
        ("city.example", "did:web:city.example"),
        ("city.example",),
    )


def test_reach_is_what_is_used_and_nothing_more() -> None:
    """The streams and one question about posts; own handles and the search only where they are configured."""
    plain = SPEC.reaches(BlueskyConfig())
    searching = SPEC.reaches(SEARCHING)
    get_posts = Reach("public.api.bsky.app", r"/xrpc/app\.bsky\.feed\.getPosts", spacing_s=0.2)

    assert plain == (
        Reach("jetstream1.us-east.bsky.network", "/subscribe"),
        Reach("jetstream2.us-west.bsky.network", "/subscribe"),
        get_posts,
    )
    assert searching[3:] == (
        Reach("public.api.bsky.app", r"/xrpc/com\.atproto\.identity\.resolveHandle"),
        Reach("bsky.social", r"/xrpc/app\.bsky\.feed\.searchPosts", spacing_s=2.0),
    )
    assert not any(re.fullmatch(reach.path, "/xrpc/app.bsky.feed.getPostsX") for reach in searching)


def test_exchanges_only_with_an_account() -> None:
    """Without an account nothing is traded anywhere; with one at two addresses of its own server."""
    assert SPEC.exchanges(BlueskyConfig()) == ()
    assert SPEC.exchanges(SEARCHING) == (
        "https://bsky.social/xrpc/com.atproto.server.createSession",
        "https://bsky.social/xrpc/com.atproto.server.refreshSession",
    )


def test_budget_leaves_room() -> None:
    """Look-ups and re-checks together stay under the 3,000 requests in five minutes that an address has."""
    assert SPEC.recheck is not None
    spacing_s = next(reach.spacing_s for reach in SPEC.reaches(BlueskyConfig()) if reach.spacing_s)

    assert 300 / spacing_s + 300 / SPEC.recheck.spacing_s <= 3000


def test_it_speaks_and_can_be_asked_again() -> None:
    """What is built is a streamer and a rechecker, and does nothing yet."""
    reader = CannedReader()
    built = SPEC.build(SEARCHING, reader, SteppedClock(), EverythingInteresting())

    assert isinstance(built, Streamer)
    assert hasattr(built, "recheck")
    assert reader.asked == []
    assert "SECRET" not in repr(built)


def test_allow_list_is_closed() -> None:
    """Every field that may come off the wire is named with a reason, and no name is left over."""
    declared = {f"{kind.__name__}.{name}" for kind in WIRE_TYPES for name in wire_fields(kind)}

    assert declared == set(WIRE_FIELDS)
    assert all(WIRE_FIELDS.values())


def test_every_shape_is_in_the_list() -> None:
    """A shape that is not declared to the core would escape the canary."""
    shapes = {kind for kind in vars(wire).values() if isinstance(kind, type) and issubclass(kind, wire.Quiet)}

    assert shapes - {wire.Quiet} == set(WIRE_TYPES)


def test_wire_values_print_nothing() -> None:
    """No shape off the wire prints what it holds."""
    shown = msgspec.json.decode(compact({"posts": [view(uri(1))], "cursor": JO}), type=wire.Posts)
    read = msgspec.json.decode(compact(view(uri(1), labels=("x",))), type=wire.PostView)
    values = (
        shown,
        read,
        read.author,
        read.author.labels,
        wire.Session("token", "again"),
        wire.Feature(did=JO),
    )

    assert [repr(value) for value in values if JO in repr(value) or "token" in repr(value)] == []


def test_import_is_cheap() -> None:
    """The spec can be read without loading the streams or a compressor."""
    code = (
        "import sys, adapters.bluesky;"
        "print({'zstandard', 'picows', 'httpx', 'aiohttp', 'adapters.bluesky.jetstream'} & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "set()"
