"""
What needs more than one key to judge. Each check looks at the document as written, so that it speaks even where
another key of the same table is wrong: every fault at once.

Takes the raw document from `loading`; gives faults back to it. Values of the wrong type are passed over here: the
schema has spoken about them already.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, TypeAdapter, ValidationError

from listener.errors import Fault
from listener.events import Relation
from listener.settings import linter
from listener.settings.faults import Origins, Path, nearest
from listener.settings.kinds import Day, Truth, Whole, is_loopback
from listener.settings.schema import SourceTable
from listener.settings.shown import shown, shown_address

_HOST_NAME: Final = re.compile(r"(?<![\w@.])(?:[A-Za-z0-9-]+\.)+[a-z]{2,}(?![\w.])")
"""What may be a host: `river.example`. `e.g.` and a forgotten space after a full stop are not: one letter, or a capital."""

_PROPER_NAME: Final = 8
"""Chosen: letters from which on a source's name that is also its host's is taken for the proper name of a site."""

_DEEPEST: Final = 64
"""Chosen: no adapter nests its keys so deep; deeper values are made to break a recursion."""


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A document that was read but not yet found good.

    Args:
        raw: As parsed, with the environment laid over.
        origins: Where its values came from.
    """

    raw: Mapping[str, Any]
    origins: Origins

    def table(self, key: str) -> Mapping[str, Any]:
        """
        A table of the document; empty where it is missing or something else.
        """
        found = self.raw.get(key)
        return found if isinstance(found, Mapping) else {}

    def tables(self, key: str) -> list[tuple[Path, Mapping[str, Any]]]:
        """
        The items of a list of tables, such as `source` or `http.token`, with their paths.
        """
        path = tuple(key.split("."))
        found: Any = self.raw
        for step in path:
            found = found.get(step) if isinstance(found, Mapping) else None
        items = enumerate(found) if isinstance(found, list) else ()
        return [((*path, index), item) for index, item in items if isinstance(item, Mapping)]

    def own_handles(self) -> frozenset[str]:
        """
        The organisation's handles, folded.
        """
        handles = self.table("organisation").get("own_handles")
        listed = handles if isinstance(handles, list) else ()
        return linter.folded_handles(each for each in listed if isinstance(each, str))

    def retention_days(self) -> int | None:
        """
        `privacy.retention_days`; None where it is no whole number.
        """
        return whole_of(self.table("privacy"), "retention_days", 30)


def check_document(draft: Draft) -> Iterator[Fault]:
    """
    Every fault between keys that the core knows.
    """
    for check in _CHECKS:
        yield from check(draft)


def check_addresses(
    draft: Draft, path: Path, source: Mapping[str, Any], config: object | None
) -> Iterator[Fault]:
    """
    No address in a source's own keys follows one account.

    Args:
        draft: The document.
        path: Of the source.
        source: The table as written.
        config: What the adapter's model made of its keys; None where they are wrong.
    """
    relation: Relation = "own" if source.get("relation") == "own" else "public"
    own = draft.own_handles()
    made = config.model_dump() if isinstance(config, BaseModel) else {}
    told: set[str] = set()
    for place, address in [*addresses_of(source, path), *_addresses(made, path)]:
        if address in told:
            continue
        told.add(address)
        refusal = linter.fault_in_address(address, relation=relation, own=own)
        if refusal is not None:
            yield draft.origins.fault(
                place, refusal.problem, found=shown_address(address), allowed=refusal.allowed
            )


def addresses_of(source: Mapping[str, Any], path: Path) -> list[tuple[Path, str]]:
    """
    Every web address in the keys of a source's adapter as written, with its place.
    """
    written = {key: value for key, value in source.items() if key not in SourceTable.model_fields}
    return list(_addresses(written, path))


def addresses(value: object) -> tuple[str, ...]:
    """
    Every web address in a source's config.
    """
    made = value.model_dump() if isinstance(value, BaseModel) else value
    return tuple(dict.fromkeys(address for _, address in _addresses(made, ())))


