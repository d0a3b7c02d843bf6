"""
What an adapter made of what it read, in numbers; and what the whole comes to, in a word.

Takes pages and errors from `running`, fills `report.Looked`. The watches and the gate are asked as the daemon would ask
them; what they let through is counted and dropped. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from listener.adapter import AdapterSpec, Page
from listener.cli.live.report import Asked, Failure, Looked, Made, Verdict
from listener.errors import AccessDenied, RateLimited, SourceError, SourceUnavailable
from listener.events import Cleared, Post, PostData, Rejected
from listener.hear.reasons import FAILURES, NOT_UNDERSTOOD
from listener.hear.setback import code_of
from listener.hear.walk import Asking, Door, judge
from listener.keys import Sealer

_MEANINGS: Final = FAILURES | {
    "rate_limited": "the server asked for a pause; try again later",
    "budget_spent": "a quota, a cap or a credit is used up; try again when it is there again",
    "denied": "the server wants a credential or does not want us; look at the credential and what it may do",
    "internal": "the adapter raised what it may not; please report it with its class",
}
_NEVER_EMPTY: Final = frozenset({"kind", "open_to_reply", "consent"})
_STATUSES: Final = range(500, 600)
"""Of a server in trouble; any other error status that no adapter judges is a difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """
    What would become of a post.

    Args:
        asking: What the watches ask for.
        door: The gate, with the place of the source.
        take_all: The source is taken whole.
        sealer: For what is dropped at once.
    """

    asking: Asking
    door: Door
    take_all: bool
    sealer: Sealer

    def count(self, post: Post, made: Made, *, now: datetime) -> None:
        """
        One post, judged as the daemon would.
        """
        judged = judge(
            post,
            asking=self.asking,
            door=self.door,
            take_all=self.take_all,
            sealer=self.sealer,
            now=now,
        )
        made.gate[judged.withheld or "passed"] += 1
        if isinstance(judged.item, Cleared) and isinstance(judged.item.event.data, PostData):
            made.watches.update(judged.item.event.data.watches)


def take(made: Made, page: Page, preview: Preview, *, spec: AdapterSpec, now: datetime) -> None:
    """
    One page, counted.
    """
    made.pages += 1
    if page.note is not None:
        made.notes[_known(page.note, spec) or "(not explained by the adapter)"] += 1
    for item in page.items:
        made.items[type(item).__name__] += 1
        if isinstance(item, Rejected):
            made.rejected[item.reason] += 1
        elif isinstance(item, Post):
            made.kinds[item.kind] += 1
            made.filled.update(
                name for name in item.__struct_fields__ if name not in _NEVER_EMPTY and getattr(item, name)
            )
            preview.count(item, made, now=now)


def failure_of(error: Exception, spec: AdapterSpec) -> Failure:
    """
    Why a reading ended; nothing of what the error says.
    """
    found = code_of(error)
    special = error.code if isinstance(error, AccessDenied) else None
    code = _known(special, spec) or _known(found, spec)
    meaning = spec.meanings.get(code or "") or _MEANINGS.get(code or "") or NOT_UNDERSTOOD
    return Failure(
        error=type(error).__name__,
        code=code,
        meaning=meaning,
        status=error.status if isinstance(error, SourceUnavailable) else None,
        wait_s=error.wait_s if isinstance(error, RateLimited) else None,
    )


def _known(code: str | None, spec: AdapterSpec) -> str | None:
    """
    The code where somebody explained it; a careless adapter could put anything there.
    """
    return code if code is not None and (code in spec.meanings or code in _MEANINGS) else None


def settle(looked: Looked, error: Exception | None, spec: AdapterSpec) -> None:
    """
    What the source comes to.
    """
    if error is not None:
        looked.failure = failure_of(error, spec)
        looked.verdict, looked.why = _verdict_on(error, looked.failure)
        return
    looked.verdict, looked.why = _verdict_without_error(looked.asked, looked.made)


def _verdict_on(error: Exception, failure: Failure) -> tuple[Verdict, str | None]:
    if isinstance(error, AccessDenied):
        return "denied", failure.meaning
    if isinstance(error, RateLimited):
        return "limited", failure.meaning
    if type(error) is SourceUnavailable or type(error) is SourceError:
        status = failure.status
        if status is None or status in _STATUSES:
            return "unreachable", failure.meaning
        return "differs", f"a {status} that the adapter does not know"
    return "differs", f"{failure.error}: {failure.meaning}"


def _verdict_without_error(asked: Sequence[Asked], made: Made) -> tuple[Verdict, str | None]:
    rejected, items = made.items["Rejected"], made.items.total()
    if rejected:
        reasons = ", ".join(sorted(made.rejected))
        return "differs", f"{rejected} of {items} items cannot be read ({reasons})"
    if not asked:
        return "differs", "the adapter asked for nothing"
    failures = [each.failure for each in asked]
    if None in failures:
        return "as documented", None
    if AccessDenied.__name__ in failures:
        return "denied", _MEANINGS["denied"]
    return "unreachable", "no request was answered"
