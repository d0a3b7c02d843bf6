"""
The seam between the core and a network: what an adapter is given, and what it gives back.

An adapter is built with `(config, reader, clock, interest)`. It owns its protocol; the core owns loops, sleeping,
retry, pace, persistence and shutdown. Adapters import this module, `listener.events`, `listener.errors`,
`listener.text` and `listener.clock`, and nothing else of the core.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NewType, Protocol, runtime_checkable

from listener.clock import Clock
from listener.events import Count, Gap, Keep, Post, Rejected, Removal, WatchName

Cursor = NewType("Cursor", bytes)
"""Opaque to the core: made by an adapter, stored with the events it covers, handed back as it was."""

Item = Post | Removal | Count | Gap | Rejected
"""What a page carries, in the order the source gave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """
    What the server said about coming back; the core combines it with the pace.

    Args:
        not_modified: The answer said that nothing changed.
        has_validators: The answer carried an ETag or Last-Modified, so the next read can be conditional.
        fresh_for_s: The longest of `Cache-Control: max-age` less `Age`, `Expires`, and hints inside the document;
            None where there are none.
        skip_hours: Hours of the day (GMT, 0 to 23) in which the source asks not to be read.
        skip_days: Days of the week (Monday is 0, GMT) in which the source asks not to be read.
        rhythm_s: Usual seconds between two posts of the source, as far as it shows; None where nothing tells.
        overrun: More may have come than the source shows at once, so it should be read sooner (within the limits).
    """

    not_modified: bool = False
    has_validators: bool = False
    fresh_for_s: float | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    rhythm_s: float | None = None
    overrun: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """
    One answer of a source. It travels whole: items and cursor become durable together or not at all.

    Args:
        items: In the order of the source.
        cursor: Where to go on; None leaves the stored one as it is.
        more: True where `fetch` should be called again at once for the rest.
        freshness: See there.
        moved_to: The address the source has moved to for good, once that is proved (politeness P20); the core reads it
            there from then on, keeps the configured one, and tells of it.
        note: What is worth an operator's look in this reading, from the adapter's closed set; None mostly.
    """

    items: tuple[Item, ...] = ()
    cursor: Cursor | None = None
    more: bool = False
    freshness: Freshness = Freshness()
    moved_to: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """
    What the reader brought back from one address.

    Args:
        status: HTTP status of the last hop.
        headers: Lower-case names; repeated headers joined by `, `.
        body: Decoded (no content encoding), within the byte cap.
        address: Where the answer finally came from.
        hops: Status of each redirect followed, first to last, with its target.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    address: str
    hops: tuple[tuple[int, str], ...] = ()


Validators = Callable[[str], Mapping[str, str]]
"""`if-none-match` and `if-modified-since` for an address a redirect leads to; empty where it gave none. They belong to
the address that gave them (RFC 9110, section 13.1), which behind a redirect is not the one that was asked for."""


class Pieces(Protocol):
    """
    What comes in on a connection that stays open, taken in order. Not taking it is the back-pressure: what is not
    taken is, after a bounded buffer, not read off the wire.
    """

    async def next(self) -> Sequence[bytes]:
        """
        All that has come and was not taken yet, at least one piece: whole messages of a WebSocket, or parts of a body as
        they came. Pings are answered below.

        Raises:
            SourceUnavailable: the connection ended, broke, or said nothing at all for `idle_s`.
            DocumentRefused: `too_large`, one message is larger than the cap.
        """
        ...


class Reader(Protocol):
    """
    The only way out for an adapter: GET, sockets that only receive, and the one exchange, within what its spec declared
    and in the pace of the host.
    """

    async def read(
        self,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        validators: Validators | None = None,
        judges: frozenset[int] = frozenset(),
        account: str = "",
    ) -> Reply:
        """
        The answer to one GET. Any status that carries an answer for the adapter comes back (2xx, 304, 404, 410, and
        what it `judges`); the rest is raised.

        Args:
            address: Absolute http or https address; sent byte for byte.
            headers: Such as `accept`, `if-none-match`, `authorization`; dropped at the first redirect to another
                origin, validators at any redirect.
            validators: What makes the request conditional at a hop; asked with each address a redirect leads to.
            judges: Error statuses whose body says what happened (a quota, a wrong key, comments that are off): they come
                back too, for the adapter to raise what they mean; the first 64 KiB of the body, none where it is longer. A
                pause that such an answer asks for holds the host all the same.
            account: On whose account it is within the source, such as the name of a watch: of a budget, each account of
                a source has its own part.

        Raises:
            RequestRefused: outside the declared reach, or a hop that the guard refuses.
            BudgetSpent: what the request costs at most is not there now; nothing was sent.
            RateLimited: 429, or 503 with Retry-After.
            AccessDenied: 401, 403.
            SourceUnavailable: no answer within the deadline, broken answer, other 4xx and 5xx.
            DocumentRefused: larger than the cap, or an encoding that was not offered (`too_large`, `bad_encoding`).
        """
        ...

    def stream(
        self, address: str, *, headers: Mapping[str, str] | None = None, idle_s: float
    ) -> AbstractAsyncContextManager[Pieces]:
        """
        The body of an answer that does not end, such as server-sent events, as it comes. Entering takes a turn at the
        host for the request itself, not for as long as it lasts; raises what `read` raises, and follows no redirect.

        Args:
            address: Absolute http or https address.
            headers: As for `read`.
            idle_s: Longest silence on the wire, heartbeats included; a longer one is a connection that is half open.
        """
        ...

    def listen(
        self, address: str, *, headers: Mapping[str, str] | None = None, idle_s: float, most_bytes: int
    ) -> AbstractAsyncContextManager[Pieces]:
        """
        A WebSocket that only receives: what is subscribed to stands in the address, no message of ours can be sent, no
        compression is offered. Entering raises what `read` raises.

        Args:
            address: Absolute ws or wss address; its reach is declared by host and path like any other.
            headers: Such as `authorization`.
            idle_s: Longest silence, pings of the server included.
            most_bytes: Of one message.
        """
        ...

    def paid(self, budget: str, amount: float) -> None:
        """
        What the last answer really cost, where its charge was only what it could cost at most; not called, the charge
        stands. See `AdapterSpec.charges`.

        Args:
            budget: Name of the budget.
            amount: In its unit; from 0 to what was charged.
        """
        ...

    async def exchange(self, address: str, *, body: bytes, headers: Mapping[str, str] | None = None) -> Reply:
        """
        Trade a credential for a token, where a network demands it: the one POST there is, only to an address that the
        spec declares in `exchanges`, word for word.

        Args:
            body: JSON.

        Raises:
            What `read` raises.
        """
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What an `Interest` asks for, by kind; each already folded as `listener.text.fold` folds.
    """

    hashtags: frozenset[str] = frozenset()
    handles: frozenset[str] = frozenset()
    phrases: frozenset[str] = frozenset()


