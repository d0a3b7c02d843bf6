"""
The network as a source: a `Streamer` over Jetstream and a `Rechecker` over the AppView. Built by `adapters.bluesky`.

Here is what lasts from one connection to the next, and nowhere but in memory: the DIDs of our own accounts, which versions
of which posts became durable (`memory`), and the session of a search. Everything of one run is in `listening`.

Source of the protocol: bluesky-social/jetstream, `docs/README.md` section 5.1 (the frozen `/subscribe`), read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import quote

from adapters.bluesky import wire
from adapters.bluesky.config import BlueskyConfig
from adapters.bluesky.cursor import decode_cursor
from adapters.bluesky.hosts import MOST_BYTES
from adapters.bluesky.hydrate import LookUp
from adapters.bluesky.identity import is_did
from adapters.bluesky.listening import Listening
from adapters.bluesky.memory import Revisions
from adapters.bluesky.pages import Pages
from adapters.bluesky.recheck import verdicts
from adapters.bluesky.search import Search
from adapters.bluesky.sieve import Sieve
from adapters.bluesky.zstd import unzip_from
from listener.adapter import Ask, Cursor, Interest, Page, Reader, Verdict
from listener.clock import Clock
from listener.errors import SourceUnavailable


class BlueskySource:
    """
    A `Streamer` and a `Rechecker`.
    """

    def __init__(self, config: BlueskyConfig, reader: Reader, clock: Clock, interest: Interest) -> None:
        self._config, self._reader, self._clock, self._interest = config, reader, clock, interest
        self._look_up = LookUp(reader, config.appview)
        self._durable = Revisions()
        self._own: frozenset[str] | None = None
        self._search = _search_of(config, reader, clock)

    def __repr__(self) -> str:
        return "BlueskySource(…)"

    async def run(self, cursor: Cursor | None, send: Callable[[Page], Awaitable[None]]) -> None:
        """
        Hear every host until none is left.

        Raises:
            SourceUnavailable: an own account's handle leads nowhere, or the dictionary cannot be read.
            SourceError: whatever the last host ended with.
        """
        config, own = self._config, await self._own_accounts()
        unzip = None
        if config.zstd_dictionary is not None:
            unzip = await unzip_from(config.zstd_dictionary, most_bytes=MOST_BYTES)
        listening = Listening(
            reader=self._reader,
            clock=self._clock,
            interest=self._interest,
            hosts=config.hosts,
            positions=decode_cursor(cursor, hosts=config.hosts),
            sieve=Sieve(self._interest, own=own, unzip=unzip),
            pages=Pages(self._look_up, self._clock, own=own, durable=self._durable),
            durable=self._durable,
            search=self._search,
            own=own,
            silence_s=config.silence_s,
            compress=unzip is not None,
        )
        await listening.run(send)

    async def recheck(self, asks: Sequence[Ask]) -> Mapping[Ask, Verdict]:
        """
        What became of each post; nothing of those the AppView said nothing about.

        Raises:
            SourceError: it could not be asked.
        """
        own = await self._own_accounts()
        return await verdicts(asks, look_up=self._look_up, own=own, now=self._clock.now())

    async def _own_accounts(self) -> frozenset[str]:
        """
        The organisation's DIDs. Handles are asked for once in the life of the source.

        Raises:
            SourceError: the AppView could not be asked.
            SourceUnavailable: it knows no such handle.
        """
        if self._own is None:
            own = [account for account in self._config.own_accounts if is_did(account)]
            own += [await self._resolved(handle) for handle in self._config.handles]
            self._own = frozenset(own)
        return self._own

    async def _resolved(self, handle: str) -> str:
        address = f"{self._config.appview}/xrpc/com.atproto.identity.resolveHandle?handle={quote(handle)}"
        reply = await self._reader.read(address, headers={"accept": "application/json"})
        try:
            did = wire.decoded(wire.Resolved, reply.body).did
        except wire.UNREADABLE:
            did = ""
        if not is_did(did):
            raise SourceUnavailable(
                "own_accounts: the AppView knows no account by one of the handles; correct it, or write its DID",
                status=reply.status,
            )
        return did


def _search_of(config: BlueskyConfig, reader: Reader, clock: Clock) -> Search | None:
    if config.identifier is None or config.app_password is None:
        return None
    return Search(
        reader, clock, service=config.service, identifier=config.identifier, password=config.app_password
    )
