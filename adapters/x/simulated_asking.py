"""
What a request asks of a simulated X: its parameters, checked as the server checks them.

Used by `simulated_site`. Every refusal is a 400 that names the parameter.

Sources: the published schema (2.167) and docs.x.com, posts/search/integrate/paginate, 2026-11 (ranges, patterns; with no time given a
search ends 30 s before now; seven days back); that `since_id` and `start_time` exclude each other, that an id older than seven
days is refused, that an end must lie 10 s back, and all wording as remembered, 2026-11; the wording of unknown parameters and of
sizes as recorded.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs

from adapters.x.simulated_objects import NEW, OLD, USER_FIELDS, Accepts, Vocabulary, Wanted, stamp
from adapters.x.simulated_posts import Post, instant
from adapters.x.simulated_problems import Manners

SEARCHED: Final = timedelta(days=7)
LAG: Final = timedelta(seconds=30)
_LEAST_LAG: Final = timedelta(seconds=10)
_TIMES: Final = ("start_time", "end_time", "since_id", "until_id")
_PAGING: Final = ("next_token", "pagination_token")
_SHOWING: Final = ("expansions", "user.fields", "media.fields", "poll.fields", "place.fields")

KNOWN: Final = {
    "search": ("query", "max_results", "sort_order", *_TIMES, *_PAGING, *_SHOWING),
    "counts": ("query", "granularity", "search_count.fields", *_TIMES, *_PAGING),
    "lookup": ("ids", *_SHOWING),
    "mentions": ("max_results", "pagination_token", *_TIMES, *_SHOWING),
    "usage": ("days", "usage.fields"),
}
"""Parameters of each route, fields of posts left out."""


@dataclass(frozen=True, slots=True)
class Window:
    """
    Of which time. Ids and instants are those of the latest version.

    Args:
        start_at: From this instant.
        end_at: Before this one.
        since_id: Behind this id.
        until_id: Before this one; None for no bound.
    """

    start_at: datetime
    end_at: datetime
    since_id: int = 0
    until_id: int | None = None

    def holds(self, post: Post) -> bool:
        """
        Whether a post is of that time.
        """
        number, at = int(post.latest.id), post.latest.at
        return (
            self.start_at <= at < self.end_at
            and number > self.since_id
            and (self.until_id is None or number < self.until_id)
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """
    The parameters of one request.

    Args:
        route: What it asks.
        values: By name, as sent, decoded.
        accepts: Which vocabulary the server takes.
        bare: Which one it answers in where it takes both and no fields are named.
        manners: How it refuses.
        now: When.
    """

    route: str
    values: dict[str, list[str]]
    accepts: Accepts
    bare: Vocabulary
    manners: Manners
    now: datetime

    @classmethod
    def of(
        cls, route: str, query: str, accepts: Accepts, bare: Vocabulary, manners: Manners, now: datetime
    ) -> Asked:
        """
        Raises:
            Refused: a parameter that the route does not have, or one without a value.
        """
        asked = cls(route, parse_qs(query, keep_blank_values=True), accepts, bare, manners, now)
        known = [*KNOWN[route], *(asked.field_names if route in ("search", "lookup", "mentions") else ())]
        for name, values in asked.values.items():
            if name not in known:
                listed = ",".join(known)
                raise manners.invalid(
                    {name: values}, f"The query parameter [{name}] is not one of [{listed}]"
                )
            if any(not value for value in values):
                raise manners.invalid({name: values}, f"The `{name}` query parameter can not be empty")
        return asked

    # ---------------------------------------------------------------------------------------------- single

    def one(self, name: str) -> str | None:
        """
        None where it was not sent.
        """
        return self.values.get(name, [None])[0]

    def several(self, name: str) -> list[str]:
        """
        Parted by commas, or sent again and again.
        """
        return [part for value in self.values.get(name, []) for part in value.split(",")]

    def refused(self, name: str, message: str) -> Exception:
        """
        The error that names this parameter.
        """
        return self.manners.invalid({name: self.values.get(name, [])}, message)

    def needed(self, name: str) -> str:
        """
        Raises:
            Refused: it was not sent.
        """
        found = self.one(name)
        if found is None:
            raise self.refused(name, f"The `{name}` query parameter can not be empty")
        return found

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """
        Raises:
            Refused: no number, or out of range.
        """
        found = self.one(name)
        if found is None:
            return default
        if not re.fullmatch(r"\d{1,9}", found) or not low <= int(found) <= high:
            raise self.refused(
                name, f"The `{name}` query parameter value [{found}] is not between {low} and {high}"
            )
        return int(found)

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        """
        Raises:
            Refused: none of them.
        """
        found = self.one(name) or default
        if found not in choices:
            raise self.refused(
                name, f"The `{name}` query parameter value [{found}] is not one of [{','.join(choices)}]"
            )
        return found

    # ---------------------------------------------------------------------------------------------- showing

    @property
    def field_names(self) -> tuple[str, ...]:
        """
        By which parameters fields of posts may be asked for.
        """
        return {
            "tweet": (OLD.parameter,),
            "post": (NEW.parameter,),
            "both": (OLD.parameter, NEW.parameter),
        }[self.accepts]

    @property
    def vocabulary(self) -> Vocabulary:
        """
        In which the answer is worded: that of the fields that were asked for.
        """
        if self.accepts != "both":
            return NEW if self.accepts == "post" else OLD
        named = [each for each in (NEW, OLD) if each.parameter in self.values]
        return named[0] if len(named) == 1 else self.bare

    def wanted(self) -> Wanted:
        """
        Raises:
            Refused: something there is not.
        """
        vocabulary = self.vocabulary
        names = {
            vocabulary.parameter: vocabulary.fields,
            "expansions": vocabulary.expansions,
            "user.fields": USER_FIELDS,
        }
        for name, known in names.items():
            for value in self.several(name):
                if value not in known:
                    listed = ",".join(sorted(known))
                    raise self.refused(
                        name, f"The `{name}` query parameter value [{value}] is not one of [{listed}]"
                    )
        fields, expansions, users = (frozenset(self.several(name)) for name in names)
        return Wanted(vocabulary, fields, expansions, users)

    # ------------------------------------------------------------------------------------------------ time

    def window(self, *, lag: timedelta = LAG, back: timedelta = SEARCHED) -> Window:
        """
        Args:
            lag: How long before now it ends where no end is given.
            back: How far it reaches.

        Raises:
            Refused: what cannot be combined, is too old or too new, or no time at all.
        """
        if "since_id" in self.values and "start_time" in self.values:
            raise self.manners.invalid(
                {name: self.values[name] for name in ("since_id", "start_time")},
                "'since_id' cannot be combined with 'start_time'",
            )
        oldest = self.now - back
        start, end = self._instant("start_time"), self._instant("end_time")
        if start is not None and start < oldest:
            raise self.refused("start_time", f"'start_time' must be on or after {stamp(oldest)}")
        if end is not None and end > self.now - _LEAST_LAG:
            raise self.refused(
                "end_time", "'end_time' must be a minimum of 10 seconds prior to the request time"
            )
        end = end or self.now - lag
        if end <= (start or oldest):
            raise self.refused("end_time", "'end_time' must be after 'start_time'")
        since, until = self._identity("since_id"), self._identity("until_id")
        for name, identity in (("since_id", since), ("until_id", until)):
            if identity is not None and instant(identity) < oldest:
                raise self.refused(
                    name,
                    f"'{name}' must be a tweet id created after [{stamp(oldest)}]. "
                    f"Please use a '{name}' that is larger",
                )
        return Window(start or oldest, end, int(since or 0), int(until) if until is not None else None)

    def _instant(self, name: str) -> datetime | None:
        said = self.one(name)
        if said is None:
            return None
        if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z", said):
            try:
                return datetime.fromisoformat(said).astimezone(UTC)
            except ValueError:
                pass
        raise self.refused(
            name, f"Invalid '{name}':'{said}'. '{name}' must be ISO8601/RFC3339 YYYY-MM-DDTHH:mm:ssZ"
        )

    def _identity(self, name: str) -> str | None:
        said = self.one(name)
        if said is not None and not re.fullmatch(r"[0-9]{1,19}", said):
            raise self.refused(
                name, f"The `{name}` query parameter value [{said}] does not match ^[0-9]{{1,19}}$"
            )
        return said
