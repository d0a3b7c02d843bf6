"""
Events to items: who is looked up, who waits, what becomes of what is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.bluesky.hydrate import LookUp
from adapters.bluesky.memory import Revisions
from adapters.bluesky.pages import WAITING_MOST, YOUNG_S, Event, Pages
from adapters.bluesky.sieve import Sieve
from listener.adapter import Item, Reply
from listener.errors import SourceError, SourceUnavailable
from listener.events import Consent, Gap, Post, Rejected, Removal
from listener.testing.canned import Asked, CannedReader, EverythingInteresting
from tests.adapters.bluesky.frames import NOON_US, answer, asked_uris, commit, record, uri, view

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Clock:
    """Time that a test sets."""

    def __init__(self) -> None:
        self.elapsed_s = 30.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.elapsed_s)

    def monotonic(self) -> float:
        return self.elapsed_s

    async def sleep(self, delay_s: float) -> None:
        raise AssertionError("nothing here sleeps")


class Bench:
    """Pages over an AppView that shows some posts."""

    def __init__(
        self, *, hidden: set[int] | None = None, refuse: Callable[[Asked], SourceError | None] | None = None
    ) -> None:
        self.hidden = {uri(number) for number in hidden or set()}
        self.clock = Clock()
        self.durable = Revisions()
        self.refuse = refuse
        self.labels: tuple[str, ...] = ()
        self.reader = CannedReader(self._answer)
        self.pages = Pages(
            LookUp(self.reader, "https://appview.example"), self.clock, own=frozenset(), durable=self.durable
        )

    def _answer(self, asked: Asked) -> Reply | SourceError:
        error = None if self.refuse is None else self.refuse(asked)
        if error is not None:
            return error
        return answer(
            {
                "posts": [
                    view(name, labels=self.labels) for name in asked_uris(asked) if name not in self.hidden
                ]
            }
        )

    async def make(self, *frames: bytes) -> list[Item]:
        """The items of these frames; what they leave behind becomes durable."""
        events: list[Event] = [*Sieve(EverythingInteresting(), own=frozenset()).sift(frames).events]
        made = await self.pages.make(events)
        self.durable.add_all(each.mark for each in made if each.mark is not None)
        return [each.item for each in made if each.item is not None]


def natives(items: list[Item]) -> list[str]:
    return [item.native for item in items if isinstance(item, Post)]


async def test_matched_posts_are_looked_up_in_batches() -> None:
    """Sixty posts are three requests of at most 25, for these posts and nothing else."""
    bench = Bench()
    items = await bench.make(*(commit(number) for number in range(60)))

    assert natives(items) == [uri(number) for number in range(60)]
    assert [len(asked_uris(asked)) for asked in bench.reader.asked] == [25, 25, 10]
    assert {asked.address.partition("?")[0] for asked in bench.reader.asked} == {
        "https://appview.example/xrpc/app.bsky.feed.getPosts"
    }


async def test_nobody_is_looked_up_for_a_deletion() -> None:
    """Deletions are nobody's to ask about."""
    bench = Bench()

    assert await bench.make(commit(1, "delete")) == [Removal(uri(1), held_only=True)]
    assert bench.reader.asked == []


async def test_no_unauthenticated_comes_with_the_look_up() -> None:
    """The stream says nothing of it; the post carries the flag that the gate withholds for."""
    bench = Bench()
    bench.labels = ("!no-unauthenticated",)
    (post,) = await bench.make(commit(1))

    assert isinstance(post, Post)
    assert post.consent == Consent(flags=frozenset({"no_unauthenticated"}))


async def test_a_failed_look_up_leaves_consent_unreadable() -> None:
    """Every post is handed on as one whose author's wishes are not known, never as one without wishes."""
    bench = Bench(refuse=lambda asked: SourceUnavailable("no answer"))
    items = await bench.make(*(commit(number) for number in range(30)))

    assert [item.consent for item in items if isinstance(item, Post)] == [Consent(readable=False)] * 30
    assert len(bench.reader.asked) == 1
    assert not bench.durable.is_there(b"")