def _addresses(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    if len(path) > _DEEPEST:
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _addresses(item, (*path, str(key)))
    elif isinstance(value, list | tuple | set | frozenset):
        for index, item in enumerate(value):
            yield from _addresses(item, (*path, index))
    elif linter.is_address(text := str(value)):
        yield path, text


# ------------------------------------------------------------------------------------------------- the checks


def _names(draft: Draft) -> Iterator[Fault]:
    for key in ("watch", "source", "http.token"):
        seen: dict[str, Path] = {}
        for path, table in draft.tables(key):
            name = table.get("name")
            if not isinstance(name, str):
                continue
            if name in seen:
                yield draft.origins.fault(
                    (*path, "name"),
                    "is taken",
                    found=shown(str(name)),
                    allowed=f"a name that {draft.origins.place(seen[name])[1]} does not have",
                )
            seen.setdefault(name, path)


def _something_to_listen_for(draft: Draft) -> Iterator[Fault]:
    for path, watch in draft.tables("watch"):
        if not any(watch.get(key) for key in ("hashtags", "phrases")) and not _true(watch, "mentions"):
            yield draft.origins.fault(
                path, "asks for nothing", allowed="hashtags, phrases, or mentions = true"
            )
        elif _true(watch, "mentions") and not draft.own_handles():
            yield draft.origins.fault(
                (*path, "mentions"),
                "asks for own handles, and there are none",
                found="true",
                allowed="true once organisation.own_handles names an account",
            )


def _criterion(draft: Draft) -> Iterator[Fault]:
    for path, source in draft.tables("source"):
        if source.get("relation") == "public" and "criterion" not in source:
            yield draft.origins.fault(
                (*path, "criterion"),
                "is missing, and a public source is read under a published rule",
                allowed="a sentence that any other source could meet",
            )


def _one_fair_line(draft: Draft) -> Iterator[Fault]:
    """
    A criterion is a rule for everybody. What can be seen of one that is not: it names an address, a host, or the site itself.
    """
    for path, source in draft.tables("source"):
        criterion = source.get("criterion")
        if isinstance(criterion, str) and (names := _named_site(criterion, source, path)) is not None:
            yield draft.origins.fault(
                (*path, "criterion"),
                f"names {names}, and a rule that only one site can meet is none",
                allowed="a sentence that any other source could meet, without the name or address of one",
            )


def _named_site(criterion: str, source: Mapping[str, Any], path: Path) -> str | None:
    if "://" in criterion or _HOST_NAME.search(criterion):
        return "a site by its address"
    hosts = [urlsplit(address).hostname or "" for _, address in addresses_of(source, path)]
    labels = {_letters(label) for host in hosts for label in host.removeprefix("www.").split(".")}
    name = _letters(str(source.get("name")))
    said = [_letters(word) for word in re.split(r"[\s_-]+", criterion)]
    runs = {
        "".join(said[at:end]) for at in range(len(said)) for end in range(at + 1, min(at + 5, len(said)) + 1)
    }
    if len(name) >= _PROPER_NAME and name in labels and name in runs:
        return "the source itself"
    return None


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _nobody_in_words(draft: Draft) -> Iterator[Fault]:
    """
    What is published about a watch or source names nobody by account or mailbox.
    """
    own = draft.own_handles()
    for key, words in (("watch", ("purpose", "legal_authority")), ("source", ("criterion",))):
        for path, table in draft.tables(key):
            for word in words:
                text = table.get(word)
                what = linter.account_in(text, own=own) if isinstance(text, str) else None
                if what is not None:
                    yield draft.origins.fault(
                        (*path, word), f"names {what}, and is published", allowed="words that name nobody"
                    )


def _known_watches(draft: Draft) -> Iterator[Fault]:
    names = [watch["name"] for _, watch in draft.tables("watch") if isinstance(watch.get("name"), str)]
    for path, source in draft.tables("source"):
        chosen = source.get("watches")
        for index, name in enumerate(chosen if isinstance(chosen, list) else ()):
            if isinstance(name, str) and name not in names:
                yield draft.origins.fault(
                    (*path, "watches", index),
                    "is not the name of a watch",
                    found=shown(str(name)),
                    allowed=", ".join(dict.fromkeys(names)) or "none, because there is no [[watch]]",
                    nearest=nearest(name, names),
                )


def _shorter_only(draft: Draft) -> Iterator[Fault]:
    retention = draft.retention_days()
    if retention is None:
        return
    for path, watch in draft.tables("watch"):
        yield from _at_most(draft, (*path, "retention_days"), watch, retention, low=1)


def _at_most(
    draft: Draft, path: Path, table: Mapping[str, Any], retention: int, *, low: int
) -> Iterator[Fault]:
    days = whole_of(table, str(path[-1]))
    if days is not None and 365 >= days > retention:  # beyond a year the schema has spoken
        yield draft.origins.fault(
            path,
            "is longer than privacy.retention_days",
            found=str(days),
            allowed=f"a whole number, {low} to {retention}",
        )


def _token_beyond_loopback(draft: Draft) -> Iterator[Fault]:
    http = draft.table("http")
    host = http.get("host", "127.0.0.1")
    if isinstance(host, str) and not is_loopback(host) and not http.get("token"):
        yield draft.origins.fault(
            ("http", "token"),
            "is missing, and http.host is open to other machines",
            allowed="at least one [[http.token]], or http.host on loopback",
        )


_CHECKS: tuple[Callable[[Draft], Iterator[Fault]], ...] = (
    _names,
    _something_to_listen_for,
    _criterion,
    _one_fair_line,
    _nobody_in_words,
    _known_watches,
    _shorter_only,
    _token_beyond_loopback,
)


_WHOLE: Final[TypeAdapter[int]] = TypeAdapter(Whole)
_TRUTH: Final[TypeAdapter[bool]] = TypeAdapter(Truth)
_DAY: Final[TypeAdapter[date]] = TypeAdapter(Day)


def whole_of(table: Mapping[str, Any], key: str, default: int | None = None) -> int | None:
    """
    A whole number of a table; `default` where the key is missing, None where the value is no such number.
    """
    try:
        return _WHOLE.validate_python(table.get(key, default))
    except ValidationError:
        return None


def day_of(table: Mapping[str, Any], key: str) -> date | None:
    """
    A day of a table; None where there is none.
    """
    try:
        return _DAY.validate_python(table.get(key))
    except ValidationError:
        return None


def _true(table: Mapping[str, Any], key: str) -> bool:
    try:
        return _TRUTH.validate_python(table.get(key, False))
    except ValidationError:
        return False
