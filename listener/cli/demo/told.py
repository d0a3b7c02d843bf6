"""
What a consumer outside the daemon was told, event by event, through the API like anybody.

Fed by `running`; compared with the simulators' books by `reckoning`. Posts are known by the mark in their words
(`listener.simulation.marks`). What must not be told at all is a fault here: somebody's name, a post under two keys, words
after their removal, a post created twice.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from listener.simulation import marks


@dataclass(slots=True)
class Met:
    """
    A post as the consumer holds it.

    Args:
        network: Where.
        number: Of its mark.
        revision: Of the words that stand; None once they were removed.
        seen_at: When the daemon last read it.
    """

    network: str
    number: int
    revision: int | None
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """
    What was reported as missed; no start means for as long as anybody can tell.
    """

    network: str
    source: str
    start_at: datetime | None
    end_at: datetime

    def holds(self, network: str, at: datetime) -> bool:
        """
        Whether it covers an instant, to the millisecond in which posts state it.
        """
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        begun = self.start_at is None or self.start_at <= at
        return self.network == network and begun and at <= self.end_at


@dataclass(frozen=True, slots=True)
class Counted:
    """
    A volume that was told.
    """

    network: str
    watch: str
    start_at: datetime
    end_at: datetime
    count: int


@dataclass(slots=True)
class Told:
    """
    Everything so far.

    Args:
        planted: What may be in no event.
        after: Position to go on from.
        events: How many.
        posts: By key.
        unmet: By network, removals of posts the consumer was not given before: created and removed between two looks,
            or never let through.
        removals: By network.
        notes: By network, events that are about no post.
        gaps: In order.
        counts: In order.
        faults: In sentences, without content.
    """

    planted: frozenset[str] = frozenset()
    after: str = "start"
    events: int = 0
    posts: dict[str, Met] = field(default_factory=dict)
    unmet: Counter[str] = field(default_factory=Counter)
    removals: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    gaps: list[Gap] = field(default_factory=list)
    counts: list[Counted] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _keys: dict[tuple[str, int], str] = field(default_factory=dict)

    def take(self, event: Mapping[str, Any]) -> None:
        """
        One event more.
        """
        self.events += 1
        data, key = event["data"], event["subject"]
        network = str(event["source"]).split("/")[1]
        said = json.dumps(data, ensure_ascii=False)
        if any(name in said for name in self.planted):
            self.faults.append(f"event {event['id']} of {network} names somebody")
        match event["type"].removeprefix("listener."):
            case "post.created" | "post.updated" as kind:
                self._words(network, key, kind, data)
            case "post.removed":
                self._removed(network, key)
            case "queue.resync":
                self.faults.append("the queue told the consumer to read again")
            case kind:
                self.notes[network] += 1
                self._note(kind, str(event["source"]), data)

    def met(self, network: str, number: int) -> Met | None:
        """
        The post of that mark; None where the consumer was never given it.
        """
        key = self._keys.get((network, number))
        return None if key is None else self.posts[key]

    def given(self, network: str) -> int:
        """
        How many posts of a network the consumer was given with their words.
        """
        return sum(post.network == network for post in self.posts.values())

    @property
    def standing(self) -> int:
        """
        Posts whose words stand.
        """
        return sum(post.revision is not None for post in self.posts.values())

    def _words(self, network: str, key: str, kind: str, data: Mapping[str, Any]) -> None:
        found = marks.read(f"{data['title'] or ''} {data['text'] or ''}")
        if found is None:
            self.faults.append(f"a post of {network} came without its mark")
            return
        number, revision = found
        before = self.posts.get(key)
        if before is not None and before.revision is None:
            self.faults.append(f"post {number} of {network} was told again after its removal")
        elif before is not None and kind == "post.created":
            self.faults.append(f"post {number} of {network} was created twice")
        if self._keys.setdefault((network, number), key) != key:
            self.faults.append(f"post {number} of {network} came under two keys")
        self.posts[key] = Met(network, number, revision, datetime.fromisoformat(data["observed_at"]))

    def _removed(self, network: str, key: str) -> None:
        self.removals[network] += 1
        if key in self.posts:
            self.posts[key].revision = None
        else:
            self.unmet[network] += 1

    def _note(self, kind: str, source: str, data: Mapping[str, Any]) -> None:
        if kind == "source.gap":
            start = data["start_at"]
            begun = None if start is None else datetime.fromisoformat(start)
            self.gaps.append(Gap(data["network"], source, begun, datetime.fromisoformat(data["end_at"])))
        elif kind == "topic.counted":
            start_at, end_at = (datetime.fromisoformat(data[each]) for each in ("start_at", "end_at"))
            self.counts.append(Counted(data["network"], data["watch"], start_at, end_at, data["count"]))