async def test_one_odd_name_in_a_batch_harms_no_other() -> None:
    """Where the AppView refuses a whole request, its halves are asked until the one is found; that one is told as a gap."""

    def refuse(asked: Asked) -> SourceError | None:
        return SourceUnavailable("InvalidRequest", status=400) if uri(3) in asked_uris(asked) else None

    items = await Bench(refuse=refuse).make(*(commit(number) for number in range(5)))

    assert natives(items) == [uri(number) for number in (0, 1, 2, 4)]
    assert [item for item in items if isinstance(item, Gap)] == [
        Gap(NOON + timedelta(seconds=3), NOON + timedelta(seconds=30), "consent_unreadable")
    ]


async def test_a_deletion_before_its_creation_in_one_page() -> None:
    """Out of order on the wire: of several versions the last counts, and the sieve's memory has dropped the older."""
    bench = Bench()
    items = await bench.make(commit(1), commit(2), commit(1, "delete"))

    assert items == [items[0], Removal(uri(1), held_only=True)]
    assert natives(items) == [uri(2)]


async def test_a_deletion_of_what_was_handed_on_bars_it() -> None:
    """What this process made durable is removed for good; of anything else only what is held is taken away."""
    bench = Bench()
    await bench.make(commit(1))

    assert await bench.make(commit(1, "delete"), commit(2, "delete")) == [
        Removal(uri(1)),
        Removal(uri(2), held_only=True),
    ]


async def test_a_change_that_nobody_asks_for_ends_what_is_held() -> None:
    """The old words go, without a look-up, and the post may come back with other words."""
    bench = Bench()
    sifted = Sieve(_Nothing(), own=frozenset()).sift([commit(1, "update", said=record("Rain"))])
    made = await bench.pages.make([*sifted.events])

    assert [each.item for each in made] == [Removal(uri(1), "watch_removed", held_only=True)]
    assert bench.reader.asked == []


class _Nothing(EverythingInteresting):
    def maybe(self, frame: bytes) -> bool:
        return False


async def test_the_last_version_of_a_page_is_handed_on() -> None:
    """A creation and its change in one page are one post, in its new words."""
    (post,) = await Bench().make(commit(1), commit(1, "update", said=record("Changed")))

    assert isinstance(post, Post)
    assert post.text == "Changed"


async def test_what_cannot_be_read_is_told_in_its_place() -> None:
    """Rejected frames are items."""
    assert await Bench().make(b"{") == [Rejected("unreadable_item")]


# ------------------------------------------------------------------------------------------------- not there


async def test_a_young_post_that_the_appview_does_not_know_yet_waits() -> None:
    """The stream is faster than the index: the post is asked for again, the cursor stays before it, the rest goes on."""
    bench = Bench(hidden={1})
    first = await bench.make(commit(1), commit(2))
    waits = (bench.pages.waits_since_us, bench.pages.retry_in_s())
    bench.hidden.clear()
    early = await bench.make()
    bench.clock.elapsed_s += 3
    late = await bench.make()

    assert [natives(items) for items in (first, early, late)] == [[uri(2)], [], [uri(1)]]
    assert waits == (NOON_US + 1_000_000, 3.0)
    assert (bench.pages.waits_since_us, bench.pages.retry_in_s()) == (None, None)


async def test_what_waits_is_asked_for_less_and_less_often() -> None:
    """3 s, 6 s, 12 s, at most a minute."""
    bench = Bench(hidden={1})
    await bench.make(commit(1))
    waits = []
    for _ in range(7):
        wait_s = bench.pages.retry_in_s()
        assert wait_s is not None
        waits.append(wait_s)
        bench.clock.elapsed_s += wait_s
        await bench.make()

    assert waits == [3.0, 6.0, 12.0, 24.0, 48.0, 60.0, 60.0]


