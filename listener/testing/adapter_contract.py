"""
The definition of an adapter, as tests. Subclass `AdapterContract`, give it a `Script`, and pytest does the rest:

    class TestMyNetwork(AdapterContract):
        @pytest.fixture
        def script(self) -> Script:
            return Script(spec=SPEC, config=..., first=[...], later=[...], ...)

The script holds recorded (synthetic) answers of the network, with people in them, because the suite also looks for
people where none may be. It needs pytest and anyio's pytest plugin, and no network. It covers pollers; streamers have
`listener.testing.streamer_contract`.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, cast
from urllib.parse import urlsplit

import anyio
import pytest

from listener.adapter import AdapterSpec, Cursor, Interest, Item, Page, Poller, Reply
from listener.errors import AccessDenied, RateLimited, RequestRefused, SourceError, SourceUnavailable
from listener.events import Post, Rejected, Removal
from listener.testing.canned import SILENCE, Answer, CannedReader, EverythingInteresting
from listener.testing.spec_contract import SpecContract

_PAGES: Final = 1000
"""Chosen: a reading that goes on for longer never ends."""

GARBAGE_CURSORS: Final = (
    b"",
    b"\0",
    b"null",
    b"{}",
    b"[]",
    b'{"version": 99}',
    b"\xff" * 64,
    b"\x9b\x01" + b"\xc0" * 10,
    b"\x93" * 4096,
    "ħ".encode() * 100,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """
    What a network answers. Each sequence holds all the answers of one reading, page by page.

    Args:
        spec: The adapter.
        config: As its config type reads it.
        first: The first reading: at least two posts.
        later: A reading some time after: at least one post of `first`, unchanged, and at least one new one.
        unchanged: What the network answers when nothing happened since `first`.
        bad_item: A reading with some items that cannot be read among others that can.
        bad_items: How many.
        broken: Single answers that no reading survives, each for itself.
        people: Every string in these answers that names somebody and must never be seen outside an `Author`.
        interest: What the watches ask for, of an adapter that asks for nothing else.
    """

    spec: AdapterSpec
    config: Any
    first: Sequence[Reply]
    later: Sequence[Reply]
    unchanged: Sequence[Reply]
    bad_item: Sequence[Reply]
    bad_items: int
    broken: Sequence[Reply]
    people: Sequence[str]
    interest: Interest = field(default_factory=EverythingInteresting)


class _FixedClock:
    """
    Time that stands still; an adapter never sleeps on its own account.
    """

    def now(self) -> datetime:
        return datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, delay_s: float) -> None:
        raise AssertionError("an adapter never sleeps: the core owns the waiting")


@pytest.mark.anyio
class AdapterContract(SpecContract):
    """
    See the module.
    """

    @pytest.fixture
    def script(self) -> Script:
        """
        Supplied by the subclass.
        """
        raise NotImplementedError("a contract needs a script")

    # ------------------------------------------------------------------------------------------------ reading

    async def test_reading_is_deterministic_and_ordered(self, script: Script) -> None:
        """The same answers give the same items in the same order, whoever reads them."""
        items = _items(await read_all(script, script.first))

        assert items == _items(await read_all(script, script.first))
        assert len(_natives(items)) >= 2

    async def test_no_post_twice_in_a_reading(self, script: Script) -> None:
        """One reading names each post once."""
        natives = _natives(_items(await read_all(script, script.first)))

        assert sorted(set(natives)) == sorted(natives)

    async def test_overlap_keeps_identity(self, script: Script) -> None:
        """A post that is shown again goes by the same identity, so that the key removes the repeat."""
        first = await read_all(script, script.first)
        before = {post.native: post for post in _posts(_items(first))}
        after = {post.native: post for post in _posts(_items(await read_all(script, script.later)))}
        again = before.keys() & after.keys()

        assert again
        assert after.keys() - before.keys()
        assert {native: before[native] for native in again} == {native: after[native] for native in again}

    async def test_resumes_from_any_cursor(self, script: Script) -> None:
        """Whatever cursor was durable when the process died, the next reading misses no new post."""
        pages = await read_all(script, script.first)
        before = set(_natives(_items(pages)))
        new = set(_natives(_items(await read_all(script, script.later)))) - before

        for cursor in [None, *(page.cursor for page in pages)]:
            assert new <= set(_natives(_items(await read_all(script, script.later, cursor=cursor))))

    async def test_unchanged_answer_gives_nothing_new(self, script: Script) -> None:
        """Nothing happened, nothing is told again as news; the cursor needs no memory of the old process."""
        pages = await read_all(script, script.first)
        again = await read_all(script, script.unchanged, cursor=_last_cursor(pages))

        assert set(_natives(_items(again))) <= set(_natives(_items(pages)))
        assert not any(isinstance(item, Removal | Rejected) for item in _items(again))

    @pytest.mark.parametrize("garbage", GARBAGE_CURSORS)
    async def test_garbage_cursor_is_no_cursor(self, script: Script, garbage: bytes) -> None:
        """A cursor of another version, or of nobody, starts anew and raises nothing."""
        expected = _items(await read_all(script, script.first))

        assert expected == _items(await read_all(script, script.first, cursor=Cursor(garbage)))

    async def test_cut_cursor_is_no_cursor(self, script: Script) -> None:
        """A cursor that was cut short starts anew and raises nothing."""
        cursor = _last_cursor(await read_all(script, script.first))
        expected = _items(await read_all(script, script.first))

        assert expected == _items(await read_all(script, script.first, cursor=Cursor(cursor[:-1])))

    async def test_bad_items_are_counted(self, script: Script) -> None:
        """An item that cannot be read is a `Rejected` of its own; its neighbours are read."""
        items = _items(await read_all(script, script.bad_item))

        assert script.bad_items == sum(isinstance(item, Rejected) for item in items)
        assert _posts(items)

    # ----------------------------------------------------------------------------------------------- failures

    @pytest.mark.parametrize(
        "error",
        [
            RateLimited("the server asked for a pause", wait_s=120.0),
            AccessDenied("the server refuses us"),
            SourceUnavailable("no answer within the deadline"),
            RequestRefused("the guard refused a redirect"),
        ],
        ids=lambda error: type(error).__name__,
    )
    async def test_what_the_reader_raises_passes_through(self, script: Script, error: SourceError) -> None:
        """Waits and refusals reach the core as the reader raised them; the adapter neither sleeps nor retries."""
        reader = reader_for(script, [error])

        with pytest.raises(type(error)) as caught:
            await poller_for(script, reader).fetch(None)

        assert caught.value is error
        assert len(reader.asked) == 1

    async def test_goes_on_after_a_failure(self, script: Script) -> None:
        """After a failure the same source, asked again with the same cursor, reads on."""
        expected = _items(await read_all(script, script.first))
        reader = reader_for(script, [SourceUnavailable("no answer"), *script.first])
        poller = poller_for(script, reader)
        with pytest.raises(SourceUnavailable):
            await poller.fetch(None)

        assert expected == _items(await read_on(poller, None))

    async def test_every_failure_is_one_of_ours(self, script: Script) -> None:
        """Whatever the server sends, a reading ends with a page or a `SourceError` that shows nothing of it."""
        for broken in (*script.broken, *_nonsense(script)):
            with pytest.raises(SourceError) as caught:
                await poller_for(script, reader_for(script, [broken])).fetch(None)
            shown = "".join(traceback.format_exception(caught.value))

            assert [person for person in script.people if person in shown] == []

    async def test_cancels_promptly(self, script: Script) -> None:
        """A server that never answers holds nobody up who wants to leave."""
        reader = reader_for(script, [SILENCE])
        ended = anyio.Event()

        async def fetch() -> None:
            try:
                await poller_for(script, reader).fetch(None)
            finally:
                ended.set()

        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(fetch)
                while not reader.asked:
                    await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()

        assert ended.is_set()

    # ------------------------------------------------------------------------------------------------- people

    async def test_nobody_is_shown(self, script: Script) -> None:
        """No cursor and nothing that prints holds a person; an author is held in memory and prints as `Author(…)`."""
        reader = reader_for(script, script.first)
        poller = poller_for(script, reader)
        pages = await read_on(poller, None)
        shown = [repr(poller), *(repr(page) for page in pages), *(repr(item) for item in _items(pages))]
        shown += [bytes(page.cursor).decode("latin-1") for page in pages if page.cursor is not None]

        assert [person for person in script.people if any(person in text for text in shown)] == []

    # --------------------------------------------------------------------------------------------------- spec

    async def test_asks_only_within_its_reach(self, script: Script) -> None:
        """Every address asked for lies in what the spec declares, with lower-case header names."""
        reader = reader_for(script, script.first)
        await read_on(poller_for(script, reader), None)

        assert reader.asked
        for asked in reader.asked:
            assert urlsplit(asked.address).hostname in {reach.host for reach in reader.reaches or ()}
            assert all(name == name.lower() for name in asked.headers)

    def test_discovery_is_safe(self, script: Script) -> None:
        """An answer of the source offers itself; whatever else comes offers only what could be configured, and nobody is shown."""
        if script.spec.discover is None:
            return
        first = script.first[0]
        strange = [*script.broken, *_nonsense(script)]
        offered = [script.spec.discover(reply) for reply in strange]

        assert [each.address for each in script.spec.discover(first)] == [first.address]
        for candidate in (each for candidates in offered for each in candidates):
            assert script.spec.config.model_validate({"address": candidate.address})
            assert not any(person in repr(candidate) for person in script.people)


def reader_for(script: Script, answers: Sequence[Answer]) -> CannedReader:
    """
    A reader that gives these answers and keeps to the declared reach.
    """
    return CannedReader(answers, reaches=script.spec.reaches(script.config))


def poller_for(script: Script, reader: CannedReader) -> Poller:
    """
    The adapter as the core builds it.
    """
    source = script.spec.build(script.config, reader, _FixedClock(), script.interest)
    assert hasattr(source, "fetch"), "this suite covers pollers"
    return cast("Poller", source)


async def read_all(
    script: Script, answers: Sequence[Reply], *, cursor: Cursor | None = None
) -> tuple[Page, ...]:
    """
    One reading from a cursor, by a source that was built just now.
    """
    return await read_on(poller_for(script, reader_for(script, answers)), cursor)


async def read_on(poller: Poller, cursor: Cursor | None) -> tuple[Page, ...]:
    """
    Pages until there are no more, as intake asks for them.
    """
    pages: list[Page] = []
    while len(pages) < _PAGES:
        page = await poller.fetch(cursor)
        pages.append(page)
        cursor = page.cursor or cursor
        if not page.more:
            return tuple(pages)
    raise AssertionError("a reading that never ends")


def _nonsense(script: Script) -> tuple[Reply, ...]:
    """
    Answers that no network gives on purpose.
    """
    address = script.first[0].address
    bodies = (
        b"",
        b"\0" * 100,
        b"\xff\xfe\xff\xfe",
        b"<",
        b"{",
        b"[",
        b"<html><body>sorry</body></html>",
        b"OK",
    )
    return tuple(Reply(status=200, headers={}, body=body, address=address) for body in bodies)


def _items(pages: Sequence[Page]) -> tuple[Item, ...]:
    return tuple(item for page in pages for item in page.items)


def _posts(items: Sequence[Item]) -> tuple[Post, ...]:
    return tuple(item for item in items if isinstance(item, Post))


def _natives(items: Sequence[Item]) -> tuple[str, ...]:
    return tuple(post.native for post in _posts(items))


def _last_cursor(pages: Sequence[Page]) -> Cursor:
    cursors = [page.cursor for page in pages if page.cursor is not None]
    assert cursors, "a reading that brought something has a cursor"
    return cursors[-1]
