"""
The configuration in force, as the rooms see it: what the watches ask for, the gate, and each source's place in it.

Made and replaced by app; sources, adapters and control look here at each use, so that a reload that changes a watch
or the gate restarts nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from listener.adapter import Terms
from listener.control import namings
from listener.events import (
    Change,
    Cleared,
    Count,
    Gap,
    Keep,
    Name,
    Noted,
    Post,
    PostKey,
    Removal,
    RemovalReason,
    Retraction,
    WatchName,
    Withheld,
    WithheldReason,
)
from listener.gate import Gate, Place
from listener.gate.aliases import names_for
from listener.hear.upkeep import Review, Wanted, past_review
from listener.hear.walk import Asking
from listener.hear.watch import Watcher, WatchTerms, together
from listener.keys import KeyRing, Sealer
from listener.settings import Settings, Source, stale_terms
from listener.telemetry import Telemetry


class InForce:
    """
    What follows from the configuration.

    Args:
        now: The configuration.
        keys: Under which posts are named; they change only with a restart.
        objections: Of people; read by app before anything is changed, because reading may fail.
    """

    def __init__(self, now: Settings, keys: KeyRing, objections: frozenset[Name]) -> None:
        self._keys = keys
        self.paused_now: frozenset[WatchName] = frozenset()
        self.apply(now, objections)

    def apply(self, now: Settings, objections: frozenset[Name]) -> None:
        """
        From here on, this configuration.
        """
        self.settings = now
        self.watcher = Watcher(
            [
                WatchTerms(WatchName(watch.name), watch.hashtags, watch.phrases, watch.mentions)
                for watch in now.watches
            ],
            now.organisation.own_handles,
        )
        self.gate = Gate(
            keys=self._keys,
            own_handles=now.organisation.own_handles,
            own_names=[now.organisation.name],
            country=now.organisation.country,
            consent=now.privacy.consent,
            nobot_tags=now.privacy.nobot_tags,
            objections=objections,
            public_url=now.http.public_url,
        )
        self._line = _line(now, objections)
        spans: dict[tuple[int, int], tuple[timedelta, timedelta]] = {}
        self.places = {source.name: _place(now, source, spans) for source in now.sources}
        self.selected = {
            source.name: selected for source in now.sources if (selected := selection(source)) is not None
        }
        self._terms = {
            chosen: together(self.watcher.by_watch[name] for name in chosen)
            for chosen in frozenset(self.selected.values())
        }

    @property
    def line(self) -> str:
        """
        Digest of whom the gate lets through; says nothing about them. What is stored is judged anew when it changes.
        """
        return self._line

    def terms(self, source: str) -> Terms:
        """
        What the watches that are looked for in a source ask for together, paused ones included.
        """
        selected = self.selected.get(source)
        return self.watcher.interest.terms if selected is None else self._terms[selected]

    def by_watch(self, source: str) -> Mapping[WatchName, Terms]:
        """
        What each of them asks for, without those that are paused.
        """
        selected = self.selected.get(source)
        return {
            name: terms
            for name, terms in self.watcher.by_watch.items()
            if name not in self.paused_now and (selected is None or name in selected)
        }

    def pause(self, paused: frozenset[WatchName]) -> None:
        """
        From here on these ask for nothing, and the others do.
        """
        self.paused_now = paused

    @property
    def asking(self) -> Asking:
        """
        What the watches ask for as of now.
        """
        shorter = {
            WatchName(watch.name): timedelta(days=watch.retention_days)
            for watch in self.settings.watches
            if watch.retention_days is not None
        }
        return Asking(lambda post: self.watcher.match(post), self.paused_now, shorter)

    def paused(self, today: date) -> frozenset[WatchName]:
        """
        Watches past their review date.
        """
        return past_review(
            (Review(WatchName(watch.name), watch.review_by) for watch in self.settings.watches), today
        )

    def wanted(self) -> Wanted:
        """
        What may stay stored.
        """
        return Wanted(
            {f"/{source.adapter}/{source.name}": source.take == "all" for source in self.settings.sources},
            frozenset(watch.name for watch in self.settings.watches),
            {
                f"/{source.adapter}/{source.name}": self.selected[source.name]
                for source in self.settings.sources
                if source.name in self.selected
            },
        )

    def names_for(self, link: str) -> tuple[Name, ...]:
        """
        Every name a post of any configured network may have under what somebody pasted: address, native identity or key.
        """
        return names_for(link, keys=self._keys, networks=namings(self.settings))


@dataclass(frozen=True, slots=True)
class Door:
    """
    The gate with one source's place in it, as the configuration in force says.
    """

    configured: InForce
    source: str

    def clear(
        self,
        post: Post,
        *,
        watches: tuple[WatchName, ...],
        shortest: timedelta | None,
        sealer: Sealer,
        now: datetime,
    ) -> Cleared | Withheld:
        place = self.configured.places[self.source]
        return self.configured.gate.clear(
            post, place=place, watches=watches, shortest=shortest, sealer=sealer, now=now
        )

    def otherwise(self, post: Post) -> WithheldReason | None:
        return self.configured.gate.otherwise(post, place=self.configured.places[self.source])

    def retract(self, removal: Removal, *, now: datetime) -> Retraction:
        return self.configured.gate.retract(removal, place=self.configured.places[self.source], now=now)

    def withdraw(self, post: Post, *, reason: RemovalReason, now: datetime) -> Retraction:
        place = self.configured.places[self.source]
        return self.configured.gate.withdraw(post, reason=reason, place=place, now=now)

    def remove(self, key: PostKey, *, reason: RemovalReason, now: datetime) -> Retraction:
        """
        The removal of one stored post; see `listener.hear.recheck_seat.Remove`.
        """
        place = self.configured.places[self.source]
        return self.configured.gate.remove(key, reason=reason, place=place, now=now)

    def note(self, item: Count | Gap | Change, *, now: datetime) -> Noted:
        return self.configured.gate.note(item, place=self.configured.places[self.source], now=now)


@dataclass(frozen=True, slots=True)
class LiveInterest:
    """
    What the watches in force ask for, for an adapter that was built before a reload.
    """

    configured: InForce
    source: str

    @property
    def terms(self) -> Terms:
        return self.configured.terms(self.source)

    @property
    def watches(self) -> Mapping[WatchName, Terms]:
        return self.configured.by_watch(self.source)

    @property
    def keep(self) -> Keep:
        return self.configured.places[self.source].keep

    def maybe(self, frame: bytes) -> bool:
        return self.configured.watcher.interest.maybe(frame)


class Reminder:
    """
    Says once a day which terms nobody has read for long.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._told_on: date | None = None

    def remind(self, now: Settings, today: date) -> None:
        """
        Told unless it was told today.
        """
        if today == self._told_on:
            return
        self._told_on = today
        for stale in stale_terms(now, today):
            self._telemetry.terms_aged(
                network=stale.network, page=stale.page, read_on=stale.read_on.isoformat()
            )


