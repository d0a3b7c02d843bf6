"""
The adapter as the core sees it: configuration, limits, the allow-list of the wire, and what an import costs.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.feed import SPEC
from adapters.feed.config import FeedConfig
from adapters.feed.wire import (
    WIRE_FIELDS,
    WIRE_TYPES,
    JsonAuthor,
    JsonDocument,
    JsonItem,
    Text,
    WireEntry,
    WireFeed,
)
from listener.adapter import Reach
from listener.testing.spec_contract import wire_fields

CONFIG = FeedConfig(address="https://River.example:8443/feed?x=1")


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"address": "river.example/feed"},
        {"address": "ftp://river.example/feed"},
        {"address": "https:///feed"},
        {"address": "https://river.example:port/"},
        {"address": "https://user:SECRET@river.example/"},
        {"address": "https://river.example/#SECRET"},
        {"address": "https://river.example/a b"},
        {"address": "https://river.example/", "interval_s": 59},
        {"address": "https://river.example/", "interval_s": float("nan")},
        {"address": "https://river.example/", "kind": "videos"},
        {"address": "https://river.example/", "first_address": "SECRET"},
        {"address": "https://river.example/", "unknown": "SECRET"},
    ],
)
def test_config_refuses(keys: dict[str, Any]) -> None:
    """What cannot be read, or would be impolite, is refused; the message repeats nothing of it."""
    with pytest.raises(ValidationError) as caught:
        FeedConfig.model_validate(keys)

    assert "SECRET" not in str(caught.value)


def test_reach_and_group() -> None:
    """A feed may be read at its host, whatever the path; hops may lead to any public host; the host sets the pace."""
    assert SPEC.reaches(CONFIG) == (Reach("river.example", ".*", redirects="public"),)
    assert SPEC.lease_group(CONFIG) == "river.example"


@pytest.mark.parametrize(
    ("interval_s", "relation", "expected"),
    [(None, "public", (3600.0, None)), (None, "own", (60.0, 60.0)), (7200.0, "own", (60.0, 7200.0))],
)
def test_intervals(interval_s: float | None, relation: str, expected: tuple[float, float | None]) -> None:
    """Once an hour, own hosts once a minute; the operator may ask for less."""
    config = FeedConfig(address="https://river.example/", interval_s=interval_s)

    assert (SPEC.floor_s(config, relation), SPEC.interval_s(config, relation)) == expected


def test_allow_list_is_closed() -> None:
    """Every field that may come off the wire is named with a reason, and no name is left over."""
    declared = {f"{kind.__name__}.{name}" for kind in WIRE_TYPES for name in wire_fields(kind)}

    assert declared == set(WIRE_FIELDS)
    assert all(WIRE_FIELDS.values())


def test_wire_values_print_nothing() -> None:
    """No shape off the wire prints what it holds."""
    entry = WireEntry(id="MARK", title=Text("MARK", "plain"), authors=("MARK",))
    author = JsonAuthor(name="MARK")
    values = (
        entry,
        WireFeed(dialect="rss", entries=(entry,), authors=("MARK",)),
        author,
        JsonItem(id="MARK", author=author),
        JsonDocument(authors=(author,)),
    )

    assert [value for value in values if "MARK" in repr(value)] == []


def test_import_is_cheap() -> None:
    """The spec can be read without loading a parser."""
    code = "import sys, adapters.feed; print({'lxml', 'selectolax', 'httpx', 'aiohttp'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "set()"
