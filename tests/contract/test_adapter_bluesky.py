"""
The Bluesky adapter through the published contract of streamers: with one host, and with two that tell the same.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.bluesky import SPEC
from adapters.bluesky.config import BlueskyConfig
from listener.testing.canned import Asked, Connection
from listener.testing.streamer_contract import StreamerContract, StreamScript, Told
from tests.adapters.bluesky.frames import JO, KIM, NOON_US, PEOPLE, account, appview, commit, identity, record

ONE = BlueskyConfig(hosts=("wss://one.example",), own_accounts=("city.example",))
TWO = BlueskyConfig(hosts=("wss://one.example", "wss://two.example"))


def told(*batches: list[bytes], only: str = "") -> Told:
    """
    Hosts that hold these, and replay them from a cursor as hosts do: inclusive, and live without one.

    Args:
        only: The host that does; the others say nothing.
    """

    def connect(asked: Asked) -> Connection:
        if only not in asked.address:
            return Connection()
        cursor = int(parse_qs(urlsplit(asked.address).query).get("cursor", ["0"])[0])
        kept = [[frame for frame in batch if _time_of(frame) >= cursor] for batch in batches]
        return Connection([batch for batch in kept if batch])

    return Told(connections=connect, answers=appview)


def _time_of(frame: bytes) -> int:
    _, found, rest = frame.partition(b'"time_us":')
    return int(rest[:16]) if found else NOON_US + 10**9


def talk(number: int) -> bytes:
    said = record(f"Number {number}, says @kim.harrow.example of #yyc")
    return commit(number, said=said, did=JO if number % 2 else KIM)


FIRST = told([identity(0), talk(1)], [talk(2), account(2, did=KIM)], [talk(3)])


class Bluesky(StreamerContract):
    """
    What both have in common.
    """

    config = ONE

    @pytest.fixture
    def script(self) -> StreamScript:
        return StreamScript(
            spec=SPEC,
            config=self.config,
            first=FIRST,
            later=told([talk(2)], [talk(3), talk(4)]),
            bad_frame=told([b"Jo Fenn", talk(1)], [commit(2, said={"text": 5}), talk(3)], only="one"),
            bad_items=2,
            quiet=told(*([commit(number, said=record("Nothing"))] for number in range(1, 60))),
            people=PEOPLE,
        )


class TestOneHost(Bluesky):
    """
    One host.
    """


class TestTwoHosts(Bluesky):
    """
    Two hosts that tell the same: every post once.
    """

    config = TWO
