"""
Refuses to watch a person: by the words that are listened for, and by the addresses that are read.

Takes terms from `schema` and addresses from `checks`; gives a `Refusal` or None. Pure. The rules for addresses are
rows of `patterns.toml`, each with the day somebody last looked.

What it does not judge: names. Those are judged by `naming`, which can be told that one is none; an account cannot be approved.

A refusal never repeats what it refuses: a handle in a log would be the leak that it prevents.
"""

from __future__ import annotations

import posixpath
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from listener.events import Relation

OwnRule = Literal["never", "listed", "declared"]

_HOST: Final = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}"
_PEOPLE: Final = (
    # first the longest form, so that name@host is one find and not a handle with a rest
    ("an e-mail address or a full handle", re.compile(rf"@?[\w.+-]*\w@{_HOST}")),
    ("a handle", re.compile(r"(?<![\w@])@\w[\w.-]*")),
    ("a handle", re.compile(r"\b[\w-]+\.bsky\.social\b|\bdid:[a-z]+:\w+|\bacct:\w+")),
    ("an account on Reddit", re.compile(r"(?<![\w/])/?u/[\w-]+")),
    ("a search for one account", re.compile(r"(?<!\w)(?:from|to|author|user|by):@?\w+")),
)
_SEARCH_KEYS: Final = frozenset(
    ["q", "query", "search", "search_query", "s", "term", "terms", "keyword", "keywords", "filter"]
)
_ALTERNATIVES: Final = re.compile(r"[\"|()]|\b(?:OR|AND|NOT)\b")
_TAG_PATH: Final = re.compile(r"/(?:hash)?tags?/([^/.]+)")
_NESTED_MAX: Final = 3
"""Chosen: how deep an address inside an address is followed."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    Why something may not be listened for.

    Args:
        problem: As a sentence without a full stop.
        allowed: What would be.
    """

    problem: str
    allowed: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """
    One row of `patterns.toml`.

    Args:
        name: Of the row.
        host: What the whole host must match; None matches any.
        path: What the whole path must match; a group `account` names whose it is.
        query: What must occur in the decoded query; None where it does not matter.
        own: Whether the organisation may read its own there: `listed` asks for the account among
            `organisation.own_handles`, `declared` takes `relation = "own"` for it, because the address names the
            account by a number that nobody can compare.
        reason: Why it is refused.
        instead: What would be accepted.
        checked_on: When somebody last reviewed the row.
    """

    name: str
    host: re.Pattern[str] | None
    path: re.Pattern[str]
    query: re.Pattern[str] | None
    own: OwnRule
    reason: str
    instead: str
    checked_on: date


@dataclass(frozen=True, slots=True)
class _Address:
    host: str
    path: str
    query: str
    parameters: tuple[tuple[str, str], ...]


@cache
def patterns() -> tuple[Pattern, ...]:
    """
    Every row, in order: the first that fits decides.
    """
    text = files("listener.settings").joinpath("patterns.toml").read_text(encoding="utf-8")
    return tuple(
        Pattern(
            name=row["name"],
            host=re.compile(row["host"]) if "host" in row else None,
            path=re.compile(row.get("path", ".*")),
            query=re.compile(row["query"], re.IGNORECASE) if "query" in row else None,
            own=row["own"],
            reason=row["reason"],
            instead=row["instead"],
            checked_on=row["checked_on"],
        )
        for row in tomllib.loads(text)["pattern"]
    )


def folded_handles(handles: Iterable[str]) -> frozenset[str]:
    """
    Own handles as the linter compares them.
    """
    return frozenset(_fold(handle).lstrip("@") for handle in handles)


def fault_in_term(term: str, *, own: frozenset[str]) -> Refusal | None:
    """
    Why a hashtag or phrase may not be listened for; None where it names nobody by account.

    Args:
        term: As configured.
        own: The organisation's handles, from `folded_handles`.
    """
    folded = _fold(term)
    if folded.lstrip("@") in own:
        return None
    if "://" in folded or folded.startswith("www."):
        return Refusal(
            "is an address, and an address may be a person's", "words; sources are named in [[source]]"
        )
    if (what := account_in(term, own=own)) is not None:
        return Refusal(
            f"asks for {what}, and a person cannot be watched",
            "words of a topic; own accounts belong into organisation.own_handles, with mentions = true",
        )
    return None


