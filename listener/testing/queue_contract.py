"""
The definition of a queue engine, as tests. Subclass `QueueContract`, give it an `Engine`, and pytest does the rest:

    class TestMyEngine(QueueContract):
        @pytest.fixture
        def engine(self, tmp_path: Path) -> Engine:
            return MyEngine(tmp_path)

It needs pytest and anyio's pytest plugin. Nothing in it knows how an engine stores things; that erased bytes are
gone is read from `Engine.stored_bytes`. All posts are made up here.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Protocol
from uuid import uuid4

import anyio
import anyio.lowlevel
import pytest

from listener.errors import LeaseLost, QueueUnavailable
from listener.events import (
    Cleared,
    Event,
    GapData,
    Name,
    Noted,
    PostCreated,
    PostData,
    PostKey,
    PostRemoved,
    PostUpdated,
    Provenance,
    Retraction,
    SourceGap,
    decode_event,
    key_of,
    removed,
    revised,
)
from listener.queues.base import (
    ALIASES_MOST,
    KEY_SLACK,
    MAX_ITEMS,
    AskCounts,
    Batch,
    Commit,
    Entry,
    Expired,
    Found,
    Item,
    Lease,
    Position,
    Queue,
    Resync,
    Scope,
    SourceState,
    TellErased,
    parts,
    tell_nobody,
)
from listener.testing.virtual_clock import START, VirtualClock

RETENTION: Final = timedelta(days=30)
LOOK_BACK: Final = timedelta(days=40)
SOURCE: Final = "blog"
GROUP: Final = "blog.example"
PRESENT: Final = ("5ec2e700", "01d5ec2e")
"""Fingerprints the suite opens an engine with, unless a test says otherwise."""

_PATIENCE_S: Final = 20.0


class Engine(Protocol):
    """
    What the suite needs of an engine under test; one per test, empty at first.
    """

    clock: VirtualClock

    async def open(
        self, fingerprints: tuple[str, ...] = PRESENT, *, tell_erased: TellErased = tell_nobody
    ) -> Queue:
        """
        The same queue each time, whatever was stored in it before.
        """
        ...

    async def stored_bytes(self) -> bytes:
        """
        Everything this engine has on disk, joined.
        """
        ...


# ---------------------------------------------------------------------------------------------------- builders


def name(native: str, *, under: str = "present") -> Name:
    """
    What the gate would call this identity, or alias, under a secret.
    """
    return Name(hashlib.sha256(f"{under}/{native}".encode()).digest()[:16])


def key(native: str, *, under: str = "present") -> PostKey:
    """
    Key of the post with this identity.
    """
    return key_of(name(native, under=under))


def cleared(
    native: str,
    text: str = "words",
    *,
    aliases: Sequence[str] = (),
    older_secrets: Sequence[str] = (),
    under: str = "present",
    seen_at: datetime = START,
    expires_at: datetime | None = None,
    emit: bool = True,
    ask: bytes | None = None,
    source: str = SOURCE,
    answers: str | None = None,
) -> Cleared:
    """
    A post as the gate hands it over.
    """
    strings = (native, *aliases)
    subject = key(native, under=under)
    event = PostCreated(
        id=f"{subject}.1",
        source=f"/feed/{source}",
        subject=subject,
        time=seen_at,
        expirytime=expires_at or seen_at + RETENTION,
        data=PostData(
            network="feed",
            kind="article",
            text=text,
            title=None,
            lang="en",
            watches=("city",),
            hashtags=(),
            link=None,
            in_reply_to=None if answers is None else key(answers),
            by_us=False,
            addressed=False,
            open_to_reply="unknown",
            observed_at=seen_at,
            masked={},
        ),
    )
    return Cleared(
        event=event,
        provenance=Provenance(
            names=tuple(name(string, under=under) for string in strings),
            former=tuple(name(string, under=old) for string in strings for old in older_secrets),
            sealed_ask=ask,
        ),
        digest=hashlib.sha256(text.encode()).digest()[:16],
        emit=emit,
    )


def retraction(native: str, *, older_secrets: Sequence[str] = (), at: datetime = START) -> Retraction:
    """
    A removal as the gate hands it over.
    """
    names = (name(native), *(name(native, under=old) for old in older_secrets))
    return Retraction(names=names, reason="deleted", source=f"/feed/{SOURCE}", network="feed", observed_at=at)


def withdrawal(native: str, *, at: datetime = START) -> Retraction:
    """
    What the gate says of a post that it would not let through today.
    """
    return replace(retraction(native, at=at), reason="withdrawn", held_only=True)


def gap(number: int, *, expires_at: datetime | None = None) -> Noted:
    """
    A note about a source.
    """
    return Noted(
        SourceGap(
            id=f"gap.{SOURCE}.{number}",
            source=f"/feed/{SOURCE}",
            subject=SOURCE,
            time=START,
            expirytime=expires_at,
            data=GapData(network="feed", start_at=None, end_at=START, cause="outage", suspected=True),
        )
    )


def page(
    lease: Lease,
    *items: Item,
    source: str = SOURCE,
    cursor: bytes = b"cursor",
    at: datetime = START,
    keys_until_at: datetime | None = None,
    commit_id: str | None = None,
) -> Commit:
    """
    A commit of these items.
    """
    return Commit(
        commit_id=commit_id or uuid4().hex,
        source=source,
        items=items,
        state=SourceState(cursor, at + timedelta(minutes=10), b"memo"),
        states={},
        lease=lease,
        at=at,
        keys_until_at=keys_until_at or at + LOOK_BACK,
    )


def events(batch: Batch) -> list[Event]:
    """
    What a consumer reads in a batch.
    """
    return [decode_event(entry.line) for entry in batch.entries]


def texts(batch: Batch) -> list[str | None]:
    """
    The words in a batch; None for a removal.
    """
    return [
        event.data.text if isinstance(event, PostCreated | PostUpdated) else None for event in events(batch)
    ]


def parents(batch: Batch) -> list[str | None]:
    """
    What each post in a batch answers.
    """
    return [event.data.in_reply_to for event in events(batch) if isinstance(event, PostCreated | PostUpdated)]


async def until_erased(queue: Queue, gone: PostKey) -> None:
    """
    `erased` says so; fails where it never does.
    """
    with anyio.fail_after(_PATIENCE_S):
        while not await queue.erased(gone):  # noqa: ASYNC110 an engine may be asked, it does not tell
            await anyio.sleep(0.005)


@dataclass(frozen=True, slots=True)
class Room:
    """
    An open queue and a lease of it.
    """

    queue: Queue
    lease: Lease

    async def commit(
        self,
        *items: Item,
        at: datetime = START,
        keys_until_at: datetime | None = None,
        asked: Sequence[str] = (),
    ) -> tuple[str, ...]:
        """
        Outcomes of a fresh page, after which these posts were asked about.
        """
        commit = page(self.lease, *items, at=at, keys_until_at=keys_until_at)
        return await self.queue.commit(replace(commit, asked=tuple(map(key, asked))))

    async def asks(
        self, *, before: datetime = START + RETENTION, limit: int = 100, source: str = SOURCE
    ) -> list[tuple[PostKey, bytes, timedelta]]:
        """
        Posts to ask about: key, ask, and when they were asked about last, counted from the start.
        """
        found = await self.queue.asks(f"/feed/{source}", asked_before=before, limit=limit)
        return [(each.key, each.sealed_ask, each.at - START) for each in found]


@asynccontextmanager
async def opened(engine: Engine, *, ttl_s: float = 10_000_000) -> AsyncIterator[Room]:
    """
    The engine's queue with a lease that outlasts the test.
    """
    queue = await engine.open()
    try:
        lease = await queue.lease(GROUP, "node-1", ttl_s=ttl_s, now=START)
        assert lease is not None
        yield Room(queue, lease)
    finally:
        await queue.aclose()


# ----------------------------------------------------------------------------------------------------- the suite


@pytest.mark.anyio
class IdentityContract:
    """
    By which names a post is known again. `g` is what a feed states as an id, `L` the link as a name inside the feed, `u`
    the same as a public address; which of them comes first depends on what the feed shows on that day.
    """

    async def test_keyed_by_id_later_by_link(self, engine: Engine) -> None:
        """
        A post whose id is not believed any more is found by its link, across restarts, and keeps its key.
        """
        async with opened(engine) as room:
            await room.commit(cleared("g", "a", aliases=["u", "L"]))
        async with opened(engine) as room:
            outcomes = [
                await room.commit(cleared("L", "a", aliases=["u"])),
                await room.commit(cleared("L", "b", aliases=["u"])),
                await room.commit(cleared("g", "b", aliases=["u", "L"])),
            ]
            (event,) = events(await room.queue.read(None))
            found = [[post.key for post in await room.queue.find([name(each)])] for each in "guL"]

        assert outcomes == [("repeat",), ("updated",), ("repeat",)]
        assert (event.id, event.subject) == (f"{key('g')}.2", key("g"))
        assert found == [[key("g")]] * 3

    async def test_keyed_by_link_later_by_id(self, engine: Engine) -> None:
        """
        A post that is stated with an id at last keeps the key it has from its link, and goes by the id too.
        """
        async with opened(engine) as room:
            await room.commit(cleared("L", "a", aliases=["u"]))
        async with opened(engine) as room:
            outcomes = [
                await room.commit(cleared("g", "a", aliases=["u", "L"])),
                await room.commit(cleared("L", "a", aliases=["u"])),
                await room.commit(cleared("g", "b", aliases=["u", "L"])),
                await room.commit(retraction("g")),
            ]
            (event,) = events(await room.queue.read(None))

        assert outcomes == [("repeat",), ("repeat",), ("updated",), ("removed",)]
        assert (event.id, event.subject) == (f"{key('L')}.3", key("L"))

    async def test_names_of_one_page(self, engine: Engine) -> None:
        """
        The same where both readings stand in one page, in either order.
        """
        async with opened(engine) as room:
            outcomes = await room.commit(
                cleared("g1", "a", aliases=["u1", "L1"]),
                cleared("L1", "b", aliases=["u1"]),
                cleared("L2", "a", aliases=["u2"]),
                cleared("g2", "b", aliases=["u2", "L2"]),
            )
            held = [(event.subject, event.id) for event in events(await room.queue.read(None))]

        assert outcomes == ("created", "updated", "created", "updated")
        assert held == [(key("g1"), f"{key('g1')}.2"), (key("L2"), f"{key('L2')}.2")]

    async def test_a_clone_does_not_take_the_place_of_the_first(self, engine: Engine) -> None:
        """
        A second post with the id of a first one: both are keyed by what tells them apart, and alone it is itself again.
        """
        first, clone = cleared("L1", "one", aliases=["u1"]), cleared("L2", "two", aliases=["u2"])
        async with opened(engine) as room:
            await room.commit(cleared("g", "one", aliases=["u1", "L1"]))
            both = await room.commit(clone, first)
            alone = await room.commit(cleared("g", "two", aliases=["u2", "L2"]))
            batch = await room.queue.read(None)

        assert (both, alone) == (("created", "repeat"), ("repeat",))
        assert [(event.subject, text) for event, text in zip(events(batch), texts(batch), strict=True)] == [
            (key("g"), "one"),
            (key("L2"), "two"),
        ]

    async def test_two_posts_that_lead_to_one_address(self, engine: Engine) -> None:
        """
        A blog of links: what two posts share is the name of neither, not even of a third that has it as its identity.
        """
        async with opened(engine) as room:
            outcomes = await room.commit(cleared("g1", "a", aliases=["E"]), cleared("g2", "b", aliases=["E"]))
            again = await room.commit(
                cleared("g1", "a", aliases=["E"]), cleared("g2", "b", aliases=["E"]), cleared("E", "c")
            )

        assert (outcomes, again) == (("created", "created"), ("repeat", "repeat", "created"))

    async def test_a_name_in_another_source(self, engine: Engine) -> None:
        """
        An alias leads to a post of its own source alone, and so does a later name that is the key of another post.
        """
        async with opened(engine) as room:
            await room.commit(cleared("g", "a", aliases=["u"]), cleared("E", "b"))
            outcomes = await room.commit(
                cleared("u", "c", source="other"), cleared("h", "d", aliases=["E"], source="other")
            )
            subjects = [event.subject for event in events(await room.queue.read(None))]

        assert outcomes == ("created", "created")
        assert subjects == [key(native) for native in ("g", "E", "u", "h")]

    async def test_a_removed_name_refuses(self, engine: Engine) -> None:
        """
        Whatever else it goes by: a post with any name that was forgotten is refused before it is looked for.
        """
        async with opened(engine) as room:
            await room.commit(cleared("L", "a", aliases=["u"]))
            await room.queue.forget(
                [name("g")], reason="forgotten", at=START, keys_until_at=START + LOOK_BACK
            )
            outcomes = await room.commit(cleared("g", "b", aliases=["u", "L"]))
            held = texts(await room.queue.read(None))

        assert (outcomes, held) == (("refused",), ["a"])

    @pytest.mark.parametrize("how", ["seen", "expired"])
    async def test_names_of_a_post_without_a_body(self, engine: Engine, how: str) -> None:
        """
        Its key still answers to any item that has it among its names; its aliases are gone with the body.
        """
        later = START + RETENTION
        emit = how == "expired"
        async with opened(engine) as room:
            await room.commit(
                cleared("L1", "a", aliases=["u1"], emit=emit),
                cleared("g2", "b", aliases=["u2", "L2"], emit=emit),
            )
            await room.queue.expire(later)
            states = [post.state for post in await room.queue.find([name("L1"), name("g2")])]
            outcomes = await room.commit(
                cleared("g1", "c", aliases=["u1", "L1"]),  # its key is a later name
                cleared("g2", "c", aliases=["u2", "L2"]),  # its key is the first
                cleared("L2", "c", aliases=["u2"], emit=False),  # its key is not told
                at=later,
            )

        assert states == [how, how]
        assert outcomes == ("repeat", "repeat", "seen")

    async def test_an_answer_names_its_parents_key(self, engine: Engine) -> None:
        """
        What it answers was told by an alias: in the page of the parent or later, as new or as an edit.
        """
        async with opened(engine) as room:
            first = await room.commit(
                cleared("c1", answers="u"), cleared("g", aliases=["u"]), cleared("c2", answers="u")
            )
            again = await room.commit(cleared("c1", answers="u"), cleared("c2", answers="u"))
            later = await room.commit(cleared("c3", answers="u"), cleared("c1", "b", answers="u"))
            told = parents(await room.queue.read(None))

        assert (first, again, later) == (("created",) * 3, ("repeat", "repeat"), ("created", "updated"))
        assert told == [None, key("g"), key("g"), key("g")]

    async def test_an_answer_that_came_first(self, engine: Engine) -> None:
        """
        Without its parent an answer keeps the hash of the name that was used, and the parent makes it no edit.
        """
        async with opened(engine) as room:
            await room.commit(cleared("c1", answers="u"))
            outcomes = await room.commit(cleared("g", aliases=["u"]), cleared("c1", answers="u"))
            told = parents(await room.queue.read(None))

        assert (outcomes, told) == (("created", "repeat"), [key("u"), None])

    async def test_an_answer_to_what_is_not_one_live_post(self, engine: Engine) -> None:
        """
        A key stays as it is, and so do an alias of two posts, of a removed one, and of the answer itself.
        """
        async with opened(engine) as room:
            await room.commit(cleared("k"), cleared("g1", aliases=["E"]), cleared("g2", aliases=["E"]))
            await room.commit(cleared("gone", aliases=["old"]), retraction("gone"))
            await room.commit(*[cleared(f"c-{native}", answers=native) for native in ("k", "E", "old")])
            await room.commit(cleared("x", aliases=["mine"]))
            await room.commit(cleared("x", "b", aliases=["mine"], answers="mine"))
            told = parents(await room.queue.read(None))

        assert told[3:] == [key("k"), key("E"), key("old"), key("mine")]


HOUR: Final = timedelta(hours=1)


def askable(
    native: str, text: str = "words", *, aliases: Sequence[str] = (), source: str = SOURCE
) -> Cleared:
    """
    A post that its source can be asked about.
    """
    return cleared(native, text, ask=f"ASK.{native}.{text}".encode(), aliases=aliases, source=source)


@pytest.mark.anyio
class RecheckContract:
    """
    What a queue offers so that a source can be asked again about what it does not announce.
    """

    async def test_the_longest_unasked_comes_first(self, engine: Engine) -> None:
        """
        Posts of one source that can be asked about, by the time they were committed; others are left out, and an instant
        and a number bound the answer.
        """
        async with opened(engine) as room:
            await room.commit(askable("b"), cleared("cannot be asked"), at=START + HOUR)
            await room.commit(askable("elsewhere", source="other"))
            await room.commit(askable("a"))
        async with opened(engine) as room:
            every = await room.asks()
            first = await room.asks(limit=1)
            before = await room.asks(before=START + HOUR)
            elsewhere = await room.asks(source="other")

        a, b = (key("a"), b"ASK.a.words", 0 * HOUR), (key("b"), b"ASK.b.words", HOUR)
        assert (every, first, before) == ([a, b], [a], [a])
        assert elsewhere == [(key("elsewhere"), b"ASK.elsewhere.words", 0 * HOUR)]

    async def test_asked_now_is_durable_with_the_page(self, engine: Engine) -> None:
        """
        A page says which posts were asked about: they go to the end of the line, and what they say stays as it is; an edit
        in the page goes there by itself, a repeat does not, and what is not live is passed over.
        """
        async with opened(engine) as room:
            await room.commit(*(askable(each) for each in "abcde"), retraction("e"))
            before = await room.queue.read(None)
            outcomes = await room.commit(
                askable("b", "edited"), askable("c"), retraction("d"),
                asked=["a", "b", "d", "e", "never seen"], at=START + 2 * HOUR,
            )  # fmt: skip
        async with opened(engine) as room:
            every = await room.asks()
            after = await room.queue.read(None)

        assert outcomes == ("updated", "repeat", "removed")
        assert every == [
            (key("c"), b"ASK.c.words", 0 * HOUR),
            (key("a"), b"ASK.a.words", 2 * HOUR),
            (key("b"), b"ASK.b.edited", 2 * HOUR),
        ]
        assert [entry for entry in before.entries if entry in after.entries] == [
            before.entries[0],
            before.entries[2],
            before.entries[4],
        ]

    async def test_asking_counts(self, engine: Engine) -> None:
        """
        How many can be asked about, how many are overdue, and how long the first has waited; an end of a body ends both.
        """
        async with opened(engine) as room:
            await room.commit(askable("a"), askable("b"), cleared("cannot be asked"))
            await room.commit(askable("c"), at=START + HOUR)
            counts = await room.queue.count_asks(f"/feed/{SOURCE}", asked_before=START + HOUR)
            await room.commit(asked=["a", "b"], at=START + 2 * HOUR)
            later = await room.queue.count_asks(f"/feed/{SOURCE}", asked_before=START + HOUR)
            await room.queue.expire(START + RETENTION)
            ended = await room.queue.count_asks(f"/feed/{SOURCE}", asked_before=START + RETENTION)

        assert counts == AskCounts(stored=3, overdue=2, oldest_at=START)
        assert later == AskCounts(stored=3, overdue=0, oldest_at=START + HOUR)
        assert ended == AskCounts(stored=0, overdue=0, oldest_at=None)

    async def test_an_ask_goes_with_its_body(self, engine: Engine) -> None:
        """
        No file holds the ask of a post that was removed, or the former ask of one that was edited, and no reader ever sees one.
        """
        async with opened(engine) as room:
            await room.commit(askable("a"), askable("b"))
            lines = b"".join(entry.line for entry in (await room.queue.read(None)).entries)
            await room.commit(retraction("a"), askable("b", "edited"), asked=["b"])
            await until_erased(room.queue, key("a"))
            await until_erased(room.queue, key("b"))
            stored = await engine.stored_bytes()

        assert (b"ASK." in lines, b"ASK.a." in stored, b"ASK.b.words" in stored) == (False, False, False)

    async def test_an_answer_that_was_overtaken_changes_nothing(self, engine: Engine) -> None:
        """
        While a source is asked about three posts, one is edited and one is taken away: what it answers of these is older
        than what is known, and neither brings words back nor tells a post as new; the third is updated.
        """
        async with opened(engine) as room:
            await room.commit(askable("a"), askable("b"), askable("c"))
            sent = {post: sealed for post, sealed, _ in await room.asks()}
            await room.commit(askable("a", "edited"), withdrawal("b"))
            late = page(room.lease, *(askable(native, "as asked") for native in "abc"))
            outcomes = await room.queue.commit(replace(late, answers=sent))
            told = events(await room.queue.read(None))
            await until_erased(room.queue, key("b"))
            stored = await engine.stored_bytes()

        assert outcomes == ("repeat", "repeat", "updated")
        assert [getattr(event.data, "text", type(event)) for event in told] == [
            "edited",
            PostRemoved,
            "as asked",
        ]
        assert b"ASK.a.as asked" not in stored

    # ------------------------------------------------------------------------------------- taken away if held

    async def test_what_is_held_is_withdrawn(self, engine: Engine) -> None:
        """
        A withdrawal takes the post away with one removal, by any of its names; said again it says nothing.
        """
        async with opened(engine) as room:
            await room.commit(askable("a", aliases=["a2"]))
            outcomes = [await room.commit(withdrawal("a2")), await room.commit(withdrawal("a"))]
            await until_erased(room.queue, key("a"))
            (event,) = events(await room.queue.read(None))
            (found,) = await room.queue.find([name("a")])
            stored = await engine.stored_bytes()

        assert outcomes == [("removed",), ("repeat",)]
        assert isinstance(event, PostRemoved)
        assert (event.id, event.data.reason, found.state) == (f"{key('a')}.2", "withdrawn", "removed")
        assert b"ASK.a" not in stored

    async def test_what_is_not_held_is_not_withdrawn(self, engine: Engine) -> None:
        """
        A withdrawal of what was never seen, has ended or was too old writes nothing and refuses nothing.
        """
        async with opened(engine) as room:
            await room.commit(cleared("ended"), cleared("old", emit=False))
            await room.queue.expire(START + RETENTION)
            before = await room.queue.stats()
            withdrawn = await room.commit(*(withdrawal(each) for each in ("never", "ended", "old")))
            after = await room.queue.stats()
            seen = await room.commit(cleared("never"), cleared("ended"), cleared("old"))

        assert withdrawn == ("repeat", "repeat", "repeat")
        assert (after.newest, after.posts, after.keys) == (before.newest, before.posts, before.keys)
        assert seen == ("created", "repeat", "repeat")

    async def test_what_was_withdrawn_comes_back(self, engine: Engine) -> None:
        """
        A post that was only withdrawn and is let through again is told as new under its next revision, by whichever of its
        names, across a restart; then it is a post like any other.
        """
        async with opened(engine) as room:
            await room.commit(askable("a", "said", aliases=["a2"]), withdrawal("a"))
        async with opened(engine) as room:
            outcomes = [
                await room.commit(askable("a", "said", aliases=["a2"]), at=START + HOUR),
                await room.commit(askable("a", "said", aliases=["a2"])),
            ]
            (event,) = events(await room.queue.read(None))
            stats = await room.queue.stats()
            asks = await room.asks()
            outcomes.append(await room.commit(askable("a", "edited")))
            outcomes.append(await room.commit(retraction("a2")))
            (last,) = events(await room.queue.read(None))

        assert outcomes == [("created",), ("repeat",), ("updated",), ("removed",)]
        assert isinstance(event, PostCreated)
        assert (event.id, event.data.text) == (f"{key('a')}.3", "said")
        assert (stats.posts, stats.keys) == (1, 0)
        assert asks == [(key("a"), b"ASK.a.said", HOUR)]
        assert last.id == f"{key('a')}.5"

    async def test_older_words_do_not_come_back(self, engine: Engine) -> None:
        """
        Words that a network dates before those held are a repeat, whoever shows them and across a restart; newer ones,
        and those of a post that was never edited, are told.
        """
        first, second, third = (
            replace(cleared("a", text), edited_at=None if hours is None else START + hours * HOUR)
            for text, hours in (("said", None), ("edited", 2), ("edited again", 3))
        )
        async with opened(engine) as room:
            outcomes = [
                await room.commit(
                    first, second, replace(first, event=cleared("a", "said", source="other").event)
                )
            ]
        async with opened(engine) as room:
            outcomes.append(await room.commit(first, third, second, first))
            (event,) = events(await room.queue.read(None))

        assert outcomes == [("created", "updated", "repeat"), ("repeat", "updated", "repeat", "repeat")]
        assert isinstance(event, PostUpdated)
        assert event.data.text == "edited again"

    async def test_a_no_is_lifted_only_where_it_was_said(self, engine: Engine) -> None:
        """
        What one source took back because somebody said no stays away while another goes on showing it, across a restart
        and within a page; the source that said no may bring it back. That no watch asked for it binds nobody.
        """
        elsewhere = cleared("a", source="other")
        async with opened(engine) as room:
            outcomes = [await room.commit(elsewhere, withdrawal("a"), elsewhere)]
        async with opened(engine) as room:
            outcomes.append(await room.commit(elsewhere))
            shown = [type(event) for event in events(await room.queue.read(None))]
            outcomes.append(await room.commit(cleared("a"), replace(withdrawal("a"), reason="watch_removed")))
            outcomes.append(await room.commit(elsewhere))

        assert outcomes == [
            ("created", "removed", "refused"),
            ("refused",),
            ("created", "removed"),
            ("created",),
        ]
        assert shown == [PostRemoved]

    async def test_what_no_watch_asks_for_in_one_source(self, engine: Engine) -> None:
        """
        A post that no watch asks for any more in its source goes; what another source brought under that name stays.
        """
        unasked = replace(withdrawal("u"), reason="watch_removed")
        async with opened(engine) as room:
            await room.commit(cleared("whole", aliases=["u"], source="other"))
            outcomes = [await room.commit(unasked), await room.commit(replace(unasked, source="/feed/other"))]

        assert outcomes == [("repeat",), ("removed",)]

    async def test_one_page_withdraws_and_brings_back(self, engine: Engine) -> None:
        """
        Within a page the order counts: created, withdrawn, back; withdrawn last, it is gone.
        """
        async with opened(engine) as room:
            outcomes = await room.commit(
                cleared("a"), withdrawal("a"), cleared("a"), cleared("b"), withdrawal("b"), withdrawal("b")
            )
            states = [(await room.queue.find([name(each)]))[0].state for each in "ab"]
            ids = [event.id for event in events(await room.queue.read(None))]

        assert outcomes == ("created", "removed", "created", "created", "removed", "repeat")
        assert (states, ids) == (["live", "removed"], [f"{key('a')}.3", f"{key('b')}.2"])

    async def test_deleted_counts_for_more_than_withdrawn(self, engine: Engine) -> None:
        """
        A deletion or a forgetting after a withdrawal refuses for good, without telling a second time; a withdrawal after a
        deletion changes nothing.
        """
        async with opened(engine) as room:
            await room.commit(cleared("a"), cleared("b"), cleared("c"), withdrawal("a"), withdrawal("b"))
            told = (await room.queue.stats()).newest
            outcomes = await room.commit(retraction("a"))
            await room.queue.forget(
                [name("b")], reason="forgotten", at=START, keys_until_at=START + LOOK_BACK
            )
            still = (await room.queue.stats()).newest
            await room.commit(retraction("c"), withdrawal("c"))
            again = await room.commit(cleared("a"), cleared("b"), cleared("c"))

        assert (outcomes, told) == (("repeat",), still)
        assert again == ("refused", "refused", "refused")

    async def test_a_withdrawn_post_that_is_too_old_now_stays_away(self, engine: Engine) -> None:
        """
        What would not be emitted for its age does not come back.
        """
        async with opened(engine) as room:
            await room.commit(cleared("a"), withdrawal("a"))
            outcomes = await room.commit(cleared("a", emit=False), cleared("a", expires_at=START))
            (found,) = await room.queue.find([name("a")])

        assert (outcomes, found.state) == (("repeat", "repeat"), "removed")

    async def test_the_key_of_a_withdrawn_post_ends_like_any_other(self, engine: Engine) -> None:
        """
        It is kept while the source may show the post, longer where a withdrawal is repeated, and then dropped.
        """
        async with opened(engine) as room:
            await room.commit(cleared("a"), withdrawal("a"))
            later = START + LOOK_BACK
            await room.commit(withdrawal("a"), at=later, keys_until_at=later + LOOK_BACK)
            kept = await room.queue.expire(later + LOOK_BACK - HOUR)
            gone = await room.queue.expire(later + LOOK_BACK + KEY_SLACK)

        assert (kept, gone) == (Expired(0, 0), Expired(0, 1))

    # --------------------------------------------------------------------------------------- names that come later

    async def test_one_post_through_two_sources(self, engine: Engine) -> None:
        """
        What two sources call by one identity is one post, and goes by the names either uses; a removal by the second one's
        takes it away, across a restart.
        """
        async with opened(engine) as room:
            outcomes = [await room.commit(cleared("uri", aliases=["one/1"]))]
        async with opened(engine) as room:
            outcomes.append(await room.commit(cleared("uri", aliases=["two/7"], source="other")))
            outcomes.append(await room.commit(cleared("uri", aliases=["two/7"], source="other")))
            entries = (await room.queue.read(None)).entries
        async with opened(engine) as room:
            found = [
                [post.key for post in await room.queue.find([name(each)])] for each in ("one/1", "two/7")
            ]
            outcomes.append(await room.commit(retraction("two/7")))
            outcomes.append(await room.commit(cleared("uri", aliases=["one/1"])))

        assert outcomes == [("created",), ("repeat",), ("repeat",), ("removed",), ("refused",)]
        assert (len(entries), found) == (1, [[key("uri")], [key("uri")]])

    async def test_a_name_that_an_edit_brings(self, engine: Engine) -> None:
        """
        An edit that comes through another source adds its names to those the post had.
        """
        async with opened(engine) as room:
            outcomes = [
                await room.commit(cleared("uri", aliases=["one/1"])),
                await room.commit(cleared("uri", "edited", aliases=["two/7"], source="other")),
                await room.commit(retraction("one/1")),
            ]

        assert outcomes == [("created",), ("updated",), ("removed",)]

    async def test_a_post_goes_by_so_many_names_at_most(self, engine: Engine) -> None:
        """
        One that is seen under ever new names keeps the first; an edit brings its own, and others have to go.
        """
        most = ALIASES_MOST
        async with opened(engine) as room:
            await room.commit(cleared("a", aliases=["n0"]))
            for number in range(1, most + 3):
                await room.commit(cleared("a", aliases=[f"n{number}"]))
            names = [f"n{number}" for number in range(most + 3)]
            repeated = [bool(await room.queue.find([name(each)])) for each in names]
            await room.commit(cleared("a", "edited", aliases=["e1", "e2"]))
            edited = [bool(await room.queue.find([name(each)])) for each in ("e1", "e2", *names)]

        assert repeated == [*[True] * most, *[False] * 3]
        assert edited == [True, True, *[True] * (most - 2), *[False] * 5]


@pytest.mark.anyio
class QueueContract(IdentityContract, RecheckContract):
    """
    Every line of `listener.queues.base`, for any engine.
    """

    # ------------------------------------------------------------------------------------------------- commits

    async def test_new_posts_are_created_in_order(self, engine: Engine) -> None:
        """
        Posts of one page appear once each, in the order of the page, as the gate made them.
        """
        first, second = cleared("1", "one"), cleared("2", "two")
        async with opened(engine) as room:
            outcomes = await room.commit(first, second)
            batch = await room.queue.read(None)

        assert outcomes == ("created", "created")
        assert events(batch) == [first.event, second.event]
        assert [entry.type for entry in batch.entries] == ["listener.post.created"] * 2

    async def test_an_empty_page_moves_the_cursor(self, engine: Engine) -> None:
        """
        A page without items still stores its cursor, due time and memo.
        """
        async with opened(engine) as room:
            outcomes = await room.queue.commit(page(room.lease, cursor=b"next"))
            state = await room.queue.source_state(SOURCE)

        assert outcomes == ()
        assert state == SourceState(b"next", START + timedelta(minutes=10), b"memo")

    async def test_an_unknown_source_has_no_state(self, engine: Engine) -> None:
        """
        What was never committed is None, for sources and for scopes.
        """
        async with opened(engine) as room:
            assert await room.queue.source_state("nobody") is None
            assert await room.queue.state(Scope("host", "nobody")) is None

    async def test_states_of_scopes_come_with_the_page(self, engine: Engine) -> None:
        """
        States of host and credential are stored in the same commit, and replaced by the next.
        """
        host, credential = Scope("host", "blog.example"), Scope("credential", "blog.example")
        async with opened(engine) as room:
            first = replace(page(room.lease), states={host: b"hold", credential: b"budget"})
            await room.queue.commit(first)
            await room.queue.commit(replace(page(room.lease), states={host: b"free"}))
            found = (await room.queue.state(host), await room.queue.state(credential))

        assert found == (b"free", b"budget")

    async def test_a_cursor_may_be_absent(self, engine: Engine) -> None:
        """
        A source that has no cursor yet keeps None.
        """
        async with opened(engine) as room:
            commit = page(room.lease)
            await room.queue.commit(replace(commit, state=replace(commit.state, cursor=None)))
            state = await room.queue.source_state(SOURCE)

        assert state is not None
        assert state.cursor is None

    async def test_the_same_post_again_is_a_repeat(self, engine: Engine) -> None:
        """
        A post that is shown again unchanged writes no entry.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1"))
            outcomes = await room.commit(cleared("1", seen_at=START + timedelta(minutes=5)))
            batch = await room.queue.read(None)

        assert outcomes == ("repeat",)
        assert events(batch) == [cleared("1").event]

    async def test_an_edit_replaces_the_post(self, engine: Engine) -> None:
        """
        New words take the next position and revision; the old entry is no longer there.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1", "old words"), cleared("2", "other"))
            outcomes = await room.commit(cleared("1", "new words"))
            batch = await room.queue.read(None)

        assert outcomes == ("updated",)
        assert texts(batch) == ["other", "new words"]
        assert events(batch)[1] == revised(cleared("1", "new words").event, revision=2, expiry_cap=None)

    async def test_revisions_count_the_states_of_a_post(self, engine: Engine) -> None:
        """
        Create, update, update, removal are numbered 1 to 4.
        """
        ids = []
        async with opened(engine) as room:
            for item in (cleared("1", "a"), cleared("1", "b"), cleared("1", "c"), retraction("1")):
                await room.commit(item)
                ids += [event.id for event in events(await room.queue.read(None))]

        assert ids == [f"{key('1')}.{revision}" for revision in (1, 2, 3, 4)]

    async def test_an_edit_never_lengthens_a_life(self, engine: Engine) -> None:
        """
        An update ends when the post it replaces would have ended, or sooner.
        """
        soon, later = START + timedelta(days=3), START + timedelta(days=20)
        async with opened(engine) as room:
            await room.commit(cleared("1", "a", expires_at=soon))
            await room.commit(cleared("1", "b", expires_at=later))
            longer = events(await room.queue.read(None))
            await room.commit(cleared("1", "c", expires_at=START + timedelta(days=1)))
            shorter = events(await room.queue.read(None))

        assert [getattr(event, "expirytime", None) for event in (*longer, *shorter)] == [
            soon,
            START + timedelta(days=1),
        ]

    async def test_an_edited_post_takes_its_old_words_off_the_disk(self, engine: Engine) -> None:
        """
        Soon after an update no file holds the words that were replaced.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1", "GONEWORDS" * 700), cleared("2", "STAYWORDS"))
            await room.commit(cleared("1", "NEWWORDS"))
            await until_erased(room.queue, key("1"))
            stored = await engine.stored_bytes()

        assert (b"GONEWORDS" in stored, b"STAYWORDS" in stored, b"NEWWORDS" in stored) == (False, True, True)

    async def test_items_of_one_post_are_handled_in_their_order(self, engine: Engine) -> None:
        """
        Create, edit, repeat, removal and late create of one post in one page end as a removal.
        """
        async with opened(engine) as room:
            outcomes = await room.commit(
                cleared("1", "a"),
                cleared("1", "b"),
                cleared("1", "b"),
                cleared("2", "other"),
                retraction("1"),
                retraction("1"),
                cleared("1", "c"),
            )
            batch = await room.queue.read(None)

        assert outcomes == ("created", "updated", "repeat", "created", "removed", "repeat", "refused")
        assert texts(batch) == ["other", None]

    async def test_a_post_too_old_to_emit_is_only_keyed(self, engine: Engine) -> None:
        """
        A post older than the retention is `seen` at first and a repeat afterwards; nothing of it is stored.
        """
        async with opened(engine) as room:
            first = await room.commit(cleared("1", "STALEWORDS", emit=False))
            again = await room.commit(cleared("1", "STALEWORDS", emit=False), cleared("1", "EDITED"))
            batch = await room.queue.read(None)
            found = await room.queue.find([name("1")])
            stored = await engine.stored_bytes()

        assert (first, again, batch.entries) == (("seen",), ("repeat", "repeat"), ())
        assert [(post.key, post.state, post.source, post.expires_at) for post in found] == [
            (key("1"), "seen", None, None)
        ]
        assert b"STALEWORDS" not in stored

    async def test_a_commit_sent_again_is_answered_from_the_store(self, engine: Engine) -> None:
        """
        The answer was lost: the same commit_id gets the same outcomes and changes nothing.
        """
        async with opened(engine) as room:
            commit = page(room.lease, cleared("1"), gap(1), retraction("2"))
            first = await room.queue.commit(commit)
            before = await room.queue.read(None)
            again = await room.queue.commit(commit)
            after = await room.queue.read(None)

        assert first == again == ("created", "created", "removed")
        assert before == after

    async def test_a_commit_sent_again_after_a_restart(self, engine: Engine) -> None:
        """
        The same, when the engine was closed in between and the lease has gone to somebody else.
        """
        async with opened(engine) as room:
            commit = page(room.lease, cleared("1"))
            await room.queue.commit(commit)
            await room.queue.release(room.lease)
        queue = await engine.open()
        await queue.lease(GROUP, "node-2", ttl_s=60, now=START)
        outcomes = await queue.commit(commit)
        await queue.aclose()

        assert outcomes == ("created",)

    async def test_a_page_with_too_many_items_is_refused(self, engine: Engine) -> None:
        """
        Longer pages are the caller's to split; nothing of this one is kept.
        """
        async with opened(engine) as room:
            with pytest.raises(ValueError, match="at most 900"):
                await room.commit(*[cleared(str(number)) for number in range(MAX_ITEMS + 1)])
            batch = await room.queue.read(None)

        assert batch.entries == ()

    async def test_a_long_page_in_parts_moves_the_cursor_last(self, engine: Engine) -> None:
        """
        Every part but the last keeps the old cursor, so that a crash between parts reads the page again.
        """
        cursors = []
        async with opened(engine) as room:
            items = [cleared(str(number)) for number in range(2 * MAX_ITEMS + 1)]
            for part in parts(page(room.lease, *items, cursor=b"new"), previous_cursor=b"old"):
                await room.queue.commit(part)
                state = await room.queue.source_state(SOURCE)
                cursors.append((len(part.items), state.cursor if state else None))
            stats = await room.queue.stats()

        assert cursors == [(MAX_ITEMS, b"old"), (MAX_ITEMS, b"old"), (1, b"new")]
        assert stats.posts == len(items)

    async def test_a_note_is_written_once_per_id(self, engine: Engine) -> None:
        """
        The same gap told twice, in one page or in two, is one entry.
        """
        async with opened(engine) as room:
            first = await room.commit(gap(1), gap(1), gap(2))
            again = await room.commit(gap(2), gap(3))
            batch = await room.queue.read(None)

        assert (first, again) == (("created", "repeat", "created"), ("repeat", "created"))
        assert events(batch) == [gap(1).event, gap(2).event, gap(3).event]

    async def test_a_large_body_survives_and_is_erased(self, engine: Engine) -> None:
        """
        A body of many pages is read back whole, and no middle of it stays when it goes.
        """
        text = "".join(f"MIDDLE{number:06d}" for number in range(8000))
        async with opened(engine) as room:
            await room.commit(cleared("1", text))
            whole = texts(await room.queue.read(None))
            await room.commit(retraction("1"))
            await until_erased(room.queue, key("1"))
            stored = await engine.stored_bytes()

        assert whole == [text]
        assert b"MIDDLE" not in stored

    # ---------------------------------------------------------------------------------------------- concurrency

    async def test_sixty_four_sources_commit_at_once(self, engine: Engine) -> None:
        """
        Every page lands whole: its posts stand together, in order, beside its own cursor.
        """
        sources = [f"source-{number}" for number in range(64)]
        async with opened(engine) as room:

            async def read_one(source: str) -> None:
                items = [cleared(f"{source}/{number}", f"{source}/{number}") for number in range(5)]
                await room.queue.commit(page(room.lease, *items, source=source, cursor=source.encode()))

            async with anyio.create_task_group() as group:
                for source in sources:
                    group.start_soon(read_one, source)
            written = texts(await room.queue.read(None, limit=1000))
            states = [await room.queue.source_state(source) for source in sources]

        pages = [written[start : start + 5] for start in range(0, len(written), 5)]
        assert sorted(pages, key=str) == sorted(
            [[f"{source}/{number}" for number in range(5)] for source in sources], key=str
        )
        assert [state.cursor if state else None for state in states] == [s.encode() for s in sources]

    async def test_one_bad_commit_of_many_fails_alone(self, engine: Engine) -> None:
        """
        A stale lease among pages that are committed together refuses that page only.
        """
        outcomes: dict[str, object] = {}
        async with opened(engine) as room:
            stale = replace(room.lease, fence=room.lease.fence + 7)

            async def commit(native: str, lease: Lease) -> None:
                try:
                    outcomes[native] = await room.queue.commit(page(lease, cleared(native), source=native))
                except LeaseLost:
                    outcomes[native] = "lost"

            async with anyio.create_task_group() as group:
                for number in range(9):
                    group.start_soon(commit, str(number), stale if number == 4 else room.lease)
            stats = await room.queue.stats()
            lost = await room.queue.source_state("4")

        assert outcomes == {str(number): "lost" if number == 4 else ("created",) for number in range(9)}
        assert (stats.posts, stats.newest.rpartition("-")[2], lost) == (8, "8", None)

    async def test_two_sources_show_one_post_at_once(self, engine: Engine) -> None:
        """
        The same post from two sources in the same instant is created once.
        """
        outcomes: list[str] = []
        async with opened(engine) as room:

            async def commit(source: str) -> None:
                outcomes.extend(await room.queue.commit(page(room.lease, cleared("1"), source=source)))

            async with anyio.create_task_group() as group:
                for number in range(8):
                    group.start_soon(commit, str(number))

        assert sorted(outcomes) == ["created"] + ["repeat"] * 7

    async def test_a_cancelled_commit_is_whole_or_absent(self, engine: Engine) -> None:
        """
        A caller that is cancelled while it waits finds the page durable afterwards, cursor and posts together.
        """
        async with opened(engine) as room:
            async with anyio.create_task_group() as group:
                group.start_soon(room.commit, cleared("1"), cleared("2"))
                await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()
            posts = (await room.queue.stats()).posts
            state = await room.queue.source_state(SOURCE)

        assert (posts, state is not None) in {(2, True), (0, False)}

    async def test_a_started_commit_is_applied_though_its_caller_leaves(self, engine: Engine) -> None:
        """
        Once the engine has the page, cancelling the caller neither stops it nor hides its outcome.
        """
        outcomes: list[tuple[str, ...]] = []
        async with opened(engine) as room:

            async def leave() -> None:
                with anyio.CancelScope() as scope:
                    leaving.append(scope)
                    outcomes.append(await room.commit(cleared("1")))

            leaving: list[anyio.CancelScope] = []
            async with anyio.create_task_group() as group:
                group.start_soon(leave)
                for _ in range(3):  # the task has started and handed its page over
                    await anyio.lowlevel.checkpoint()
                leaving[0].cancel()
            posts = (await room.queue.stats()).posts

        assert (outcomes, posts) == ([("created",)], 1)

    # ------------------------------------------------------------------------------------------------- removals

    async def test_a_removal_takes_the_post_away(self, engine: Engine) -> None:
        """
        The body goes, one content-free notice takes the next position, and the bytes are gone soon after.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1", "GONEWORDS", ask=b"SEALEDASK"))
            outcomes = await room.commit(retraction("1"))
            batch = await room.queue.read(None)
            await until_erased(room.queue, key("1"))
            stored = await engine.stored_bytes()

        expected = removed(
            key=key("1"),
            revision=2,
            source=f"/feed/{SOURCE}",
            network="feed",
            reason="deleted",
            observed_at=START,
        )
        assert (outcomes, events(batch)) == (("removed",), [expected])
        assert (b"GONEWORDS" in stored, b"SEALEDASK" in stored) == (False, False)

    async def test_a_removed_post_does_not_come_back(self, engine: Engine) -> None:
        """
        Shown again, changed or not, after a restart too, it is refused.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1"))
            await room.commit(retraction("1"))
        async with opened(engine) as room:
            outcomes = await room.commit(cleared("1"), cleared("1", "edited"))
            batch = await room.queue.read(None)

        assert outcomes == ("refused", "refused")
        assert [type(event) for event in events(batch)] == [PostRemoved]

    async def test_a_removal_is_told_once(self, engine: Engine) -> None:
        """
        A second removal, by the same name or by another, is a repeat.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1", aliases=["link"]))
            outcomes = await room.commit(retraction("link"), retraction("link"), retraction("1"))
            later = await room.commit(retraction("link"), retraction("1"))
            batch = await room.queue.read(None)

        assert (outcomes, later) == (("removed", "repeat", "repeat"), ("repeat", "repeat"))
        assert len(batch.entries) == 1

    async def test_a_removal_before_the_post(self, engine: Engine) -> None:
        """
        The removal of something never seen is told, and refuses the late create.
        """
        async with opened(engine) as room:
            first = await room.commit(retraction("1"))
            late = await room.commit(cleared("1"))
            batch = await room.queue.read(None)

        assert (first, late) == (("removed",), ("refused",))
        assert [(type(event), event.id) for event in events(batch)] == [(PostRemoved, f"{key('1')}.1")]

    async def test_a_removal_by_alias_before_the_post(self, engine: Engine) -> None:
        """
        The same, when the removal used another of the post's names.
        """
        async with opened(engine) as room:
            first = await room.commit(retraction("link"))
            late = await room.commit(cleared("1", aliases=["link"]))

        assert (first, late) == (("removed",), ("refused",))

    async def test_a_removal_by_alias_finds_the_post(self, engine: Engine) -> None:
        """
        Any of its names will do, those that an edit brought included; the notice carries the post's key.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1", "a", aliases=["link"]), cleared("2", "b"))
            await room.commit(cleared("2", "c", aliases=["late"]))
            outcomes = await room.commit(retraction("link"), retraction("late"))
            batch = await room.queue.read(None)

        assert outcomes == ("removed", "removed")
        assert [(type(event), event.subject) for event in events(batch)] == [
            (PostRemoved, key("1")),
            (PostRemoved, key("2")),
        ]

    async def test_a_removal_by_an_alias_of_the_same_page(self, engine: Engine) -> None:
        """
        A post created earlier in the page is found by its alias.
        """
        async with opened(engine) as room:
            outcomes = await room.commit(cleared("1", aliases=["link"]), retraction("link"))
            batch = await room.queue.read(None)

        assert outcomes == ("created", "removed")
        assert [event.subject for event in events(batch)] == [key("1")]

    async def test_the_removal_of_an_expired_post_is_told(self, engine: Engine) -> None:
        """
        Who copied the body without obeying its expiry hears of the removal, and the post is refused from then on.
        """
        later = START + RETENTION
        async with opened(engine) as room:
            await room.commit(cleared("1"))
            await room.queue.expire(later)
            outcomes = await room.commit(retraction("1", at=later), at=later)
            again = await room.commit(cleared("1", seen_at=later), at=later)

        assert (outcomes, again) == (("removed",), ("refused",))

    # --------------------------------------------------------------------------------------------------- forget

    async def test_forget_erases_by_any_name(self, engine: Engine) -> None:
        """
        When forget returns, the posts are gone, each with one removal; other posts stay.
        """
        async with opened(engine) as room:
            await room.commit(
                cleared("1", "GONEWORDS", aliases=["link"]),
                cleared("2", "ALSOGONE", aliases=["link"]),
                cleared("3", "STAYWORDS"),
            )
            keys = await room.queue.forget(
                [name("link"), name("nothing")],
                reason="forgotten",
                at=START,
                keys_until_at=START + LOOK_BACK,
            )
            erased = [await room.queue.erased(gone) for gone in keys]
            stored = await engine.stored_bytes()
            batch = await room.queue.read(None)

        assert (sorted(keys), erased) == (sorted([key("1"), key("2")]), [True, True])
        assert [word in stored for word in (b"GONEWORDS", b"ALSOGONE", b"STAYWORDS")] == [False, False, True]
        assert texts(batch) == ["STAYWORDS", None, None]
        assert {event.data.reason for event in events(batch)[1:] if isinstance(event, PostRemoved)} == {
            "forgotten"
        }

    async def test_forget_refuses_what_comes_later(self, engine: Engine) -> None:
        """
        A post that shows up afterwards under a forgotten name is refused, by key and by alias, without a notice.
        """
        async with opened(engine) as room:
            keys = await room.queue.forget(
                [name("1"), name("link")], reason="forgotten", at=START, keys_until_at=START + LOOK_BACK
            )
            outcomes = await room.commit(cleared("1"), cleared("2", aliases=["link"]), cleared("3"))
            batch = await room.queue.read(None)

        assert (keys, outcomes) == ((), ("refused", "refused", "created"))
        assert texts(batch) == ["words"]

    async def test_forget_by_a_key(self, engine: Engine) -> None:
        """
        A key that a consumer shows is the post's first name in hex.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1"))
            keys = await room.queue.forget(
                [Name(bytes.fromhex(key("1")))],
                reason="watch_removed",
                at=START,
                keys_until_at=START + LOOK_BACK,
            )

        assert keys == (key("1"),)

    async def test_find_tells_what_is_held(self, engine: Engine) -> None:
        """
        Posts by any of their names, each once, with their lives; nothing for what is unknown.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1", aliases=["link"]), cleared("2", aliases=["link"]))
            await room.commit(retraction("2"))
            live = await room.queue.find([name("1"), name("link"), name("nothing")])
            gone = await room.queue.find([name("2")])
            until = [post.key_until_at for post in (*live, *gone)]

        assert live == (Found(key("1"), "live", f"/feed/{SOURCE}", START + RETENTION, until[0], 1),)
        assert gone == (Found(key("2"), "removed", None, None, until[1], 2),)
        assert all(START + LOOK_BACK <= end <= START + LOOK_BACK + KEY_SLACK for end in until)

    async def test_the_inventory_tells_days_and_what_is_over(self, engine: Engine) -> None:
        """
        Days whose keys live, in order, and how many bodies are past their end at an instant; containers have fields.
        """
        days = [START.date() + timedelta(days=1), START.date()]
        async with opened(engine) as room:
            await room.commit(cleared("1"), cleared("2"))
            for day in days:
                await room.queue.sealing_key(day)
            young = await room.queue.inventory(START)
            old = await room.queue.inventory(START + RETENTION)

        assert (young.sealing_days, young.overdue, old.overdue) == (tuple(sorted(days)), 0, 2)
        assert young.layout == old.layout
        assert all(young.layout.values())

    # --------------------------------------------------------------------------------------------------- expiry

    async def test_expiry_takes_bodies_and_then_keys(self, engine: Engine) -> None:
        """
        A body ends with its retention, silently and with its bytes; its key when the source can no longer show it.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1", "GONEWORDS"), cleared("2", expires_at=START + timedelta(days=35)))
            early = await room.queue.expire(START + RETENTION - timedelta(seconds=1))
            first = await room.queue.expire(START + RETENTION)
            stored = await engine.stored_bytes()
            found = await room.queue.find([name("1"), name("2")])
            last = await room.queue.expire(START + LOOK_BACK + KEY_SLACK)
            stats = await room.queue.stats()

        assert (early, first, last) == (Expired(0, 0), Expired(1, 0), Expired(1, 2))
        assert b"GONEWORDS" not in stored
        assert {post.key: post.state for post in found} == {key("1"): "expired", key("2"): "live"}
        assert (stats.posts, stats.keys) == (0, 0)

    async def test_an_expired_post_still_shown_is_a_repeat(self, engine: Engine) -> None:
        """
        Until its key ends, a post that expired here is no news, edited or not; expire or no expire.
        """
        later = START + RETENTION
        async with opened(engine) as room:
            await room.commit(cleared("1"))
            before = await room.commit(cleared("1", "edited"), at=later)
            await room.queue.expire(later)
            after = await room.commit(cleared("1", "edited"), cleared("1"), at=later)
            batch = await room.queue.read(None)

        assert (before, after, batch.entries) == (("repeat",), ("repeat", "repeat"), ())

    async def test_a_body_is_not_handed_out_past_its_time(self, engine: Engine) -> None:
        """
        Nobody reads a body whose time is over by the clock, even if expire is late.
        """
        async with opened(engine) as room:
            await room.commit(
                cleared("1", "short", expires_at=START + timedelta(hours=1)), cleared("2", "long")
            )
            await engine.clock.advance(3600)
            batch = await room.queue.read(None)

        assert texts(batch) == ["long"]

    async def test_a_key_lives_while_the_source_shows_its_post(self, engine: Engine) -> None:
        """
        Each showing moves the end of the key, at least to `keys_until_at`, at most by the slack beyond it.
        """
        later = START + timedelta(days=20)
        async with opened(engine) as room:
            await room.commit(cleared("1"), retraction("2"), cleared("3", emit=False))
            await room.commit(cleared("1"), cleared("2"), cleared("3"), at=later)
            found = await room.queue.find([name("1"), name("2"), name("3")])

        assert len(found) == 3
        for post in found:
            assert later + LOOK_BACK <= post.key_until_at <= later + LOOK_BACK + KEY_SLACK

    async def test_a_key_is_not_rewritten_at_every_poll(self, engine: Engine) -> None:
        """
        Showings within a week of each other leave the end of the key as it is.
        """
        ends = set()
        async with opened(engine) as room:
            for hour in range(0, 7 * 24, 12):
                await room.commit(cleared("1"), at=START + timedelta(hours=hour))
                ends |= {post.key_until_at for post in await room.queue.find([name("1")])}

        assert len(ends) == 1

    async def test_a_note_ends_too(self, engine: Engine) -> None:
        """
        A note ends with its own expiry, or with the keys of its page where it has none.
        """
        async with opened(engine) as room:
            await room.commit(gap(1, expires_at=START + timedelta(days=1)), gap(2))
            await room.queue.expire(START + timedelta(days=1))
            first = events(await room.queue.read(None))
            await room.queue.expire(START + LOOK_BACK + KEY_SLACK)
            second = events(await room.queue.read(None))

        assert (first, second) == ([gap(2).event], [])

    async def test_expiry_of_many(self, engine: Engine) -> None:
        """
        Thousands of bodies end in one round, and the store is as empty as before.
        """
        async with opened(engine) as room:
            for start in range(0, 2700, 900):
                await room.commit(
                    *[cleared(str(number), aliases=[f"a{number}"]) for number in range(start, start + 900)]
                )
            gone = await room.queue.expire(START + LOOK_BACK + KEY_SLACK)
            found = await room.queue.find([name("a5"), name("5")])

        assert (gone, found) == (Expired(2700, 2700), ())

    # --------------------------------------------------------------------------------------------------- secrets

    async def test_a_new_secret_repeats_nothing(self, engine: Engine) -> None:
        """
        A post stored under an older secret is recognised and keeps its key, in edits and removals too.
        """
        old = cleared("1", "a", under="older", aliases=["link"])
        same, edited = (cleared("1", text, older_secrets=["older"], aliases=["link"]) for text in ("a", "b"))
        async with opened(engine) as room:
            await room.commit(old)
            outcomes = await room.commit(same, edited, retraction("1", older_secrets=["older"]), edited)
            batch = await room.queue.read(None)

        assert outcomes == ("repeat", "updated", "removed", "refused")
        assert [(event.id, event.subject) for event in events(batch)] == [
            (f"{key('1', under='older')}.3", key("1", under="older"))
        ]

    async def test_a_digest_under_an_older_secret_is_no_edit(self, engine: Engine) -> None:
        """
        The same words after a rotation are a repeat; other words are an edit.
        """
        old = replace(cleared("1", "a", under="older"), digest=b"digest under old")
        same = replace(cleared("1", "a", older_secrets=["older"]), former_digests=(b"digest under old",))
        edited = replace(cleared("1", "b", older_secrets=["older"]), former_digests=(b"other under old.",))
        async with opened(engine) as room:
            outcomes = await room.commit(old, same, edited)

        assert outcomes == ("created", "repeat", "updated")

    async def test_an_edit_under_a_new_secret_keeps_the_key(self, engine: Engine) -> None:
        """
        Identity and subject of the update are those that consumers know.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1", "a", under="older"))
            await room.commit(cleared("1", "b", older_secrets=["older"]))
            (event,) = events(await room.queue.read(None))

        known = key("1", under="older")
        assert (type(event), event.id, event.subject) == (PostUpdated, f"{known}.2", known)

    async def test_a_recognised_post_goes_by_its_new_name(self, engine: Engine) -> None:
        """
        Shown once under the new secret, it is found by the new name alone: the older secret may be retired.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1", under="older"))
            await room.commit(cleared("1", older_secrets=["older"]))
            found = await room.queue.find([name("1")])
            outcomes = await room.commit(retraction("1"))

        assert ([post.key for post in found], outcomes) == ([key("1", under="older")], ("removed",))

    async def test_a_foreign_secret_is_refused(self, engine: Engine) -> None:
        """
        An engine written under other secrets does not open; under a newer list that has the old one it does.
        """
        await (await engine.open(("01d5ec2e",))).aclose()
        with pytest.raises(QueueUnavailable, match="secret"):
            await engine.open(("f0e19000",))
        await (await engine.open(("2e35ec2e", "01d5ec2e"))).aclose()
        with pytest.raises(QueueUnavailable, match="secret"):
            await engine.open(("01d5ec2e",))
        await (await engine.open(("2e35ec2e",))).aclose()

    # ---------------------------------------------------------------------------------------------------- leases

    async def test_one_node_at_a_time(self, engine: Engine) -> None:
        """
        A second node gets nothing until the first lets go or runs out; each new holder gets a larger fence.
        """
        queue = await engine.open()
        later = START + timedelta(seconds=61)
        first = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
        refused = await queue.lease(GROUP, "node-2", ttl_s=60, now=START)
        renewed = await queue.lease(GROUP, "node-1", ttl_s=60, now=START + timedelta(seconds=1))
        second = await queue.lease(GROUP, "node-2", ttl_s=60, now=later)
        assert second is not None
        await queue.release(second)
        third = await queue.lease(GROUP, "node-1", ttl_s=60, now=later)
        await queue.aclose()

        assert first is not None
        assert renewed is not None
        assert third is not None
        assert (first.group, first.node, first.until_at) == (GROUP, "node-1", START + timedelta(seconds=60))
        assert refused is None
        assert (renewed.fence, renewed.until_at) == (first.fence, later)
        assert first.fence < second.fence < third.fence

    async def test_groups_are_apart(self, engine: Engine) -> None:
        """
        Two nodes may hold two groups.
        """
        queue = await engine.open()
        leases = [await queue.lease(f"group-{node}", node, ttl_s=60, now=START) for node in ("a", "b")]
        await queue.aclose()

        assert [lease is not None for lease in leases] == [True, True]

    async def test_a_stale_node_commits_nothing(self, engine: Engine) -> None:
        """
        A node that slept past its lease can move no cursor, undo no removal and store no state.
        """
        scope = Scope("host", GROUP)
        async with opened(engine, ttl_s=60) as room:
            await room.commit(cleared("1"))
            later = START + timedelta(seconds=90)
            taken = await room.queue.lease(GROUP, "node-2", ttl_s=60, now=later)
            assert taken is not None
            await room.queue.commit(page(taken, retraction("1"), cursor=b"theirs", at=later))
            stale = replace(
                page(room.lease, cleared("1"), cleared("2"), cursor=b"ours"), states={scope: b"spent"}
            )
            with pytest.raises(LeaseLost):
                await room.queue.commit(stale)
            state = await room.queue.source_state(SOURCE)
            spent = await room.queue.state(scope)
            batch = await room.queue.read(None)

        assert (state.cursor if state else None, spent) == (b"theirs", None)
        assert [type(event) for event in events(batch)] == [PostRemoved]

    async def test_a_paused_node_loses_its_lease_by_time(self, engine: Engine) -> None:
        """
        A lease that ran out is no lease, even if nobody else took it; renewing it late changes the fence.
        """
        async with opened(engine, ttl_s=60) as room:
            with pytest.raises(LeaseLost):
                await room.commit(cleared("1"), at=START + timedelta(seconds=60))
            again = await room.queue.lease(GROUP, "node-1", ttl_s=60, now=START + timedelta(seconds=60))
            assert again is not None
            with pytest.raises(LeaseLost):
                await room.commit(cleared("1"), at=START + timedelta(seconds=61))
            outcomes = await room.queue.commit(page(again, cleared("1"), at=START + timedelta(seconds=61)))

        assert again.fence > room.lease.fence
        assert outcomes == ("created",)

    async def test_a_lease_that_never_was(self, engine: Engine) -> None:
        """
        A commit under a group that nobody ever took is refused.
        """
        queue = await engine.open()
        with pytest.raises(LeaseLost):
            await queue.commit(page(Lease(GROUP, "node-1", 1, START + timedelta(days=1)), cleared("1")))
        await queue.aclose()

    async def test_only_the_holder_releases(self, engine: Engine) -> None:
        """
        Giving back a lease that another node has taken over changes nothing.
        """
        queue = await engine.open()
        later = START + timedelta(seconds=61)
        old = await queue.lease(GROUP, "node-1", ttl_s=60, now=START)
        new = await queue.lease(GROUP, "node-2", ttl_s=60, now=later)
        assert old is not None
        assert new is not None
        await queue.release(old)
        outcomes = await queue.commit(page(new, cleared("1"), at=later))
        await queue.aclose()

        assert outcomes == ("created",)

    async def test_leases_outlive_a_restart(self, engine: Engine) -> None:
        """
        Closing gives no lease back: it ends by itself.
        """
        async with opened(engine, ttl_s=60):
            pass
        queue = await engine.open()
        refused = await queue.lease(GROUP, "node-2", ttl_s=60, now=START)
        await queue.aclose()

        assert refused is None

    # ---------------------------------------------------------------------------------------------- reading

    async def test_reading_in_batches_misses_nothing(self, engine: Engine) -> None:
        """
        Batches follow each other without gap or overlap, and the last says where to wait.
        """
        async with opened(engine) as room:
            await room.commit(*[cleared(str(number), str(number)) for number in range(10)])
            after: Position | None = None
            batches = []
            for _ in range(4):
                batches.append(await room.queue.read(after, limit=4))
                after = batches[-1].next
            newest = (await room.queue.stats()).newest

        assert [texts(batch) for batch in batches] == [list("0123"), list("4567"), list("89"), []]
        assert batches[0].next == batches[0].entries[-1].position
        assert (batches[2].next, batches[3].next) == (newest, newest)

    async def test_reading_goes_on_from_any_position(self, engine: Engine) -> None:
        """
        After each entry come exactly the entries that follow it, after a restart too.
        """
        async with opened(engine) as room:
            await room.commit(*[cleared(str(number)) for number in range(5)])
            whole = (await room.queue.read(None)).entries
        async with opened(engine) as room:
            rests: list[tuple[Entry, ...]] = [
                (await room.queue.read(entry.position)).entries for entry in whole
            ]

        assert rests == [whole[start + 1 :] for start in range(5)]

    async def test_positions_count_entries_of_an_epoch(self, engine: Engine) -> None:
        """
        `<epoch>-<n>`, n from 1, one epoch across restarts.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1"))
            first = (await room.queue.read(None)).entries[0].position
        async with opened(engine) as room:
            await room.commit(cleared("2"))
            second = (await room.queue.read(first)).entries[0].position

        epoch = first.rpartition("-")[0]
        assert (first, second) == (f"{epoch}-1", f"{epoch}-2")

    async def test_an_empty_queue(self, engine: Engine) -> None:
        """
        Reading it gives nothing and a position to wait at.
        """
        async with opened(engine) as room:
            batch = await room.queue.read(None)
            again = await room.queue.read(batch.next)

        assert (batch.entries, again) == ((), Batch((), batch.next))

    async def test_a_position_of_another_log(self, engine: Engine) -> None:
        """
        An unknown epoch, or no position at all, is answered by a resync with bounds that can be read from.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1", "a"))
            stats = await room.queue.stats()
            answers = [
                (await room.queue.read(Position(position))).resync
                for position in ("00000000-1", "nonsense", "", f"{stats.newest}x")
            ]
            again = await room.queue.read(stats.oldest)

        assert answers == [Resync("unknown_epoch", stats.oldest, stats.newest)] * 4
        assert texts(again) == ["a"]

    async def test_a_position_ahead_of_the_log(self, engine: Engine) -> None:
        """
        A backup was restored: the consumer knows more than the log.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1"))
            stats = await room.queue.stats()
            epoch = stats.newest.rpartition("-")[0]
            batch = await room.queue.read(Position(f"{epoch}-2"))

        assert batch == Batch((), stats.oldest, Resync("position_ahead", stats.oldest, stats.newest))

    async def test_a_position_before_a_dropped_removal(self, engine: Engine) -> None:
        """
        Who may have missed a removal that is no longer told has to read again; from `oldest` all that is kept is seen.
        """
        late = START + LOOK_BACK + KEY_SLACK
        async with opened(engine) as room:
            await room.commit(cleared("1", "a"))
            behind = (await room.queue.read(None)).next
            await room.commit(retraction("1"))
            ahead = (await room.queue.read(None)).next
            await room.queue.expire(late)
            await room.commit(cleared("2", "b", seen_at=late), at=late)
            await engine.clock.advance((late - START).total_seconds())
            stats = await room.queue.stats()
            answer = await room.queue.read(behind)
            kept = [texts(await room.queue.read(after)) for after in (ahead, answer.next, stats.oldest, None)]

        assert answer == Batch((), stats.oldest, Resync("position_too_old", stats.oldest, stats.newest))
        assert kept == [["b"]] * 4

    async def test_a_removal_is_told_while_older_entries_live(self, engine: Engine) -> None:
        """
        A notice whose time is over stays while something older is kept, or its readers could not be told apart.
        """
        over = START + timedelta(days=2)
        async with opened(engine) as room:
            await room.commit(cleared("1", "old"), retraction("2"), keys_until_at=START + timedelta(days=1))
            await room.queue.expire(over)
            first = await room.queue.read(None)
            rest = await room.queue.read(first.entries[0].position)

        assert (texts(first), texts(rest), rest.resync) == (["old", None], [None], None)

    async def test_waiting_for_news(self, engine: Engine) -> None:
        """
        A live read returns when an entry is committed, and not before.
        """
        got: list[Batch] = []
        async with opened(engine) as room:
            start = (await room.queue.read(None)).next

            async def wait() -> None:
                got.append(await room.queue.read(start, live=True))

            with anyio.fail_after(_PATIENCE_S):
                async with anyio.create_task_group() as group:
                    for _ in range(3):
                        group.start_soon(wait)
                    await room.queue.commit(page(room.lease))  # nothing to read in it
                    assert got == []
                    await room.commit(cleared("1", "news"))

        assert [texts(batch) for batch in got] == [["news"]] * 3

    async def test_live_reading_does_not_wait_for_what_is_there(self, engine: Engine) -> None:
        """
        Entries or a resync are returned at once.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1", "there"))
            with anyio.fail_after(_PATIENCE_S):
                batch = await room.queue.read(None, live=True)
                resync = (await room.queue.read(Position("00000000-1"), live=True)).resync

        assert texts(batch) == ["there"]
        assert resync is not None

    async def test_a_waiting_reader_may_leave(self, engine: Engine) -> None:
        """
        Cancelling a live read harms nobody: the next reader gets the next entry.
        """
        async with opened(engine) as room:
            with anyio.move_on_after(0.02):
                await room.queue.read(None, live=True)
            await room.commit(cleared("1", "news"))
            with anyio.fail_after(_PATIENCE_S):
                batch = await room.queue.read(None, live=True)

        assert texts(batch) == ["news"]

    async def test_a_live_reader_follows_many_commits(self, engine: Engine) -> None:
        """
        Whoever reads live sees every entry once, in order, whatever is committed meanwhile.
        """
        seen: list[str | None] = []
        async with opened(engine) as room:

            async def follow() -> None:
                after: Position | None = None
                while len(seen) < 60:
                    batch = await room.queue.read(after, limit=7, live=True)
                    seen.extend(texts(batch))
                    after = batch.next

            with anyio.fail_after(_PATIENCE_S):
                async with anyio.create_task_group() as group:
                    group.start_soon(follow)
                    for number in range(0, 60, 3):
                        await room.commit(*[cleared(str(n), str(n)) for n in range(number, number + 3)])

        assert seen == [str(number) for number in range(60)]

    async def test_named_positions(self, engine: Engine) -> None:
        """
        Each consumer finds the position it left, after a restart too.
        """
        async with opened(engine) as room:
            unknown = await room.queue.position("tail")
            await room.queue.set_position("tail", Position("e-1"))
            await room.queue.set_position("tail", Position("e-2"))
            await room.queue.set_position("webhook", Position("e-1"))
        async with opened(engine) as room:
            known = (await room.queue.position("tail"), await room.queue.position("webhook"))

        assert (unknown, known) == (None, ("e-2", "e-1"))

    # ------------------------------------------------------------------------------------------- sealing keys

    async def test_sealing_keys_are_made_once(self, engine: Engine) -> None:
        """
        One 32-byte key per day, the same after a restart, another for another day.
        """
        monday, tuesday = date(2026, 1, 5), date(2026, 1, 6)
        async with opened(engine) as room:
            first = await room.queue.sealing_key(monday)
            other = await room.queue.sealing_key(tuesday)
        async with opened(engine) as room:
            again = await room.queue.sealing_key(monday)
            keys = await room.queue.sealing_keys()

        assert (len(first), first == again, first == other) == (32, True, False)
        assert keys == {monday: first, tuesday: other}

    async def test_destroyed_sealing_keys_leave_no_bytes(self, engine: Engine) -> None:
        """
        Keys of earlier days are gone from every file when the call returns; the others stay.
        """
        days = [date(2026, 1, 1) + timedelta(days=number) for number in range(40)]
        async with opened(engine) as room:
            keys = [await room.queue.sealing_key(day) for day in days]
            count = await room.queue.destroy_sealing_keys(before=days[30])
            stored = await engine.stored_bytes()
            left = await room.queue.sealing_keys()
            again = await room.queue.destroy_sealing_keys(before=days[30])

        assert (count, again) == (30, 0)
        assert [key in stored for key in keys] == [False] * 30 + [True] * 10
        assert list(left) == days[30:]

    # --------------------------------------------------------------------------------------------------- the rest

    async def test_a_dropped_source_is_forgotten(self, engine: Engine) -> None:
        """
        Cursor and states of that source go; its host, other sources and its posts stay.
        """
        mine, host = Scope("source", SOURCE), Scope("host", GROUP)
        async with opened(engine) as room:
            await room.queue.commit(replace(page(room.lease, cleared("1")), states={mine: b"1", host: b"2"}))
            await room.queue.commit(page(room.lease, source="other"))
            await room.queue.drop_source(SOURCE)
            left = (
                await room.queue.source_state(SOURCE),
                await room.queue.state(mine),
                await room.queue.state(host),
                await room.queue.source_state("other") is not None,
                (await room.queue.stats()).posts,
            )

        assert left == (None, None, b"2", True, 1)

    async def test_stats_count_what_is_stored(self, engine: Engine) -> None:
        """
        Live posts, keys without a body, the age of the oldest body; the same after a restart.
        """
        later = START + timedelta(hours=1)
        async with opened(engine) as room:
            await room.commit(cleared("1"), cleared("2"), cleared("3", emit=False), retraction("4"), gap(1))
            await room.commit(cleared("5"), cleared("1", "edited"), retraction("2"), at=later)
            await until_erased(room.queue, key("1"))
            await until_erased(room.queue, key("2"))
            stats = await room.queue.stats()
        async with opened(engine) as room:
            again = await room.queue.stats()

        assert (stats.posts, stats.keys, stats.oldest_body_at, stats.erasures_pending) == (2, 3, later, 0)
        assert stats.erasures_since_at is None
        assert stats.size_bytes > 0
        assert (again.newest, again.oldest, again.posts, again.keys, again.oldest_body_at) == (
            stats.newest,
            stats.oldest,
            2,
            3,
            later,
        )

    async def test_how_long_erasing_took_is_told(self, engine: Engine) -> None:
        """
        Once for each body, by the queue's clock: since the page that brought the removal or the edit, since `forget` was
        asked, since the body's end. Nothing is told of what was never held.
        """
        told: list[float] = []
        queue = await engine.open(tell_erased=told.extend)
        lease = await queue.lease(GROUP, "node", ttl_s=1e6, now=START)
        assert lease is not None
        posts = [cleared(str(number)) for number in (1, 2, 3)]
        short = cleared("4", expires_at=START + timedelta(minutes=1))
        await queue.commit(page(lease, *posts, short))
        await engine.clock.advance(100)
        later = START + timedelta(seconds=90)
        await queue.commit(page(lease, cleared("1", "edited"), retraction("2"), retraction("9"), at=later))
        await until_erased(queue, key("1"))
        await until_erased(queue, key("2"))
        overdue = await queue.stats()
        await queue.forget(
            [name("3")], reason="forgotten", at=START + timedelta(seconds=99), keys_until_at=later + LOOK_BACK
        )
        await until_erased(queue, key("3"))
        await queue.expire(engine.clock.now())
        await until_erased(queue, key("4"))
        stats = await queue.stats()
        await queue.aclose()

        assert (overdue.erasures_pending, overdue.erasures_since_at) == (1, START + timedelta(minutes=1))
        assert (stats.erasures_pending, stats.erasures_since_at) == (0, None)
        assert sorted(told) == [1.0, 10.0, 10.0, 40.0]

    async def test_nothing_is_erased_of_an_unknown_key(self, engine: Engine) -> None:
        """
        No file holds an earlier body of a post that never had one.
        """
        async with opened(engine) as room:
            await room.commit(cleared("1"))
            answers = [await room.queue.erased(key("1")), await room.queue.erased(key("never"))]

        assert answers == [True, True]

    async def test_a_closed_queue_says_so(self, engine: Engine) -> None:
        """
        Closing twice is fine; using it afterwards is `QueueUnavailable`, for a waiting reader too.
        """
        queue = await engine.open()
        refused: list[str] = []

        async def wait() -> None:
            try:
                await queue.read(None, live=True)
            except QueueUnavailable:
                refused.append("reader")

        with anyio.fail_after(_PATIENCE_S):
            async with anyio.create_task_group() as group:
                group.start_soon(wait)
                await queue.stats()
                await queue.aclose()
                await queue.aclose()
        with pytest.raises(QueueUnavailable):
            await queue.stats()

        assert refused == ["reader"]
