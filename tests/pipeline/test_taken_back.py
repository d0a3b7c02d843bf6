"""
A post that was let through once and would not be today: the shipped queue and gate, on virtual time, across a restart.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest
from msgspec.structs import replace

from listener.adapter import Cursor, Freshness, Page
from listener.events import Consent, Post, PostKey
from listener.hear.intake import Intake
from listener.hear.keeping import Keeper
from listener.queues.sqlite import open_sqlite
from listener.testing.queue_contract import until_erased
from tests.unit.hear.test_intake import KEYS, House, Script

pytestmark = pytest.mark.anyio

FRESH = Freshness(has_validators=True)
SAID = "snow said-before on the road"


def one(text: str = SAID, consent: Consent | None = None) -> Post:
    return Post(native="n", aliases=("a",), kind="post", text=text, consent=consent or Consent())


def limited(*flags: str, public: bool = True) -> Consent:
    return Consent(public=public, flags=frozenset(flags))


async def house_on(folder: Path, clock_of: House | None = None) -> House:
    """A house around the shipped queue."""
    house = House()
    if clock_of is not None:
        house.clock = clock_of.clock
    queue = await open_sqlite(folder / "queue.sqlite", fingerprints=KEYS.fingerprints, clock=house.clock)
    for room in (house.keeper, house.intake):
        assert isinstance(room, Keeper | Intake)
        room._queue, room._clock = queue, house.clock
    house.queue = queue  # type: ignore[assignment]
    return house


async def read_up_to(house: House, name: str, cursor: bytes) -> None:
    """Time goes on until a page is durable; the queue has a thread of its own, for which virtual time does not wait."""
    for _ in range(1000):
        stored = await house.queue.source_state(name)
        if stored is not None and stored.cursor == cursor:
            return
        await house.clock.advance(60)
        await anyio.sleep(0.002)
    raise AssertionError(f"{cursor!r} is not durable")


async def told(house: House) -> list[dict[str, Any]]:
    return [orjson.loads(entry.line) for entry in (await house.queue.read(None)).entries]


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


@pytest.mark.parametrize(
    ("now_is", "reason"),
    [
        (one("rain now-says"), "watch_removed"),
        (one(consent=limited(public=False)), "withdrawn"),
        (one(consent=limited("noindex")), "withdrawn"),
        (one(consent=limited("limited")), "withdrawn"),
        (one(consent=limited("no_unauthenticated")), "withdrawn"),
        (replace(one(consent=limited("nobot")), native="a", aliases=("n",)), "withdrawn"),
    ],
)
async def test_its_old_words_leave_the_disk_and_it_may_come_back(
    tmp_path: Path, now_is: Post, reason: str
) -> None:
    """One removal with its reason, no byte of the old words in any file; let through again, it is told as new."""
    house = await house_on(tmp_path)
    reads = Script(
        house.clock,
        Page((one(),), Cursor(b"one"), freshness=FRESH),
        Page((now_is,), Cursor(b"two"), freshness=FRESH),
        Page((now_is,), Cursor(b"three"), freshness=FRESH),
        Page((one(),), Cursor(b"four"), freshness=FRESH),
    )
    async with house.running(house.source("blog", reads)):
        await read_up_to(house, "blog", b"one")
    before = on_disk(tmp_path)
    await house.queue.aclose()
    again = await house_on(tmp_path, house)
    async with again.running(again.source("blog", reads)):
        await read_up_to(again, "blog", b"three")
        (removal,) = await told(again)
        stats = await again.queue.stats()
        await until_erased(again.queue, PostKey(removal["subject"]))
        after = on_disk(tmp_path)
        await read_up_to(again, "blog", b"four")
        (back,) = await told(again)
    await again.queue.aclose()

    assert (removal["type"], removal["data"]["reason"]) == ("listener.post.removed", reason)
    assert (b"said-before" in before, b"said-before" in after, stats.posts) == (True, False, 0)
    assert (back["type"], back["data"]["text"]) == ("listener.post.created", SAID)
    assert [line["taken_back"] for line in again.lines("page.walked")] == [{reason: 1}, {}, {}]


async def test_what_one_source_does_not_want_another_keeps(tmp_path: Path) -> None:
    """
    Two feeds lead to one article; the teaser of the one matches no watch, the text of the other does. It stays, however
    often both are read, and a refusal seen through either ends it.
    """
    house = await house_on(tmp_path)
    teaser = Post(native="planet-1", aliases=("https://blog.example/1",), kind="article", text="more …")
    whole = Post(native="blog-1", aliases=("https://blog.example/1",), kind="article", text=SAID)
    refused = replace(teaser, text=SAID, consent=limited("nobot"))

    def pages(*posts: Post) -> list[Page]:
        return [Page((each,), Cursor(b"%d" % number), freshness=FRESH) for number, each in enumerate(posts)]

    planet = Script(house.clock, *pages(teaser, teaser, teaser, teaser, refused))
    blog = Script(house.clock, *pages(whole, whole, whole))
    async with house.running(house.source("planet", planet), house.source("blog", blog)):
        await read_up_to(house, "blog", b"1")
        await read_up_to(house, "planet", b"3")
        kept = await told(house)
        await read_up_to(house, "planet", b"4")
        ended = await told(house)
    await house.queue.aclose()

    assert [(entry["type"], entry["id"][-2:]) for entry in kept] == [("listener.post.created", ".1")]
    assert [(entry["type"], entry["data"]["reason"]) for entry in ended] == [
        ("listener.post.removed", "withdrawn")
    ]
