"""
E-mail addresses in a folded text, plain or spelled out to keep them from machines.

Every search starts at an "at" (a sign, one in brackets, or a word for it) and looks a bounded way to either side, so
that the time is linear in the text. What follows an "at" is a host when its labels are joined by dots or words for
them. Grammar: RFC 5321 section 4.1.2 and RFC 6531 section 3.3, as far as people write them in running text.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from listener.gate.folding import WORD
from listener.gate.names import any_of, words
from listener.gate.profiles import OwnHandles

_LOCAL_EXTRAS: Final = frozenset("._%+-'~")
"""What a mailbox may hold besides letters and digits and people do use; the rest of RFC 5321 is punctuation here."""

_LATIN_END: Final = "\u0250"
_QUOTED_MAX: Final = 66
"""A quoted mailbox of 64 characters with its quotes (RFC 5321, section 4.5.3.1.1)."""

_SSH_REMOTE: Final = re.compile(r"[\w.-]+:(?!//)")
_VERSION: Final = re.compile(r"[\^~]?v?\d+(?:\.\d+|\.x|\.\*){0,3}(?:[-+][\w.]+)?(?![\w.-]{0,80}\.[a-z]{2,})")
_HANDLE: Final = re.compile(rf"[{WORD}.-]+")
_BARE_HOST: Final = re.compile(r"[a-z][a-z0-9-]{0,62}(?![\w-])")


@dataclass(frozen=True, slots=True)
class _Grammar:
    """
    Patterns built from the word file.

    Args:
        at: Every "at", by group: `sign`, `boxed`, `word`.
        hosts: A host with dots or spelled-out ones, Latin first, then any script, then an address literal.
        spelled: A host in which at least one dot is spelled out without brackets.
        mailbox: A host on which people have mailboxes.
        package: A tag or version after `name@`.
    """

    at: re.Pattern[str]
    hosts: tuple[re.Pattern[str], ...]
    spelled: re.Pattern[str]
    mailbox: re.Pattern[str]
    package: re.Pattern[str]


@functools.cache
def _grammar() -> _Grammar:
    at, dot = any_of(words("at")), any_of(words("dot"))
    joint = rf"(?:[.。]|[ \t]{{1,2}}(?:{dot}|\.)[ \t]{{1,2}}|[ \t]{{0,2}}[\[({{<][ \t]?(?:\.|{dot})[ \t]?[\])}}>][ \t]{{0,2}}|[-_](?:{dot})[-_])"
    latin = r"[a-z0-9\u00df-\u024f](?:[a-z0-9\u00df-\u024f-]{0,61}[a-z0-9\u00df-\u024f])?"
    anyway = rf"[{WORD}](?:[{WORD}-]{{0,61}}[{WORD}])?"
    latin_end = r"(?:xn--[a-z0-9-]{1,59}|[a-z\u00df-\u024f]{2,24})(?![a-z0-9_\u00df-\u024f])"
    everyday_dot = any_of(words("everyday_dot"))
    plain_dot = any_of(words("dot") - words("everyday_dot"))
    everyday = rf"(?:{any_of(words('everyday_tlds'))})(?![{WORD}])"
    believed = rf"(?:{any_of(words('tlds'))}|[a-z]{{2}})(?![{WORD}])"
    return _Grammar(
        at=re.compile(
            rf"(?P<boxed>[\[({{<][ \t]?(?:@|{at})[ \t]?[\])}}>])|(?P<sign>@)|(?<![{WORD}])(?P<word>{at})(?![{WORD}])"
        ),
        hosts=(
            re.compile(rf"(?:{latin}{joint}){{1,9}}{latin_end}"),
            re.compile(rf"(?:{anyway}{joint}){{1,9}}(?!\d)[{WORD}]{{2,24}}"),
            re.compile(r"\[(?:ipv6:)?[0-9a-f.:]{2,45}\]"),
        ),
        spelled=re.compile(
            rf"(?!(?:{any_of(words('no_hosts'))})[ \t])(?:{anyway}{joint}){{0,8}}{anyway}[ \t]{{1,2}}"
            rf"(?:(?:{plain_dot})[ \t]{{1,2}}(?:{anyway}{joint}){{0,2}}{believed}|(?:{everyday_dot})[ \t]{{1,2}}{everyday})"
        ),
        mailbox=re.compile(rf"(?:{any_of(words('mail_hosts'))})(?![{WORD}-])"),
        package=re.compile(rf"(?:{any_of(words('package_tags'))})(?![{WORD}.-])"),
    )


def may_hold_mail(text: str) -> bool:
    """
    False only where `mail_spans` finds nothing; costs next to nothing. Without an at sign an address needs a word
    for it, either in a box or before a spelled-out dot or a mailbox host.
    """
    if "@" in text:
        return True
    hints = _hints()
    if ("(" in text or "[" in text or "{" in text or "<" in text) and hints.boxed.search(text):
        return True
    plain = text.replace("\t", " ")
    return any(_goes_on_as_host(plain, word) for word in hints.at if word in plain)


def _goes_on_as_host(text: str, at: str) -> bool:
    if any(word in text for word in _hints().dot):
        return True
    mailbox, found = _grammar().mailbox, text.find(at)
    while found >= 0:
        if mailbox.match(text, _skip(text, found + len(at) - 1)):
            return True
        found = text.find(at, found + 1)
    return False


@dataclass(frozen=True, slots=True)
class _Hints:
    """
    What is looked for before anything else: a word for "at" between blanks, a word for "dot", a box around an "at".
    """

    at: tuple[str, ...]
    dot: tuple[str, ...]
    boxed: re.Pattern[str]


@functools.cache
def _hints() -> _Hints:
    at = words("at")
    return _Hints(
        at=tuple(f" {word} " for word in sorted(at)),
        dot=tuple(sorted(words("dot"))),
        boxed=re.compile(rf"[\[({{<][ \t]?(?:{any_of(at)})[ \t]?[\])}}>]"),
    )


def mail_spans(text: str, *, own: OwnHandles) -> Iterator[tuple[int, int]]:
    """
    Where addresses other than the organisation's own stand in a folded text, in order.
    """
    grammar, done = _grammar(), 0
    for at in grammar.at.finditer(text):
        if at.start() < done:
            continue
        span = _span_around(text, at, grammar)
        if span is not None and span[0] < at.start() and text[slice(*span)] not in own:
            start, done = max(span[0], done), span[1]
            yield start, done


def stays(text: str, at: int, *, own: OwnHandles) -> bool:
    """
    Whether the at sign at `at` belongs to something `mail_spans` looked at and left: one of the organisation's own
    mailboxes, or code.
    """
    grammar, start = _grammar(), _local_start(text, at)
    if start == at:
        return False
    end = _host_end(text, at + 1, grammar, kind="sign", touching=True)
    return _is_code(text, start, at, at + 1, grammar) or (end is not None and text[start:end] in own)


def _span_around(text: str, at: re.Match[str], grammar: _Grammar) -> tuple[int, int] | None:
    kind = at.lastgroup
    left, right = _skip_back(text, at.start()), _skip(text, at.end())
    spaced = (left < at.start(), right > at.end())
    if kind == "sign" and spaced == (True, False):
        return None  # a handle, by its look
    start = _local_start(text, left)
    if start == left:
        return None
    if start and text[start - 1] == "@":
        if _HANDLE.fullmatch(text, start, left):
            return None  # `@user@host`
        start -= 1
    end = _host_end(text, right, grammar, kind=kind or "", touching=spaced == (False, False))
    if end is None or (
        kind == "sign" and spaced == (False, False) and _is_code(text, start, at.start(), right, grammar)
    ):
        return None
    return start, end


def _host_end(text: str, start: int, grammar: _Grammar, *, kind: str, touching: bool) -> int | None:
    if kind == "word":
        found = grammar.spelled.match(text, start) or grammar.mailbox.match(text, start)
        return found.end() if found else None
    ends = [found.end() for host in grammar.hosts if (found := host.match(text, start))]
    if ends:
        return ends[0]
    bare = _BARE_HOST.match(text, start) if touching else None
    return bare.end() if bare else None


def _is_code(text: str, start: int, at: int, after: int, grammar: _Grammar) -> bool:
    """
    Whether `name@…` is a package at a version, a step of a workflow at a revision, or a remote of a repository.
    """
    if text[start:at] == "git" and _SSH_REMOTE.match(text, after):
        return True
    if grammar.package.match(text, after) or _VERSION.match(text, after):
        return True
    slashed = start > 0 and text[start - 1] == "/" and start > 1 and text[start - 2].isalnum()
    return slashed and not any(host.match(text, after) for host in grammar.hosts)


def _local_start(text: str, end: int) -> int:
    """
    Where the mailbox that ends here begins. In Latin letters it ends where another script does, so that a sentence
    written without spaces is not taken along.
    """
    if end and text[end - 1] == '"':
        opening = text.rfind('"', max(0, end - _QUOTED_MAX), end - 1)
        return opening if opening >= 0 else end
    latin = end > 0 and text[end - 1] < _LATIN_END
    start = end
    while start and _continues_local(text[start - 1], latin=latin):
        start -= 1
    while start < end and not text[start].isalnum() and text[start] != "_":
        start += 1
    return start


def _continues_local(character: str, *, latin: bool) -> bool:
    if character in _LOCAL_EXTRAS:
        return True
    return (character < _LATIN_END or not latin) and bool(_IN_WORD.match(character))


_IN_WORD: Final = re.compile(f"[{WORD}]")


def _skip(text: str, at: int) -> int:
    """
    Past at most two blanks.
    """
    for _ in range(2):
        if at < len(text) and text[at] in " \t":
            at += 1
    return at


def _skip_back(text: str, at: int) -> int:
    for _ in range(2):
        if at and text[at - 1] in " \t":
            at -= 1
    return at
