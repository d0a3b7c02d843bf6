"""
Judges: each looks at a story and says in a few words how a rule was seen to be kept.

Used by `frb`. A judge that returns has found the rule kept; `Broken` says what was seen instead.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from typing import Final

from listener.testing.politeness import conditional, manners, pacing, slowing
from listener.testing.politeness.site import DAY_S, HOUR_S, VALID, Seen, gaps, told

_SENT_AS: Final = {"etag": "if-none-match", "last-modified": "if-modified-since"}
_STORED: Final = {_SENT_AS[name.lower()]: value for name, value in VALID}
_BLOG: Final = "blog.city.example"


class Broken(Exception):
    """
    A rule is not kept; says what was seen. Raised by judges, caught by `frb`.
    """


class Unjudged(Exception):
    """
    A rule does not apply; says why. Raised by judges, caught by `frb`.
    """


def require(kept: bool, otherwise: str) -> None:
    """
    Raises:
        Broken: it is not so.
    """
    if not kept:
        raise Broken(otherwise)


# ------------------------------------------------------------------------------------------------- conditional


def verbatim(seen: Seen, *, name: str) -> str:
    """
    The second request to each host carries exactly what the first answer gave under `name`.
    """
    count = 0
    for host, headers in conditional.ODD.items():
        given = {key.lower(): value.encode() for key, value in headers}.get(name)
        if given is None:
            continue
        lower = {key.lower(): value for key, value in seen.at(host)[1].request.headers}
        sent = lower.get(_SENT_AS[name].encode())
        require(
            sent == given, f"{given.decode()} came back as {'nothing' if sent is None else sent.decode()}"
        )
        count += 1
    shown = dict(conditional.ODD["weak.city.example"])["ETag" if name == "etag" else "Last-Modified"]
    return f"2nd request carried {shown} verbatim, and {count - 1} odder ones"


def invented(seen: Seen, *, name: str) -> str:
    """
    A host that gave none under `name` never gets one.
    """
    count = 0
    for host in (*conditional.ODD, "none.city.example"):
        given = {key.lower() for key, _ in conditional.ODD.get(host, ())}
        if name in given:
            continue
        later = seen.at(host)[1:]
        require(bool(later), f"{host} was asked once only")
        require(
            all(_SENT_AS[name] not in told(asked) for asked in later), f"{host} was sent one it never gave"
        )
        count += 1
    return f"{count} servers without one were sent none"


def stored(seen: Seen, *, name: str | None, last: bool = False) -> str:
    """
    Over a restart, a kill and an upgrade the questions stay conditional.

    Args:
        name: Which validator; None for both.
        last: Only the request after the upgrade.
    """
    later = seen.at(_BLOG)[1:]
    wanted = _STORED if name is None else {_SENT_AS[name]: _STORED[_SENT_AS[name]]}
    require(len(later) >= 3, f"only {len(later)} requests after the first")
    for asked in later[-1:] if last else later:
        found = told(asked)
        missing = sorted(key for key, value in wanted.items() if found.get(key) != value)
        require(not missing, f"{', '.join(missing)} was lost")
    if last:
        return "what version 0.1.0 had stored was sent after the upgrade"
    return f"sent in all {len(later)} later requests, over restart and kill"


def one_set(seen: Seen) -> str:
    """
    Tag and date come and go together.
    """
    found = ["+".join(sorted(told(asked))) for asked in seen.at(_BLOG)][:5]
    both, tag, date = "if-modified-since+if-none-match", "if-none-match", "if-modified-since"
    require(found == ["", both, tag, date, tag], f"sent: {', then '.join(one or 'none' for one in found)}")
    return "both, then the tag alone, the date alone, the tag alone, as the answers gave them"


def survives_trouble(seen: Seen) -> str:
    """
    After 429 the next request is as conditional as before.
    """
    for name in ("429", "429-bare"):
        later = seen.at(f"t-{name}.city.example")[2:]
        require(bool(later), "the host was never asked again")
        require(
            all(told(asked) == _STORED for asked in later), "the request after a 429 had lost its validators"
        )
    return "the request after a 429 carried both, with and without Retry-After"


def conditional_again(seen: Seen, *, whole: int = 0) -> str:
    """
    Of a host that gives validators only the first read is unconditional.

    Args:
        whole: Say how many whole answers it cost.
    """
    asked = seen.at("with.city.example")
    require(len(asked) > 5, f"only {len(asked)} reads")
    bare = len(seen.unconditional_s("with.city.example"))
    require(bare == 1, f"{bare} of {len(asked)} reads were unconditional")
    return (
        f"{whole} whole answer in {len(asked)} reads"
        if whole
        else f"{len(asked) - 1} reads in a row were conditional"
    )


def every_address_its_own(seen: Seen) -> str:
    """
    Each of many addresses on one host is asked with validators from its second read on.
    """
    addresses = {(asked.host, asked.line) for asked in seen.asked}
    bare = sum(not told(asked) for asked in seen.asked)
    require(0 < len(addresses) == bare, f"{bare} unconditional reads of {len(addresses)} addresses")
    require(len(seen.asked) >= 2 * len(addresses), "not every address was asked again")
    return f"{len(addresses)} addresses, each conditional from its 2nd read on"


# ------------------------------------------------------------------------------------------------------- pace


def unhurried(seen: Seen) -> str:
    """
    An hour between conditional reads, a day between whole ones, whatever the operator asks for.
    """
    conditionals = [gap for host in ("with", "hasty") for gap in seen.gaps_s(f"{host}.city.example")]
    wholes = [gap for host in ("without", "hasty-without") for gap in seen.gaps_s(f"{host}.city.example")]
    require(min(conditionals) >= HOUR_S, f"asked again after {min(conditionals):.0f} s")
    require(min(wholes) >= DAY_S, f"a whole answer again after {min(wholes):.0f} s")
    return f"never before {min(conditionals) / 60:.0f} min; without validators {min(wholes) / HOUR_S:.0f} h; though set to 1 min"


def spaced(seen: Seen, *, feeds: int = 0) -> str:
    """
    One request in flight and two seconds between starts on each host.

    Args:
        feeds: Say how many of them share a host.
    """
    hosts = sorted({asked.host for asked in seen.asked})
    most = max(seen.busiest[host] for host in hosts)
    least_s = min(min(seen.gaps_s(host)) for host in hosts)
    require(most == 1, f"{most} requests in flight at one host")
    require(least_s >= 2, f"two starts {least_s:.2f} s apart on one host")
    if feeds:
        first = [at_s for at_s in seen.starts_s(hosts[0]) if at_s < HOUR_S]
        require(len(first) == feeds, f"{len(first)} of {feeds} feeds were asked")
        return f"{feeds} feeds of a host due at once took {max(first) - min(first):.0f} s"
    return f"1 in flight, starts at least {least_s:.0f} s apart"


def spaced_by_address(seen: Seen) -> str:
    """
    Names that lead to one machine share its pace, where the operator wants that.
    """
    starts = sorted(asked.at_s for asked in seen.asked)
    least_s = min(gaps(starts))
    require(least_s >= 2, f"names of one machine asked {least_s:.2f} s apart")
    return f"{len(seen.busiest)} names on one machine: starts at least {least_s:.0f} s apart"


def own_schedule(seen: Seen) -> str:
    """
    What was due together drifts apart.
    """
    second = sorted(asked.at_s for asked in seen.asked if asked.at_s > HOUR_S / 2)
    spread_s = second[len(second) // 2] - second[0]
    require(spread_s > 60, f"half of the 2nd round came within {spread_s:.0f} s")
    return f"half of the 2nd round took {spread_s:.0f} s; each feed has its own place"


def rhythm(seen: Seen) -> str:
    """
    Who writes seldom is asked seldom.
    """
    mean = {name: statistics.mean(seen.gaps_s(f"{name}.city.example")) for name in ("brisk", "weekly")}
    require(mean["brisk"] >= HOUR_S, f"a brisk blog was asked every {mean['brisk'] / 60:.0f} min")
    shown = f"writes every 10 min: read every {mean['brisk'] / 60:.0f} min; weekly: every {mean['weekly'] / HOUR_S:.1f} h"
    require(mean["weekly"] >= 2 * mean["brisk"], shown)
    return shown


def one_request(seen: Seen) -> str:
    """
    A feed that is added costs its site one request.
    """
    lines = [(asked.host, asked.line) for asked in seen.asked]
    wanted = [("first.city.example", "GET /feed"), ("second.city.example", "GET /feed")]
    require(lines == wanted, f"{len(lines) - 1} requests followed")
    return "1 request, whose answer was used"


def _hinted(seen: Seen, *names: str) -> str:
    shown = []
    for name in names:
        _, asked_s = pacing.HINTED[name]
        least_s = min(seen.gaps_s(f"{name}.city.example"))
        require(least_s >= asked_s, f"{name} asked for {asked_s:.0f} s and was read after {least_s:.0f} s")
        shown.append(f"{name} {asked_s / HOUR_S:.0f} h")
    return f"kept: {', '.join(shown)}"


def cache_hints(seen: Seen) -> str:
    """
    max-age, Age, Expires.
    """
    return _hinted(seen, "max-age", "age", "expires")


def document_hints(seen: Seen) -> str:
    """
    ttl, and the syndication module.
    """
    return _hinted(seen, "ttl", "update-period")


# ------------------------------------------------------------------------------------------------- slowing down


def paused(seen: Seen) -> str:
    """
    Nobody asks the host before its time, not even what was queued.
    """
    pause_s, *_ = seen.gaps_s("busy.city.example")
    require(pause_s >= slowing.PAUSE_S, f"the host was asked again after {pause_s:.0f} s")
    return f"asked for {slowing.PAUSE_S:.0f} s: host silent for {pause_s:.0f} s, queued feeds and a restart included"


def without_hints(seen: Seen) -> str:
    """
    From ten minutes on, and ever longer.
    """
    waits = [gap for host in {asked.host for asked in seen.asked} for gap in seen.gaps_s(host)]
    require(min(waits) >= 600, f"asked again after {min(waits):.0f} s")
    require(max(waits) > 4 * HOUR_S, f"never waited longer than {max(waits):.0f} s")
    require(len(set(waits)) == len(waits), "two waits were alike")
    return f"waits from {min(waits) / 60:.0f} min to {max(waits) / HOUR_S:.0f} h, none alike"


# ------------------------------------------------------------------------------------------------------ manners


def get_only(seen: Seen, *, never: str | None = None) -> str:
    """
    The one method.

    Args:
        never: Judge only that this one does not occur.
    """
    methods = {asked.request.method for asked in seen.asked}
    wrong = sorted(methods & {never} if never else methods - {"GET"})
    require(bool(seen.asked) and not wrong, f"asked with {', '.join(wrong) or 'nothing'}")
    return f"none of {len(seen.asked)} requests" if never else f"all of {len(seen.asked)} requests"


def clean_headers(seen: Seen, *, never: Sequence[str]) -> str:
    """
    None of these headers in any request.
    """
    found = sorted({name for asked in seen.asked for name in asked.head} & set(never))
    require(bool(seen.asked) and not found, f"sent {', '.join(found)}")
    return f"none in {len(seen.asked)} requests"


def exact_targets(seen: Seen) -> str:
    """
    What was configured is what is asked, byte for byte.
    """
    for name, target in manners.TARGETS.items():
        for asked in seen.at(f"{name}.city.example"):
            found = asked.request.target.decode("latin-1")
            require(found == target, f"{target} was asked as {found}")
        require(len(seen.at(f"{name}.city.example")) > 1, f"{target} was asked once only")
    return f"{manners.TARGETS['tilde']} asked as it stands, and {len(manners.TARGETS) - 1} others"


def nothing_guessed(seen: Seen) -> str:
    """
    Only addresses that were configured or redirected to.
    """
    known = {
        f"http://{name}.city.example{target}" for name, target in manners.TARGETS.items()
    } | manners.LED_TO
    found = {f"{asked.scheme}://{asked.host}{asked.line.partition(' ')[2]}" for asked in seen.asked}
    require(bool(found) and found <= known, f"{len(found - known)} addresses were asked that nobody gave")
    return f"{len(found)} addresses asked, each configured or redirected to"


def refused_addresses(seen: Seen) -> str:
    """
    An address that cannot be a feed's is refused before anything starts.
    """
    taken = sorted(name for name, refused in seen.extra["refused"].items() if not refused)
    require(not taken, f"taken: {', '.join(taken)}")
    return f"{len(seen.extra['refused'])} kinds of bad address refused by the configuration"


def agent(seen: Seen, *, part: str) -> str:
    """
    Product, version, address, in every request.
    """
    found = {asked.head.get("user-agent", "") for asked in seen.asked}
    require(len(found) == 1, f"{len(found)} different User-Agents")
    match = re.fullmatch(
        r"(?P<product>[a-z-]+)/(?P<version>\d+(?:\.\d+)+\S*) \((?P<address>\+https?://\S+); [^()]+\)",
        found.pop(),
    )
    require(match is not None, "the User-Agent has another form")
    assert match is not None
    return f"{match[part]}, in all {len(seen.asked)} requests"


def unhurried_by_hand(seen: Seen) -> str:
    """
    Five refreshes within a minute cost the site one request.
    """
    _by_hand(seen)
    cost = seen.extra["plain"] - 1
    require(cost <= 1, f"5 refreshes within a minute cost {cost} requests")
    return f"5 refreshes within a minute cost {cost} request"


def unconditional_by_hand(seen: Seen) -> str:
    """
    Only with the flag, once a day, and counted.
    """
    _by_hand(seen)
    plain = seen.at(_BLOG)[1 : seen.extra["plain"]]
    require(all(told(asked) for asked in plain), "a refresh without the flag was unconditional")
    forced = len(seen.unconditional_s(_BLOG)) - 1
    require(forced == 1, f"3 forced refreshes cost {forced} unconditional requests")
    return "only with its flag; 3 of them within a minute cost 1 request"


def _by_hand(seen: Seen) -> None:
    if set(seen.extra["statuses"]) == {404}:
        raise Unjudged("no command reads a feed by hand")
    require(set(seen.extra["statuses"]) == {200}, "a refresh by hand was refused")
