"""
What becomes of a sealed link, over a queue: its post is there, was removed, has expired, was made elsewhere; and `find` and
`forget` by it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from listener.clock import Clock
from listener.control import FORGET_FOR, DaemonControl
from listener.events import Name, PostKey
from listener.gate.sealed import token_for
from listener.keys import KeyRing, Sealer, sealing_day
from listener.opening import Opener
from listener.status import Opened
from listener.telemetry import Telemetry
from listener.testing.virtual_clock import VirtualClock
from tests.fakes.daemon import name, post, put
from tests.fakes.memory_queue import MemoryQueue

pytestmark = pytest.mark.anyio

KEYS = KeyRing([b"current secret of some length", b"former secret of some length"])
TARGET = "https://social.example/@mira/1"


class House:
    """A queue with one post, and a token for it."""

    def __init__(self) -> None:
        self.queue, self.clock = MemoryQueue(), VirtualClock()
        self.opener = Opener(self.queue, KEYS, self.clock)
        self.asked: list[str] = []
        self.control = control(self.queue, self.clock, self.opener, self.asked)

    async def token(self, number: int = 1, target: str = TARGET) -> str:
        day = sealing_day(self.clock.now())
        sealer = Sealer(day, await self.queue.sealing_key(day))
        made = token_for(target, key=PostKey(name(number).hex()), sealer=sealer, keys=KEYS)
        assert made is not None
        return made


def control(queue: MemoryQueue, clock: Clock, opener: Opener, asked: list[str]) -> DaemonControl:
    async def nobody(*_: Any, **__: Any) -> Any:
        raise AssertionError("nobody asks for this")

    def names_for(link: str) -> tuple[Name, ...]:
        asked.append(link)
        return KEYS.names("feed", link)

    return DaemonControl(
        queue=queue,
        clock=clock,
        telemetry=Telemetry(),
        names_for=names_for,
        opener=opener,
        exporter=None,  # type: ignore[arg-type]  # nobody asks
        views=lambda names, *, reads: (),
        rechecks=nobody,
        budgets=nobody,
        poll=nobody,
        notice=lambda language, form: "",
        ready=lambda: None,  # type: ignore[arg-type,return-value]  # nobody asks
        reload=nobody,
    )


async def test_a_link_opens_while_its_post_is_here() -> None:
    """To its address, with the source the post came from."""
    house = House()
    await put(house.queue, post(1))

    found = await house.control.open_link(await house.token())

    assert found == Opened("opened", source="/feed/harbour-blog", target=TARGET)
    assert "mira" not in repr(found)


async def test_after_a_removal_the_post_is_gone() -> None:
    """However it was removed; and so is one that was never here."""
    house = House()
    await put(house.queue, post(1))
    token = await house.token()
    now = house.clock.now()
    await house.queue.forget([name(1)], reason="deleted", at=now, keys_until_at=now + FORGET_FOR)

    assert await house.opener.open(token) == Opened("gone")
    assert await house.opener.open(await house.token(2)) == Opened("gone")


async def test_after_its_time_a_link_has_ended() -> None:
    """From the instant at which the body ends, before and after it was taken away, and when the day's key is destroyed."""
    house = House()
    end = house.clock.now() + timedelta(hours=1)
    await put(house.queue, post(1, expirytime=end))
    token = await house.token()
    found = []
    for work in ("wait", "expire", "destroy"):
        if work == "wait":
            await house.clock.advance(3600)
        elif work == "expire":
            await house.queue.expire(house.clock.now())
        else:
            day = sealing_day(house.clock.now()) + timedelta(days=1)
            assert await house.queue.destroy_sealing_keys(before=day) == 1
        found.append(await house.opener.open(token))

    assert found == [Opened("ended", source="/feed/harbour-blog"), Opened("ended"), Opened("ended")]


async def test_what_was_not_given_out_here_is_unknown() -> None:
    """And no post is looked for."""
    house = House()
    await put(house.queue, post(1))
    day = sealing_day(house.clock.now())
    await house.queue.sealing_key(day)
    foreign = token_for(TARGET, key=PostKey(name(1).hex()), sealer=Sealer(day, b"x" * 32), keys=KEYS)
    house.queue.find = None  # type: ignore[assignment,method-assign]  # calling it would fail

    assert await house.opener.open(foreign or "") == Opened("unknown")
    assert await house.opener.open("nonsense") == Opened("unknown")


async def test_find_and_forget_take_a_sealed_link() -> None:
    """
    By whatever address this service is reached; looked up by its post's key and by what the address is called; forgotten
    for good.
    """
    house = House()
    await put(house.queue, post(1))
    token = await house.token()
    link = f"https://listen.example/open/{token}"

    (held,) = await house.control.find(link)
    forgot = await house.control.forget(f"http://127.0.0.1:8080/before/open/{token}?lang=fr")
    after = {found.key: found.state for found in await house.control.find(link)}

    assert (held.key, held.state) == (name(1).hex(), "live")
    assert forgot.keys == (name(1).hex(),)
    assert after == {
        name(1).hex(): "removed",
        **{each.hex(): "removed" for each in KEYS.names("feed", TARGET)},
    }
    assert await house.opener.open(token) == Opened("gone")
    assert house.asked == [TARGET] * 3


async def test_a_sealed_link_that_has_ended_is_an_address_like_any_other() -> None:
    """Nothing is found by it, and nothing breaks."""
    house = House()
    link = f"https://listen.example/open/{await house.token()}"
    await house.queue.destroy_sealing_keys(before=sealing_day(house.clock.now()) + timedelta(days=1))

    assert await house.control.find(link) == ()
    assert house.asked == [link]
