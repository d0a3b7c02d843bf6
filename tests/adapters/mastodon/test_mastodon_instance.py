"""What an instance says of itself, in the words of each kind of server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.mastodon.instance import Access, Instance, instance_from
from adapters.mastodon.wire import decode_instance


def instance(**said: Any) -> Instance:
    return instance_from(decode_instance(json.dumps(said).encode()))


@pytest.mark.parametrize(
    ("said", "genuine", "version", "together", "many"),
    [
        ({"version": "4.6.0-nightly.2026-04-09"}, True, (4, 6), 4, True),
        ({"version": "4.2.10+glitch"}, True, (4, 2), 4, False),
        ({"version": "2.7.2 (compatible; Pleroma 2.9.0)"}, False, (2, 7), 1, False),
        ({"version": "2.7.2 (compatible; Akkoma 3.17.0-0-gb1d2e9)"}, False, (2, 7), 1, False),
        (
            {
                "version": "0.20.0+git-abc",
                "source_url": "https://codeberg.org/superseriousbusiness/gotosocial",
            },
            False,
            (0, 20),
            1,
            False,
        ),
        ({"version": "4.3.0", "source_url": "https://x.example/gotosocial"}, False, (4, 3), 1, False),
        ({"version": "4.2.0 (compatible; Sharkey 2026.1)"}, False, (4, 2), 1, False),
        ({"version": "v5"}, False, (0, 0), 1, False),
    ],
    ids=str,
)
def test_kinds_of_servers_are_told_apart(
    said: dict[str, str], genuine: bool, version: tuple[int, int], together: int, many: bool
) -> None:
    """Only Mastodon's ids tell the time, only it takes `any[]` for sure, and it answers for many statuses since 4.3."""
    found = instance(**said)

    assert (found.genuine, found.version, found.tags_a_request, found.answers_for_many) == (
        genuine,
        version,
        together,
        many,
    )


@pytest.mark.parametrize(
    ("local", "remote", "without", "with_token"),
    [
        ("public", "public", "open", "open"),
        ("authenticated", "authenticated", "needs_token", "open"),
        ("disabled", "disabled", "disabled", "disabled"),
        ("public", "disabled", "local_only", "local_only"),
        ("public", "authenticated", "local_only", "open"),
        ("disabled", "public", "remote_only", "remote_only"),
        ("disabled", "authenticated", "needs_token", "remote_only"),
        ("whatever comes", None, "open", "open"),
    ],
)
def test_s2_2_what_may_be_read_by_whom(
    local: str, remote: str | None, without: Access, with_token: Access
) -> None:
    """`timelines_access` (4.5) tells a feed that is switched off from one without posts."""
    access = {"hashtag_feeds": {"local": local, "remote": remote}, "live_feeds": {"local": "disabled"}}
    found = instance(version="4.5.0", configuration={"timelines_access": access})

    assert (found.access(token=False), found.access(token=True)) == (without, with_token)


@pytest.mark.parametrize(
    ("said", "streaming"),
    [
        (
            {"configuration": {"urls": {"streaming": "wss://streaming.social.example"}}},
            "streaming.social.example",
        ),
        ({"urls": {"streaming_api": "wss://social.example:4000/api/v1/streaming"}}, "social.example:4000"),
        ({"configuration": {"urls": {"streaming": "wss://jo@evil.example"}}}, None),
        ({"configuration": {"urls": {"streaming": "wss://[1"}}}, None),
        ({"configuration": {"urls": None}}, None),
        ({}, None),
    ],
    ids=str,
)
def test_s2_3_where_it_streams(said: dict[str, Any], streaming: str | None) -> None:
    """The new document and the old one; an address with a user in it, or none at all, is none."""
    assert instance(version="4.5.0", **said).streaming == streaming


@pytest.mark.parametrize(
    ("said", "domain"),
    [
        ({"domain": "Town.Example"}, "town.example"),
        ({"uri": "https://town.example/"}, "town.example"),
        ({}, None),
    ],
)
def test_what_its_handles_end_with(said: dict[str, str], domain: str | None) -> None:
    """`domain` in the new document, `uri` in the old one, where Pleroma writes an address."""
    assert instance(version="4.5.0", **said).domain == domain