class Interest(Protocol):
    """
    What the watches ask for.
    """

    @property
    def terms(self) -> Terms:
        """
        For an adapter that puts them into a query.
        """
        ...

    @property
    def watches(self) -> Mapping[WatchName, Terms]:
        """
        The same by watch, for an adapter that asks for each alone; without those that are paused.
        """
        ...

    @property
    def keep(self) -> Keep:
        """
        What is kept of what comes: an adapter asks its network for no more than that takes.
        """
        ...

    def maybe(self, frame: bytes) -> bool:
        """
        Whether a raw JSON frame (UTF-8) could match; may say yes wrongly, never no wrongly.
        """
        ...


@runtime_checkable
class Poller(Protocol):
    """
    A source that is asked.
    """

    async def fetch(self, cursor: Cursor | None) -> Page:
        """
        The next page after `cursor`; called again at once while `page.more`.

        Raises:
            SourceError: and nothing else, whatever the server does.
        """
        ...


@runtime_checkable
class Streamer(Protocol):
    """
    A source that speaks by itself.
    """

    async def run(self, cursor: Cursor | None, send: Callable[[Page], Awaitable[None]]) -> None:
        """
        Deliver pages until cancelled. `send` returns when the page is durable: that is the back-pressure. Not a
        generator: yielding inside a task group is the classic trap.

        Raises:
            SourceError: when the connection ended; the core comes back with the last durable cursor.
            What `send` raises, which an adapter lets pass: the page was not kept, and no later one would be.
        """
        ...


