"""
P20: what proves that a feed has moved for good, and everything that does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from adapters.feed import SPEC
from adapters.feed.cursor import decode_cursor
from listener.adapter import Cursor, Page, Reply
from listener.errors import DocumentRefused
from listener.events import Post
from listener.testing.canned import OnlyReads
from tests.adapters.feed.reading import ADDRESS, Reading, answer, document, natives

TARGET = "https://new.example/feed"
OTHER = "https://other.example/feed"
HTTP = "http://river.example/feed?x=1"
HTTPS = "https://river.example/feed?x=1"

pytestmark = pytest.mark.anyio


@dataclass
class Moves:
    """
    A feed that is read through whatever redirect stands in the way, hourly unless told otherwise.
    """

    reading: Reading = field(default_factory=Reading)

    async def see(self, body: bytes, *hops: tuple[int, str], hours: float = 0, status: int = 200) -> Page:
        """
        One reading, so many hours after the one before, that ends at the last hop.
        """
        self.reading.clock.walk(hours=hours)
        address = hops[-1][1] if hops else self.reading.config.address
        reply = answer(body, status, address=address, hops=hops)
        self.reading.source._reader = One(reply)
        return await self.reading.fetch()


@dataclass
class One(OnlyReads):
    """
    A reader with one answer.
    """

    reply: Reply

    async def read(
        self, address: str, *, headers: object = None, validators: object = None, **_: object
    ) -> Reply:
        """
        See `listener.adapter.Reader.read`.
        """
        return self.reply


async def known() -> Moves:
    """
    A feed read once where it is configured.
    """
    moves = Moves()
    await moves.see(document(3, 2, 1))
    return moves


@pytest.mark.parametrize("status", [301, 308])
async def test_p20_three_sightings_over_two_days(status: int) -> None:
    """P20: the third sighting of a permanent redirect, 48 hours after the first, proves the move; none before does."""
    moves = await known()
    seen = [
        (await moves.see(document(4, 3, 2), (status, TARGET), hours=hours)).moved_to
        for hours in (0, 24, 23, 1)
    ]

    assert seen == [None, None, None, TARGET]


async def test_p20_hourly_sightings_wait_for_the_two_days() -> None:
    """P20: many sightings in a short time are not enough."""
    moves = await known()
    seen = [(await moves.see(document(3, 2), (301, TARGET), hours=1)).moved_to for _ in range(49)]

    assert seen == [None] * 48 + [TARGET]


async def test_p20_two_sightings_are_not_enough() -> None:
    """P20: two days alone are not enough."""
    moves = await known()
    seen = [(await moves.see(document(3, 2), (301, TARGET), hours=hours)).moved_to for hours in (0, 60)]

    assert seen == [None, None]


@pytest.mark.parametrize("status", [302, 303, 307])
@pytest.mark.parametrize("place", [0, 1])
async def test_p20_a_temporary_hop_anywhere_proves_nothing(status: int, place: int) -> None:
    """P20: one temporary hop in the chain, and no number of sightings moves the feed."""
    moves = await known()
    hops = [(301, OTHER), (301, TARGET)]
    hops[place] = (status, hops[place][1])
    seen = [(await moves.see(document(3, 2), *hops, hours=24)).moved_to for _ in range(9)]

    assert seen == [None] * 9


async def test_p20_a_chain_of_permanent_hops_moves_to_its_end() -> None:
    """P20: where every hop is permanent, the last address counts."""
    moves = await known()
    seen = [(await moves.see(document(3), (301, OTHER), (308, TARGET), hours=24)).moved_to for _ in range(3)]

    assert seen == [None, None, TARGET]


async def test_p20_a_target_that_is_no_feed_counts_nothing_and_resets_nothing() -> None:
    """P20: a maintenance page in between neither proves nor disproves."""
    moves = await known()
    await moves.see(document(3), (301, TARGET))
    with pytest.raises(DocumentRefused):
        await moves.see(b"<html><p>Back soon</html>", (301, TARGET), hours=24)
    await moves.see(document(4, 3), (301, TARGET), hours=12)
    page = await moves.see(document(5, 4), (301, TARGET), hours=12)

    assert page.moved_to == TARGET


async def test_p20_another_feed_never_proves_a_move() -> None:
    """P20: what the redirect shows now must hang together with what the configured address showed, not with itself."""
    moves = await known()
    seen = [
        (await moves.see(document(90 + number, 91 + number), (301, TARGET), hours=24)).moved_to
        for number in range(9)
    ]
    again = [(await moves.see(document(98, 99), (301, TARGET), hours=24)).moved_to for _ in range(9)]

    assert seen + again == [None] * 18


async def test_p20_another_feed_in_between_resets_nothing() -> None:
    """P20: a sighting without overlap counts nothing; the next one with it goes on counting."""
    moves = await known()
    await moves.see(document(4, 3), (301, TARGET))
    await moves.see(document(91, 90), (301, TARGET), hours=24)
    await moves.see(document(5, 4), (301, TARGET), hours=12)
    page = await moves.see(document(5, 4), (301, TARGET), hours=12)

    assert page.moved_to == TARGET


async def test_p20_a_different_target_begins_anew() -> None:
    """P20: sightings of one address say nothing about another."""
    moves = await known()
    for _ in range(2):
        await moves.see(document(3), (301, TARGET), hours=24)
    seen = [(await moves.see(document(3), (301, OTHER), hours=24)).moved_to for _ in range(3)]

    assert seen == [None, None, OTHER]


async def test_p20_the_old_address_at_work_again_begins_anew() -> None:
    """P20: where the configured address answers itself, it has not moved."""
    moves = await known()
    for _ in range(2):
        await moves.see(document(3), (301, TARGET), hours=24)
    await moves.see(document(4, 3), hours=1)
    seen = [(await moves.see(document(4), (301, TARGET), hours=24)).moved_to for _ in range(3)]

    assert seen == [None, None, TARGET]


async def test_p20_a_feed_configured_at_a_redirect() -> None:
    """P20: where the first reading came through the redirect already, what it showed is what must be shown again."""
    moves = Moves()
    seen = [(await moves.see(document(3, 2), (301, TARGET), hours=24)).moved_to for _ in range(4)]

    assert seen == [None, None, None, TARGET]


async def test_p20_an_empty_feed_proves_nothing() -> None:
    """P20: no identities, no overlap."""
    moves = Moves()
    seen = [(await moves.see(document(), (301, TARGET), hours=24)).moved_to for _ in range(9)]

    assert seen == [None] * 9


@pytest.mark.parametrize(
    ("address", "target", "at_once"),
    [
        (HTTP, HTTPS, True),
        ("http://river.example", "https://river.example/", True),
        ("http://river.example:80/f", "https://river.example:443/f", True),
        (HTTP, "https://www.river.example/feed?x=1", False),
        (HTTP, "https://river.example/feed", False),
        (HTTP, "https://river.example/feed/?x=1", False),
        ("http://river.example:8080/f", "https://river.example:8443/f", False),
        (HTTPS, "https://river.example/feed?x=2", False),
    ],
)
async def test_p20_https_of_the_same_address_at_once(address: str, target: str, at_once: bool) -> None:
    """P20: http to https of the same host, path and query is believed after one good answer, and nothing else is."""
    moves = Moves(Reading(address=address))
    page = await moves.see(document(1), (301, target))

    assert page.moved_to == (target if at_once else None)


async def test_p20_https_by_a_temporary_hop_never() -> None:
    """P20: a temporary redirect to https stays temporary."""
    moves = Moves(Reading(address=HTTP))

    assert (await moves.see(document(1), (302, HTTPS))).moved_to is None


@pytest.mark.parametrize("target", ["https://new.example/" + "x" * 2000, "https://u:p@new.example/"])
async def test_p20_an_address_nobody_would_configure(target: str) -> None:
    """P20: a target that could not stand in a configuration is no move, and is not remembered."""
    moves = await known()
    seen = [(await moves.see(document(3), (301, target), hours=24)).moved_to for _ in range(4)]

    assert seen == [None] * 4
    assert b"new.example" not in bytes(moves.reading.cursor or b"")


async def test_p20_proof_survives_a_restart() -> None:
    """P20: sightings are counted in the cursor."""
    moves = await known()
    for _ in range(2):
        await moves.see(document(3), (301, TARGET), hours=24)
        moves.reading.restart()
    page = await moves.see(document(3), (301, TARGET), hours=24)

    assert page.moved_to == TARGET


async def test_p20_after_the_move_identities_stay_and_validators_do_not() -> None:
    """P20: the core builds the new configuration; the same cursor goes on there without validators and repeats nothing."""
    one = Reading(answer(document(2, 1), headers={"etag": '"1"'}), answer(document(3, 2), address=TARGET))
    before = await one.fetch()
    config = SPEC.relocated(one.config, TARGET) if SPEC.relocated else None
    assert config is not None
    one.restart(address=config.address, first_address=config.first_address)
    after = await one.fetch()

    assert config.scope == ADDRESS
    assert natives(before.items) == ["2", "1"]
    assert natives(after.items) == ["3", "2"]
    assert isinstance(before.items[0], Post)
    assert isinstance(after.items[1], Post)
    assert before.items[0].native == after.items[1].native
    assert one.conditions == [(None, None), (None, None)]


async def test_p20_the_cursor_names_the_target_and_forgets_it() -> None:
    """P20: while it is being proved the target stands in the cursor; at the new address it does not any more."""
    moves = await known()
    await moves.see(document(3), (301, TARGET))
    stored = moves.reading.cursor
    assert stored is not None
    at_target = decode_cursor(Cursor(bytes(stored)), address=TARGET)

    assert bytes(stored).count(b"new.example") == 1
    assert at_target is not None
    assert at_target.move == b""
