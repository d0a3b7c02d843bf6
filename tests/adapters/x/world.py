"""
Synthetic X: posts, and a small world that answers for them as the documentation says. Nobody here exists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from adapters.x.config import XConfig
from adapters.x.ids import id_at, instant_of
from listener.adapter import Reply, Terms
from listener.errors import SourceError
from listener.events import WatchName
from listener.testing.canned import Asked, Watching

ENDPOINT: Final = "https://api.x.example"
NOW: Final = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PEOPLE: Final = ("jo_fenn", "Jo Fenn", "sam_weir", "Brook Secret", "9007199254740993", "t0ken-t0ken")
TOKEN: Final = "t0ken-t0ken"
OURS: Final = "4242"
ROADS: Final = WatchName("roads")
PROBLEM: Final = "https://api.x.com/2/problems/"


def id_of(moment: datetime, low: int = 0) -> str:
    """An id given out then."""
    return str(int(id_at(moment)) + low)


def post(at: datetime = NOW, low: int = 0, **more: Any) -> dict[str, Any]:
    """A post with everything that a server could send, asked or not."""
    name = more.pop("id", id_of(at, low))
    return {
        "id": name,
        "text": "The river is high #rivertown",
        "created_at": at.isoformat().replace("+00:00", "Z"),
        "lang": "en",
        "conversation_id": name,
        "edit_history_tweet_ids": [name],
        "entities": {"hashtags": [{"start": 18, "end": 28, "tag": "rivertown"}]},
        "author_id": "9007199254740993",
        "geo": {"place_id": "Brook Secret"},
        "source": "Brook Secret",
        **more,
    }


def reply(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer with JSON in it."""
    return Reply(
        status=status, headers=dict(headers or {}), body=json.dumps(value).encode(), address=ENDPOINT
    )


def page(*posts: dict[str, Any], token: str | None = None, **more: Any) -> Reply:
    """A page of posts, newest first; an empty one has no `data`."""
    ordered = sorted(posts, key=lambda one: int(one["id"]), reverse=True)
    meta: dict[str, Any] = {"result_count": len(posts)}
    if ordered:
        meta |= {"newest_id": ordered[0]["id"], "oldest_id": ordered[-1]["id"]}
    if token is not None:
        meta["next_token"] = token
    return reply({**({"data": ordered} if ordered else {}), "meta": meta, **more})


