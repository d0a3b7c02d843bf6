"""
The whole surface of the API: everything that can be asked for, as data.

Read by `app.py` (routes), `door.py` (who may), `openapi.py` (the document). What answers each row is told in `app.py`.
"""

from __future__ import annotations

from typing import Final

from listener.status import Forgot, Holdings, Polled, Readiness
from listener.tell.api.operations import Answer, Operation
from listener.tell.api.query import AFTER, FILTERS, FORMAT, LANG, LIMIT, READS, SOURCE
from listener.tell.api.shapes import (
    Alive,
    BudgetsAnswer,
    EventsAnswer,
    ExportBody,
    FoundAnswer,
    LinkBody,
    PollBody,
    RechecksAnswer,
    ReloadAnswer,
    SourcesAnswer,
    UnsealBody,
    UnsealedAnswer,
)

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Source: https://prometheus.io/docs/instrumenting/exposition_formats/."""
SCHEMA_TYPE: Final = "application/schema+json"
"""Source: JSON Schema 2020-12, core, section 13."""

EXPORT_TYPE: Final = "application/jsonl"
"""Chosen: as https://jsonlines.org suggests; no such type is registered."""

PAGE_TYPE: Final = "text/html; charset=utf-8"

_EVENTS: Final = (
    Operation(
        name="readEvents",
        method="GET",
        path="/v1/events",
        scope="read",
        summary="Events after a position, oldest first; each post once, in its latest state.",
        parameters=(AFTER, LIMIT, *FILTERS),
        answers={200: Answer(meaning="A page, or a resync with bounds.", shape=EventsAnswer)},
    ),
    Operation(
        name="streamEvents",
        method="GET",
        path="/v1/events/stream",
        scope="read",
        summary="Events as they come (Server-Sent Events); `Last-Event-ID` resumes exactly or says resync.",
        parameters=(AFTER, *FILTERS),
        answers={
            200: Answer(
                meaning="`id` is the position, `event` the type, `data` the event.",
                media_type="text/event-stream",
            )
        },
    ),
)


_STATE: Final = (
    Operation(
        name="listSources",
        method="GET",
        path="/v1/sources",
        scope="read",
        summary="What each source is doing, why it waits, when it is due, and whether numbers may be made of it.",
        parameters=(SOURCE, READS),
        answers={200: Answer(meaning="In the order of the configuration.", shape=SourcesAnswer)},
    ),
    Operation(
        name="listRechecks",
        method="GET",
        path="/v1/rechecks",
        scope="read",
        summary="How sources are asked again about what they do not announce, and whether their clocks can be kept.",
        answers={200: Answer(meaning="Sources that can be asked, counted now.", shape=RechecksAnswer)},
    ),
    Operation(
        name="listBudgets",
        method="GET",
        path="/v1/budgets",
        scope="read",
        summary="What each credential may spend, what is spent and by whom, the forecast, and when whoever waits goes on.",
        answers={200: Answer(meaning="Without the credential; as of now.", shape=BudgetsAnswer)},
    ),
    Operation(
        name="isAlive",
        method="GET",
        path="/healthz",
        scope=None,
        summary="The process answers.",
        answers={200: Answer(meaning="It does.", shape=Alive)},
    ),
    Operation(
        name="isReady",
        method="GET",
        path="/readyz",
        scope="read",
        summary="Whether the daemon can do its work; a failing source never fails this.",
        answers={
            200: Answer(meaning="It can.", shape=Readiness),
            503: Answer(meaning="It cannot, and why.", shape=Readiness),
        },
    ),
    Operation(
        name="readMetrics",
        method="GET",
        path="/metrics",
        scope="metrics",
        summary="Counters and gauges in the Prometheus text format.",
        answers={200: Answer(meaning="As of now.", media_type=METRICS_TYPE)},
    ),
)