async def test_a_post_that_the_appview_has_passed_is_gone() -> None:
    """It shows what came a minute later, and not this one: nobody is to see it."""
    bench = Bench(hidden={1})
    bench.clock.elapsed_s = 100
    await bench.make(commit(1), commit(90))
    bench.clock.elapsed_s += 3

    assert await bench.make() == []
    assert bench.pages.waits_since_us is None


async def test_a_post_waits_for_ten_minutes_at_most() -> None:
    """Where nothing newer shows that the AppView is up to date, its age decides."""
    bench = Bench(hidden={1})
    await bench.make(commit(1))
    bench.clock.elapsed_s = YOUNG_S + 2

    assert await bench.make() == []
    assert bench.pages.waits_since_us is None


async def test_an_old_post_that_is_not_there_is_gone_at_once() -> None:
    """In a replay of hours ago the AppView knows what there is to know; nothing waits, nothing is kept."""
    bench = Bench(hidden={1})
    bench.clock.elapsed_s = 7200

    assert await bench.make(commit(1)) == []
    assert bench.pages.waits_since_us is None


async def test_a_deletion_ends_the_waiting() -> None:
    """Deleted while it waited: it is never asked for again."""
    bench = Bench(hidden={1})
    await bench.make(commit(1))

    assert await bench.make(commit(1, "delete")) == [Removal(uri(1), held_only=True)]
    assert bench.pages.retry_in_s() is None


async def test_a_changed_post_that_is_not_there_ends_what_is_held() -> None:
    """A change of a post that nobody is shown any more takes the old words away as well."""
    bench = Bench(hidden={1})
    bench.clock.elapsed_s = 7200

    assert await bench.make(commit(1, "update")) == [Removal(uri(1), held_only=True)]


async def test_what_waits_is_bounded() -> None:
    """An AppView that shows nothing for long fills no memory: what finds no place is handed on as unreadable."""
    numbers = range(WAITING_MOST + 2)
    bench = Bench(hidden=set(numbers))
    items = await bench.make(*(commit(number, at_s=number / 100) for number in numbers))

    assert [item.consent.readable for item in items if isinstance(item, Post)] == [False, False]


# ---------------------------------------------------------------------------------------------- odd answers


@pytest.mark.parametrize(
    "body",
    [
        b"<html>403</html>",
        b"",
        b"{}",
        b'{"posts": 5}',
        b"[" * 50_000,
        b'{"posts": [5]}',
        b'{"posts": [{"uri": 5}]}',
    ],
)
async def test_an_answer_that_cannot_be_read_is_no_answer(body: bytes) -> None:
    """A page of HTML, another shape, a view without a name: nothing is known, and nobody is taken for gone."""
    reader = CannedReader([Reply(200, {}, body, "https://appview.example/")])
    standing, _ = await LookUp(reader, "https://appview.example").standing([uri(1)])

    assert standing.unread == {uri(1)}
    assert not standing.is_gone(uri(1))


async def test_a_view_that_cannot_be_read_harms_no_other(monkeypatch: Any) -> None:
    """Labels of another shape make the author's wishes unreadable, not absent."""
    odd = view(uri(1))
    odd["author"]["labels"] = {"val": "!no-unauthenticated"}
    foreign = view(uri(3))
    foreign["author"]["did"] = "did:plc:somebodyelse"
    reader = CannedReader([answer({"posts": [odd, view(uri(2)), foreign, view(uri(9))]})])
    standing, fault = await LookUp(reader, "https://appview.example").standing(
        [uri(1), uri(2), uri(3), uri(4)]
    )

    assert (set(standing.views), standing.unread, fault) == ({uri(2)}, {uri(1), uri(3)}, None)
    assert [number for number in range(1, 5) if standing.is_gone(uri(number))] == [4]
