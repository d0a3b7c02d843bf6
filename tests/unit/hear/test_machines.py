"""Which machine is behind a name, for spacing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import anyio
import pytest

from listener.adapter import Reach
from listener.hear.machines import Machines
from listener.hear.pace import Pace
from listener.hear.reader import ReaderLimits, Web
from listener.testing.virtual_clock import VirtualClock
from tests.fakes.loopback import LOOPBACK, Resolver, answer, loopback

pytestmark = pytest.mark.anyio


class Silent:
    """A resolver that never answers."""

    async def resolve(self, host: str, port: int = 0) -> Sequence[Mapping[str, Any]]:
        await anyio.sleep_forever()
        raise AssertionError


async def test_the_least_of_several_addresses_stands_for_all() -> None:
    """In whatever order they come; a name that does not resolve is behind no machine."""
    known: dict[str, Sequence[Sequence[str]]] = {
        "a.example": [["198.51.100.7", "198.51.100.3"]],
        "b.example": [["198.51.100.3"]],
    }
    machines = Machines(Resolver(known), most_s=5)

    assert [await machines.place(host) for host in ("a.example", "b.example", "c.example")] == [
        "@198.51.100.3",
        "@198.51.100.3",
        None,
    ]


async def test_a_resolver_that_does_not_answer_is_not_waited_for() -> None:
    """The request itself will find out."""
    assert await Machines(Silent(), most_s=0.01).place("a.example") is None


async def test_the_systems_resolver_is_asked_where_no_other_is_given() -> None:
    """An address is behind itself."""
    assert await Machines(None, most_s=5).place("127.0.0.1") == "@127.0.0.1"


@pytest.mark.parametrize(("by_address", "waited_s"), [(False, 0.0), (True, 2.0)])
async def test_two_names_of_one_machine_wait_for_each_other_where_wanted(
    by_address: bool, waited_s: float
) -> None:
    """The second name's request starts two seconds after the first's; own hosts wait for nobody."""
    clock = VirtualClock()
    names: dict[str, Sequence[Sequence[str]]] = {
        name: [["127.0.0.1"]] for name in ("a.example", "b.example", "own.example")
    }
    web = Web(
        clock=clock,
        pace=Pace(2.0, frozenset({"own.example"})),
        user_agent="civic-listener/0",
        limits=ReaderLimits(deadline_s=5),
        allow=LOOPBACK,
        resolver=Resolver(names),
        by_address=by_address,
    )
    async with clock.autojump(), loopback(lambda asked: answer(204)) as server, web:
        for name in names:
            await web.reader("blog", (Reach(name),)).read(server.at("/feed", host=name))

    assert len(server.asked) == 3
    assert clock.monotonic() == waited_s
