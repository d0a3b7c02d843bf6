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
import unicodedata
from typing import Final, TypeVar

from listener.text.letters import is_plain
from listener.text.vocabulary import (
    HIDDEN,
    LINES,
    PARAGRAPHS,
    RAW,
    attribute,
    http_address,
    is_relative,
    says,
    shown_image,
    unescaped,
)

# Every mark begins with a character of its own, so that the engine skips to it instead of looking at each character.
_BREAK_MARK: Final = "\x01"
_PARAGRAPH: Final = "\x01\x02"
_LINE: Final = "\x01\x03"
_BREAK: Final = "\x01\x04"
_GAP: Final = "\x01\x17"  # two breaks: one empty line, in lists too
_LIST: Final = "\x01\x0e"
_LIST_END: Final = "\x01\x0f"
_ITEM: Final = "\x01\x10"
_ITEM_END: Final = "\x01\x11"
_LINK: Final = "\x05"
_LINK_END: Final = "\x06"
_NO_LINK: Final = "\x07"
_RELATIVE_LINK: Final = "\x18"
_END: Final = "\x08"
_RAW: Final = "\x12"
_RAW_END: Final = "\x13"
_AMPERSAND: Final = "\x14"  # of an attribute, already read: not to be read again
_ANGLE: Final = "\x15"
_NOTHING: Final = "\x16"  # keeps the halves of a reference apart where a tag stood between them

_TAG_RUN: Final = re.compile(r"(<[^<>]*+>\s*+(?:<[^<>]*+>\s*+)*+)")
_TAG: Final = re.compile(r"<[^<>]*+>|\s++")
_ELEMENT: Final = re.compile(
    r"""<(/?)([a-zA-Z][^\s/>]*+)((?:=\s*+(?:"[^"]*+"|'[^']*+'|(?!["']))|[^>=])*+)>""", re.VERBOSE
)
_ORDINARY_LINK: Final = re.compile(
    r"""<a\ href="(https?://[!#-%'-;=?-~]*+)"(?:\ [a-z-]+="[^"]*+")*+\ ?>""", re.VERBOSE
)
_ORDINARY_IMAGE: Final = re.compile(
    r"""<img(?:\ (?!alt=)[a-z-]++="[^"]*+")*+(?:\ alt="([^"&]*+)")?+(?:\ (?!alt=)[a-z-]++="[^"]*+")*+\ ?/?>""",
    re.VERBOSE,
)
_REFERENCE: Final = re.compile(
    "(&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;\x01-\x18]{1,32};?))"  # as `html.unescape` has it
)
_RAW_ELEMENT: Final = re.compile("\x12([a-z]+)\x08[^\x01-\x13]*+\x13\\1\x08")
_LINKED: Final = re.compile("\x05([^\x05-\x08]*+)\x08([^\x01-\x08\x0e-\x13]*+)\x06")
_BREAK_RUN: Final = re.compile("(\x01[\x01-\x04\x0e-\x11\x17 ]*+)")
_NOT_ALONE: Final = re.compile("\x01(?:(?<= .)|[\x02-\x04\x17][ \x01]|[\x0e-\x11])")
_ALONE: Final = (("\x01", "\n"), ("\x02", "\n"), ("\x17", "\n"), ("\x03", ""), ("\x04", ""))
"""The two halves of a mark, where it stands alone and outside lists, to what it writes."""
_IMPERSONAL: Final = re.compile(
    r"""(?:\ (?:class="(?:(?:wp|has|is|size|align)[a-z0-9-]{0,40}+(?:\ |(?=")))*+"
      |style="[a-z0-9:;#%.,\ -]{0,60}+"|(?:align|dir)="[a-z]{0,8}+"))*+\ ?/?""",
    re.VERBOSE,
)
"""Attributes that name nobody: those editors write by themselves, the classes of WordPress's blocks above all."""

_KEPT: Final = (
    PARAGRAPHS
    | LINES
    | RAW
    | frozenset(
        [
            "b",
            "br",
            "code",
            "del",
            "em",
            "i",
            "ins",
            "kbd",
            "mark",
            "s",
            "small",
            "span",
            "strong",
            "sub",
            "sup",
            "u",
            "wbr",
        ]
    )
)
"""Elements whose tags may be kept: those of HTML. What looks like another may be an e-mail address in angle brackets."""

