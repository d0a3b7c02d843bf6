"""
What `listener feeds` shows.

On a terminal tables, and the titles of pages; elsewhere lines or JSON, and no titles. An address that is not taken is
shown by its host alone, because it may name a person or hold a secret; the number of its line says which it is.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from listener.adapter import Candidate
from listener.admit.admission import House, sameness
from listener.admit.looking import Looked, Missed
from listener.admit.verdicts import FINE, SAID, Line, Verdict, Wanted
from listener.cli.screen import clean, print_json, print_table
from listener.settings.linter import is_address
from listener.settings.shown import shown_address


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Outcome:
    """
    What came of an import.

    Args:
        lines: Every line with its verdict.
        names: Of new sources, by address.
        written: They are in the configuration.
        dry_run, interrupted: Whether it was.
        robots_asked: Sites whose robots.txt was asked for.
        took_s: All in all.
    """

    lines: Sequence[Line]
    names: Mapping[str, str]
    written: bool
    dry_run: bool
    interrupted: bool
    robots_asked: int
    took_s: float


def tell(outcome: Outcome, *, as_json: bool) -> None:
    """
    The verdict of every line, how many there were of each, and what to do next.
    """
    counts = Counter(line.verdict for line in outcome.lines)
    if as_json:
        print_json(
            {
                "lines": [_as_json(line, outcome.names) for line in outcome.lines],
                "counts": {verdict: counts[verdict] for verdict in SAID if counts[verdict]},
                "written": outcome.written,
                "interrupted": outcome.interrupted,
                "robots_asked": outcome.robots_asked,
                "took_s": round(outcome.took_s, 1),
            }
        )
        return
    columns = ("line", "verdict", "where", "source", "note")
    print_table(columns, [_row(line, outcome) for line in outcome.lines])
    # What follows goes to stderr, so that what is piped stays a table.
    said = ", ".join(f"{counts[each]} {_words(each, outcome)}" for each in SAID if counts[each]) or "nothing"
    _say(f"\n{counts.total()} lines in {_duration(outcome.took_s)}: {said}")
    _say(f"robots.txt: asked of {outcome.robots_asked} sites; what is named as a feed is read without it")
    _say(_next(outcome))


def _next(outcome: Outcome) -> str:
    if outcome.dry_run:
        return "dry run: nothing was written"
    if not outcome.written:
        return "nothing was written"
    return (
        "next: `listener check`, then `listener accept` (the privacy statement grew), then `listener reload`"
    )


def tell_found(looked: Sequence[tuple[Wanted, Looked | Missed]], house: House, *, as_json: bool) -> bool:
    """
    What each address offers; whether each offers something, or is read already.
    """
    if as_json:
        print_json([_found_json(house, wanted, found) for wanted, found in looked])
    else:
        titles = sys.stdout.isatty()
        columns = ("address", "feed", "kind", "standing", *(["title"] if titles else []))
        rows = [row for wanted, found in looked for row in _found_rows(house, wanted, found, titles=titles)]
        print_table(columns, rows)
    return all(_fine(found) for _, found in looked)


def _fine(found: Looked | Missed) -> bool:
    return found.why in FINE if isinstance(found, Missed) else bool(found.candidates)


def _found_rows(
    house: House, wanted: Wanted, found: Looked | Missed, *, titles: bool
) -> Iterator[tuple[str, ...]]:
    asked, more = _host(wanted), ("",) if titles else ()
    offered = () if isinstance(found, Missed) else found.candidates
    for each in offered:
        title = (each.title or "",) if titles else ()
        yield asked, _place(house, each), each.kind, _standing(house, each).replace("_", " "), *title
    if not offered:
        yield asked, "", "", _missing(found), *more


def _found_json(house: House, wanted: Wanted, found: Looked | Missed) -> dict[str, Any]:
    offered = () if isinstance(found, Missed) else found.candidates
    return {
        "line": wanted.line,
        "host": _host(wanted),
        "verdict": found.why if isinstance(found, Missed) else None if offered else "no_feed",
        "feeds": [
            {"address": _place(house, each), "kind": each.kind, "standing": _standing(house, each)}
            for each in offered
        ],
    }


def _missing(found: Looked | Missed) -> str:
    if isinstance(found, Looked):
        return SAID["no_feed"]
    return f"{SAID[found.why]}: {found.note}" if found.note else SAID[found.why]


def _standing(house: House, candidate: Candidate) -> str:
    if house.follows_a_person(candidate.address):
        return "not_allowed"
    return "configured" if sameness(candidate.address) in house.known else "new"


def _place(house: House, candidate: Candidate) -> str:
    """
    The address, or its host alone where it follows a person.
    """
    refused = house.follows_a_person(candidate.address)
    return shown_address(candidate.address) if refused else candidate.address


def _where(line: Line) -> str:
    return line.feed or _host(line.wanted)


def _host(wanted: Wanted) -> str:
    """
    Of what was asked for, no more than scheme and host.
    """
    written = wanted.address or ""
    return shown_address(written) if is_address(written) else "(no address)"


def _row(line: Line, outcome: Outcome) -> tuple[str, ...]:
    name = outcome.names.get(line.feed or "", "") if line.verdict == "added" else ""
    return str(line.wanted.line), _words(line.verdict, outcome), _where(line), name, _note(line) or ""


def _note(line: Line) -> str | None:
    """
    With a way on, where there is one.
    """
    hint = "if it is the feed itself, add it with --as-feed"
    return hint if line.verdict == "robots" and not line.wanted.is_feed else line.note


def _words(verdict: Verdict, outcome: Outcome) -> str:
    return "can be added" if verdict == "added" and not outcome.written else SAID[verdict]


def _as_json(line: Line, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "line": line.wanted.line,
        "verdict": line.verdict,
        "where": _where(line),
        "source": names.get(line.feed or "") if line.verdict == "added" else None,
        "note": _note(line),
    }


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def _say(text: str) -> None:
    print(clean(text, keep="\n"), file=sys.stderr)
