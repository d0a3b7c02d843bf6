"""
The contract's look at judged errors finds an adapter that lets one pass, that breaks on one, and that repeats what it said.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from listener.adapter import Cursor, Page, Reader, Reply
from listener.errors import AccessDenied
from listener.events import Post
from listener.testing.adapter_contract import AdapterContract, Script
from listener.testing.canned import reply
from listener.testing.judged_errors import error_bodies
from tests.fakes.ticker import HOST, SPEC, TickerConfig

Judge = Callable[[Reply], Page]
"""What an adapter makes of an error: raises, or goes on."""


class Judging:
    """
    Reads a list of numbers and judges 403.
    """

    def __init__(self, reader: Reader, judge: Judge) -> None:
        self._reader, self._judge = reader, judge

    async def fetch(self, cursor: Cursor | None) -> Page:
        """
        See `Poller.fetch`.
        """
        answer = await self._reader.read(f"https://{HOST}/say", judges=frozenset({403}))
        if answer.status == 403:
            return self._judge(answer)
        items = tuple(Post(native=str(n), kind="post", text="x") for n in json.loads(answer.body))
        return Page(items=items, cursor=Cursor(b"1"))


def script_of(judge: Judge) -> Script:
    """
    As much of a script as the test under test looks at.
    """
    spec = replace(SPEC, build=lambda config, reader, clock, interest: Judging(reader, judge))
    answers = [reply(b"[1, 2]", address=f"https://{HOST}/say")]
    return Script(
        spec=spec,
        config=TickerConfig(),
        first=answers,
        later=answers,
        unchanged=answers,
        bad_item=answers,
        bad_items=0,
        broken=(),
        people=("Jo Fenn",),
    )


def refuses(_answer: Reply) -> Page:
    """
    As an adapter should where it knows no better.
    """
    raise AccessDenied("the network refuses us")


def goes_on(_answer: Reply) -> Page:
    """
    As if nothing had happened.
    """
    return Page()


def breaks(answer: Reply) -> Page:
    """
    On what is not as documented.
    """
    try:
        code = json.loads(answer.body)["error"]["code"]
    except ValueError as error:
        raise AccessDenied("no document") from error
    raise AccessDenied(f"code {len(code)}")


def repeats(answer: Reply) -> Page:
    """
    What the network said, for whoever reads the log.
    """
    raise AccessDenied(f"the network said {answer.body.decode('latin-1')}")


check = AdapterContract().test_every_error_it_judges_becomes_one_of_ours


async def test_an_adapter_that_judges_well_passes() -> None:
    """
    Each of the bodies was put to it.
    """
    seen: list[bytes] = []

    def judge(answer: Reply) -> Page:
        seen.append(answer.body)
        return refuses(answer)

    await check(script_of(judge))

    assert seen == list(error_bodies(("Jo Fenn",)))


@pytest.mark.parametrize("judge", [goes_on, breaks, repeats])
async def test_an_adapter_that_judges_badly_is_found(judge: Judge) -> None:
    """
    It lets an error pass for an answer, ends with what is none of ours, or repeats what somebody is named in.
    """
    with pytest.raises((AssertionError, pytest.fail.Exception, TypeError, LookupError, RecursionError)):
        await check(script_of(judge))


pytestmark = pytest.mark.anyio
