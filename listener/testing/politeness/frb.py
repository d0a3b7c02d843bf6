"""
The rules by which a feed reader is judged to behave, by number, and how each is seen to be kept.

`listener selftest politeness` plays the stories (see `STORIES`) and prints what the judges here say of them. A judge looks at
what a site saw or an operator sees and at nothing else, so a rule that is broken in the code fails here.

Source: the numbers are those of the "feed reader behavior" rules as Liferea lists them in `src/net.c`; the words are ours.
What is not in that list (04x) is not claimed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from listener.simulation.internet import Asked
from listener.testing.politeness import conditional, manners, pacing, slowing
from listener.testing.politeness.judges import (
    Broken,
    Unjudged,
    agent,
    cache_hints,
    clean_headers,
    conditional_again,
    document_hints,
    every_address_its_own,
    exact_targets,
    get_only,
    invented,
    nothing_guessed,
    one_request,
    one_set,
    own_schedule,
    paused,
    refused_addresses,
    rhythm,
    spaced,
    spaced_by_address,
    stored,
    survives_trouble,
    unconditional_by_hand,
    unhurried,
    unhurried_by_hand,
    verbatim,
    without_hints,
)
from listener.testing.politeness.site import Seen

Outcome = Literal["pass", "fail", "not applicable"]

STORIES: Final[Mapping[str, Callable[[], Awaitable[Seen]]]] = {
    "validators": conditional.verbatim,
    "one set": conditional.one_set,
    "trouble": conditional.through_trouble,
    "ends": conditional.through_ends,
    "by hand": conditional.by_hand,
    "floors": partial(pacing.floors, days=1.1),
    "hints": partial(pacing.hints, days=0.6),
    "rhythms": partial(pacing.rhythms, days=2),
    "added": pacing.added,
    "crowd": partial(pacing.crowd, feeds=40, hosts=4, hours=1.2),
    "one machine": pacing.one_machine,
    "paused": partial(slowing.paused, 429, as_date=False),
    "too often": partial(slowing.too_often, hosts=4),
    "clean": manners.clean,
    "bad addresses": manners.bad_addresses,
}
"""What is played, by name; smaller than in the tests where a story can be."""


@dataclass(frozen=True, slots=True)
class Rule:
    """
    Args:
        number: As listed, without its prefix.
        asks: What it asks for, in our words.
        story: Which one it is judged by; None: by every request of all of them.
        judge: Evidence where it is kept.
    """

    number: str
    asks: str
    story: str | None
    judge: Callable[[Seen], str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What became of a rule.

    Args:
        rule: Its number, with its prefix.
        asks: See `Rule`.
        outcome: Kept, broken, or not ours to keep.
        evidence: What was seen, or why it does not apply.
    """

    rule: str
    asks: str
    outcome: Outcome
    evidence: str


def _not_read(_: Seen) -> str:
    raise Unjudged("not in Liferea's list; original page not read: no claim")


RULES: Final[tuple[Rule, ...]] = (
    Rule("001", "keep Last-Modified", "ends", partial(stored, name="last-modified")),
    Rule("002", "send it back as If-Modified-Since", "validators", partial(verbatim, name="last-modified")),
    Rule("003", "keep ETag", "ends", partial(stored, name="etag")),
    Rule("004", "send it back as If-None-Match", "validators", partial(verbatim, name="etag")),
    Rule("010", "lose neither between two reads", "floors", conditional_again),
    Rule("011", "lose neither when stopped or killed", "ends", partial(stored, name=None)),
    Rule("012", "invent no If-Modified-Since", "validators", partial(invented, name="last-modified")),
    Rule("013", "invent no If-None-Match", "validators", partial(invented, name="etag")),
    Rule("014", "both are one set: only what the latest answer gave", "one set", one_set),
    Rule("015", "lose neither in an upgrade", "ends", partial(stored, name=None, last=True)),
    Rule("016", "lose neither when told 429", "trouble", survives_trouble),
    Rule("020", "slow down when told 429", "paused", paused),
    Rule("021", "slow down when no time is told, too", "too often", without_hints),
    Rule("022", "heed cache headers", "hints", cache_hints),
    Rule("023", "read a feed in its own rhythm", "rhythms", rhythm),
    Rule("024", "heed hints inside the feed", "hints", document_hints),
    Rule("030", "fetch no content twice", "floors", partial(conditional_again, whole=1)),
    Rule("031", "keep validators of every address asked", "crowd", every_address_its_own),
    Rule("032", "do not hammer an address", "floors", unhurried),
    Rule("033", "do not hammer a server", "crowd", spaced),
    Rule("034", "many feeds on few servers are spread", "crowd", partial(spaced, feeds=10)),
    Rule("035", "many names on few machines are spread", "one machine", spaced_by_address),
    Rule("036", "adding a feed is one request", "added", one_request),
    Rule("037", "a clock's tick is no schedule", "crowd", own_schedule),
    Rule("04x", "cloud services and several devices", None, _not_read),
    Rule("050", "ask with GET", None, get_only),
    Rule("051", "never ask with HEAD", None, partial(get_only, never="HEAD")),
    Rule("060", "check the addresses people give", "bad addresses", refused_addresses),
    Rule("061", "guess no addresses", "clean", nothing_guessed),
    Rule("062", "add no parameters", "clean", exact_targets),
    Rule("063", "send no cookies", None, partial(clean_headers, never=("cookie",))),
    Rule("064", "get around no cache", None, partial(clean_headers, never=("cache-control", "pragma"))),
    Rule("065", "send no Referer", None, partial(clean_headers, never=("referer",))),
    Rule("066", "leave the query as it is", "clean", exact_targets),
    Rule("070", "limit refreshing by hand", "by hand", unhurried_by_hand),
    Rule("071", "an unconditional request needs a confirmation", "by hand", unconditional_by_hand),
    Rule("080", "say who asks", None, partial(agent, part="product")),
    Rule("081", "say where to complain", None, partial(agent, part="address")),
    Rule("082", "say which version asks", None, partial(agent, part="version")),
)


async def examine(only: Collection[str] = ()) -> AsyncIterator[tuple[Verdict, ...]]:
    """
    The verdicts as they come: of each story once it was played, and at the end of what every request is judged by.

    Args:
        only: Names of stories; all of them where empty. Rules that are judged by every request are judged by those
            that were made.
    """
    asked: list[Asked] = []
    for name, play in STORIES.items():
        if only and name not in only:
            continue
        seen: Seen | Exception
        try:
            seen = await play()
            asked += seen.asked
        except Exception as error:  # noqa: BLE001  a story that cannot be played has not shown that a rule is kept
            seen = error
        yield tuple(_judged(rule, seen) for rule in RULES if rule.story == name)
    everything = Seen(asked=tuple(asked))
    yield tuple(_judged(rule, everything) for rule in RULES if rule.story is None)


def _judged(rule: Rule, seen: Seen | Exception) -> Verdict:
    outcome: Outcome = "pass"
    try:
        if isinstance(seen, Exception):
            raise Broken(f"the story ended with {type(seen).__name__}")
        evidence = rule.judge(seen)
    except Unjudged as reason:
        outcome, evidence = "not applicable", str(reason)
    except Broken as reason:
        outcome, evidence = "fail", str(reason)
    except (LookupError, ValueError) as error:  # what a judge looks for was never seen
        outcome, evidence = "fail", f"too little was seen ({type(error).__name__})"
    return Verdict(f"FRB{rule.number}", rule.asks, outcome, evidence)
