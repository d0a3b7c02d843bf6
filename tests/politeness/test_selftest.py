"""`listener selftest politeness`: every rule has a verdict, and a rule that is broken in the code fails."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from listener import cli
from listener.adapter import Reply, Validators
from listener.hear import guard
from listener.hear.due import DueQueue
from listener.hear.pace import Pace
from listener.hear.reader import ReadOnly, Web
from listener.testing.politeness import frb
from listener.testing.politeness.frb import RULES, STORIES, Verdict, examine
from listener.testing.politeness.site import Seen
from listener.testing.virtual_clock import START

pytestmark = pytest.mark.anyio

FRB = [
    "001",
    "002",
    "003",
    "004",
    "010",
    "011",
    "012",
    "013",
    "014",
    "015",
    "016",
    "020",
    "021",
    "022",
    "023",
    "024",
    "030",
    "031",
    "032",
    "033",
    "034",
    "035",
    "036",
    "037",
    "04x",
    "050",
    "051",
    "060",
    "061",
    "062",
    "063",
    "064",
    "065",
    "066",
    "070",
    "071",
    "080",
    "081",
    "082",
]


async def verdicts(*stories: str) -> dict[str, Verdict]:
    """What is said of the rules of these stories, and of those that every request is judged by."""
    return {one.rule: one async for some in examine(stories) for one in some}


def test_every_rule_of_the_list_is_judged_once_by_a_story_that_is_played() -> None:
    """As politeness.md lists them, in order, and no story is played for nothing."""
    assert [rule.number for rule in RULES] == FRB
    assert {rule.story for rule in RULES} - {None} == set(STORIES)
    assert len({rule.asks for rule in RULES}) == len(RULES)


Sabotage = Callable[[pytest.MonkeyPatch], None]


def reading(change: Callable[[dict[str, str]], object]) -> Sabotage:
    """A reader that changes what it was given to say."""

    def sabotage(patch: pytest.MonkeyPatch) -> None:
        read = ReadOnly.read

        async def changed(
            self: ReadOnly,
            address: str,
            *,
            headers: Mapping[str, str] | None = None,
            validators: Validators | None = None,
            **_: object,
        ) -> Reply:
            said = dict(headers or {})
            change(said)
            return await read(self, address, headers=said, validators=validators)

        patch.setattr(ReadOnly, "read", changed)

    return sabotage


def identity(**headers: str) -> Sabotage:
    """A web whose requests say something else, or more."""

    def sabotage(patch: pytest.MonkeyPatch) -> None:
        enter = Web.__aenter__

        async def changed(self: Web) -> Web:
            self.identity = {
                **self.identity,
                **{name.replace("_", "-"): value for name, value in headers.items()},
            }
            return await enter(self)

        patch.setattr(Web, "__aenter__", changed)

    return sabotage


def replaced(owner: object, name: str, by: object) -> Sabotage:
    """One piece replaced."""
    return lambda patch: patch.setattr(owner, name, by)


def unspaced(patch: pytest.MonkeyPatch) -> None:
    """A host that is free again is asked at once."""
    done = DueQueue.done
    patch.setattr(Pace, "spacing_s", lambda self, host: 0.0)
    patch.setattr(DueQueue, "done", lambda self, group, *, free_at: done(self, group, free_at=START))


def weaken(said: dict[str, str]) -> None:
    if "if-none-match" in said:
        said["if-none-match"] = said["if-none-match"].removeprefix("W/")


def invent(said: dict[str, str]) -> None:
    said.setdefault("if-modified-since", "Mon, 05 Jan 2026 12:00:00 GMT")


@pytest.mark.parametrize(
    ("sabotage", "story", "broken"),
    [
        (reading(lambda said: said.pop("if-none-match", None)), "validators", {"004"}),
        (reading(lambda said: said.pop("if-modified-since", None)), "validators", {"002"}),
        (reading(weaken), "validators", {"004"}),
        (reading(invent), "validators", {"012"}),
        (reading(dict.clear), "floors", {"010", "030"}),
        (reading(lambda said: said.pop("if-none-match", None)), "ends", {"003", "011", "015"}),
        (unspaced, "crowd", {"033", "034"}),
        (replaced(Pace, "hold", lambda self, host, until: None), "paused", {"020"}),
        (replaced(guard, "_url", URL), "clean", {"061", "062", "066"}),
        (identity(user_agent="Mozilla/5.0"), "added", {"080", "081", "082"}),
        (identity(cookie="id=1"), "added", {"063"}),
        (identity(referer="http://blog.city.example/"), "added", {"065"}),
        (identity(cache_control="no-cache"), "added", {"064"}),
    ],
)
async def test_a_rule_that_is_broken_in_the_code_fails(
    monkeypatch: pytest.MonkeyPatch, sabotage: Sabotage, story: str, broken: set[str]
) -> None:
    """One piece of the daemon is spoilt, and exactly the rules that it keeps are told as broken."""
    sabotage(monkeypatch)
    found = await verdicts(story)

    assert {rule for rule, one in found.items() if one.outcome == "fail"} == {f"FRB{rule}" for rule in broken}


async def test_a_story_that_cannot_be_played_shows_no_rule_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rules fail, and the others are judged."""

    async def broken() -> Seen:
        raise OSError("no port")

    monkeypatch.setattr(frb, "STORIES", {**STORIES, "validators": broken})
    found = await verdicts("validators", "added")

    assert {rule for rule, one in found.items() if one.outcome == "fail"} >= {f"FRB00{n}" for n in (2, 4)}
    assert found["FRB036"].outcome == "pass"
    assert "OSError" in found["FRB004"].evidence


def test_a_judge_that_saw_nothing_lets_nothing_pass() -> None:
    """No rule that is judged by something is kept by an empty story."""
    for rule in RULES:
        verdict = frb._judged(rule, Seen())
        assert verdict.outcome == ("not applicable" if rule.number == "04x" else "fail"), rule.number


def test_what_is_not_read_is_not_claimed() -> None:
    """The rules for cloud services stand there with the reason why nothing is said of them."""
    rule = next(rule for rule in RULES if rule.number == "04x")
    verdict = frb._judged(rule, Seen())

    assert verdict.outcome == "not applicable"
    assert verdict.evidence == "not in Liferea's list; original page not read: no claim"


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose path leaves room for a socket's, however tests are run."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.timeout(240)
def test_the_command_tells_every_rule_and_leaves_nothing_behind(short_folder: Path) -> None:
    """JSON for programs, one verdict for each rule in order, exit 0 when all are kept; no file stays."""
    run = subprocess.run(
        [sys.executable, "-P", "-m", "listener.cli", "selftest", "politeness", "--json"],
        cwd=short_folder,
        env={"PYTHONPATH": str(Path(cli.__file__).parents[2]), "PATH": "", "TMPDIR": str(short_folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    told: list[dict[str, Any]] = json.loads(run.stdout)

    assert [one["rule"] for one in told] == sorted(f"FRB{number}" for number in FRB)
    assert [one for one in told if one["outcome"] == "fail"] == []
    assert run.stderr == f"{len(FRB)} rules, 0 broken.\n"
    assert run.returncode == 0
    assert list(short_folder.iterdir()) == []
