"""
What scripted sites are made of: small feeds, answers, and what was seen in a story.

Used by the scenarios beside it. Nothing here knows how the daemon works; feeds and headers are written by hand.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from listener.simulation.exchange import Request, Response, Route, http_date
from listener.simulation.internet import Asked
from listener.testing.rig import Rig
from listener.testing.virtual_clock import START

HOUR_S: Final = 3_600.0
DAY_S: Final = 86_400.0

Headers = tuple[tuple[str, str], ...]

ETAG: Final = '"33a64df551425fcc55e4d42a148795d9f25f89d4"'
MODIFIED: Final = "Mon, 05 Jan 2026 11:58:07 GMT"
VALID: Final[Headers] = (("ETag", ETAG), ("Last-Modified", MODIFIED))
"""What an ordinary server says of an ordinary feed."""


def rss(
    *ids: str,
    head: str = "",
    every_s: float = 6 * HOUR_S,
    newest_at: datetime = START - timedelta(hours=3),
    base: str = "http://blog.city.example",
) -> bytes:
    """
    An RSS 2.0 document.

    Args:
        ids: Of its entries, newest first.
        head: XML inside the channel, before the entries.
        every_s: Seconds between two entries.
        newest_at: When the first was published.
        base: Where entries are read by people.
    """
    items = "".join(
        f"<item><guid isPermaLink='false'>{one}</guid><link>{base}/{one}</link><title>Note {one}</title>"
        f"<pubDate>{http_date(newest_at - timedelta(seconds=every_s * place))}</pubDate>"
        f"<description>Note {one} about #yyc</description></item>"
        for place, one in enumerate(ids)
    )
    return (
        "<?xml version='1.0'?><rss version='2.0' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/' "
        f"xmlns:atom='http://www.w3.org/2005/Atom'><channel><title>City blog</title>{head}{items}</channel></rss>"
    ).encode()


FEED: Final = rss("n3", "n2", "n1")


def ok(body: bytes = FEED, *headers: tuple[str, str]) -> Response:
    """
    A whole feed.
    """
    return Response(headers=(("Content-Type", "application/rss+xml; charset=utf-8"), *headers), body=body)


def said(status: int, *headers: tuple[str, str], body: bytes = b"") -> Response:
    """
    Any answer.
    """
    return Response(status=status, headers=headers, body=body)


def unchanged(*headers: tuple[str, str]) -> Response:
    """
    304 Not Modified.
    """
    return Response(status=304, headers=headers)


def honest(body: bytes = FEED, *headers: tuple[str, str]) -> Route:
    """
    A server that keeps to RFC 9110: 304 where the validators it gave come back, else the whole feed.
    """
    return conditional(lambda: body, *(headers or VALID))


def conditional(body: Callable[[], bytes], *headers: tuple[str, str]) -> Route:
    """
    As `honest`, with a body that may change behind validators that do not.
    """
    tags = {key.lower(): value for key, value in headers}

    async def route(request: Request) -> Response:
        asked, since = request.header("if-none-match"), request.header("if-modified-since")
        known = (
            asked == tags["etag"]
            if asked is not None and "etag" in tags
            else since == tags.get("last-modified")
        )
        if known and (asked or since):
            return unchanged(*headers)
        return ok(body(), *headers)

    return route


def playing(*answers: Response) -> Route:
    """
    One answer after the other, the last one for ever.
    """
    left = list(answers)

    async def route(_: Request) -> Response:
        return left.pop(0) if len(left) > 1 else left[0]

    return route


def always(answer: Callable[[Request], Response]) -> Route:
    """
    A route out of a function that needs not wait.
    """

    async def route(request: Request) -> Response:
        return answer(request)

    return route


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What a story left behind.

    Args:
        asked: Every request, in order.
        views: Each source at the end, by name, as the API shows it.
        events: Everything in the queue at the end.
        lines: The log.
        busiest: By host, the most requests in flight at once.
        metrics: The metrics page at the end.
        extra: What only this story knows.
    """

    asked: tuple[Asked, ...] = ()
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: tuple[dict[str, Any], ...] = ()
    lines: tuple[dict[str, Any], ...] = ()
    busiest: Counter[str] = field(default_factory=Counter)
    metrics: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    def at(self, host: str) -> list[Asked]:
        """
        What one host was asked.
        """
        return [asked for asked in self.asked if asked.host == host]

    def starts_s(self, host: str) -> list[float]:
        """
        When.
        """
        return [asked.at_s for asked in self.at(host)]

    def gaps_s(self, host: str) -> list[float]:
        """
        Seconds between one request to a host and the next.
        """
        return gaps(self.starts_s(host))

    def unconditional_s(self, host: str) -> list[float]:
        """
        When a host was asked without any validator.
        """
        return [asked.at_s for asked in self.at(host) if not told(asked)]

    def log(self, name: str) -> list[dict[str, Any]]:
        """
        The log lines of one event.
        """
        return [line for line in self.lines if line["event"] == name]

    def shows(self, word: str) -> bool:
        """
        Whether an operator meets a word in the views or in the log.
        """
        return word in json.dumps([self.views, self.lines])


async def seen(house: Rig, **extra: Any) -> Seen:
    """
    What there is to see by now.
    """
    lines = tuple(json.loads(line) for line in house.out.getvalue().splitlines())
    return Seen(
        asked=tuple(house.net.asked),
        views=await house.views(),
        events=tuple(await house.events()),
        lines=lines,
        busiest=Counter(house.net.most_in_flight),
        metrics=(await house.get("/metrics")).decode(),
        extra=extra,
    )


def gaps(starts_s: Sequence[float]) -> list[float]:
    """
    Seconds from each to the next.
    """
    return [round(later - earlier, 6) for earlier, later in itertools.pairwise(starts_s)]


def told(asked: Asked) -> dict[str, str]:
    """
    The validators of one request.
    """
    return {
        name: value for name, value in asked.head.items() if name in {"if-none-match", "if-modified-since"}
    }


def notes(events: Iterable[dict[str, Any]]) -> set[str]:
    """
    Which entries of `rss` became events, by their ids.
    """
    created = (event for event in events if event["type"] == "listener.post.created")
    return {event["data"]["text"].removeprefix("Note ").partition(" ")[0] for event in created}
