"""
D24: read-only is no setting. What the shipped daemon asks for is written down where it arrives, network by network, and
held against what the adapters declare; who is connected to is asked of the interpreter.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from listener.simulation.internet import Asked
from tests.pipeline.deletion_scenes import SCENES
from tests.privacy.networks import Heard, heard


def run_behind(params: dict[str, Any]) -> tuple[str, str]:
    """Which run a test looks at (`tests/conftest.py`)."""
    return "heard", params["network"]


def allowed(asked: Asked, seen: Heard) -> bool:
    """By the declarations alone, not by the guard that is tried here."""
    if asked.request.method == "POST":
        address = f"{asked.host}{asked.request.target.decode('latin-1')}"
        return address in {each.partition("://")[2] for each in seen.exchanges}
    return asked.request.method == "GET" and any(
        reach.host == asked.host and re.fullmatch(reach.path, asked.request.path) for reach in seen.reaches
    )


@pytest.mark.parametrize("network", SCENES)
def test_d24_only_declared_addresses_are_asked_and_only_with_get(network: str) -> None:
    """From the reader come GET, declared exchanges, declared hosts and path patterns, for reading and asking again alike."""
    seen = heard(network)

    assert [asked.line for asked in seen.asked if not allowed(asked, seen)] == []
    assert [asked.line for asked in seen.asked if asked.request.body and asked.request.method == "GET"] == []
    assert len(seen.asked) > 3
    assert [event["type"] for event in seen.events if event["type"] == "listener.post.removed"] != []


@pytest.mark.parametrize("network", SCENES)
def test_d24_no_connection_goes_past_the_reader(network: str) -> None:
    """Whatever in the process opens a connection, it leads to the one internet there is, where it is written down."""
    seen = heard(network)

    assert seen.dialled == seen.served