Ask = NewType("Ask", str)


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What became of a post that was asked about again.

    Args:
        state: `changed` carries the post as it is now, changed or not: an adapter that was given the whole post need not
            compare, the queue tells an edit from a repeat, and the gate judges visibility and consent anew. `withheld`:
            it is there, and not for us (protected, suspended, hidden from those who are not signed in).
        post: Only with `changed`.
    """

    state: Literal["gone", "withheld", "changed", "unchanged"]
    post: Post | None = None


@runtime_checkable
class Rechecker(Protocol):
    """
    Optional: a source that can be asked about posts again, because it does not announce what it forgets.
    """

    async def recheck(self, asks: Sequence[Ask]) -> Mapping[Ask, Verdict]:
        """
        A verdict for each ask that the source could answer.

        Raises:
            SourceError: the source could not be asked.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reach:
    """
    Addresses an adapter may read. Everything else is refused before a byte leaves.

    Args:
        host: Host name without port, lower case, exact.
        path: Regular expression that the whole path must match (query not included).
        redirects: `declared`: a hop must lie in a reach too. `public`: a hop may lead to any public host, as blogs
            do when they move; credentials and validators are left behind.
        spacing_s: Least seconds between the starts of two requests, where the network's limit asks for more than
            politeness does; holds for own hosts, too.
    """

    host: str
    path: str = "/.*"
    redirects: Literal["declared", "public"] = "declared"
    spacing_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Candidate:
    """
    A source that an address offers. Prints nothing of itself: a title may name a person.

    Args:
        address: Absolute; what would be configured. The address of the reply where the answer is itself a source.
        title: As the page calls it, unmasked; for the eyes of the operator at a terminal, never for a log, a file or a
            program. None where it has none.
        kind: What it carries: what a site publishes, or what others write under it.
    """

    address: str
    title: str | None
    kind: Literal["feed", "comments"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """
    What a network lets one credential spend in a window.

    Args:
        name: Within the adapter, such as `units` or `searches`.
        credential: Who is charged: a digest that says nothing of the credential. Sources of one credential share what has
            the same name.
        limit: In the unit, for one window.
        unit: As people are told it, such as `units`, `calls`, `USD`.
        window: What it is renewed with.
        zone: IANA name of the time zone in which the window turns at midnight.
        first_day: Of a month, on which it turns: 1 to 28.
    """

    name: str
    credential: str
    limit: float
    unit: str
    window: Literal["day", "month"]
    zone: str = "UTC"
    first_day: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """
    What one request takes from a budget.

    Args:
        budget: Its name.
        most: What it costs at most, in the unit of the budget; `Reader.paid` gives back what it did not cost.
        share: Of the budget, which requests of this kind may use up; the rest is left to cheaper ones that say less.
    """

    budget: str
    most: float
    share: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlay:
    """
    What a source is expected to spend if nothing holds it back.

    Args:
        budget: Its name.
        what: The requests, in words: `counts of 3 queries, every hour`.
        a_window: In one window of the budget, in its unit; None where it depends on how much is said.
        each: What one request, or one post, costs; in the same unit.
    """

    budget: str
    what: str
    a_window: float | None
    each: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlawful:
    """
    A term of a watch that a network's terms forbid to look for there.

    Args:
        term: As the watch has it, folded.
        because: The clause, with its address and the day somebody read it, as a sentence without a full stop.
    """

    term: str
    because: str


Proof = Literal["attestation", "permission_ref"]
"""What an operator has to show in a `[[source]]` before more may be kept: who may see it under which plan, named and
dated; where a written permission of the network is filed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """
    What a page of terms says, in our words, with the day somebody read it. Prints as it is quoted to an operator.

    Args:
        says: A sentence without a full stop.
        address: Of the page.
        checked_on: When somebody read it last.
    """

    says: str
    address: str
    checked_on: date

    def __str__(self) -> str:
        return f"{self.says} ({self.address}, read {self.checked_on})"


def _none(*_: Any) -> tuple[Any, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsOfUse:
    """
    What a network's terms oblige us to; data, so that the configuration cannot violate it. Nothing of it has a default:
    whoever writes an adapter has read the terms and says what they hold.

    Args:
        retention_max_days: Longest a body may be kept; None where the terms set none.
        delete_within_h: Hours within which a deletion at the source must be honoured; None where none is set.
        default_keep: What is kept unless the source says otherwise.
        address: Page of the terms that sets both; None for the open web.
        checked_on: When somebody read that page last.
        government: What they ask of users who act for a government; None where that page asks nothing of them.
        derived_metrics: Whether numbers and classes may be made of what is read: `free`, or only under an `agreement` that
            the operator has accepted. Numbers that the network itself gives out are not made here.
        derived_clause: Why only under an agreement; None where they are free.
        proofs: What has to be shown before that much may be kept; nothing for what is not named.
        clauses: Why a proof is asked for; one that is not named is asked for by `government`.
        further: Clauses that are quoted elsewhere (`AdapterSpec.unlawful`).
        by_address_only: Why words of it may not be handed on in a file: an export then tells such posts by their address alone.
            None where the terms leave that free.
    """

    retention_max_days: int | None
    delete_within_h: int | None
    default_keep: Keep
    address: str | None
    checked_on: date
    government: Clause | None
    derived_metrics: Literal["free", "agreement"]
    derived_clause: Clause | None
    proofs: Mapping[Keep, tuple[Proof, ...]] = field(default_factory=dict)
    clauses: Mapping[Proof, Clause] = field(default_factory=dict)
    further: Callable[[], tuple[Clause, ...]] = _none
    by_address_only: Clause | None = None

    def read_on(self) -> Mapping[str, date]:
        """
        Each page of these terms, with the day somebody read it last; of the open web there is none.
        """
        pages = {} if self.address is None else {self.address: self.checked_on}
        for clause in (
            self.government,
            self.derived_clause,
            self.by_address_only,
            *self.clauses.values(),
            *self.further(),
        ):
            if clause is not None:
                pages[clause.address] = min(pages.get(clause.address, clause.checked_on), clause.checked_on)
        return pages

    def why(self, proof: Proof) -> Clause | None:
        """
        The clause that asks for a proof.
        """
        return self.clauses.get(proof, self.government)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckTerms:
    """
    How often, and how cheaply, posts are asked about again.

    Args:
        within_s: Each stored post is asked about once in so many seconds: the network's clock, or ours where it sets none.
        batch: Asks answered by one request, at most.
        spacing_s: Least seconds between two such requests, so that the limits of the network are left to reading.
    """

    within_s: float
    batch: int
    spacing_s: float


def _nothing(_: Any) -> Any:
    return {}


def _nowhere(_: Any) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForThePublic:
    """
    What the public notice and the assessment say of a network, in plain words for citizens. Words are by language
    (`en`, `fr`); where one is missing, another is shown and marked as such.

    Args:
        name: As people call it; the adapter's name where there is none.
        reads: What a source reads, from its config: whole sentences.
        shown_at: Address where people see what is read, from its config; None where there is not one.
        authors: Whether who wrote is looked at, in memory only, so that a name signed under one's own post is masked, choices
            in a profile count, and whoever objected is recognised. Where it is not, none of the three can be.
        removals: How a removal at the source is learned of: `told` as it happens, and by asking again; by asking again only
            (`asked`, see `AdapterSpec.recheck`); where the source itself goes on showing that it is gone, and else not (`shown`).
    """

    name: Mapping[str, str] = field(default_factory=dict)
    reads: Callable[[Any], Mapping[str, str]] = _nothing
    shown_at: Callable[[Any], str | None] = _nowhere
    authors: bool = True
    removals: Literal["told", "asked", "shown"] = "shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterSpec:
    """
    Everything the core, the CLI and the reference pages know of an adapter.

    Args:
        name: Lower-case noun of the service or protocol.
        summary: One line.
        listens_to: What is read, in a sentence a privacy officer understands.
        credentials: What is needed, or "none".
        limits: The network's rate limits, in a sentence with a source.
        terms: See there.
        config: Pydantic model of the adapter's own keys in a `[[source]]` table.
        example: TOML of one complete `[[source]]`; a test parses it.
        build: The source from `(config, reader, clock, interest)`; does no I/O.
        reaches: Addresses the source may read, from its config.
        lease_group: Host or credential whose pace the source shares, from its config.
        floor_s: Shortest interval between two reads of one source, from its config and relation (`own` or
            `public`); no setting goes below it.
        interval_s: The interval the operator asked for, from its config and relation; None where the source's own
            rhythm decides, between the floor and a day.
        look_back_s: How long the source may go on showing an old post; keys outlive bodies that long.
        wire: Every type decoded off the wire; the canary's allow-list walks their fields.
        simulator: Dotted path `module:function` of the local server that speaks this protocol; None where none ships.
        quarter: Dotted path `module:name` of what makes this network's part of the demo's city from `(day, clock)`: see
            `listener.simulation.quarter`; None where the demo is without it.
        relocated: The config of a source that moved to this address, as an operator would have to write it; None where
            its sources cannot move.
        discover: The sources that an answer offers, best first: itself, and nothing else, where it is one; what a page
            announces, else. Pure, linear, and safe on whatever a server sends. Its config takes the chosen candidate's
            address under the key `address`. None where sources are not found by address.
        unconditional: The cursor without what makes the next read conditional; None where no read is.
        address: The one address a source is read at, from its config; None where there is not one.
        exchanges: Whole addresses at which a credential is traded for a token, from its config.
        recheck: Set where what `build` gives is a `Rechecker` too.
        budgets: What its credential may spend, from its config.
        charges: What a request to an address takes from which of them, from its config: the reader takes it before the
            request leaves.
        outlook: What a source is expected to spend, from its config, interest and relation; shown by `listener check`.
        names: What a post may be called that an address means which somebody pasted, from the configs of all sources of this
            network and the address: native identities and aliases, the most telling first. Pure, asks nobody, safe on
            whatever was pasted. Never the name of another post: an address of a profile, a site or a thread is none of
            any post in it.
        unlawful: Which terms of a watch may not be looked for on this network, each with the clause.
        meanings: What each code of its own (`Page.note`, `DocumentRefused.reason`, `AccessDenied.code`, `BudgetSpent.code`) means, in a sentence
            that says what to do; it is all an operator is shown.
        public: What citizens are told of it.
    """

    name: str
    summary: str
    listens_to: str
    credentials: str
    limits: str
    terms: TermsOfUse
    config: type[Any]
    example: str
    build: Callable[[Any, Reader, Clock, Interest], Poller | Streamer]
    reaches: Callable[[Any], tuple[Reach, ...]]
    lease_group: Callable[[Any], str]
    floor_s: Callable[[Any, str], float]
    interval_s: Callable[[Any, str], float | None]
    look_back_s: float
    wire: tuple[type, ...] = ()
    simulator: str | None = None
    quarter: str | None = None
    relocated: Callable[[Any, str], Any] | None = None
    discover: Callable[[Reply], tuple[Candidate, ...]] | None = None
    unconditional: Callable[[Cursor], Cursor] | None = None
    address: Callable[[Any], str] | None = None
    exchanges: Callable[[Any], tuple[str, ...]] = _none
    recheck: RecheckTerms | None = None
    budgets: Callable[[Any], tuple[Budget, ...]] = _none
    charges: Callable[[Any, str], tuple[Charge, ...]] = _none
    outlook: Callable[[Any, Interest, str], tuple[Outlay, ...]] = _none
    names: Callable[[Sequence[Any], str], tuple[str, ...]] = _none
    unlawful: Callable[[Terms], tuple[Unlawful, ...]] = _none
    meanings: Mapping[str, str] = field(default_factory=dict)
    public: ForThePublic = ForThePublic()
