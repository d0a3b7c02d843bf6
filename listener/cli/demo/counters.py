"""
The daemon's own counters beside the partition: where both speak of the same thing, they must say the same.

Takes the text of `/metrics`, the verdicts of `reckoning` and what was `told`; gives disagreements to `balance`. The counters
explain nothing here: a post that is missing is missing, whatever they say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from listener.cli.demo.reckoning import Verdict
from listener.cli.demo.told import Told

_OF_POSTS: Final = ("created", "updated", "repeat", "refused", "seen", "withheld", "rejected")
"""Outcomes of items that are posts."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """
    Something that is counted in two ways, and differently.

    Args:
        what: In words.
        daemon: What the daemon says.
        outside: What was seen outside.
    """

    what: str
    daemon: int
    outside: int


@dataclass(slots=True)
class Metrics:
    """
    What `/metrics` says, by network.

    Args:
        received: By source.
        items: By source, outcome and reason.
        removals: In all.
        posts: Live posts held.
        networks: By source, its network.
    """

    received: Counter[str]
    items: Counter[tuple[str, str, str]]
    removals: int
    posts: int
    networks: Mapping[str, str]

    def of(self, network: str, outcome: str) -> int:
        """
        Items of a network with that outcome.
        """
        return sum(self.reasons(network, outcome).values())

    def reasons(self, network: str, outcome: str) -> Counter[str]:
        """
        The same by reason.
        """
        found: Counter[str] = Counter()
        for (source, ended, reason), count in self.items.items():
            if ended == outcome and self.networks.get(source) == network:
                found[reason] += count
        return found


def read_metrics(text: str, networks: Mapping[str, str]) -> Metrics:
    """
    Args:
        text: As `/metrics` gives it.
        networks: By source, its network.
    """
    from prometheus_client.parser import text_string_to_metric_families

    found = Metrics(Counter(), Counter(), 0, 0, networks)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels, value = sample.labels, round(sample.value)
            match sample.name:
                case "listener_items_received_total":
                    found.received[labels["source"]] += value
                case "listener_items_total":
                    found.items[labels["source"], labels["outcome"], labels["reason"]] += value
                case "listener_removals_honoured_total":
                    found.removals += value
                case "listener_queue_posts":
                    found.posts = value
    return found


def disagreements(
    metrics: Metrics, verdicts: Iterable[Verdict], told: Told, networks: Iterable[str]
) -> tuple[Disagreement, ...]:
    """
    Everything the daemon counts in another way than it was seen.
    """
    every = tuple(verdicts)
    return tuple(
        each
        for found in (
            _sums(metrics),
            _queue(metrics, told),
            *(_network(metrics, every, told, name) for name in networks),
        )
        for each in found
    )


def _sums(metrics: Metrics) -> Iterator[Disagreement]:
    """
    Whatever was received had one outcome.
    """
    for source, received in metrics.received.items():
        ended = sum(count for (name, _, _), count in metrics.items.items() if name == source)
        if ended != received:
            yield Disagreement(f"{source}: items received, and items that became something", received, ended)


def _queue(metrics: Metrics, told: Told) -> Iterator[Disagreement]:
    if metrics.posts != told.standing:
        yield Disagreement("posts whose words stand", metrics.posts, told.standing)
    removed = sum(told.removals.values())
    if metrics.removals != removed:
        yield Disagreement("posts removed", metrics.removals, removed)


def _network(
    metrics: Metrics, verdicts: tuple[Verdict, ...], told: Told, network: str
) -> Iterator[Disagreement]:
    yield from _created(metrics.of(network, "created"), verdicts, told, network)
    received = sum(metrics.of(network, outcome) for outcome in _OF_POSTS)
    shown = sum(each.shown for each in verdicts if each.network == network)
    if received > shown:  # fewer are no fault: an answer may leave whole and come too late
        yield Disagreement(f"{network}: posts received, repeats included", received, shown)
    noted = metrics.of(network, "noted")
    if noted != told.notes[network]:
        yield Disagreement(f"{network}: gaps, counts and changes told", noted, told.notes[network])
    for fate in ("withheld", "rejected"):
        yield from _reasons(metrics.reasons(network, fate), verdicts, network, fate)


def _created(counted: int, verdicts: tuple[Verdict, ...], told: Told, network: str) -> Iterator[Disagreement]:
    """
    As many as the consumer was given; and those that were created and removed before it looked, of which it has met the
    removal. A removal is told of posts that were withheld, too: a key that keeps them away is one that consumers meet.
    """
    gone = Counter(each.fate for each in verdicts if each.network == network and each.is_deleted)
    given, unmet = told.given(network), told.unmet[network]
    least = given + max(0, unmet - gone["withheld"] - gone["rejected"] - gone["not_ours"])
    most = given + min(unmet, gone["removed_before_reading"])
    if not least <= counted <= most:
        yield Disagreement(f"{network}: posts created", counted, least if counted < least else most)


def _reasons(
    counted: Counter[str], verdicts: tuple[Verdict, ...], network: str, fate: str
) -> Iterator[Disagreement]:
    """
    The daemon counts a post each time it meets it, so it counts at least as many; and none where there is none. Posts of
    strangers are counted only where a network shows them at all; one that is deleted may be gone before it was judged.
    """
    ours = [each for each in verdicts if (each.network, each.fate) == (network, fate)]
    most = Counter(each.reason for each in ours)
    least = Counter(each.reason for each in ours if not each.is_deleted)
    for reason in sorted({*counted, *most} - {"not_ours"}):
        if counted[reason] < least[reason] or (counted[reason] and not most[reason]):
            yield Disagreement(f"{network}: {fate} ({reason})", counted[reason], least[reason])
