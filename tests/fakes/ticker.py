"""
A network made up for tests of the streamer's contract: one socket that numbers what it says and replays from a number.

    wss://ticker.example/say?from=3      ->  {"n": 3, "by": "Jo Fenn", "text": "…"} and so on, in order

`Ticker` is a whole adapter in little; its subclasses in the tests each break one promise of the contract.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec
from pydantic import BaseModel, ConfigDict

from listener.adapter import AdapterSpec, Cursor, Interest, Item, Page, Reach, Reader, TermsOfUse
from listener.clock import Clock
from listener.events import Author, Post, Rejected
from listener.testing.canned import Asked, Connection, Opened

HOST: Final = "ticker.example"
CURSOR_EVERY: Final = 10
"""Batches without a match after which a page carries the cursor alone."""


class Tick(msgspec.Struct, frozen=True):
    """
    One frame.
    """

    n: int
    by: str
    text: str


class TickerConfig(BaseModel):
    """
    Nothing to say beside where.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = HOST


class Ticker:
    """
    Hears the ticker from a number on.
    """

    def __init__(self, config: TickerConfig, reader: Reader, clock: Clock, interest: Interest) -> None:
        self.config, self.reader, self.interest = config, reader, interest

    async def run(self, cursor: Cursor | None, send: Callable[[Page], Awaitable[None]]) -> None:
        """
        See `Streamer.run`.
        """
        nth, silent = self.number(cursor), 0
        address = f"wss://{self.config.host}/say" + ("" if nth is None else f"?from={nth}")
        async with self.reader.listen(address, idle_s=60, most_bytes=65_536) as pieces:
            while True:
                items: list[Item] = []
                for frame in await pieces.next():
                    nth, item = self.item(frame, nth)
                    items += [] if item is None else [item]
                silent = 0 if items else silent + 1
                if items or silent == CURSOR_EVERY:
                    silent = 0
                    await self.deliver(Page(items=tuple(items), cursor=self.cursor(nth)), send)

    async def deliver(self, page: Page, send: Callable[[Page], Awaitable[None]]) -> None:
        """
        Give the page away.
        """
        await send(page)

    def item(self, frame: bytes, nth: int | None) -> tuple[int | None, Item | None]:
        """
        The number of the frame, and what it says to us.
        """
        try:
            tick = msgspec.json.decode(frame, type=Tick)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return nth, Rejected("unreadable_item")
        if not self.interest.maybe(frame):
            return tick.n, None
        author = Author((tick.by,))
        return tick.n, Post(native=f"ticker:{tick.n}", kind="post", text=tick.text, author=author)

    @staticmethod
    def cursor(nth: int | None) -> Cursor | None:
        """
        The number, between marks that a cut takes away.
        """
        return None if nth is None else Cursor(b"t1:%d." % nth)

    @staticmethod
    def number(cursor: Cursor | None) -> int | None:
        """
        The number of a cursor; None of one that is not ours.
        """
        found = re.fullmatch(rb"t1:([0-9]{1,15})\.", cursor or b"")
        return None if found is None else int(found[1])


SPEC: Final = AdapterSpec(
    name="ticker",
    summary="A made-up stream.",
    listens_to="What the ticker says.",
    credentials="none",
    limits="None; made up.",
    terms=TermsOfUse(
        retention_max_days=None,
        delete_within_h=None,
        default_keep="text",
        address=None,
        checked_on=date(2026, 11, 24),
        government=None,
        derived_metrics="free",
        derived_clause=None,
    ),
    config=TickerConfig,
    example='[[source]]\nname = "ticker"\nadapter = "ticker"\nrelation = "public"\n',
    build=Ticker,
    reaches=lambda config: (Reach(config.host, path="/say"),),
    lease_group=lambda config: config.host,
    floor_s=lambda _config, _relation: 60.0,
    interval_s=lambda _config, _relation: None,
    look_back_s=3_600.0,
    wire=(Tick,),
)


def tick(n: int, text: str = "Snow on the hill", by: str = "Jo Fenn") -> bytes:
    """
    One frame as the ticker sends it.
    """
    return msgspec.json.encode(Tick(n, by, text))


def ticker(*batches: tuple[bytes, ...], **connection: Any) -> Callable[[Asked], Opened]:
    """
    The ticker as it would answer: only what is not before the number in the address.
    """

    def opened(asked: Asked) -> Opened:
        start = int(parse_qs(urlsplit(asked.address).query).get("from", ["0"])[0])
        kept = [tuple(frame for frame in batch if _number(frame) >= start) for batch in batches]
        return Connection([batch for batch in kept if batch], **connection)

    return opened


def _number(frame: bytes) -> int:
    found = re.match(rb'\{"n":([0-9]+)', frame)
    return 2**60 if found is None else int(found[1])