_TABLE_SIZE: Final = 4096
"""Most entries of a table; it is emptied then. Chosen: more than any blog's own, a megabyte at most."""


_RUN_MAX: Final = 200
"""Characters of the longest run of tags or marks that is looked at as one. Chosen."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class _NotTameError(Exception):
    """
    Raised and caught in this file only: the careful reader has to look.
    """


def read(source: str, *, resolves_links: bool) -> str | None:
    """
    The text of an HTML fragment, plain and composed (NFC); None where it is not tame.

    Args:
        source: Markup for which `is_plain` holds, composed.
        resolves_links: Relative links lead somewhere: what holds one is not tame.
    """
    pieces = _TAG_RUN.split(source)
    try:
        pieces[1::2] = map(_TAG_RUNS.__getitem__, pieces[1::2])
        text = "".join(pieces)
        if "<" in text:
            return None
        if "&" in text:
            pieces = _REFERENCE.split(text)
            pieces[1::2] = map(_REFERENCES.__getitem__, pieces[1::2])
            text = "".join(pieces)
    except _NotTameError:
        return None
    if _RELATIVE_LINK in text:
        if resolves_links:
            return None
        text = text.replace(_RELATIVE_LINK, _NO_LINK)
    for mark, stands_for in ((_NOTHING, ""), (_AMPERSAND, "&"), (_ANGLE, "<")):
        if mark in text:
            text = text.replace(mark, stands_for)
    if _RAW in text or _RAW_END in text:
        text = _RAW_ELEMENT.sub("", text)
        if _RAW in text or _RAW_END in text:
            return None
    if _LINK in text:
        text = _LINKED.sub(_link, text)
        if _LINK in text:
            return None
    if _LINK_END in text or _NO_LINK in text:
        text = text.replace(_LINK_END, "").replace(_NO_LINK, "")
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
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def _lines(text: str) -> str:
    """
    The marks of breaks as line feeds and bullets; none at the end, and at the start no line feed.
    """
    if _BREAK_MARK not in text:
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
        pieces[place], depth = _BREAKS[pieces[place], depth]
    if not pieces[0]:
        pieces[1] = pieces[1].lstrip("\n")
    if not pieces[-1]:
        del pieces[-2:]
    return "".join(pieces)


def _resolved(run: str, depth: int, lines: int = 0) -> tuple[str, int]:
    """
    What a run of breaks writes, and how many lists are open behind it.
    """
    bullet = False
    for mark in run:
        if mark == _BREAK[1]:
            lines = min(lines + 1, 2)
        elif mark == _GAP[1]:
            lines = 2
        elif mark == _PARAGRAPH[1]:
            lines = max(lines, 1 if depth else 2)
        elif mark == _LIST[1]:
            lines = max(lines, 1 if depth else 2)
            depth += 1
        elif mark == _LIST_END[1]:
            depth = max(depth - 1, 0)
            lines = max(lines, 1 if depth else 2)
            bullet = False
        elif mark in (_LINE[1], _ITEM[1], _ITEM_END[1]):
            lines = max(lines, 1)
            bullet = mark == _ITEM[1] or (bullet and mark == _LINE[1])
    return "\n" * lines + ("- " if bullet else ""), depth


def _joined(marks: str) -> str:
    """
    The same in one mark, where there is one that does the same whatever stands before it, in a list and outside.
    """
    if not _BREAKS_ONLY.issuperset(marks):
        return marks
    if _BREAK_MARK not in marks:
        return " " if " " in marks else _NOTHING
    return _ONE_MARK.get(_effect(marks), marks)


def _effect(marks: str) -> tuple[str, ...]:
    return tuple(_resolved(marks, depth, lines)[0] for depth in (0, 1) for lines in (0, 1, 2))


_BREAKS_ONLY: Final = frozenset(_PARAGRAPH + _LINE + _BREAK + _GAP + _NOTHING + " ")
_ONE_MARK: Final = {_effect(mark): mark for mark in (_PARAGRAPH, _LINE, _BREAK, _GAP)}


class _Tags(dict[str, str]):
    """
    A tag as it stands to its mark.
    """

    def __missing__(self, tag: str) -> str:
        if link := _ORDINARY_LINK.fullmatch(tag):
            return f"{_LINK}{link[1]}{_END}"
        if image := _ORDINARY_IMAGE.fullmatch(tag):
            return _NOTHING + " ".join(shown_image(image[1] or "").split())
        element = _ELEMENT.fullmatch(tag)
        if element is None:
            return _mark_of_none(tag)
        end, name, attributes = element.groups()
        name = name.lower()
        mark = _mark_of_end(name) if end else _mark_of_start(name, attributes)
        if name in _KEPT and _IMPERSONAL.fullmatch(attributes):
            _keep(self, tag, mark)
        return mark


class _TagRuns(dict[str, str]):
    """
    Tags with nothing but spaces between them, as they stand, to their marks.
    """

    def __missing__(self, run: str) -> str:
        tags = _TAG.findall(run)
        marks = "".join([" " if tag.isspace() else _TAGS[tag] for tag in tags])
        if len(run) <= _RUN_MAX:
            if len(tags) > 1:
                marks = _joined(marks)
            if all(tag in _TAGS or tag.isspace() for tag in tags):
                _keep(self, run, marks)
        return marks


class _References(dict[str, str]):
    """
    A character reference as it stands to its characters.

    Raises:
        _NotTameError: they are such that the text has to be cleaned again.
    """

    def __missing__(self, reference: str) -> str:
        value = _plain(unescaped(reference))
        if len(value) == 1:
            _keep(self, reference, value)
        return value


class _Breaks(dict[tuple[str, int], tuple[str, int]]):
    """
    A run of marks, and how many lists are open, to what `_resolved` says.
    """

    def __missing__(self, key: tuple[str, int]) -> tuple[str, int]:
        resolved = _resolved(*key)
        if len(key[0]) <= _RUN_MAX:
            _keep(self, key, resolved)
        return resolved


def _keep(table: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    if len(table) >= _TABLE_SIZE:
        table.clear()
    table[key] = value


_TAGS: Final = _Tags()
_TAG_RUNS: Final = _TagRuns()
_REFERENCES: Final = _References()
_BREAKS: Final = _Breaks()


def _mark_of_none(tag: str) -> str:
    """
    Of a comment, a declaration and the like, which say nothing.
    """
    if tag.startswith("<!--"):
        if tag in ("<!-->", "<!--->") or tag.endswith(("-->", "--!>"), 4):
            return _NOTHING
    elif tag.startswith(("<!", "<?")) or (tag.startswith("</") and not tag[2:3].isalpha()):
        return _NOTHING
    raise _NotTameError


def _mark_of_start(name: str, attributes: str) -> str:
    if name == "a":
        href = attribute(attributes, "href").strip()
        address = http_address(href, None)
        if address is not None:
            return f"{_LINK}{_protected(address)}{_END}"
        return _RELATIVE_LINK if is_relative(href) else _NO_LINK
    if name == "img":
        return _NOTHING + _protected(" ".join(shown_image(attribute(attributes, "alt")).split()))
    if name == "br":
        return _BREAK
    if name in RAW:
        return f"{_RAW}{name}{_END}"
    if name in ("pre", "td", "th") or (name in HIDDEN and not attributes.endswith("/")):
        raise _NotTameError
    return _LIST if name in ("ol", "ul") else _ITEM if name == "li" else _break(name)


def _mark_of_end(name: str) -> str:
    if name == "a":
        return _LINK_END
    if name in RAW:
        return f"{_RAW_END}{name}{_END}"
    return _LIST_END if name in ("ol", "ul") else _ITEM_END if name == "li" else _break(name)


def _break(name: str) -> str:
    return _PARAGRAPH if name in PARAGRAPHS else _LINE if name in LINES else _NOTHING


def _protected(value: str) -> str:
    return _plain(value).replace("&", _AMPERSAND).replace("<", _ANGLE)


def _plain(value: str) -> str:
    """
    Raises:
        _NotTameError: not plain, or not composed.
    """
    if not is_plain(value) or not unicodedata.is_normalized("NFC", value):
        raise _NotTameError
    return value