def invalid(name: str) -> Reply:
    """A 400 that names a parameter and quotes what was asked."""
    return reply(
        {
            "errors": [{"parameters": {name: ["Brook Secret"]}, "message": f"[{name}] Brook Secret"}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": f"{PROBLEM}invalid-request",
        },
        status=400,
    )


def missing(name: str, kind: str = "resource-not-found") -> dict[str, Any]:
    """One error beside data."""
    return {
        "resource_id": name,
        "resource_type": "tweet",
        "title": "Not Found Error",
        "detail": f"Could not find tweet with id: [{name}].",
        "type": f"{PROBLEM}{kind}",
    }


def config(**more: Any) -> XConfig:
    """A source that asks with a bearer token."""
    return XConfig.model_validate({"endpoint": ENDPOINT, "token": TOKEN, **more})


def mentions(**more: Any) -> XConfig:
    """A source of what mentions our own account."""
    return config(listen="mentions", own_user_id=OURS, **more)


def watching(*tags: str, keep: Any = "text", phrases: tuple[str, ...] = ()) -> Watching:
    """One watch."""
    terms = Terms(hashtags=frozenset(tags), phrases=frozenset(phrases))
    return Watching({ROADS: terms} if tags or phrases else {}, keep)


@dataclass(slots=True)
class Clock:
    """Time that moves when told."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, delay_s: float) -> None:
        raise AssertionError("a poller never sleeps")

    def step(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass(slots=True)
class World:
    """
    X, as far as one credential sees it. Answers the way the documentation says; what an answer should be instead can be
    laid over by address.

    Args:
        clock: Of the server.
        said: Posts; each is shown to every search in whose query one of its hashtags stands.
        counted: Posts of each hour; 1 where it is not named.
        faults: An error to raise, a reply to give, or a function of what was asked, for addresses that match.
        words: The name of the parameter for fields that it takes; others are a 400.
        gone: Ids that a look-up says are gone; likewise `hidden`.
        lag: Posts are found so long after they were written.
        billed: Posts and counts that it charged.
    """

    clock: Clock
    said: list[dict[str, Any]] = field(default_factory=list)
    counted: dict[datetime, int] = field(default_factory=dict)
    faults: dict[str, Reply | SourceError | Callable[[Asked], Reply | SourceError]] = field(
        default_factory=dict
    )
    words: str = "tweet"
    gone: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    lag: dict[str, timedelta] = field(default_factory=dict)
    billed: set[tuple[str, str]] = field(default_factory=set)

    def __call__(self, asked: Asked) -> Reply | SourceError:
        """What a `CannedReader` asks."""
        parts = urlsplit(asked.address)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        for pattern, fault in self.faults.items():
            if re.search(pattern, asked.address):
                return fault(asked) if callable(fault) else fault
        for name in query:
            if name.endswith(".fields") and name != f"{self.words}.fields":
                return invalid(name)
        if parts.path.endswith("/counts/recent"):
            return self._counts(query)
        if parts.path == "/2/tweets":
            return self._lookup(query["ids"].split(","))
        return self._search(query)

    def _search(self, query: Mapping[str, str]) -> Reply:
        assert not {"since_id", "start_time"} <= query.keys(), "never both"
        now = self.clock.at
        earliest, end = now - timedelta(days=7), now - timedelta(seconds=30)
        if "start_time" in query:
            start = datetime.fromisoformat(query["start_time"])
            if start < earliest:
                return invalid("start_time")
            earliest = start
        behind = int(query.get("since_id", 0))
        if behind and (instant_of(str(behind)) or earliest) < earliest:
            return invalid("since_id")
        shown = [one for one in self.said if self._is_found(one, query.get("query", ""), end, earliest)]
        shown = sorted((one for one in shown if int(one["id"]) > behind), key=lambda one: -int(one["id"]))
        shown = [one for one in shown if int(one["id"]) < int(query.get("until_id", 1 << 63))]
        token = query.get("next_token") or query.get("pagination_token")
        start_at = int(token.removeprefix("t")) if token else 0
        size = int(query["max_results"])
        here = shown[start_at : start_at + size]
        self.billed |= {(one["id"], str(now.date())) for one in here}
        further = f"t{start_at + size}" if start_at + size < len(shown) else None
        return page(*here, token=further)

    def _is_found(self, one: dict[str, Any], query: str, end: datetime, earliest: datetime) -> bool:
        at = instant_of(one["id"])
        assert at is not None
        tags = [tag["tag"] for tag in one["entities"]["hashtags"]]
        asked = not query or any(re.search(rf"#{tag}\b", query) for tag in tags)
        found_at = at + self.lag.get(one["id"], timedelta())
        return asked and earliest <= at < end and found_at < end

    def _counts(self, query: Mapping[str, str]) -> Reply:
        at = datetime.fromisoformat(query["start_time"])
        end = datetime.fromisoformat(query["end_time"])
        if at < self.clock.at - timedelta(days=7):
            return invalid("start_time")
        data = []
        while at < end:
            data.append(
                {
                    "start": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                    "end": (at + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                    "tweet_count": self.counted.get(at, 1),
                }
            )
            at += timedelta(hours=1)
        return reply({"data": data, "meta": {"total_tweet_count": len(data)}})

    def _lookup(self, ids: list[str]) -> Reply:
        by_id = {one["id"]: one for one in self.said}
        found = [by_id[name] for name in ids if name in by_id and name not in self.gone | self.hidden]
        errors = [missing(name) for name in ids if name in self.gone]
        errors += [missing(name, "not-authorized-for-resource") for name in ids if name in self.hidden]
        return reply({**({"data": found} if found else {}), **({"errors": errors} if errors else {})})