def account_in(text: str, *, own: frozenset[str]) -> str | None:
    """
    What kind of account or mailbox stands in a text, other than an own one; None where none does.
    """
    folded = _fold(text)
    for what, pattern in _PEOPLE:
        if any(found.strip("@.-") not in own for found in pattern.findall(folded)):
            return what
    return None


def searched(address: str) -> Iterator[str]:
    """
    The words that an address searches for, of those inside it, too: each quoted or alternative part, and each hashtag.
    """
    for each in _with_nested(address, depth=0):
        for key, value in each.parameters:
            if key.lower() in _SEARCH_KEYS:
                yield from (part.strip() for part in _ALTERNATIVES.split(value) if part.strip())
        yield from (f"#{tag}" for tag in _TAG_PATH.findall(each.path))


def fault_in_address(address: str, *, relation: Relation, own: frozenset[str]) -> Refusal | None:
    """
    Why an address may not be read; None where it is no account's.

    Args:
        address: Absolute http or https address.
        relation: Of the source that would read it.
        own: The organisation's handles, from `folded_handles`.
    """
    for each in _with_nested(address, depth=0):
        for pattern in patterns():
            match = _match(pattern, each)
            if match is None:
                continue
            if _is_own(pattern, match, each.host, relation=relation, own=own):
                break  # the rest of the rows would refuse what this one knows to be ours
            return Refusal(pattern.reason, pattern.instead)
        for key, value in each.parameters:
            if key.lower() in _SEARCH_KEYS and (refusal := fault_in_term(value, own=own)) is not None:
                return refusal
    return None


def is_address(text: str) -> bool:
    """
    Whether text is an absolute http or https address (or the same under the name of feed readers).
    """
    return re.match(r"\s*(?:feed:)?(?:https?|feed)://[^/\s]", text, re.IGNORECASE) is not None


def _fold(text: str) -> str:
    """
    Case, width and invisible characters taken away, so that `＠Name` is `@name`.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in plain if unicodedata.category(character) != "Cf").strip()


def _with_nested(address: str, *, depth: int) -> Iterator[_Address]:
    """
    The address, and those that stand in its path or query: relays and archives read what they are given.
    """
    parsed = _parsed(address)
    if parsed is None:
        return
    yield parsed
    if depth == _NESTED_MAX:
        return
    inside = [value for _, value in parsed.parameters if is_address(value)]
    inside += re.findall(r"https?:/{1,2}[^/].*", parsed.path, re.IGNORECASE)
    for each in inside:
        yield from _with_nested(re.sub(r"^(https?:)/+", r"\1//", each, flags=re.IGNORECASE), depth=depth + 1)


def _parsed(address: str) -> _Address | None:
    text = address.strip()
    if text[:5].lower() == "feed:":
        text = f"http:{text[5:]}" if text[5:7] == "//" else text[5:]
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").rstrip(".")
        host = host if host.isascii() else host.encode("idna").decode()
    except (ValueError, UnicodeError):
        return None  # no reader can ask for it either
    path = _fold(unquote(unquote(parts.path)))
    return _Address(
        host=re.sub(r"^(?:www|m|mobile|old|new|amp)\.(?=[^.]+\.)", "", host),
        path="/" + posixpath.normpath(f"/{path}").lstrip("/"),
        query=unquote(parts.query),
        parameters=tuple(parse_qsl(parts.query, keep_blank_values=True)),
    )


def _match(pattern: Pattern, address: _Address) -> re.Match[str] | None:
    if pattern.host is not None and not pattern.host.fullmatch(address.host):
        return None
    if pattern.query is not None and not pattern.query.search(address.query):
        return None
    return pattern.path.fullmatch(address.path)


def _is_own(
    pattern: Pattern, match: re.Match[str], host: str, *, relation: Relation, own: frozenset[str]
) -> bool:
    if relation != "own" or pattern.own == "never":
        return False
    if pattern.own == "declared":
        return True
    account = (match.groupdict().get("account") or "").lstrip("@")
    return account in own or f"{account}@{host}" in own
