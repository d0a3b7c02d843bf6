"""
What `tame` looks up: tags, runs of tags, character references and runs of breaks, each as it stands, to what it becomes.

A tag becomes a mark made of control characters, which no plain text holds. Invariant: nothing that may name a person is
kept, no address, no attribute a site or a writer chose, no element HTML does not know; and no table grows without
bound.
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
    shown_image,
    unescaped,
)

# Every mark begins with a character of its own, so that the engine skips to it instead of looking at each character.
BREAK_MARK: Final = "\x01"
PARAGRAPH: Final = "\x01\x02"
LINE: Final = "\x01\x03"
BREAK: Final = "\x01\x04"
GAP: Final = "\x01\x17"  # two breaks: one empty line, in lists too
LIST: Final = "\x01\x0e"
LIST_END: Final = "\x01\x0f"
ITEM: Final = "\x01\x10"
ITEM_END: Final = "\x01\x11"
LINK: Final = "\x05"
LINK_END: Final = "\x06"
NO_LINK: Final = "\x07"
RELATIVE_LINK: Final = "\x18"
END: Final = "\x08"
RAW_START: Final = "\x12"
RAW_END: Final = "\x13"
AMPERSAND: Final = "\x14"  # of an attribute, already read: not to be read again
ANGLE: Final = "\x15"
NOTHING: Final = "\x16"  # keeps the halves of a reference apart where a tag stood between them

_TAG: Final = re.compile(r"<[^<>]*+>|\s++")
_ELEMENT: Final = re.compile(
    r"""<(/?)([a-zA-Z][^\s/>]*+)((?:=\s*+(?:"[^"]*+"|'[^']*+'|(?!["']))|[^>=])*+)>""", re.VERBOSE
)
_ORDINARY_LINK: Final = re.compile(
    r"""<a\ href="(https?://[!#-%'-;=?-~]*+)"(?:\ [a-z-]+="[^"<>]*+")*+\ ?>""", re.VERBOSE
)
_ORDINARY_IMAGE: Final = re.compile(
    r"""<img(?:\ (?!alt=)[a-z-]++="[^"]*+")*+(?:\ alt="([^"&]*+)")?+(?:\ (?!alt=)[a-z-]++="[^"]*+")*+\ ?/?>""",
    re.VERBOSE,
)
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
            "a",
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


class NotTameError(Exception):
    """
    Raised by the tables, caught by `tame`: the careful reader has to look.
    """


def _resolved(run: str, depth: int, lines: int = 0) -> tuple[str, int]:
    """
    What a run of breaks writes, and how many lists are open behind it.
    """
    bullet = False
    for mark in run:
        if mark == BREAK[1]:
            lines = min(lines + 1, 2)
        elif mark == GAP[1]:
            lines = 2
        elif mark == PARAGRAPH[1]:
            lines = max(lines, 1 if depth else 2)
        elif mark == LIST[1]:
            lines = max(lines, 1 if depth else 2)
            depth += 1
        elif mark == LIST_END[1]:
            depth = max(depth - 1, 0)
            lines = max(lines, 1 if depth else 2)
            bullet = False
        elif mark in (LINE[1], ITEM[1], ITEM_END[1]):
            lines = max(lines, 1)
            bullet = mark == ITEM[1] or (bullet and mark == LINE[1])
    return "\n" * lines + ("- " if bullet else ""), depth


def _joined(marks: str) -> str:
    """
    The same in one mark, where there is one that does the same whatever stands before it, in a list and outside.
    """
    if not _BREAKS_ONLY.issuperset(marks):
        return marks
    if BREAK_MARK not in marks:
        return " " if " " in marks else NOTHING
    return _ONE_MARK.get(_effect(marks), marks)


def _effect(marks: str) -> tuple[str, ...]:
    return tuple(_resolved(marks, depth, lines)[0] for depth in (0, 1) for lines in (0, 1, 2))


_BREAKS_ONLY: Final = frozenset(PARAGRAPH + LINE + BREAK + GAP + NOTHING + " ")
_ONE_MARK: Final = {_effect(mark): mark for mark in (PARAGRAPH, LINE, BREAK, GAP)}


class _Tags(dict[str, str]):
    """
    A tag as it stands to its mark.
    """

    def __missing__(self, tag: str) -> str:
        if link := _ORDINARY_LINK.fullmatch(tag):
            return f"{LINK}{link[1]}{END}"
        if image := _ORDINARY_IMAGE.fullmatch(tag):
            return NOTHING + " ".join(shown_image(image[1] or "").split())
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
        if link := _ORDINARY_LINK.fullmatch(run):
            return f"{LINK}{link[1]}{END}"
        tags = _TAG.findall(run)
        marks = "".join([" " if tag.isspace() else TAGS[tag] for tag in tags])
        if len(run) <= _RUN_MAX:
            if len(tags) > 1:
                marks = _joined(marks)
            if all(tag in TAGS or tag.isspace() for tag in tags):
                _keep(self, run, marks)
        return marks


class _References(dict[str, str]):
    """
    A character reference as it stands to its characters.

    Raises:
        NotTameError: they are such that the text has to be cleaned again.
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


TAGS: Final = _Tags()
TAG_RUNS: Final = _TagRuns()
REFERENCES: Final = _References()
BREAKS: Final = _Breaks()


def _mark_of_none(tag: str) -> str:
    """
    Of a comment, a declaration and the like, which say nothing.
    """
    if tag.startswith("<!--"):
        if tag in ("<!-->", "<!--->") or tag.endswith(("-->", "--!>"), 4):
            return NOTHING
    elif tag.startswith(("<!", "<?")) or (tag.startswith("</") and not tag[2:3].isalpha()):
        return NOTHING
    raise NotTameError


def _mark_of_start(name: str, attributes: str) -> str:
    if name == "a":
        href = attribute(attributes, "href").strip()
        address = http_address(href, None)
        if address is not None:
            return f"{LINK}{_protected(address)}{END}"
        return RELATIVE_LINK if is_relative(href) else NO_LINK
    if name == "img":
        return NOTHING + _protected(" ".join(shown_image(attribute(attributes, "alt")).split()))
    if name == "br":
        return BREAK
    if name in RAW:
        return f"{RAW_START}{name}{END}"
    if name in ("pre", "td", "th") or (name in HIDDEN and not attributes.endswith("/")):
        raise NotTameError
    return LIST if name in ("ol", "ul") else ITEM if name == "li" else _break(name)


def _mark_of_end(name: str) -> str:
    if name == "a":
        return LINK_END
    if name in RAW:
        return f"{RAW_END}{name}{END}"
    return LIST_END if name in ("ol", "ul") else ITEM_END if name == "li" else _break(name)


def _break(name: str) -> str:
    return PARAGRAPH if name in PARAGRAPHS else LINE if name in LINES else NOTHING


def _protected(value: str) -> str:
    return _plain(value).replace("&", AMPERSAND).replace("<", ANGLE)


def _plain(value: str) -> str:
    """
    Raises:
        NotTameError: not plain, or not composed.
    """
    if not is_plain(value) or not unicodedata.is_normalized("NFC", value):
        raise NotTameError
    return value
