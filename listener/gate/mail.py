"""
E-mail addresses in a folded text, plain or spelled out to keep them from machines.

Every search starts at an "at" (a sign, one in brackets or between hyphens, or a word for it) and looks a bounded way to
either side, so that the time is linear in the text. What follows an "at" is a host when its labels are joined by dots or
words for them; the mailbox in front may have its dots spelled out as well. Grammar: RFC 5321 section 4.1.2 and RFC 6531
section 3.3, as far as people write them in running text.
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
_LOCAL_MAX: Final = 200
"""Characters a mailbox is followed back: its 64 octets percent-encoded and some (RFC 5321, section 4.5.3.1.1). Keeps a text
of nothing but such signs linear."""

_QUOTED_MAX: Final = 66
"""A quoted mailbox of 64 characters with its quotes (RFC 5321, section 4.5.3.1.1)."""

_OPEN: Final = r"[\[({<【〔]"
_CLOSE: Final = r"[\])}>】〕]"
"""Brackets around a hidden sign; full-width ones are folded to these."""

_DOTS_MAX: Final = 3
"""Chosen: spelled-out dots in a mailbox."""

_DOT_BEFORE: Final = 24
"""Chosen: characters in which one is looked for, longer than any word for it with its brackets and blanks."""

_BEGINS: Final = re.compile(r"[\[({<【〔_@%-]")
"""What an "at" begins with that is no word."""

_FILE: Final = re.compile(
    r".+\.(?:html?|php|aspx?|xml|rss|pdf|json|md|py|js|ts|sh|txt|csv|png|jpe?g|gif|docx?|xlsx?|zip)"
)
"""What only looks like a host behind `-at-`: `how-to-look-at-stars.html`."""

_SSH_REMOTE: Final = re.compile(r"[\w.-]+:(?!//)")
_HANDLE: Final = re.compile(rf"[{WORD}.-]+")
_BARE_HOST: Final = re.compile(r"[a-z][a-z0-9-]{0,62}(?![\w-])")


@dataclass(frozen=True, slots=True)
class _Grammar:
    """
    Patterns built from the word file.

    Args:
        sign: An "at" that begins with a sign, by group: `sign`, `boxed`, `dashed`.
        word: One that is a word, as the group `word`.
        hosts: A host with dots or spelled-out ones, Latin first, then any script, then an address literal.
        spelled: A host in which at least one dot is spelled out without brackets.
        mailbox: A host on which people have mailboxes.
        package: A tag after `name@`.
        version: A version after `name@`; where a host goes on it is none (`163.com`, `4you dot example`).
        dot_before: A spelled-out dot at the end of what is searched: in brackets, or as a word between blanks.
    """

    sign: re.Pattern[str]
    word: re.Pattern[str]
    hosts: tuple[re.Pattern[str], ...]
    spelled: re.Pattern[str]
    mailbox: re.Pattern[str]
    package: re.Pattern[str]
    version: re.Pattern[str]
    dot_before: re.Pattern[str]


@functools.cache
def _grammar() -> _Grammar:
    at, dot = any_of(words("at")), any_of(words("dot"))
    joint = rf"(?:[.。]|[ \t]{{1,2}}(?:{dot}|\.)[ \t]{{1,2}}|[ \t]{{0,2}}{_OPEN}[ \t]?(?:\.|{dot})[ \t]?{_CLOSE}[ \t]{{0,2}}|[-_](?:{dot})[-_])"
    latin = r"[a-z0-9\u00df-\u024f](?:[a-z0-9\u00df-\u024f-]{0,61}[a-z0-9\u00df-\u024f])?"
    anyway = rf"[{WORD}](?:[{WORD}-]{{0,61}}[{WORD}])?"
    latin_end = r"(?:xn--[a-z0-9-]{1,59}|[a-z\u00df-\u024f]{2,24})(?![a-z0-9_\u00df-\u024f])"
    everyday_dot = any_of(words("everyday_dot"))
    plain_dot = any_of(words("dot") - words("everyday_dot"))
    everyday = rf"(?:{any_of(words('everyday_tlds'))})(?![{WORD}])"
    believed = rf"(?:{any_of(words('tlds'))}|[a-z]{{2}})(?![{WORD}])"
    return _Grammar(
        sign=re.compile(
            rf"(?P<boxed>{_OPEN}[ \t]?(?:@|{at})[ \t]?{_CLOSE})|(?P<dashed>[-_](?:@|{at})[-_])|(?P<sign>@|%40)"
        ),
        word=re.compile(rf"(?<=[ \t])(?P<word>{at})(?=[ \t])"),
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
        version=re.compile(
            rf"[\^~]?v?\d+(?:\.\d+|\.x|\.\*){{0,3}}(?:[-+][\w.]+)?(?![{WORD}]|[\w.-]{{0,80}}[.。][a-z]{{2,}}|{joint}[a-z])"
        ),
        dot_before=re.compile(
            rf"(?:(?P<boxed>[ \t]{{0,2}}{_OPEN}[ \t]?(?:\.|{dot})[ \t]?{_CLOSE}[ \t]{{0,2}})|[ \t]{{1,2}}(?:{dot})[ \t]{{1,2}})$"
        ),
    )


def may_hold_mail(text: str) -> bool:
    """
    False only where `mail_spans` finds nothing; costs next to nothing. Without an at sign an address needs a word
    for it, either in a box or before a spelled-out dot or a mailbox host.
    """
    if "@" in text or "%40" in text:
        return True
    hints = _hints()
    if hints.boxed.search(text):
        return True
    tokens = text.split()
    at = hints.tokens.intersection(tokens)
    return bool(at) and (not hints.dot.isdisjoint(tokens) or _leads_to_mailbox(text))


def _leads_to_mailbox(text: str) -> bool:
    """
    Whether a word for "at" stands before a host of mailboxes.
    """
    grammar = _grammar()
    return any(grammar.mailbox.match(text, _skip(text, at.end())) for at in grammar.word.finditer(text))


@dataclass(frozen=True, slots=True)
class _Hints:
    """
    What is looked for before anything else.

    Args:
        tokens: Of each word for "at" the longest part between blanks: `cong` of `a cong`.
        dot: Words for "dot".
        boxed: A word for "at" in a box or between hyphens.
    """

    tokens: frozenset[str]
    dot: frozenset[str]
    boxed: re.Pattern[str]


@functools.cache
def _hints() -> _Hints:
    at = words("at")
    return _Hints(
        tokens=frozenset(max(word.split(), key=len) for word in at),
        dot=words("dot"),
        boxed=re.compile(rf"[\[({{<【〔_-][ \t]?(?:{any_of(at)})[ \t]?[\])}}>】〕_-]"),
    )


def mail_spans(text: str, *, own: OwnHandles, quiet: str | None = None) -> Iterator[tuple[int, int]]:
    """
    Where addresses other than the organisation's own stand in a folded text, in order.

    Args:
        quiet: The text with the addresses that stay blanked: in them `-at-` is a word of a path. None: there are none.
    """
    grammar, done = _grammar(), 0
    for at in _ats(text, grammar):
        if at.start() < done or (quiet and at.lastgroup == "dashed" and quiet[at.start()] in "‹›"):
            continue
        span = _span_around(text, at, grammar)
        if span is not None and span[0] < at.start() and text[slice(*span)] not in own:
            start, done = max(span[0], done), span[1]
            yield start, done


def _ats(text: str, grammar: _Grammar) -> list[re.Match[str]]:
    """
    Every "at", in order. Looks at every sign that may begin one, and for words only where there are any.
    """
    found, done = [], 0
    for start in _BEGINS.finditer(text):
        at = grammar.sign.match(text, start.start()) if start.start() >= done else None
        if at is not None:
            found.append(at)
            done = at.end()
    if not _hints().tokens.isdisjoint(text.split()):
        found = sorted([*found, *grammar.word.finditer(text)], key=lambda at: at.start())
    return found


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
    if kind == "dashed" and _FILE.fullmatch(text, right, end):
        return None
    return _dotted_start(text, start, grammar, spaced=kind != "sign"), end


def _dotted_start(text: str, start: int, grammar: _Grammar, *, spaced: bool) -> int:
    """
    Where a mailbox with spelled-out dots begins, of which the last part begins here: `first dot last`.

    Args:
        spaced: Whether a word between blanks counts; behind a plain at sign it is one of the sentence.
    """
    for _ in range(_DOTS_MAX):
        dot = grammar.dot_before.search(text, max(0, start - _DOT_BEFORE), start)
        if dot is None or not (spaced or dot["boxed"]):
            break
        before = _local_start(text, dot.start())
        if before == dot.start():
            break
        start = before
    return start


def _host_end(text: str, start: int, grammar: _Grammar, *, kind: str, touching: bool) -> int | None:
    if kind == "word":
        found = grammar.spelled.match(text, start) or grammar.mailbox.match(text, start)
        return found.end() if found else None
    ends = [found.end() for host in grammar.hosts if (found := host.match(text, start))]
    if ends or kind == "dashed":
        return ends[0] if ends else None
    bare = _BARE_HOST.match(text, start) if touching else None
    return bare.end() if bare else None


def _is_code(text: str, start: int, at: int, after: int, grammar: _Grammar) -> bool:
    """
    Whether `name@…` is a package at a version, a step of a workflow at a revision, or a remote of a repository.
    """
    if text[start:at] == "git" and _SSH_REMOTE.match(text, after):
        return True
    if grammar.package.match(text, after) or grammar.version.match(text, after):
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
    start, floor = end, max(0, end - _LOCAL_MAX)
    while start > floor and _continues_local(text[start - 1], latin=latin):
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
