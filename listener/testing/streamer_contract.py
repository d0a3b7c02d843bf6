"""
The definition of a source that speaks by itself, as tests. Subclass `StreamerContract`, give it a `StreamScript`:

    class TestMyStream(StreamerContract):
        @pytest.fixture
        def script(self) -> StreamScript:
            return StreamScript(spec=SPEC, config=..., first=Told(...), later=Told(...), ...)

A `Told` is what a network says between one start of `run` and its end: connections with their batches of bytes (lists
in the order in which they are opened, or a function of the address, so that a cursor in it counts), and answers to what
the adapter asks beside. Synthetic, with people in it, because the suite also looks for people where none may be. A
connection that ends in `SILENCE` is over for the suite when the adapter waits on it in vain.

It needs pytest and anyio's pytest plugin, and no network. Time moves a second with each batch, never by sleeping.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import anyio
import pytest

from listener.adapter import AdapterSpec, Cursor, Interest, Item, Page, Streamer
from listener.errors import (
    AccessDenied,
    DocumentRefused,
    RateLimited,
    RequestRefused,
    SourceError,
    SourceUnavailable,
)
from listener.events import Gap, Post, Rejected
from listener.testing.adapter_contract import GARBAGE_CURSORS
from listener.testing.canned import (
    SILENCE,
    Answers,
    CannedReader,
    Connection,
    Connections,
    EverythingInteresting,
    NothingInteresting,
)
from listener.testing.spec_contract import SpecContract
from listener.testing.spending import check_charges

PROMPT_S: Final = 10.0
"""Chosen: real seconds after which a stream that neither ends nor waits has hung."""

READ_AHEAD: Final = 2
"""Chosen: batches an adapter may have taken from a connection while a page of it waits to become durable."""

NONSENSE: Final = (
    b"",
    b"\0" * 100,
    b"\xff\xfe\xff\xfe",
    b"{",
    b"[]",
    b"null",
    b"{}",
    b"0" * 5_000,
    b'{"kind":"commit"}',
    b'{"event":"update","payload":"{"}',
    b"[" * 100_000,
    b"data: \n\n",
    b"event: update\ndata: {\n\n",
    b"<html><body>sorry</body></html>",
)
"""What no network sends on purpose, as a message of its own or as a part of a body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    What a network says in one run; see `listener.testing.canned.CannedReader` for each.
    """

    connections: Connections
    answers: Answers = ()
    trades: Answers = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamScript:
    """
    What a network says.

    Args:
        spec: The adapter.
        config: As its config type reads it, so that `build` gives a streamer.
        first: At least two posts, in at least two batches.
        later: Some time after: at least one post of `first`, unchanged, and at least one new one.
        bad_frame: Some frames that cannot be read among others that can.
        bad_items: How many.
        quiet: Many frames that an `Interest` which says no to each makes superfluous; None where the network sends
            only what was asked for.
        broken: Runs that no stream survives, each for itself; beside the nonsense of the suite.
        people: Every string in all these that names somebody and must never be seen outside an `Author`.
    """

    spec: AdapterSpec
    config: Any
    first: Told
    later: Told
    bad_frame: Told
    bad_items: int
    quiet: Told | None
    broken: Sequence[Told] = ()
    people: Sequence[str]


@dataclass(slots=True)
class SteppedClock:
    """
    Time that moves with what comes in. Who sleeps on it sleeps for ever: the core owns the waiting.
    """

    elapsed_s: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 24, 12, 0, tzinfo=UTC) + timedelta(seconds=self.elapsed_s)

    def monotonic(self) -> float:
        return self.elapsed_s

    async def sleep(self, delay_s: float) -> None:
        await anyio.sleep_forever()

    def step(self, _batch: Sequence[bytes]) -> None:
        """
        A second is over.
        """
        self.elapsed_s += 1.0


@dataclass(slots=True)
class Heard:
    """
    What came of one run.

    Args:
        pages: In the order in which they became durable.
        reader: What was asked.
        ended: How it ended; None where it was cancelled, because all there was had been taken.
        stream: The adapter.
    """

    reader: CannedReader
    stream: Streamer
    pages: list[Page] = field(default_factory=list)
    ended: Exception | None = None

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for page in self.pages for item in page.items)

    @property
    def posts(self) -> tuple[Post, ...]:
        return tuple(item for item in self.items if isinstance(item, Post))

    @property
    def natives(self) -> tuple[str, ...]:
        return tuple(post.native for post in self.posts)


@pytest.mark.anyio
class StreamerContract(SpecContract):
    """
    See the module.
    """

    @pytest.fixture
    def script(self) -> StreamScript:
        """
        Supplied by the subclass.
        """
        raise NotImplementedError("a contract needs a script")

    # ------------------------------------------------------------------------------------------------ hearing

    async def test_hearing_is_deterministic_and_ordered(self, script: StreamScript) -> None:
        """The same frames give the same items in the same order and the same cursors, whoever hears them."""
        one, other = await hear(script, script.first), await hear(script, script.first)

        assert one.items == other.items
        assert [page.cursor for page in one.pages] == [page.cursor for page in other.pages]
        assert len(set(one.natives)) >= 2

    async def test_overlap_keeps_identity(self, script: StreamScript) -> None:
        """A post that is shown again goes by the same identity, so that the key removes the repeat."""
        before = {post.native: post for post in (await hear(script, script.first)).posts}
        after = {post.native: post for post in (await hear(script, script.later)).posts}
        again = before.keys() & after.keys()

        assert again
        assert after.keys() - before.keys()
        assert {native: before[native] for native in again} == {native: after[native] for native in again}

    async def test_resumes_from_any_cursor(self, script: StreamScript) -> None:
        """Whatever cursor was durable when the connection was cut, the next one misses no new post."""
        first = await hear(script, script.first)
        new = set((await hear(script, script.later)).natives) - set(first.natives)

        assert any(page.cursor is not None for page in first.pages)
        for cursor in [None, *(page.cursor for page in first.pages)]:
            assert new <= set((await hear(script, script.later, cursor=cursor)).natives)

    async def test_what_was_not_durable_comes_again(self, script: StreamScript) -> None:
        """Cut after any page, what is said from its cursor on completes what was made durable before."""
        whole = await hear(script, script.first)
        durable: set[str] = set()
        cursor: Cursor | None = None
        for page in whole.pages:
            durable |= {item.native for item in page.items if isinstance(item, Post)}
            cursor = page.cursor or cursor
            rest = await hear(script, script.first, cursor=cursor)

            assert set(whole.natives) <= durable | set(rest.natives)

    @pytest.mark.parametrize("garbage", GARBAGE_CURSORS)
    async def test_garbage_cursor_is_no_cursor(self, script: StreamScript, garbage: bytes) -> None:
        """A cursor of another version, or of nobody, starts anew and raises nothing; that it was lost may be told."""
        expected = _told(await hear(script, script.first))

        assert expected == _told(await hear(script, script.first, cursor=Cursor(garbage)))

    async def test_cut_cursor_is_no_cursor(self, script: StreamScript) -> None:
        """A cursor that was cut short starts anew and raises nothing."""
        first = await hear(script, script.first)
        cursor = [page.cursor for page in first.pages if page.cursor is not None][-1]

        assert _told(first) == _told(await hear(script, script.first, cursor=Cursor(cursor[:-1])))

    async def test_bad_frames_are_counted(self, script: StreamScript) -> None:
        """A frame that cannot be read is a `Rejected` of its own; the connection lives, and its neighbours are read."""
        heard = await hear(script, script.bad_frame)

        assert script.bad_items == sum(isinstance(item, Rejected) for item in heard.items)
        assert heard.posts
        assert isinstance(heard.items[-1], Post), "the last frame of `bad_frame` is a good one"

    async def test_cursor_moves_without_matches(self, script: StreamScript) -> None:
        """Where nothing is for us, a page without posts still carries a cursor now and then, or a restart reads it all again."""
        if script.quiet is None:
            return
        heard = await hear(script, script.quiet, interest=NothingInteresting())

        assert heard.natives == ()
        assert any(page.cursor is not None for page in heard.pages)

    # ------------------------------------------------------------------------------------------ back-pressure

    async def test_send_is_the_back_pressure(self, script: StreamScript) -> None:
        """While a page is not durable no other is handed over, and next to nothing more is taken off the wire."""
        taken: list[int] = []
        calls = 0
        reader, stream = built(script, script.first, EverythingInteresting())
        reader.on_taken = lambda batch: taken.append(len(batch))

        async def send(page: Page) -> None:
            nonlocal calls
            calls += 1
            await anyio.sleep_forever()

        with anyio.fail_after(PROMPT_S):
            async with anyio.create_task_group() as group:
                group.start_soon(stream.run, None, send)
                while not calls:
                    await anyio.lowlevel.checkpoint()
                at_first = len(taken)
                await anyio.wait_all_tasks_blocked()
                group.cancel_scope.cancel()

        assert calls == 1
        assert len(taken) - at_first <= READ_AHEAD * max(1, _connections(reader))

    async def test_what_send_raises_ends_it(self, script: StreamScript) -> None:
        """A page that cannot be made durable ends the stream with just that error, in no group; nothing stays open."""
        reader, stream = built(script, script.first, EverythingInteresting())
        full = _NotDurable()

        async def send(_page: Page) -> None:
            raise full

        with pytest.raises(_NotDurable) as caught, anyio.fail_after(PROMPT_S):
            await stream.run(None, send)

        assert caught.value is full
        assert reader.open == 0

    # ----------------------------------------------------------------------------------------------- failures

    @pytest.mark.parametrize(
        "error",
        [
            RateLimited("the server asked for a pause", wait_s=120.0),
            AccessDenied("the server refuses us"),
            SourceUnavailable("no answer within the deadline"),
            RequestRefused("the guard refused it"),
            DocumentRefused("the answer is encoded", reason="bad_encoding"),
        ],
        ids=lambda error: type(error).__name__,
    )
    async def test_what_connecting_raises_passes_through(
        self, script: StreamScript, error: SourceError
    ) -> None:
        """A connection that cannot be had reaches the core as the reader raised it; nobody connects anew here."""
        told = Told(
            connections=lambda _asked: error, answers=script.first.answers, trades=script.first.trades
        )
        heard = await hear(script, told)
        tried = [asked.address for asked in heard.reader.asked if asked.how in {"stream", "listen"}]

        assert heard.ended is error
        assert sorted(set(tried)) == sorted(tried)

    @pytest.mark.parametrize(
        "error",
        [SourceUnavailable("the connection ended"), DocumentRefused("a message", reason="too_large")],
        ids=lambda error: type(error).__name__,
    )
    async def test_what_a_connection_raises_passes_through(
        self, script: StreamScript, error: SourceError
    ) -> None:
        """A connection that ends reaches the core as the reader raised it; what had come before is durable."""
        expected = await hear(script, script.first)
        heard = await hear(script, _ending(script.first, error))

        assert heard.ended is error
        assert set(expected.natives) == set(heard.natives)
        assert heard.reader.open == 0

    async def test_every_failure_is_one_of_ours(self, script: StreamScript) -> None:
        """Whatever the server says, a run ends with a `SourceError` that shows nothing of it."""
        end = SourceUnavailable("the connection ended")
        nonsense = (
            Told(
                connections=lambda _asked, frame=frame: Connection(((frame,),), end),  # type: ignore[misc]
                answers=script.first.answers,
                trades=script.first.trades,
            )
            for frame in (*NONSENSE, *(person.encode() for person in script.people))
        )
        for told in (*script.broken, *nonsense):
            heard = await hear(script, told)
            assert isinstance(heard.ended, SourceError)
            shown = "".join(traceback.format_exception(heard.ended))

            assert [person for person in script.people if person in shown] == []

    async def test_cancels_promptly(self, script: StreamScript) -> None:
        """A server that says nothing holds nobody up who wants to leave, while connecting and after; nothing stays open."""
        silent = (SILENCE, Connection())
        for opened in silent:
            told = Told(
                connections=lambda _asked, opened=opened: opened,  # type: ignore[misc]
                answers=script.first.answers,
                trades=script.first.trades,
            )
            reader, stream = built(script, told, EverythingInteresting())
            with anyio.fail_after(PROMPT_S):
                async with anyio.create_task_group() as group:
                    group.start_soon(stream.run, None, _durable_at_once)
                    await anyio.wait_all_tasks_blocked()
                    group.cancel_scope.cancel()

            assert _connections(reader) >= 1
            assert reader.open == 0

    # ------------------------------------------------------------------------------------------------- people

    async def test_nobody_is_shown(self, script: StreamScript, caplog: pytest.LogCaptureFixture) -> None:
        """No cursor, nothing that prints and nothing that is logged holds a person."""
        caplog.set_level(logging.DEBUG)
        runs = [await hear(script, told) for told in (script.first, script.bad_frame, script.later)]
        shown = [caplog.text]
        for heard in runs:
            shown += [repr(heard.stream), *map(repr, heard.pages), *map(repr, heard.items)]
            shown += [bytes(page.cursor).decode("latin-1") for page in heard.pages if page.cursor is not None]

        assert [person for person in script.people if any(person in text for text in shown)] == []

    async def test_asks_only_within_its_reach(self, script: StreamScript) -> None:
        """Every address lies in what the spec declares, with lower-case header names and a bound on silence."""
        reader = (await hear(script, script.first)).reader
        declared = {reach.host for reach in reader.reaches or ()}

        assert _connections(reader) >= 1
        for asked in reader.asked:
            assert asked.how == "exchange" or urlsplit(asked.address).hostname in declared
            assert all(name == name.lower() for name in asked.headers)
            assert asked.how in {"read", "exchange"} or 0 < (asked.idle_s or 0) <= 600

    async def test_everything_it_asks_for_has_a_price(self, script: StreamScript) -> None:
        """Every address asked for costs something of declared budgets that they could hold, or nothing."""
        reader = (await hear(script, script.first)).reader

        check_charges(script.spec, script.config, [asked.address for asked in reader.asked])


class _NotDurable(Exception):
    """
    Stands for what the core raises out of `send`: a lost lease, a full queue.
    """


def built(
    script: StreamScript, told: Told, interest: Interest, clock: SteppedClock | None = None
) -> tuple[CannedReader, Streamer]:
    """
    The adapter as the core builds it, on a reader that keeps to the declared reach.
    """
    clock = clock or SteppedClock()
    reader = CannedReader(
        told.answers,
        reaches=script.spec.reaches(script.config),
        connections=told.connections,
        trades=told.trades,
        exchanges=script.spec.exchanges(script.config),
        on_taken=clock.step,
    )
    source = script.spec.build(script.config, reader, clock, interest)
    assert isinstance(source, Streamer), "this suite covers streamers"
    return reader, source


async def hear(
    script: StreamScript, told: Told, *, cursor: Cursor | None = None, interest: Interest | None = None
) -> Heard:
    """
    One run from a cursor, by a source that was built just now: until it ends, or waits on every connection in vain.
    """
    reader, stream = built(script, told, interest or EverythingInteresting())
    heard = Heard(reader, stream)

    async def send(page: Page) -> None:
        await anyio.lowlevel.checkpoint()
        heard.pages.append(page)

    with anyio.fail_after(PROMPT_S):
        async with anyio.create_task_group() as group:

            async def run() -> None:
                try:
                    await stream.run(cursor, send)
                    raise AssertionError("a stream does not return; it ends with a SourceError")
                except SourceError as error:
                    heard.ended = error
                group.cancel_scope.cancel()

            group.start_soon(run)
            while not (reader.open and reader.drained == reader.open):
                await anyio.lowlevel.checkpoint()
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
    return heard


async def _durable_at_once(_page: Page) -> None:
    await anyio.lowlevel.checkpoint()


def _ending(told: Told, error: SourceError) -> Told:
    """
    The same, but each connection ends with this error.
    """

    def connection(given: object) -> object:
        return Connection(given.batches, error) if isinstance(given, Connection) else given

    connections: Any = told.connections
    changed: Any = (
        (lambda asked: connection(connections(asked)))
        if callable(connections)
        else [connection(one) for one in connections]
    )
    return Told(connections=changed, answers=told.answers, trades=told.trades)


def _connections(reader: CannedReader) -> int:
    return sum(1 for asked in reader.asked if asked.how in {"stream", "listen"})


def _told(heard: Heard) -> tuple[Item, ...]:
    return tuple(item for item in heard.items if not isinstance(item, Gap))
