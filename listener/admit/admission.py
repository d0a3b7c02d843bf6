"""
Many addresses, each with its verdict: judged first, looked at where that is needed, and told apart at the end.

Takes `Wanted` from the command line or a list; gives a `Line` for each, in order, and the sources to append. What can be
judged without the network is: a line that cannot be read, that is no address, that follows a person, that is read
already, or that stands there twice is never asked for.

Different hosts are looked at side by side, each host one address after the other. An interruption loses nothing that was
answered: `Admission` holds what is known at any moment, and `lines` tells it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import anyio
from pydantic import ValidationError

from listener.adapter import AdapterSpec
from listener.admit.looking import Looked, Looker, Missed
from listener.admit.names import Names
from listener.admit.tables import NewSource
from listener.admit.verdicts import Line, Verdict, Wanted
from listener.errors import RequestRefused
from listener.events import Relation
from listener.hear.guard import parse
from listener.settings import Settings, linter
from listener.settings.checks import addresses

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class House:
    """
    What is there already, and what may come in.

    Args:
        spec: Of the adapter that reads what is added.
        relation: Of what is added.
        own: The organisation's handles, folded.
        known: Where each address is read already, by `sameness`.
    """

    spec: AdapterSpec
    relation: Relation
    own: frozenset[str]
    known: Mapping[str, str]

    @classmethod
    def of(cls, now: Settings, spec: AdapterSpec, relation: Relation) -> House:
        """
        The configured one.
        """
        read = [address for source in now.sources for address in addresses(source.config)]
        own = linter.folded_handles(now.organisation.own_handles)
        known = {sameness(address): address for address in read}
        return cls(spec=spec, relation=relation, own=own, known=known)

    def follows_a_person(self, address: str) -> bool:
        """
        Whether the linter refuses the address.
        """
        return linter.fault_in_address(address, relation=self.relation, own=self.own) is not None

    def asked_for(self, written: str) -> str | None:
        """
        The address as it can be asked for and configured; None where it is none. What no request can carry is
        escaped as browsers do; everything else stays byte for byte.
        """
        text = written.strip()
        if text[:5].lower() == "feed:":  # how readers are told to subscribe
            text = f"http:{text[5:]}" if text[5:7] == "//" else text[5:]
        text = text.partition("#")[0]
        try:
            target = parse(text, source="a list")
            address = text if text.isascii() and " " not in text else str(target.url)
            self.spec.config.model_validate({"address": address})
        except (RequestRefused, ValidationError):
            return None
        return address


def sameness(address: str) -> str:
    """
    Equal for addresses that are the same feed: over http or https, with or without the usual port.
    """
    try:
        parts = urlsplit(address)
        port = None if parts.port == _DEFAULT_PORTS.get(parts.scheme) else parts.port
    except ValueError:  # another adapter's idea of an address
        return address
    host = (parts.hostname or "").removesuffix(".")
    return f"{host}:{port or ''}{parts.path or '/'}?{parts.query}"


class Admission:
    """
    One run over a list.

    Args:
        wanted: The list.
        house: What it is judged against.
        told: Called with each line that is settled, as it is.
    """

    def __init__(
        self, wanted: Sequence[Wanted], house: House, *, told: Callable[[Verdict], None] = lambda _: None
    ) -> None:
        self._wanted = wanted
        self._house = house
        self._told = told
        self._settled: dict[int, Missed | Looked] = {}
        self._to_ask: dict[str, deque[tuple[int, str]]] = {}
        self._judge_all()

    def _judge_all(self) -> None:
        seen: set[str] = set()
        for index, each in enumerate(self._wanted):
            address = None if each.address is None else self._house.asked_for(each.address)
            why = self._judged(each, address, seen)
            if why is not None:
                self._settle(index, Missed(why))
            elif address is not None:
                seen.add(sameness(address))
                host = urlsplit(address).hostname or ""
                self._to_ask.setdefault(host, deque()).append((index, address))

    def _judged(self, each: Wanted, address: str | None, seen: set[str]) -> Verdict | None:
        if each.address is None:
            return "broken"
        if address is None:
            return "not_an_address"
        if self._house.follows_a_person(address):
            return "person"
        if sameness(address) in self._house.known:
            return "already_there"
        return "duplicate" if sameness(address) in seen else None

    async def look(self, looker: Looker, *, workers: int) -> None:
        """
        Every line that needs it is looked at.

        Args:
            looker: How.
            workers: Hosts at the same time.
        """
        hosts = deque(self._to_ask.values())

        async def work() -> None:
            while hosts:
                lines = hosts.popleft()
                while lines:
                    index, address = lines.popleft()
                    self._settle(index, await looker.look(address, is_feed=self._wanted[index].is_feed))

        async with anyio.create_task_group() as group:
            for _ in range(min(workers, len(hosts))):
                group.start_soon(work)

    def _settle(self, index: int, found: Missed | Looked) -> None:
        self._settled[index] = found
        self._told(found.why if isinstance(found, Missed) else "added" if found.candidates else "no_feed")

    def looked(self) -> tuple[tuple[Wanted, Looked | Missed], ...]:
        """
        What each address answered with, in the order of the list; for whoever wants to choose by hand.
        """
        return tuple(
            (each, self._settled.get(index, Missed("interrupted"))) for index, each in enumerate(self._wanted)
        )

    def lines(self, house: House | None = None) -> tuple[Line, ...]:
        """
        The verdict of each line, in the order of the list, from what is known by now. Two lines that lead to the same
        feed are one source.

        Args:
            house: As it is now, where time has passed since it was given.
        """
        taken: set[str] = set()
        now = house or self._house
        return tuple(_line(now, each, found, taken) for each, found in self.looked())


def _line(house: House, wanted: Wanted, found: Looked | Missed, taken: set[str]) -> Line:
    if isinstance(found, Missed):
        return Line(wanted=wanted, verdict=found.why, note=found.note)
    offered = [found.lasting] if found.itself else [each.address for each in found.candidates]
    if any(map(house.follows_a_person, found.places)):
        return Line(wanted=wanted, verdict="person")
    allowed = [address for address in offered if not house.follows_a_person(address)]
    usable = [address for each in allowed if (address := house.asked_for(each)) is not None]
    if not usable:
        return Line(wanted=wanted, verdict="person" if offered and not allowed else "no_feed")
    address = usable[0]
    same = sameness(address)
    if same in house.known:
        return Line(wanted=wanted, verdict="already_there", feed=house.known[same])
    if same in taken:
        return Line(wanted=wanted, verdict="duplicate", feed=address)
    taken.add(same)
    return Line(wanted=wanted, verdict="added", feed=address, page=None if found.itself else found.places[-1])


def new_sources(
    lines: Iterable[Line], now: Settings, house: House, *, criterion: str | None, take: str | None
) -> tuple[NewSource, ...]:
    """
    The table of each added line, named as none of the configuration's is.
    """
    names = Names(source.name for source in now.sources)
    return tuple(
        NewSource(
            name=names.of(_reminder(line.feed, line.page)),
            adapter=house.spec.name,
            relation=house.relation,
            criterion=criterion,
            take=take,
            address=line.feed,
        )
        for line in lines
        if line.verdict == "added" and line.feed is not None
    )


def _reminder(feed: str, page: str | None) -> str:
    """
    What a source is named after: where it is read, or the site that had it announced, where somebody else serves it.
    """
    return feed if page is None or urlsplit(page).hostname == urlsplit(feed).hostname else page
