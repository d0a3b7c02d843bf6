"""
Why a source waits, in a sentence that an operator at night understands. Pure; used by keeping and intake.

No sentence holds an address or anything a source said.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from listener.status import Why

FIXED: Final[dict[Why, str]] = {
    "first": "not read yet",
    "reading": "being read",
    "full": "the queue has no room; what was read waits",
    "not_ours": "another node reads it",
    "skipped": "the site asks to be spared at these hours or days",
    "no_validators": "the site cannot say whether something changed, so it is read once a day",
    "overrun": "more came at once than it shows, so it is read again as soon as is polite",
    "denied": "the server wants a credential or does not want us; ask its owner",
    "gone": "the server said three times in two days that the feed has ended (410); `listener poll` tries again",
    "by_hand": "an operator asked for it",
    "afforded": "what its budget has is looked at again",
}

FAILURES: Final = {
    "unavailable": "the server gives no usable answer; look at its address in a browser",
    "refused": "our own guard refused the address; see `reader.allow_addresses` and the source's address",
    "gone": "the server says that the feed has ended (410); believed after three times in two days",
    "too_large": "the answer is larger than `reader.max_bytes` allows; raise that if the source is right",
    "bad_encoding": "the answer is compressed in a way that was not asked for; tell the owner of the site",
    "internal": "a fault of ours; please report the daemon.fault line",
}
SILENT: Final = "it used to speak at such hours; look whether its address still shows anything new"
NOT_UNDERSTOOD: Final = "the answer is not what the source should be; look at its address in a browser"


def sentence(why: Why, *, wait_s: float, rhythm_s: float | None = None) -> str:
    """
    Why the next read is so far away.

    Args:
        why: What decided.
        wait_s: Seconds until then; with `consent`, until it goes on in any case.
        rhythm_s: See `Freshness.rhythm_s`.
    """
    if why == "rhythm" and rhythm_s is not None:
        return f"it writes about every {span(rhythm_s)}, so it is read every {span(wait_s)}"
    if why == "server":
        return f"the site asks to be left alone for {span(wait_s)}"
    if why == "ceiling":
        return f"the site asks for longer than {span(wait_s)}, which is the longest we wait"
    if why == "consent":
        return (
            "whether somebody in what came wants to be read cannot be looked up now; it is read again, and goes on without "
            f"those posts in {span(wait_s)}"
        )
    if why == "held":
        return f"the server asked for a pause of {span(wait_s)}"
    if why == "budget":
        return f"it is read after {span(wait_s)}, so that its budget lasts"
    return FIXED.get(why) or f"it is read every {span(wait_s)}"


def budget_reason(budget: str, until: datetime, meaning: str | None = None) -> str:
    """
    Why a source waits for its budget.

    Args:
        budget: Name, as the adapter calls it.
        until: When it goes on; aware.
        meaning: What the network says of it, and what to do; None where it is our own reckoning.
    """
    at = f"{until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if meaning is not None:
        return f"{meaning}; it is asked again at {at}"
    return f"its budget `{budget}` has to last, so it goes on at {at}"


def failure(code: str) -> str:
    """
    What a failure means, and what to do about it.

    Args:
        code: See `listener.hear.setback.code_of`.
    """
    return FAILURES.get(code, NOT_UNDERSTOOD)


def span(seconds: float) -> str:
    """
    A length of time as people say it: `45 s`, `15 min`, `2 h`, `9 days`.
    """
    for size, unit, most in ((1.0, "s", 90), (60.0, "min", 90), (3600.0, "h", 48)):
        count = round(seconds / size)
        if count <= most:
            return f"{count} {unit}"
    return f"{round(seconds / 86_400)} days"
