"""
Handles of people in a folded text: the grammar is `listener.text`'s, the exceptions are here.

After addresses and e-mail are gone, an at sign before a word names somebody, unless it is the organisation, a time
or a price (`@7pm`), the scope of a package where code stands around it, or an annotation in code. In doubt it is
masked: `@scope/package` in running prose is `@person/…` as well. `u/name` names somebody, too, unless a quantity stands
in front (`40 u/day`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from listener import text as grammar
from listener.gate.folding import WORD, is_unspaced
from listener.gate.mail import stays
from listener.gate.names import words
from listener.gate.profiles import OwnHandles

_LOOSE: Final = re.compile(rf"@[{WORD}]+(?:[.-][{WORD}]+)*(?:@[{WORD}]+(?:[.-][{WORD}]+)*)?")
"""Any at sign before a word: what a network's grammar would not link still names somebody."""

_TIME_OR_PRICE: Final = re.compile(
    r"@\d{1,4}(?:[.:,h]\d{1,4})?(?:am|pm|a\.m|p\.m|h|hrs?|uhr|k|kg|x|fps|[kmg]?hz|mm|cm|mph)?"
)
_SCOPED: Final = re.compile(r"@([a-z0-9][a-z0-9._-]*)/[a-z0-9][a-z0-9._-]*")
_LAST_TOKEN: Final = re.compile(r"""([^\s'"`(]+)[\s'"`(]{1,3}$""")
_IDENTITY: Final = re.compile(
    r"did:(?:plc|web|key):[a-z0-9.:%-]{3,100}|(?<![a-z0-9])(?:npub|nprofile)1[a-z0-9]{20,200}"
)
"""Account identities that stand without a sign. Source: W3C DID Core 3.1; nostr NIP-19."""

_BY_PATH: Final = re.compile(r"(?<![a-z0-9_./-])(?<!\d )/?u/(?P<name>[a-z0-9_-]{3,20})(?![a-z0-9_/-])")
"""As Reddit and Lemmy link people. Source: support.reddithelp.com, "What are usernames?", read 2026-11-25."""

_CODE_BEFORE: Final = re.compile(r"[ \t]*")
_CODE_AFTER: Final = re.compile(
    r"(?:\([^)\n]{0,200}\))?[ \t]*\n[ \t]*(?:@|def |async def |class |public |private |protected |static |func |fun |fn |export |interface )"
    r"|[ \t]*\{|[ \t]+(?:url\(|['\"{(]|screen\b|print\b|only\b|all\b|--)"
)
_DOCUMENTED: Final = re.compile(r"[ \t]*(?:/?\*+|///?|#)[ \t]?")
_WINDOW: Final = 60
"""Chosen: characters looked at in front of a handle; keeps the cost linear."""


def may_hold_handle(text: str) -> bool:
    """
    False only where `handle_spans` finds nothing.
    """
    return "@" in text or "u/" in text or "did:" in text or "npub1" in text or "nprofile1" in text


def identity_spans(text: str) -> Iterator[tuple[int, int]]:
    """
    Where account identities stand that need no at sign; addresses included.
    """
    for found in _IDENTITY.finditer(text):
        yield found.span()


def handle_spans(text: str, *, own: OwnHandles) -> Iterator[tuple[int, int]]:
    """
    Where handles other than the organisation's own stand in a folded text from which addresses and e-mail are
    blanked. Spans may overlap.
    """
    if "u/" in text:
        yield from (found.span() for found in _BY_PATH.finditer(text) if found["name"] not in own)
    if "@" not in text:
        return
    for start, end in _candidates(text):
        is_own = text[start:end].removeprefix("@").rstrip(".-") in own
        if not is_own and not _is_no_handle(text, start, end) and not stays(text, start, own=own):
            yield start, end


def _candidates(text: str) -> Iterator[tuple[int, int]]:
    """
    What the grammar calls a handle, and every other at sign before a word, at full length.
    """
    by_grammar = {span.start: span.end for span in grammar.handles(text)}
    for found in _LOOSE.finditer(text):
        end = _end_of_script(text, *found.span())
        yield found.start(), max(end, by_grammar.pop(found.start(), end))
    yield from by_grammar.items()


def _end_of_script(text: str, start: int, end: int) -> int:
    """
    A handle in a script with spaces ends where one without spaces begins: what follows is the sentence.
    """
    if is_unspaced(text[start + 1]):
        return end
    return next((at for at in range(start + 1, end) if is_unspaced(text[at])), end)


def _is_no_handle(text: str, start: int, end: int) -> bool:
    return (
        bool(_TIME_OR_PRICE.fullmatch(text, start, end))
        or _is_package(text, start)
        or _is_annotation(text, start, end)
    )


def _is_package(text: str, start: int) -> bool:
    """
    `@scope/name` with a well-known scope, between quotes, before a version, or after a word of a package manager.
    """
    scoped = _SCOPED.match(text, start)
    if scoped is None:
        return False
    before, after = text[max(0, start - 1) : start], text[scoped.end() : scoped.end() + 1]
    if scoped[1] in words("package_scopes") or (after == "@" and text[scoped.end() + 1 :][:1].isdigit()):
        return True
    if before and before in "'\"`" and after == before:
        return True
    last = _LAST_TOKEN.search(text[max(0, start - _WINDOW) : start])
    return last is not None and last[1] in words("package_words")


def _is_annotation(text: str, start: int, end: int) -> bool:
    """
    A known word of code at the start of a line (or of a comment's line), with code behind it.
    """
    if text[start + 1 : end] not in words("code_words"):
        return False
    line = text.rfind("\n", max(0, start - _WINDOW), start) + 1
    if line == 0 and start > _WINDOW:
        return False
    if _DOCUMENTED.fullmatch(text, line, start):
        return True
    return _CODE_BEFORE.fullmatch(text, line, start) is not None and _CODE_AFTER.match(text, end) is not None
