"""
The tags of a document that is no XML, in order and in one pass: what `lenient` builds its tree from.

A tag is whatever begins like one and reaches a `>` before the next `<`. CDATA sections and comments are stepped over;
one that is never closed, or only where a later one is, counts as its opening alone, so that it swallows no entries.
Only tags that mean something in a feed are kept, at some twenty bytes each. Linear in the length of the text: nothing
is searched for twice from the same side.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import islice
from typing import Final, Literal

START: Final = 0
END: Final = 1
ALONE: Final = 2
"""Kinds of tags: `<a>`, `</a>`, `<a/>`."""

_TAG: Final = re.compile(
    r"""<(?:
        (?P<section>!\[CDATA\[|!--)
      | (?P<end>/?+)(?P<name>[A-Za-z_][A-Za-z0-9_.-]{0,60}+(?::[A-Za-z_][A-Za-z0-9_.-]{0,60}+)?+)
        (?P<rest>(?:[^<>=]++|=\s*+(?:"[^"<]*+"|'[^'<]*+')|=)*+)>
    )""",
    re.VERBOSE,
)
_ATTRIBUTE: Final = re.compile(
    r"""([A-Za-z_][A-Za-z0-9_.-]*+(?::[A-Za-z_][A-Za-z0-9_.-]*+)?+)
        (?:\s*+=\s*+(?:"([^"]*+)"?+|'([^']*+)'?+|([^\s>]*+)))?+""",
    re.VERBOSE,
)
_ENTRY_END: Final = re.compile(r"</(?:\w{1,20}:)?(?:item|entry)\s*>", re.IGNORECASE)
_CLOSERS: Final = {"![CDATA[": "]]>", "!--": "-->"}
_ATTRIBUTES_MAX: Final = 50
"""Of one tag. Chosen: no honest tag has more."""


class Vocabulary(dict[str, str]):
    """
    A tag as it is written to our name for it, each worked out once; empty where the tag means nothing.

    Args:
        prefixes: Ours by theirs, as far as the document declares them.
    """

    def __init__(self, wanted: frozenset[str], prefixes: dict[str, str], core: str) -> None:
        super().__init__()
        self._wanted = wanted
        self._prefixes = prefixes
        self._core = core

    def __missing__(self, tag: str) -> str:
        prefix, _, local = tag.lower().rpartition(":")
        ours = self._prefixes.get(prefix, prefix)
        name = local if ours in ("", "rss", self._core) else f"{ours}:{local}"
        self[tag] = found = name if name in self._wanted else ""
        return found


@dataclass(slots=True)
class Tags:
    """
    Parallel lists: what each tag is called, its kind, and where it begins and ends in the text.
    """

    names: list[str] = field(default_factory=list)
    kinds: bytearray = field(default_factory=bytearray)
    starts: array[int] = field(default_factory=lambda: array("q"))
    ends: array[int] = field(default_factory=lambda: array("q"))


def tags_in(text: str, vocabulary: Vocabulary) -> Tags:
    """
    Every tag that the vocabulary knows.
    """
    tags = Tags()
    sections = _Sections(text)
    found = _TAG.search(text)
    while found is not None:
        position = found.end()
        if opener := found["section"]:
            position = sections.end(opener, position)
        elif name := vocabulary[found["name"]]:
            tags.names.append(name)
            tags.kinds.append(END if found["end"] else ALONE if found["rest"].endswith("/") else START)
            tags.starts.append(found.start())
            tags.ends.append(position)
        found = _TAG.search(text, position)
    return tags


class _Sections:
    """
    Where CDATA sections and comments end. Remembers what it has found, so that no stretch is looked through twice.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._next: dict[str, int] = {}

    def end(self, opener: str, position: int) -> int:
        """
        Behind the section that opens before `position`; `position` itself where it is not closed.
        """
        closer = _CLOSERS[opener]
        end = self._find(closer, position)
        if end == len(self._text):
            return position
        again = self._find("<" + opener, position)
        if again < end and _ENTRY_END.search(self._text, position, again):
            return position
        return end + len(closer)

    def _find(self, wanted: str, position: int) -> int:
        known = self._next.get(wanted, -1)
        if known < position:
            known = self._text.find(wanted, position)
            self._next[wanted] = known = len(self._text) if known < 0 else known
        return known


def attributes_in(tag: str) -> Iterator[tuple[str, str]]:
    """
    Names, in lower case, and values of a tag's attributes, quoted or not; an attribute given twice comes twice.
    """
    begin = re.match(r"<[^\s/>]*", tag)
    stop = len(tag) - (2 if tag.endswith("/>") else 1)
    for found in islice(_ATTRIBUTE.finditer(tag, begin.end() if begin else 0, stop), _ATTRIBUTES_MAX):
        yield found[1].lower(), unescape(found[2] or found[3] or found[4] or "").strip()


Kind = Literal["markup", "text"]
_SECTION: Final = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)", re.DOTALL)
_MARKUP: Final = re.compile(r"</?[A-Za-z][^<>]*>")


def value_of(raw: str) -> tuple[str, Kind]:
    """
    What stands between two tags: as HTML where HTML was written into it unescaped, otherwise as the text it means.
    """
    pieces = list(_pieces(raw))
    if any(kind == "markup" and _MARKUP.search(piece) for piece, kind in pieces):
        return "".join(piece for piece, _ in pieces), "markup"
    return "".join(unescape(piece) if kind == "markup" else piece for piece, kind in pieces), "text"


def plain_of(raw: str) -> str:
    """
    What stands between two tags, without any tags.
    """
    return "".join(
        unescape(_MARKUP.sub("", piece)) if kind == "markup" else piece for piece, kind in _pieces(raw)
    )


def _pieces(raw: str) -> Iterator[tuple[str, Kind]]:
    """
    Alternately what stands outside and inside CDATA; comments are left out.
    """
    position = 0
    for found in _SECTION.finditer(raw):
        yield raw[position : found.start()], "markup"
        if found[1] is not None:
            yield found[1], "text"
        position = found.end()
    yield raw[position:], "markup"
