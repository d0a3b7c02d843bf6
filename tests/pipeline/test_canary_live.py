"""
The privacy proof for `listener check --live`: people are planted wherever a source names them, every source is asked as an
operator would ask it, and what is printed, which an operator may paste anywhere, is searched.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from listener import settings
from listener.cli.live import shapes, shown
from listener.cli.live.report import Live
from listener.cli.live.running import Run
from listener.settings import Settings
from listener.testing.canary import Canary
from tests.fakes.loopback import answer
from tests.fakes.sites import configured, sites
from tests.pipeline import test_canary, test_canary_networks
from tests.pipeline.test_canary_networks import ILL, Networks, networks


class Hurried:
    """
    Time that passes fifty times as fast: the pace of hosts is another test's matter.
    """

    def __init__(self) -> None:
        self._began_at, self._began_s = datetime.now(UTC), self.monotonic()

    def now(self) -> datetime:
        """See `Clock`."""
        return self._began_at + timedelta(seconds=self.monotonic() - self._began_s)

    def monotonic(self) -> float:
        """See `Clock`."""
        return time.monotonic() * 50

    async def sleep(self, delay_s: float) -> None:
        """See `Clock`."""
        await anyio.sleep(delay_s / 50)


@dataclass(frozen=True)
class Printed:
    """
    Everything a run leaves: what it found out, and what it prints; and what was sent to it, where a test keeps that.
    """

    live: Live
    outputs: dict[str, bytes]
    wire: bytes = b""


def look(
    loaded: Settings,
    capsys: pytest.CaptureFixture[str],
    *,
    asking: Callable[[str], None] = shown.asking,
    for_s: float = 1.0,
) -> Printed:
    """
    Every source asked once; words and JSON as they are printed, and the report as a debugger would show it.
    """
    capsys.readouterr()
    live = Run(loaded, (), for_s=for_s, clock=Hurried()).look(asking)
    outputs = {"repr": repr(live).encode()}
    for as_json in (False, True):
        shown.tell(live, as_json=as_json)
        out, err = capsys.readouterr()
        outputs |= {f"stdout {as_json}": out.encode(), f"stderr {as_json}": err.encode()}
    return Printed(live, outputs)


def verdicts(live: Live) -> dict[str, str]:
    """By source."""
    return {each.name: each.verdict for each in live.looked}


@contextmanager
def talking(here: Networks) -> Iterator[Callable[[str], None]]:
    """People talk on a network while its sources are listened to; what is given is told which source is asked."""
    timers: list[threading.Timer] = []
    said: set[str] = set()

    def asking(name: str) -> None:
        calls: dict[str, Callable[[], object]] = {
            "one": lambda: here.fediverse.talk("one.example", "live one"),
            "two": lambda: here.fediverse.talk("two.example", "live two"),
            "bluesky": lambda: here.network.talk("live"),
        }
        if name in calls and name not in said:
            said.add(name)
            timers.append(threading.Timer(0.7, lambda: here.portal.call(calls[name])))
            timers[-1].start()

    try:
        yield asking
    finally:
        for timer in timers:
            timer.join()


def test_nobody_is_told_of_a_world_of_feeds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of feeds in every dialect, error pages, redirects and headers no word, no person and no secret is printed."""
    canary = Canary(seed=21)
    objector = canary.person("objector")
    (tmp_path / "objections.txt").touch()
    with test_canary.world(canary, tmp_path):
        loaded = settings.load(tmp_path / "listener.toml", environ={})
        printed = look(loaded, capsys)

    found = verdicts(printed.live)
    assert [str(each) for each in canary.search(printed.outputs)] == []
    assert objector.handle
    assert sum(each.made.items["Post"] for each in printed.live.looked) >= 25
    assert {name: found[name] for name in ("canary-own", "canary-atom", "canary-429", "canary-503")} == {
        "canary-own": "as documented",
        "canary-atom": "as documented",
        "canary-429": "limited",
        "canary-503": "unreachable",
    }


def test_nobody_is_told_of_networks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of streams, timelines, notifications, instances in trouble, a redirect and an adapter that raises, neither."""
    canary = Canary(seed=22)
    (tmp_path / "objections.txt").touch()
    with networks(canary, tmp_path, mentions=True) as here, talking(here) as asking:
        text = (tmp_path / "listener.toml").read_text("utf-8")
        (tmp_path / "listener.toml").write_text(_without_raising(text), "utf-8")
        loaded = settings.load(tmp_path / "listener.toml", environ={})
        printed = look(loaded, capsys, asking=asking, for_s=1.5)
        wire = here.wire()

    assert [str(each) for each in canary.search(printed.outputs)] == []
    assert test_canary_networks.unserved(canary, wire) == []
    assert {each.name for each in printed.live.looked if each.made.items["Post"]} == {
        "bluesky",
        "one",
        "two",
        "mentions",
    }
    assert verdicts(printed.live) == {
        "bluesky": "as documented",
        "one": "differs",
        "two": "differs",
        "ill-401": "denied",
        "ill-500": "unreachable",
        "ill-html": "differs",
        "ill-cut": "unreachable",
        "ill-429": "limited",
        "moved": "differs",
        "mentions": "as documented",
    }
    assert ILL


def _without_raising(text: str) -> str:
    """The configuration without the adapter that is not installed in this process."""
    return "[[source]]".join(part for part in text.split("[[source]]") if 'adapter = "raising"' not in part)


def people_as_keys(canary: Canary) -> dict[str, Any]:
    """A JSON Feed in every item of which the same people are keys."""
    one, other = canary.person("a key"), canary.person("another key")
    people = {
        one.handle: {"text": one.name},
        other.account_id: 1,
        other.email: [other.profile],
        one.name: None,
    }
    items = [
        {"id": f"urn:x:{n}", "content_text": "Ice #yyc", "url": f"https://a.example/{n}", "_users": people}
        | people
        for n in range(5)
    ]
    return {"version": "https://jsonfeed.org/version/1.1", "title": "Feed", "items": items, **people}


def asked_of(canary: Canary, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Printed:
    """That feed, asked for."""
    body = json.dumps(people_as_keys(canary), ensure_ascii=False).encode()
    with sites({1: {"/feed": answer(200, body, content_type="application/feed+json")}}) as there:
        config = configured(tmp_path, there.at(1, "/feed"))
        return look(settings.load(config, environ=os.environ), capsys)


def test_people_who_are_keys_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A map by handle, id, address or name is told as a number, however often the same people stand in it."""
    canary = Canary(seed=23)
    printed = asked_of(canary, tmp_path, capsys)

    assert [str(each) for each in canary.search(printed.outputs)] == []
    assert "items[].{other}: list 5, null 5, number 5, object 10" in printed.outputs["stdout False"].decode()


def test_the_canary_is_heard_when_keys_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same with the rule for names taken out finds the people that the rule is there for."""
    canary = Canary(seed=23)
    monkeypatch.setattr(shapes, "may_be_named", lambda key, declared: True)
    printed = asked_of(canary, tmp_path, capsys)

    heard = {(each.where, each.label) for each in canary.search(printed.outputs)}
    labels = ("a key: handle", "a key: name", "another key: account id", "another key: e-mail")
    assert {(where, label) for where in ("repr", "stdout False", "stdout True") for label in labels} <= heard
