"""
Nobody is listened for by name: what looks like a person's name is refused, unless somebody said by name that it is none.

Takes the raw document from `loading` like the other `checks`, and what `people` makes of a term; gives faults back. Judged are
the hashtags and phrases of a watch, the organisation's own handles and a source's own accounts (to list a citizen there would
unmask and watch them), and the words that a source's addresses search for. An approval stands in the same table, and in the
privacy statement. What is an account in itself cannot be approved: those the `linter` refuses, whoever says what.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from listener.errors import Fault
from listener.settings import linter
from listener.settings.checks import Draft, addresses_of
from listener.settings.environment import variable_name
from listener.settings.faults import Path, nearest
from listener.settings.people.likeness import Likeness
from listener.settings.shown import shown
from listener.settings.values import Settings
from listener.text import fold

_OWN: Final = "organisation"


@dataclass(frozen=True, slots=True)
class _Judged:
    """
    One term of one table.

    Args:
        place: Where it stands.
        term: As written.
        looks_like: What of, in words; None where it looks like nobody.
        account: Whether it names an account, which is not printed.
    """

    place: Path
    term: str
    looks_like: str | None
    account: bool = False


def check_naming(draft: Draft) -> Iterator[Fault]:
    """
    Every term that looks like a person's name and was not approved, and every approval of nothing.

    Args:
        draft: The document.
    """
    likeness = Likeness.read()
    for path, watch in draft.tables("watch"):
        yield from _table(draft, path, watch, list(_of_watch(likeness, path, watch)))
    own = draft.table(_OWN)
    handles = _texts(own, "own_handles")
    yield from _table(
        draft,
        (_OWN,),
        own,
        [
            _Judged((_OWN, "own_handles", at), each, likeness.of_account(each), account=True)
            for at, each in handles
        ],
    )
    for path, source in draft.tables("source"):
        yield from _table(draft, path, source, list(_of_source(likeness, path, source, draft.own_handles())))


def needless_approvals(settings: Settings) -> tuple[str, ...]:
    """
    Approvals of what looks like nobody, in sentences: no fault, because a later list of names may know better.
    """
    likeness = Likeness.read()
    tables = [("organisation", settings.organisation.approved)]
    tables += [(f"watch {watch.name}", watch.approved) for watch in settings.watches]
    tables += [(f"source {source.name}", source.approved) for source in settings.sources]
    return tuple(
        f"{what}: approved[{at}] is not needed; its term looks like nobody's name"
        for what, approved in tables
        for at, each in enumerate(approved)
        if not (likeness.of_phrase(each.term) or likeness.of_tag(each.term) or likeness.of_account(each.term))
    )


# --------------------------------------------------------------------------------------------- what is judged


def _of_watch(likeness: Likeness, path: Path, watch: Mapping[str, Any]) -> Iterator[_Judged]:
    for at, tag in _texts(watch, "hashtags"):
        yield _Judged((*path, "hashtags", at), tag, likeness.of_tag(tag))
    for at, phrase in _texts(watch, "phrases"):
        if (
            linter.account_in(phrase, own=frozenset()) is None
        ):  # else it is an own handle, or was refused already
            yield _Judged((*path, "phrases", at), phrase, likeness.of_phrase(phrase))


def _of_source(
    likeness: Likeness, path: Path, source: Mapping[str, Any], own: frozenset[str]
) -> Iterator[_Judged]:
    for at, account in _texts(source, "own_accounts"):
        if linter.folded_handles([account]) <= own:
            continue  # judged once, where it is said to be the organisation's
        looks_like = None if account.startswith("did:") else likeness.of_account(account)
        yield _Judged((*path, "own_accounts", at), account, looks_like, account=True)
    for place, address in addresses_of(source, path):
        for words in dict.fromkeys(linter.searched(address)):
            if linter.account_in(words, own=frozenset()) is None:
                yield _Judged(place, words, likeness.of_phrase(words))


def _texts(table: Mapping[str, Any], key: str) -> list[tuple[int, str]]:
    written = table.get(key)
    listed = enumerate(written) if isinstance(written, list) else ()
    return [(at, each) for at, each in listed if isinstance(each, str)]


# ------------------------------------------------------------------------------------------- what was approved


def _table(draft: Draft, path: Path, table: Mapping[str, Any], judged: list[_Judged]) -> Iterator[Fault]:
    approved: set[str] = set()
    known = {_key(each.term): each for each in judged}
    for place, term in _approvals(path, table):
        approved.add(_key(term))
        yield from _of_approval(draft, place, term, known)
    for each in judged:
        if each.looks_like is not None and _key(each.term) not in approved:
            yield _refused(draft, path, table, each)


def _approvals(path: Path, table: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """
    The terms that are approved, with their places.
    """
    written = table.get("approved")
    for at, approval in enumerate(written if isinstance(written, list) else ()):
        term = approval.get("term") if isinstance(approval, Mapping) else None
        if isinstance(term, str):
            yield (*path, "approved", at, "term"), term


def _of_approval(draft: Draft, place: Path, term: str, known: Mapping[str, _Judged]) -> Iterator[Fault]:
    judged = known.get(_key(term))
    if judged is None:
        is_account = linter.account_in(term, own=frozenset()) is not None
        yield draft.origins.fault(
            place,
            "approves an account, and a person's account cannot be approved"
            if is_account
            else "approves what this table does not hold",
            found=shown(term),
            allowed="a term of this table, as it stands there",
            nearest=None if is_account else _near(term, known),
        )


def _near(term: str, known: Mapping[str, _Judged]) -> str | None:
    near = nearest(_key(term), known)
    return None if near is None or known[near].account else shown(known[near].term)


def _refused(draft: Draft, path: Path, table: Mapping[str, Any], judged: _Judged) -> Fault:
    what = "is an account that looks like a person's" if judged.account else "looks like a person's name"
    return draft.origins.fault(
        judged.place,
        f"{what} ({judged.looks_like}), and a person cannot be watched",
        found=None if judged.account else shown(judged.term),
        allowed=f"what names nobody; or, if it is nobody, somebody says so by name:\n{_lines(draft, path, table, judged)}",
    )


def _lines(draft: Draft, path: Path, table: Mapping[str, Any], judged: _Judged) -> str:
    """
    What to add: TOML, or a variable where the table came from one. An account is not repeated, but pointed at.
    """
    term = f"(as in {draft.origins.place(judged.place)[1]})" if judged.account else judged.term
    said = {"term": term, "by": "(name and office)", "because": "(what it is)"}
    if draft.origins.from_environment(judged.place):
        written = table.get("approved")
        at = len(written) if isinstance(written, list) else 0
        return f"{variable_name((*path, 'approved', at))}='{json.dumps(said, ensure_ascii=False)}'"
    header = f"[[{'.'.join(step for step in path if isinstance(step, str))}.approved]]"
    return "\n".join(
        [header, *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in said.items())]
    )


def _key(term: str) -> str:
    return " ".join(fold(term).split()).lstrip("#@")
