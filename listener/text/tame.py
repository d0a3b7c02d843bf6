"""
The fast way through HTML: what nearly all blogs write, read in a few passes at the speed of C.

Called by `markup` with text that `letters.is_plain`; gives exactly what the careful reader there gives, or None where
something needs care: preformatted text, tables, drawings, scripts with markup inside, signs that look like tags and
are none, links around blocks. The careful reader is the definition; a property test holds the two together.

Each run of tags and each character reference is looked up in a table. Tags become marks made of control characters, which
no plain text holds; then marks become line breaks. A tag that may hold an address or a name is never kept in the table, so
that nothing of one document stays in memory for the next.
"""

from __future__ import annotations

import re
from typing import Final

from listener.text.tags import (
    AMPERSAND,
    ANGLE,
    BREAK_MARK,
    BREAKS,
    LINK,
    LINK_END,
    NO_LINK,
    NOTHING,
    RAW_END,
    RAW_START,
    REFERENCES,
    RELATIVE_LINK,
    TAG_RUNS,
    NotTameError,
)
from listener.text.vocabulary import says

_TAG_RUN: Final = re.compile(r"(<[^<>]*+>\s*+(?:<[^<>]*+>\s*+)*+)")
_REFERENCE: Final = re.compile(
    "(&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;\x01-\x18]{1,32};?))"  # as `html.unescape` has it
)
_RAW_ELEMENT: Final = re.compile("\x12([a-z]+)\x08[^\x01-\x13]*+\x13\\1\x08")
_LINKED: Final = re.compile("\x05([^\x05-\x08]*+)\x08([^\x01-\x08\x0e-\x13]*+)\x06")
_BREAK_RUN: Final = re.compile("(\x01[\x01-\x04\x0e-\x11\x17 ]*+)")
_NOT_ALONE: Final = re.compile("\x01(?:(?<= .)|[\x02-\x04\x17][ \x01]|[\x0e-\x11])")
_ALONE: Final = (("\x01", "\n"), ("\x02", "\n"), ("\x17", "\n"), ("\x03", ""), ("\x04", ""))
"""The two halves of a mark, where it stands alone and outside lists, to what it writes."""


def read(source: str, *, resolves_links: bool) -> str | None:
    """
    The text of an HTML fragment, plain and composed (NFC); None where it is not tame.

    Args:
        source: Markup for which `is_plain` holds, composed.
        resolves_links: Relative links lead somewhere: what holds one is not tame.
    """
    pieces = _TAG_RUN.split(source)
    try:
        pieces[1::2] = map(TAG_RUNS.__getitem__, pieces[1::2])
        text = "".join(pieces)
        if "<" in text:
            return None
        if "&" in text:
            pieces = _REFERENCE.split(text)
            pieces[1::2] = map(REFERENCES.__getitem__, pieces[1::2])
            text = "".join(pieces)
    except NotTameError:
        return None
    if RELATIVE_LINK in text:
        if resolves_links:
            return None
        text = text.replace(RELATIVE_LINK, NO_LINK)
    for mark, stands_for in ((NOTHING, ""), (AMPERSAND, "&"), (ANGLE, "<")):
        if mark in text:
            text = text.replace(mark, stands_for)
    if RAW_START in text or RAW_END in text:
        text = _RAW_ELEMENT.sub("", text)
        if RAW_START in text or RAW_END in text:
            return None
    if LINK in text:
        text = _LINKED.sub(_link, text)
        if LINK in text:
            return None
    if LINK_END in text or NO_LINK in text:
        text = text.replace(LINK_END, "").replace(NO_LINK, "")
    return _lines(_spaced(text))


def _link(found: re.Match[str]) -> str:
    address, content = found.groups()
    shown = content.strip()
    if not shown or says(" ".join(shown.split()), address):
        return content
    end = len(content.rstrip())
    return f"{content[:end]} <{address}>{content[end:]}"


def _spaced(text: str) -> str:
    """
    With single spaces only. These are all spaces that plain text can hold.
    """
    for space in "\n\t" if text.isascii() else "\n\t\xa0\u202f\u3000":
        if space in text:
            text = text.replace(space, " ")
    while len(shorter := text.replace("  ", " ")) < len(text):
        text = shorter
    return text


def _lines(text: str) -> str:
    """
    The marks of breaks as line feeds and bullets; none at the end, and at the start no line feed.
    """
    if BREAK_MARK not in text:
        return text.strip()
    if _NOT_ALONE.search(text):
        return _lines_of_runs(text)
    for half, written in _ALONE:
        if half in text:
            text = text.replace(half, written)
    return text.strip()


def _lines_of_runs(text: str) -> str:
    """
    The same where marks follow each other or spaces, or there are lists.
    """
    pieces = _BREAK_RUN.split(text)
    pieces[::2] = map(str.strip, pieces[::2])
    depth = 0
    for place in range(1, len(pieces), 2):
        pieces[place], depth = BREAKS[pieces[place], depth]
    if not pieces[0]:
        pieces[1] = pieces[1].lstrip("\n")
    if not pieces[-1]:
        del pieces[-2:]
    return "".join(pieces)
