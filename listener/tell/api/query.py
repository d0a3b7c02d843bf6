"""
What a request asks for: its query string, read against a closed list of parameters, into a `Selection`.

Invariant: there is no parameter that searches in text or names a person, and none is ever echoed. Everything that
is not understood is refused by name, so that a misspelt filter cannot silently show everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, get_args

import msgspec
from starlette.requests import Request

from listener.events import Event, Kind
from listener.queues.base import Position
from listener.tell.api.problems import bad_value, unknown_parameter

TYPES: Final = tuple(str(shape.__struct_config__.tag) for shape in get_args(Event))
"""Every CloudEvents type, read off the event itself."""

KINDS: Final[tuple[str, ...]] = get_args(Kind)

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1000
_MAX_VALUES: Final = 32
"""Chosen: values one request may give in all; more is a mistake or an attack."""
_MAX_QUERY_BYTES: Final = 4096
"""Chosen: 32 values of 100 bytes fit."""

_POSITION: Final = re.compile(r"[A-Za-z0-9_]{1,64}-[0-9]{1,18}")
_WATCH: Final = re.compile(r"[\w.-]{1,100}")
_LANG: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,8}")
_HASHTAG: Final = re.compile(r"[#＃]?[^\s#＃]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """
    One parameter of an operation, for the parser and the OpenAPI document alike.

    Args:
        name: As it stands in the query.
        meaning: One sentence.
        schema: JSON Schema of one value.
        repeats: May be given several times; any of the values then matches.
    """

    name: str
    meaning: str
    schema: Mapping[str, Any]
    repeats: bool = False


def _one_of(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


FILTERS: Final = (
    Parameter(name="watch", meaning="Name of a watch.", schema={"type": "string"}, repeats=True),
    Parameter(
        name="network", meaning="Network of a configured source.", schema={"type": "string"}, repeats=True
    ),
    Parameter(name="kind", meaning="What a post is.", schema=_one_of(*KINDS), repeats=True),
    Parameter(
        name="lang",
        meaning="BCP 47 tag; `en` also matches `en-CA` (RFC 4647, basic filtering).",
        schema={"type": "string", "pattern": f"^{_LANG.pattern}$"},
        repeats=True,
    ),
    Parameter(
        name="hashtag",
        meaning="With or without the sign, in any case.",
        schema={"type": "string"},
        repeats=True,
    ),
    Parameter(name="type", meaning="CloudEvents type.", schema=_one_of(*TYPES), repeats=True),
    Parameter(
        name="since",
        meaning="Published at or after this instant.",
        schema={"type": "string", "format": "date-time"},
    ),
    Parameter(
        name="until",
        meaning="Published before this instant.",
        schema={"type": "string", "format": "date-time"},
    ),
    Parameter(name="addressed", meaning="Said to us, or only about us.", schema=_one_of("true", "false")),
)
AFTER: Final = Parameter(
    name="after",
    meaning="Position to read after; `start` for everything that is kept, `now` for what is still to come.",
    schema={"type": "string", "pattern": f"^(start|now|{_POSITION.pattern})$"},
)
SOURCE: Final = Parameter(
    name="source",
    meaning="Name of a source; all where none is given.",
    schema={"type": "string"},
    repeats=True,
)
READS: Final = Parameter(
    name="reads", meaning="With the latest reads of each source.", schema=_one_of("true", "false")
)
LANG: Final = Parameter(
    name="lang",
    meaning="Language of the page, `en` or `fr`; what the browser accepts where none is given.",
    schema={"type": "string"},
)
FORMAT: Final = Parameter(
    name="format",
    meaning="How it is written; what `Accept` asks for where none is given.",
    schema=_one_of("html", "markdown", "json"),
)
LIMIT: Final = Parameter(
    name="limit",
    meaning="Most events in one answer.",
    schema={"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """
    Which events a reader wants. Empty sets and None ask for everything.

    Args:
        watches, networks, kinds, langs, hashtags, types: Any of these; langs in lower case, hashtags folded.
        since_at, until_at: Aware UTC; from, inclusive, until, exclusive.
        addressed: Only what is, or is not, said to us.
    """

    watches: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    langs: frozenset[str] = frozenset()
    hashtags: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    since_at: datetime | None = None
    until_at: datetime | None = None
    addressed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """
    The closed sets that depend on the configuration.

    Args:
        networks: Of every configured source.
        watches: None where any well-formed name is accepted.
    """

    networks: Collection[str]
    watches: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """
    The parameters of one request, each known to be allowed here.
    """

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def one(self, name: str) -> str | None:
        """
        The value, None where it was not given.
        """
        given = self.values.get(name)
        return given[0] if given else None


def read_query(request: Request, parameters: Sequence[Parameter]) -> Query:
    """
    The query string, checked against what the operation takes.

    Raises:
        Refusal: a parameter that is unknown, given twice where it may not be, or more than a request may carry.
    """
    by_name = {parameter.name: parameter for parameter in parameters}
    if len(request.scope["query_string"]) > _MAX_QUERY_BYTES:
        raise bad_value("query", f"at most {_MAX_QUERY_BYTES} bytes")
    pairs = request.query_params.multi_items()
    if len(pairs) > _MAX_VALUES:
        raise bad_value("query", f"at most {_MAX_VALUES} values")
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in by_name:
            raise unknown_parameter(name, tuple(by_name))
        if name in values and not by_name[name].repeats:
            raise bad_value(name, "one value")
        values.setdefault(name, []).append(value)
    return Query(values)


def read_selection(query: Query, known: Known, fold: Callable[[str], str]) -> Selection:
    """
    The filters of a query.

    Args:
        query: See `read_query`.
        known: Closed sets of this deployment.
        fold: How hashtags are folded before they are compared.

    Raises:
        Refusal: a value outside its set or grammar.
    """
    watches = (
        _listed(query, "watch", known.watches)
        if known.watches is not None
        else _shaped(query, "watch", _WATCH, "the name of a watch")
    )
    addressed = _listed(query, "addressed", ("true", "false"))
    return Selection(
        watches=watches,
        networks=_listed(query, "network", known.networks),
        kinds=_listed(query, "kind", KINDS),
        langs=frozenset(
            tag.lower() for tag in _shaped(query, "lang", _LANG, "a BCP 47 tag such as fr or en-CA")
        ),
        hashtags=frozenset(
            fold(tag.lstrip("#＃"))
            for tag in _shaped(query, "hashtag", _HASHTAG, "one hashtag, without spaces")
        ),
        types=_listed(query, "type", TYPES),
        since_at=_instant(query, "since"),
        until_at=_instant(query, "until"),
        addressed=None if not addressed else addressed == {"true"},
    )


def read_sources(query: Query, known: Collection[str]) -> tuple[frozenset[str], bool]:
    """
    Which sources are asked about, and whether their latest reads are wanted.

    Raises:
        Refusal: a source that is not configured, or neither true nor false.
    """
    return _listed(query, "source", known), _listed(query, "reads", ("true", "false")) == {"true"}


def read_limit(query: Query) -> int:
    """
    How many events the answer may hold.

    Raises:
        Refusal: not a number from 1 to `MAX_LIMIT`.
    """
    text = query.one("limit")
    if text is None:
        return DEFAULT_LIMIT
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= MAX_LIMIT:
        raise bad_value("limit", f"a number from 1 to {MAX_LIMIT}")
    return int(text)


def read_after(query: Query, *, default: str) -> Position | str:
    """
    `start`, `now` or a well-formed position.

    Raises:
        Refusal: anything else.
    """
    text = query.one("after") or default
    if text in ("start", "now") or is_position(text):
        return text
    raise bad_value(
        "after", "a position as it was given in `next` or `id`, or start, or now", allowed=("start", "now")
    )


def is_position(text: str) -> bool:
    """
    Whether it looks like `<epoch>-<n>`; only the queue knows whether it is one.
    """
    return _POSITION.fullmatch(text) is not None


def _listed(query: Query, name: str, allowed: Collection[str]) -> frozenset[str]:
    given = query.values.get(name, ())
    for value in given:
        if value not in allowed:
            listed = tuple(sorted(allowed))
            raise bad_value(name, f"one of {', '.join(listed) or 'none'}", found=value, allowed=listed)
    return frozenset(given)


def _shaped(query: Query, name: str, grammar: re.Pattern[str], wanted: str) -> frozenset[str]:
    given = query.values.get(name, ())
    if not all(grammar.fullmatch(value) for value in given):
        raise bad_value(name, wanted)
    return frozenset(given)


def _instant(query: Query, name: str) -> datetime | None:
    text = query.one(name)
    if text is None:
        return None
    # An unescaped + arrives as a space; no RFC 3339 instant has a space before its offset.
    text = re.sub(r" (?=[0-9]{2}:[0-9]{2}$)", "+", text)
    try:
        instant = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise bad_value(name, "an instant with its zone (RFC 3339), such as 2026-05-01T12:00:00Z")
    return instant.astimezone(UTC)
