"""
The contract of streamers: a small honest adapter keeps it, and each way of breaking it turns the named test red.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

import anyio
import pytest
from msgspec import structs

from listener.adapter import AdapterSpec, Cursor, Item, Page
from listener.errors import RateLimited, SourceError, SourceUnavailable
from listener.events import Post
from listener.testing.canned import SILENCE, CannedReader, Connection, reply
from listener.testing.streamer_contract import StreamerContract, StreamScript, Told
from tests.fakes.ticker import SPEC, Ticker, TickerConfig, tick, ticker

PEOPLE = ("Jo Fenn", "Sam Weir", "Kim Harrow")
FIRST = ((tick(1), tick(2, by="Sam Weir")), (tick(3),), (tick(4),))


def script_of(spec: AdapterSpec = SPEC) -> StreamScript:
    """
    Four frames in three batches, then one more.
    """
    return StreamScript(
        spec=spec,
        config=TickerConfig(),
        first=Told(connections=ticker(*FIRST)),
        later=Told(connections=ticker(*FIRST, (tick(5),))),
        bad_frame=Told(connections=ticker((tick(1), b'{"n":2,"by":"Kim Harrow"'), (b"Kim Harrow", tick(3)))),
        bad_items=2,
        quiet=Told(connections=ticker(*((tick(n),) for n in range(1, 40)))),
        broken=(Told(connections=[SourceUnavailable("nobody there")]),),
        people=PEOPLE,
    )


class TestTicker(StreamerContract):
    """
    The honest one.
    """

    @pytest.fixture
    def script(self) -> StreamScript:
        """
        See `script_of`.
        """
        return script_of()


# ------------------------------------------------------------------------------------------------ broken ones


class Shuffled(Ticker):
    """
    Says something else each time.
    """

    runs = 0

    def item(self, frame: bytes, nth: int | None) -> tuple[int | None, Item | None]:
        type(self).runs += 1
        nth, item = super().item(frame, nth)
        return nth, structs.replace(item, text=f"{self.runs}") if isinstance(item, Post) else item


class Skips(Ticker):
    """
    Goes on two after what is durable.
    """

    @staticmethod
    def number(cursor: Cursor | None) -> int | None:
        found = Ticker.number(cursor)
        return None if found is None else found + 2


class Trusting(Ticker):
    """
    Believes every cursor.
    """

    @staticmethod
    def number(cursor: Cursor | None) -> int | None:
        return None if cursor is None else int(cursor[3:-1])


class Loose(Ticker):
    """
    Believes a cursor that was cut.
    """

    @staticmethod
    def cursor(nth: int | None) -> Cursor | None:
        return None if nth is None else Cursor(b"t1:%d." % (nth + 10))

    @staticmethod
    def number(cursor: Cursor | None) -> int | None:
        digits = (cursor or b"").removeprefix(b"t1:").removesuffix(b".")
        return int(digits) if digits.isdigit() else None


class Deaf(Ticker):
    """
    Passes over what it cannot read.
    """

    def item(self, frame: bytes, nth: int | None) -> tuple[int | None, Item | None]:
        nth, item = super().item(frame, nth)
        return nth, item if isinstance(item, Post) else None


class Fragile(Ticker):
    """
    Lets a decoding error out, with a piece of the frame.
    """

    def item(self, frame: bytes, nth: int | None) -> tuple[int | None, Item | None]:
        if not frame.startswith(b'{"n":'):
            raise ValueError(frame)
        return super().item(frame, nth)


class Telling(Ticker):
    """
    Tells whom it could not read.
    """

    def item(self, frame: bytes, nth: int | None) -> tuple[int | None, Item | None]:
        if b"Kim" in frame:
            raise SourceUnavailable(f"cannot be read: {frame!r}")
        return super().item(frame, nth)


class Chatty(Ticker):
    """
    Writes down what it hears.
    """

    def item(self, frame: bytes, nth: int | None) -> tuple[int | None, Item | None]:
        logging.getLogger("ticker").debug("heard %s", frame)
        return super().item(frame, nth)


class Forgetful(Ticker):
    """
    Gives no cursor where nothing is for us.
    """

    async def deliver(self, page: Page, send: Callable[[Page], Awaitable[None]]) -> None:
        if page.items:
            await send(page)


class Hasty(Ticker):
    """
    Hands pages over without waiting for them.
    """

    async def run(self, cursor: Cursor | None, send: Callable[[Page], Awaitable[None]]) -> None:
        async with anyio.create_task_group() as self.group:
            await super().run(cursor, send)

    async def deliver(self, page: Page, send: Callable[[Page], Awaitable[None]]) -> None:
        async def hand_over() -> None:
            await send(page)

        self.group.start_soon(hand_over)


class Grouped(Ticker):
    """
    Lets errors out in a group, as a task group does.
    """

    async def run(self, cursor: Cursor | None, send: Callable[[Page], Awaitable[None]]) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(super().run, cursor, send)


class Stubborn(Ticker):
    """
    Connects anew by itself.
    """

    async def run(self, cursor: Cursor | None, send: Callable[[Page], Awaitable[None]]) -> None:
        for _ in range(3):
            try:
                await super().run(cursor, send)
            except SourceError as error:
                last = error
        raise last


class Translating(Ticker):
    """
    Makes one error of all.
    """

    async def run(self, cursor: Cursor | None, send: Callable[[Page], Awaitable[None]]) -> None:
        try:
            await super().run(cursor, send)
        except SourceError:
            raise SourceUnavailable("the ticker failed") from None


class Roaming(Ticker):
    """
    Reads what nobody declared.
    """

    async def run(self, cursor: Cursor | None, send: Callable[[Page], Awaitable[None]]) -> None:
        await self.reader.read("https://elsewhere.example/")


def mutants() -> list[tuple[type[Ticker], str, tuple[object, ...]]]:
    """
    Who breaks what, and the test that says so.
    """
    error = RateLimited("a pause", wait_s=1.0)
    return [
        (Shuffled, "test_hearing_is_deterministic_and_ordered", ()),
        (Shuffled, "test_overlap_keeps_identity", ()),
        (Skips, "test_resumes_from_any_cursor", ()),
        (Skips, "test_what_was_not_durable_comes_again", ()),
        (Trusting, "test_garbage_cursor_is_no_cursor", (b"\xff" * 64,)),
        (Loose, "test_cut_cursor_is_no_cursor", ()),
        (Deaf, "test_bad_frames_are_counted", ()),
        (Fragile, "test_bad_frames_are_counted", ()),
        (Fragile, "test_every_failure_is_one_of_ours", ()),
        (Telling, "test_every_failure_is_one_of_ours", ()),
        (Chatty, "test_nobody_is_shown", ()),
        (Forgetful, "test_cursor_moves_without_matches", ()),
        (Hasty, "test_send_is_the_back_pressure", ()),
        (Grouped, "test_what_send_raises_ends_it", ()),
        (Grouped, "test_what_connecting_raises_passes_through", (error,)),
        (Stubborn, "test_what_connecting_raises_passes_through", (error,)),
        (Translating, "test_what_connecting_raises_passes_through", (error,)),
        (Translating, "test_what_a_connection_raises_passes_through", (error,)),
        (Roaming, "test_asks_only_within_its_reach", ()),
        (Roaming, "test_cancels_promptly", ()),
    ]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("mutant", "test", "arguments"), mutants(), ids=lambda value: getattr(value, "__name__", None)
)
async def test_each_breach_turns_its_test_red(
    mutant: type[Ticker], test: str, arguments: tuple[object, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """The contract is no formality: an adapter that breaks one promise fails the test of that promise."""
    script = script_of(replace(SPEC, build=mutant))
    extra = (caplog,) if test == "test_nobody_is_shown" else ()

    with pytest.raises(BaseException) as caught:  # an assertion, or what the mutant lets out
        await getattr(StreamerContract(), test)(script, *arguments, *extra)
    assert isinstance(caught.value, Exception)


# ------------------------------------------------------------------------------------------------ the doubles


@pytest.mark.anyio
async def test_a_canned_connection_gives_batches_and_then_its_end() -> None:
    """Each call of `next` gives one batch; then the end comes, as often as one asks."""
    end = SourceUnavailable("over")
    reader = CannedReader(connections=[Connection([(b"a", b"b"), (b"c",)], end)])

    async with reader.stream("https://source.example/", idle_s=5) as pieces:
        got = [await pieces.next(), await pieces.next()]
        for _ in range(2):
            with pytest.raises(SourceUnavailable) as caught:
                await pieces.next()
            assert caught.value is end
        assert reader.open == 1

    assert got == [(b"a", b"b"), (b"c",)]
    assert reader.open == 0
    assert [(asked.how, asked.idle_s) for asked in reader.asked] == [("stream", 5)]


@pytest.mark.anyio
async def test_a_canned_reader_answers_each_way_from_its_own_list() -> None:
    """Reads, connections and exchanges do not take each other's answers."""
    reader = CannedReader(
        [reply(b"read")],
        connections=[Connection([(b"heard",)]), SILENCE],
        trades=[reply(b"token")],
        exchanges=("https://source.example/token",),
    )

    traded = await reader.exchange("https://source.example/token", body=b'{"secret":1}')
    async with reader.listen("wss://source.example/", idle_s=5, most_bytes=9) as pieces:
        heard = await pieces.next()
    read = await reader.read("https://source.example/")

    assert (traded.body, heard, read.body) == (b"token", (b"heard",), b"read")
    assert [asked.how for asked in reader.asked] == ["exchange", "listen", "read"]
    assert reader.asked[0].body == b'{"secret":1}'
    assert "secret" not in repr(reader)


@pytest.mark.anyio
async def test_a_canned_reader_refuses_what_the_real_one_refuses() -> None:
    """Undeclared exchanges and schemes of another way are refused before anything is counted as asked."""
    reader = CannedReader(
        connections=[SILENCE], trades=[reply()], exchanges=("https://source.example/token",)
    )

    with pytest.raises(SourceError, match="no declared exchange"):
        await reader.exchange("https://source.example/token?", body=b"{}")
    with pytest.raises(SourceError, match="ws and wss"):
        await reader.listen("https://source.example/", idle_s=5, most_bytes=9).__aenter__()
    with pytest.raises(SourceError, match="http and https"):
        await reader.stream("wss://source.example/", idle_s=5).__aenter__()

    assert reader.asked == []