def _line(now: Settings, objections: frozenset[Name]) -> str:
    tags = "\0".join(sorted(now.privacy.nobot_tags))
    parts = [f"{now.privacy.consent}\0{tags}".encode(), *sorted(objections)]
    return sha256(b"\0".join(parts)).hexdigest()[:16]


def own_hosts(now: Settings) -> frozenset[str]:
    """
    Hosts of the organisation itself, which need no spacing.
    """
    return frozenset(
        reach.host
        for source in now.sources
        if source.relation == "own"
        for reach in source.spec.reaches(source.config)
    )


def least_spacing(now: Settings) -> dict[str, float]:
    """
    Seconds between two requests that the networks of the configured sources ask for, by host; only where they do.
    """
    least: dict[str, float] = {}
    for source in now.sources:
        for reach in source.spec.reaches(source.config):
            if reach.spacing_s > 0:
                least[reach.host] = max(least.get(reach.host, 0.0), reach.spacing_s)
    return least


def longest_held_s(now: Settings) -> float:
    """
    Seconds that a body is held at most, whatever its source.
    """
    days = max((now.kept_days(source) for source in now.sources), default=now.privacy.retention_days)
    return timedelta(days=days).total_seconds()


def selection(source: Source) -> frozenset[WatchName] | None:
    """
    The watches that are looked for in a source; None: every watch.
    """
    return None if source.watches is None else frozenset(map(WatchName, source.watches))


def _place(now: Settings, source: Source, spans: dict[tuple[int, int], tuple[timedelta, timedelta]]) -> Place:
    """
    Args:
        spans: How long posts may stay, and how old they may be, by days: made once for thousands of sources.
    """
    days = (now.kept_days(source), now.oldest_days(source))
    retention, emit_from = spans.setdefault(days, (timedelta(days=days[0]), timedelta(days=days[1])))
    return Place(
        network=source.adapter,
        source=source.name,
        keep=source.keep,
        retention=retention,
        emit_from=emit_from,
    )
