"""
The JSON shapes of the API that are not events: types first, so that answers and the OpenAPI document cannot differ.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from starlette.responses import Response

from listener.events import Event
from listener.status import BudgetView, Held, RecheckView, SourceView, Unsealed

LINK_MAX: Final = 2048
"""Chosen: longer than any permalink seen; the body of a command stays small."""


class EventsAnswer(msgspec.Struct, frozen=True):
    """
    A page of events. A resync is a page of one event.
    """

    events: tuple[Event, ...]
    next: Annotated[str, Meta(description="Ask after this position next time.")]
    more: Annotated[bool, Meta(description="Ask again at once: there is something after it already.")]


class SourcesAnswer(msgspec.Struct, frozen=True):
    """
    Every source, in the order of the configuration.
    """

    sources: tuple[SourceView, ...]


class RechecksAnswer(msgspec.Struct, frozen=True):
    """
    Every source that can be asked again.
    """

    rechecks: tuple[RecheckView, ...]


class BudgetsAnswer(msgspec.Struct, frozen=True):
    """
    Every budget of the configured sources.
    """

    budgets: tuple[BudgetView, ...]


class PollBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Which source to read, and how.
    """

    source: Annotated[str, Meta(min_length=1, max_length=100, description="Name of a configured source.")]
    unconditional: Annotated[
        bool, Meta(description="Without validators: a whole document. Counted, and once a day.")
    ] = False
    configured: Annotated[
        bool, Meta(description="At the configured address again, where it is read at one it moved to.")
    ] = False
    mended: Annotated[
        bool, Meta(description="Before its back-off is over, because it is said to be well again.")
    ] = False


class Alive(msgspec.Struct, frozen=True):
    """
    The process answers.
    """

    alive: bool
    version: str


class LinkBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Names a post. In the body, not in the address, because addresses are logged by what lies between.
    """

    link: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=LINK_MAX,
            description="Its address as you have it, its native identity, or its key.",
        ),
    ]


class ExportBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What a records officer wants in a file, and why.
    """

    reason: Annotated[str, Meta(min_length=1, max_length=200, description="For the record; one line.")]
    watches: Annotated[
        tuple[Annotated[str, Meta(max_length=100)], ...],
        Meta(max_length=100, description="Names of watches; all where empty."),
    ] = ()
    since: Annotated[
        datetime | None,
        Meta(description="Published from then on, with a time zone; null: from the oldest kept."),
    ] = None
    by: Annotated[
        str | None, Meta(description="Who asks: a name or an office, of at most 100 characters.")
    ] = None


class UnsealBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    Lines of an export, with its first and its last.
    """

    head: Annotated[str, Meta(min_length=1, max_length=65_536, description="Its first line.")]
    end: Annotated[str, Meta(min_length=1, max_length=65_536, description="Its last line.")]
    lines: Annotated[
        tuple[str, ...], Meta(max_length=1000, description="Some of those between, in order.")
    ] = ()
    first: Annotated[int, Meta(ge=0, description="Number of the first of them, from 0.")] = 0


class UnsealedAnswer(msgspec.Struct, frozen=True):
    """
    What became of each line.
    """

    lines: tuple[Unsealed, ...]


class ReloadAnswer(msgspec.Struct, frozen=True):
    """
    What came of a reload, in one line.
    """

    result: str


class FoundAnswer(msgspec.Struct, frozen=True):
    """
    Every post that goes by the link.
    """

    found: tuple[Held, ...]


def as_json(value: object, *, status: int = 200) -> Response:
    """
    A shape as a response; instants are RFC 3339 in UTC.
    """
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")
