"""
What an adapter's words are worth: codes that somebody explained are told, anything else that it raises or notes is not.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.feed import SPEC
from listener.adapter import Reply
from listener.cli.live.judged import failure_of, settle
from listener.cli.live.recording import RecordingReader
from listener.cli.live.report import Failure, Looked
from listener.clock import SystemClock
from listener.errors import (
    AccessDenied,
    BudgetSpent,
    DocumentRefused,
    ListenerError,
    RequestRefused,
    SourceUnavailable,
)
from listener.hear.reads import Meter

EXPLAINED = replace(SPEC, meanings={"key_refused": "make a new key"})


def test_a_code_is_told_where_somebody_explained_it() -> None:
    """
    A closed word with its meaning; a name in the place of one, and every message, are left out.
    """
    errors = [
        AccessDenied("Jo Fenn", code="key_refused"),
        AccessDenied("Jo Fenn", code="Jo Fenn"),
        DocumentRefused("Jo Fenn", reason="Jo Fenn"),
        BudgetSpent("Jo Fenn", budget="Jo Fenn", wait_s=60),
        SourceUnavailable("Jo Fenn", status=418),
        KeyError("Jo Fenn"),
    ]
    found = [failure_of(error, EXPLAINED) for error in errors]

    assert found[0] == Failure(error="AccessDenied", code="key_refused", meaning="make a new key")
    assert [each.code for each in found[1:]] == ["denied", None, "budget_spent", "unavailable", "internal"]
    assert (found[3].wait_s, found[4].status) == (60, 418)
    assert "Fenn" not in repr(found)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (AccessDenied("x"), "denied"),
        (BudgetSpent("x", budget="units", wait_s=None), "limited"),
        (SourceUnavailable("x"), "unreachable"),
        (SourceUnavailable("x", status=502), "unreachable"),
        (SourceUnavailable("x", status=400), "differs"),
        (DocumentRefused("x", reason="not_a_feed"), "differs"),
        (RequestRefused("x"), "differs"),
        (ValueError("x"), "differs"),
        (None, "differs"),
    ],
)
def test_each_end_has_a_verdict(error: Exception | None, verdict: str) -> None:
    """
    Refused, paused, not there, or otherwise than documented; a source that asked for nothing proved nothing.
    """
    looked = Looked(name="town", adapter="feed", relation="own", keep="text")
    settle(looked, error, SPEC)

    assert (looked.verdict, looked.why is None) == (verdict, False)


class Inner:
    """
    A reader that answers once, and refuses then before anything is sent.
    """

    def __init__(self) -> None:
        self.meter = Meter()

    async def read(self, address: str, **_: object) -> Reply:
        """
        See `Reader.read`.
        """
        if self.meter.requests:
            raise RequestRefused("outside")
        self.meter.sent("town.example")
        self.meter.status = 200
        return Reply(
            200,
            {
                "content-type": "application/json; charset=Jo",
                "x-rate-limit-limit": "450",
                "x-rate-limit-remaining": "4035550142",
                "x-ratelimit-reset": "Jo Fenn",
                "etag": '"Jo"',
                "x-author": "Jo Fenn",
                "x-rate-limit-jo": "1",
            },
            b"[]",
            "https://elsewhere.example/@jo",
            ((301, "https://town.example/feed/"), (302, "https://elsewhere.example/@jo")),
        )


@pytest.mark.anyio
async def test_what_is_told_of_a_request() -> None:
    """
    Types, limits and caching from closed lists, numbers where they are small, hops by whether they stay; a request that was
    never sent has no status of another.
    """
    config = SPEC.config.model_validate({"address": "https://town.example/feed"})
    looked = Looked(name="town", adapter="feed", relation="own", keep="text")
    inner = Inner()
    reader = RecordingReader(inner, looked, spec=SPEC, config=config, clock=SystemClock())  # type: ignore[arg-type]  # reads only
    await reader.read("https://town.example/feed")
    with pytest.raises(ListenerError):
        await reader.read("https://jo.example/@jo")

    first, second = looked.asked
    assert (first.host, first.pattern, first.status, first.content_type) == (
        "town.example",
        ".*",
        200,
        "json",
    )
    assert first.hops == ((301, "same host"), (302, "another host"))
    assert first.limits == {
        "x-rate-limit-limit": 450,
        "x-rate-limit-remaining": None,
        "x-ratelimit-reset": None,
    }
    assert first.caching == ("etag",)
    assert (second.host, second.pattern, second.status, second.failure) == (
        "",
        "(outside its reach)",
        None,
        "RequestRefused",
    )
    assert "jo" not in repr(looked).lower()
