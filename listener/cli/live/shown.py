"""
What `listener check --live` prints: a line a source while it runs, then everything, as words or as one JSON document.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from listener.cli.live.documents import Body
from listener.cli.live.report import Asked, Live, Looked, Made
from listener.cli.live.shapes import Line
from listener.cli.screen import clean, print_json, print_table


def asking(name: str) -> None:
    """
    A source is asked now; said where somebody waits for it.
    """
    if sys.stderr.isatty():
        print(f"asking {clean(name)} …", file=sys.stderr, flush=True)


def tell(live: Live, *, as_json: bool) -> None:
    """
    Everything that was found out.
    """
    if as_json:
        print_json({"valid": True, "accepted": True, **_as_json(live)})
        return
    for looked in live.looked:
        print(clean("\n".join([*_words(looked), ""]), keep="\n"))
    print_table(("source", "adapter", "verdict", "because"), [_row(each) for each in live.looked])
    if live.daemon_runs:
        _say("a daemon runs with this data folder: it goes on, and both kept to the pace of each host alone")
    if live.interrupted:
        _say(f"interrupted; not asked: {', '.join(live.not_looked_at)}")


def _as_json(live: Live) -> dict[str, Any]:
    return {
        "daemon_runs": live.daemon_runs,
        "interrupted": live.interrupted,
        "not_looked_at": list(live.not_looked_at),
        "sources": msgspec.to_builtins(live.looked),
    }


def _row(looked: Looked) -> tuple[str, ...]:
    return looked.name, looked.adapter, looked.verdict, looked.why or ""


def _words(looked: Looked) -> Iterator[str]:
    yield f"{looked.name} ({looked.adapter}, {looked.relation}, keeps {looked.keep}, {looked.way})"
    for asked in looked.asked:
        yield from (f"  {line}" for line in _request(asked))
    if looked.more_asked:
        yield f"  and {looked.more_asked} more requests"
    yield from (f"  {line}" for line in _made(looked.made))
    if looked.failure is not None:
        failure = looked.failure
        code = "" if failure.code is None else f" ({failure.code})"
        wait = "" if failure.wait_s is None else f"; asks to wait {failure.wait_s:.0f} s"
        yield f"  ended with {failure.error}{code}{wait}"
    yield f"  {looked.verdict}" + ("" if looked.why is None else f": {looked.why}")


def _request(asked: Asked) -> Iterator[str]:
    answer = asked.failure or ""
    if asked.status is not None:
        answer = f"{asked.status} {answer}".strip()
    hops = "".join(f", {status} to {where}" for status, where in asked.hops)
    size = f", {asked.content_type}, {asked.body_bytes} bytes" if asked.failure is None else ""
    yield f"{asked.method} {asked.host} {asked.pattern}: {answer}{size}, {asked.took_s:.2f} s{hops}"
    if asked.cost:
        yield "  costs " + ", ".join(f"{amount:g} of {budget}" for budget, amount in asked.cost.items())
    if asked.limits:
        told = (name if number is None else f"{name} {number}" for name, number in asked.limits.items())
        yield "  limits: " + ", ".join(told)
    if asked.caching:
        yield "  caching: " + ", ".join(asked.caching)
    if asked.body is not None:
        yield from (f"  {line}" for line in _body(asked.body))


def _body(body: Body) -> Iterator[str]:
    pieces = "" if not body.pieces else f", {body.pieces} pieces"
    yield f"{body.format}{pieces}" + ("" if body.whole else ", not all of it can be read")
    yield from (f"  {_line(each)}" for each in body.lines)
    if body.left_out:
        yield f"  and {body.left_out} more places"


def _line(line: Line) -> str:
    types = ", ".join(f"{kind} {count}" for kind, count in line.types.items()) or "none"
    entries = (
        "" if not line.entries else f" ({line.entries} {'entries' if 'list' in line.types else 'other keys'})"
    )
    undeclared = "  [not read]" if line.declared is False else ""
    return f"{line.path}: {types}{entries}{undeclared}"


def _made(made: Made) -> Iterator[str]:
    if not made.pages:
        return
    yield f"the adapter made {made.pages} pages of it: {_counted(made.items) or 'no items'}"
    posts = made.items["Post"]
    if posts:
        filled = ", ".join(f"{name} {count}/{posts}" for name, count in sorted(made.filled.items()))
        yield f"kinds: {_counted(made.kinds)}; filled: {filled}"
        watches = f"; for watches: {_counted(made.watches)}" if made.watches else ""
        yield f"the daemon would say: {_counted(made.gate)}{watches}"
    if made.rejected:
        yield f"rejected: {_counted(made.rejected)}"
    if made.notes:
        yield f"notes: {_counted(made.notes)}"
    if made.rechecked is not None:
        yield f"one post asked about again: {made.rechecked}"


def _counted(counts: Mapping[str, int] | Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _say(text: str) -> None:
    print(clean(text, keep="\n"), file=sys.stderr)