_COMMANDS: Final = (
    Operation(
        name="findPost",
        method="POST",
        path="/v1/find",
        scope="operate",
        summary="Whether a post is held, and until when.",
        body=LinkBody,
        answers={200: Answer(meaning="None of its words; empty where nothing is held.", shape=FoundAnswer)},
    ),
    Operation(
        name="forgetPost",
        method="POST",
        path="/v1/forget",
        scope="operate",
        summary="Erase a post here and refuse it from now on.",
        body=LinkBody,
        answers={200: Answer(meaning="What was erased, and whether the bytes are gone.", shape=Forgot)},
    ),
    Operation(
        name="exportEvents",
        method="POST",
        path="/v1/export",
        scope="operate",
        summary="What is held, as a file that only this deployment opens, and only while it may; noted with its reason. Needs `read`, too.",
        body=ExportBody,
        answers={
            200: Answer(meaning="A head, each event sealed, an end; a line each.", media_type=EXPORT_TYPE)
        },
    ),
    Operation(
        name="unsealEvents",
        method="POST",
        path="/v1/unseal",
        scope="operate",
        summary="Read lines of an export: the words of what is unchanged, and what became of the rest; noted. Needs `read`, too.",
        body=UnsealBody,
        answers={200: Answer(meaning="In the order of the lines.", shape=UnsealedAnswer)},
    ),
    Operation(
        name="pollSource",
        method="POST",
        path="/v1/poll",
        scope="operate",
        summary="Read a source as soon as politeness allows; one that is gone is tried again.",
        body=PollBody,
        answers={200: Answer(meaning="When it will be read, and why then.", shape=Polled)},
    ),
    Operation(
        name="readHoldings",
        method="GET",
        path="/v1/holdings",
        scope="operate",
        summary="What the store is made of and how old it is, for `listener audit`; nothing of what is stored.",
        answers={200: Answer(meaning="Names, days and numbers, as of now.", shape=Holdings)},
    ),
    Operation(
        name="reload",
        method="POST",
        path="/v1/reload",
        scope="operate",
        summary="Read the configuration again, as SIGHUP does.",
        answers={200: Answer(meaning="What came of it.", shape=ReloadAnswer)},
    ),
)


_DESCRIPTIONS: Final = (
    Operation(
        name="readNotice",
        method="GET",
        path="/notice",
        scope=None,
        summary="The public notice: what is listened to and why, what is kept, how to object. For everybody.",
        parameters=(LANG, FORMAT),
        answers={
            200: Answer(meaning="A page; as Markdown or JSON where asked for.", media_type="text/html"),
            304: Answer(meaning="The reader has it already (`If-None-Match`)."),
        },
    ),
    Operation(
        name="describeApi",
        method="GET",
        path="/openapi.json",
        scope="read",
        summary="This document (OpenAPI 3.1).",
        answers={200: Answer(meaning="Of this version.")},
    ),
    Operation(
        name="describeEvent",
        method="GET",
        path="/schema/event.json",
        scope="read",
        summary="JSON Schema (2020-12) of every event.",
        answers={200: Answer(meaning="Of this version.", media_type=SCHEMA_TYPE)},
    ),
)

_LINKS: Final = (
    Operation(
        name="confirmLink",
        method="GET",
        path="/open/{token}",
        scope=None,
        summary="A page that asks before a sealed link is opened: the same for every token, none of which is looked at.",
        parameters=(LANG,),
        answers={200: Answer(meaning="A form.", media_type=PAGE_TYPE)},
    ),
    Operation(
        name="openLink",
        method="POST",
        path="/open/{token}",
        scope="open",
        summary="Where a sealed link leads, as a page with the link; noted without the address.",
        parameters=(LANG,),
        form=True,
        answers={
            200: Answer(meaning="A page with the link.", media_type=PAGE_TYPE),
            401: Answer(meaning="The form again: it needs a token.", media_type=PAGE_TYPE),
            403: Answer(meaning="The form again: this token does not open links.", media_type=PAGE_TYPE),
            404: Answer(meaning="A page: no such link was given out here.", media_type=PAGE_TYPE),
            410: Answer(meaning="A page: its post is gone, or its time is over.", media_type=PAGE_TYPE),
        },
    ),
)

OPERATIONS: Final = (*_EVENTS, *_STATE, *_COMMANDS, *_LINKS, *_DESCRIPTIONS)
