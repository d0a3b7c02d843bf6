"""
The strict fast path: ordinary, well-formed RSS and Atom to elements, by regular expressions over the whole text.

Called by `documents` before `xml`; what it reads, the dialects read as if lxml had. It covers the document from the
first sign to the last or declines it: whatever is not certainly well formed, and whatever the dialects would want an lxml
tree for (markup in plain tags, `xml:base`), is left to lxml. Its elements are equal to lxml's in tag, text, tail and
attributes; a property test over broken documents holds it to that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_.-]*+(?::[A-Za-z_][A-Za-z0-9_.-]*+)?+"
_ATTRIBUTES: Final = rf"""(?:\s++{_NAME}\s*+=\s*+(?:"[^"<]*+"|'[^'<]*+'))*+"""
_SECTION: Final = r"(<!\[CDATA\[)([^\]]*+(?:\](?!\]>)[^\]]*+)*+)\]\]>"
_COMMENT: Final = r"<!--(?:[^-]|-(?!-))*+-->"
_HEAD: Final = re.compile(
    rf"\s*+(?:<\?xml\s[^<>?]*+\?>\s*+)?+(?:(?:<\?xml-stylesheet\s[^<>?]*+\?>|{_COMMENT})\s*+)*+(?=<(?:rss|feed)[\s>])",
    re.ASCII,
)
_TOKEN: Final = re.compile(
    rf"<({_NAME})({_ATTRIBUTES})\s*+(?:(/)>|>([^<]*+)(?:{_SECTION}([^<]*+))?+(?:(</)\1\s*+>)?+)(\s*+)"
    rf"|</({_NAME})\s*+>(\s*+)|(.++)",
    re.DOTALL | re.ASCII,
)
_TAIL: Final = re.compile(rf"(?:{_COMMENT}\s*+)++", re.ASCII)
_ATTRIBUTE: Final = re.compile(rf"""({_NAME})\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""", re.ASCII)
_REFERENCE: Final = re.compile(r"(&[^;&]{0,9};?)")
_NUMBER: Final = re.compile(r"&#(?:([0-9]{1,7})|x([0-9A-Fa-f]{1,6}));")
_NAMESPACE: Final = re.compile(r"https?://[A-Za-z0-9.-]+(?:[/?#][A-Za-z0-9/._#?=~-]*)?")

_FORBIDDEN: Final = bytes(byte for byte in range(0x20) if byte not in (0x09, 0x0A, 0x0D))
_SIZE_MAX: Final = 9_000_000
"""Bytes; libxml2 refuses ten million in one text."""
_TAGS_MAX: Final = 50_000
"""Signs that may begin a tag; chosen: more than any blog's feed, and a few megabytes of tokens at most."""
_NAME_MAX: Final = 100
_DEPTH_MAX: Final = 16
"""Levels; chosen: twice what an ordinary feed has, far below libxml2's 256."""
_SAMPLE_BYTES: Final = 20_000
_ESCAPED_MAX: Final = 40
"""Where HTML is escaped, and so nearly every tag a pair of references, lxml is faster (measured 2026-11-24)."""
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_ATOM: Final = ("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#")
_MEDIA: Final = "http://search.yahoo.com/mrss/"
_HOLDERS: Final = frozenset(
    {"rss", "channel", "item", "image", "textInput", "skipHours", "skipDays", f"{{{_MEDIA}}}group", f"{{{_MEDIA}}}content"}
    | {f"{{{space}}}{name}" for space in _ATOM for name in ("feed", "entry", "author", "contributor", "source")}
)  # fmt: skip
"""Elements that may hold others. Markup written in plain tags is none of them: the dialects hand it to lxml."""


class _DeclinedError(Exception):
    """
    Raised and caught in this file only: lxml has to look.
    """


class Element(list["Element"]):
    """
    An element as the dialects see one; a list of its children. Of lxml's interface, what they use of an element whose
    children are none of HTML.
    """

    __slots__ = ("attributes", "base", "tag", "tail", "text")

    tag: str
    text: str | None
    tail: str | None
    attributes: dict[str, str]
    base: str

    def get(self, name: str, default: str | None = None) -> str | None:
        return self.attributes.get(name, default)

    def itertext(self) -> Iterator[str]:
        if self.text:
            yield self.text
        for child in self:
            yield from child.itertext()
            if child.tail:
                yield child.tail

    def __repr__(self) -> str:
        return f"Element({self.tag!r})"


def parse_quickly(body: bytes, *, base: str) -> Element | None:
    """
    The root of an ordinary document; None where it is not one.

    Args:
        body: UTF-8 without a byte order mark.
        base: Where the document came from.
    """
    if len(body) > _SIZE_MAX or body.count(b"<") > _TAGS_MAX:
        return None
    if body.count(b"&lt;", 0, _SAMPLE_BYTES) > _ESCAPED_MAX:
        return None
    if len(body.translate(None, _FORBIDDEN)) != len(body):
        return None
    text = body.decode()
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if "\r" in text or "\ufffe" in text or "\uffff" in text:
        return None
    head = _HEAD.match(text)
    if head is None:
        return None
    try:
        return _tree(_TOKEN.findall(text, head.end()), base)
    except _DeclinedError:
        return None


def _tree(tokens: list[tuple[str, ...]], base: str) -> Element:
    """
    Raises:
        _DeclinedError: see above.
    """
    tags = _Tags(tokens[0][1])
    attributes = _Attributes(tags)
    open_elements: list[Element] = []
    open_names: list[str] = []
    holder: Element = Element()
    document = holder
    append = holder.append
    for name, stated, empty, text, section, verbatim, more, closed, tail, end, end_tail, rest in tokens:
        if closed or empty:
            element = Element()
            element.tag = tags[name]
            element.attributes = attributes[stated] if stated else _NO_ATTRIBUTES
            if section:
                element.text = (
                    (_characters(text) + verbatim + _characters(more)) if text or more else verbatim
                )
            elif text:
                element.text = _characters(text) if "&" in text or "]" in text else text
            else:
                element.text = None
            element.tail = tail or None
            element.base = base
            append(element)
        elif end:
            if not open_names or open_names.pop() != end:
                raise _DeclinedError
            holder.tail = end_tail or None
            holder = open_elements.pop()
            append = holder.append
        elif name:
            if text.strip(" \t\n") or section or len(open_names) == _DEPTH_MAX:
                raise _DeclinedError
            element = _holder(tags[name], text, base)
            element.attributes = attributes[stated] if open_names else attributes.of_root(stated)
            append(element)
            open_names.append(name)
            open_elements.append(holder)
            holder = element
            append = holder.append
        elif open_names or not _TAIL.fullmatch(rest):
            raise _DeclinedError
    if open_names or len(document) != 1:
        raise _DeclinedError
    document[0].tail = None  # behind the root there is only white space and comments
    return document[0]


def _holder(tag: str, text: str, base: str) -> Element:
    if tag not in _HOLDERS:
        raise _DeclinedError
    element = Element()
    element.tag, element.text, element.tail, element.base = tag, text or None, None, base
    return element


class _Tags(dict[str, str]):
    """
    A name as it stands to lxml's tag, by the namespaces that the root declares.
    """

    def __init__(self, root_attributes: str) -> None:
        super().__init__()
        self.spaces: dict[str, str] = {}
        for name, double, single in _ATTRIBUTE.findall(root_attributes):
            declares, _, prefix = name.partition(":")
            if declares == "xmlns":
                space = double or single
                if prefix in ("xml", "xmlns") or not _NAMESPACE.fullmatch(space) or "www.w3.org/XML" in space:
                    raise _DeclinedError
                self.spaces[prefix] = space

    def __missing__(self, name: str) -> str:
        prefix, _, local = name.rpartition(":")
        space = self.spaces.get(prefix)
        if len(name) > _NAME_MAX or prefix in ("xml", "xmlns") or (prefix and space is None):
            raise _DeclinedError
        tag = self[name] = f"{{{space}}}{local}" if space else local
        return tag


class _Attributes(dict[str, dict[str, str]]):
    """
    The attributes of an element as they stand to their names and values.
    """

    def __init__(self, tags: _Tags) -> None:
        super().__init__()
        self._spaces = tags.spaces

    def __missing__(self, stated: str) -> dict[str, str]:
        parts = _ATTRIBUTE.findall(stated)
        found = {name: double or single for name, double, single in parts}
        if ":" in "".join(found) or "&" in stated or "\n" in stated or "\t" in stated:
            found = self._parsed(stated, may_declare=False)
        elif len(found) != len(parts) or "xmlns" in found:
            raise _DeclinedError
        self[stated] = found
        return found

    def of_root(self, stated: str) -> dict[str, str]:
        found = self._parsed(stated, may_declare=True)
        return {name: value for name, value in found.items() if not name.startswith("xmlns")}

    def _parsed(self, stated: str, *, may_declare: bool) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, double, single in _ATTRIBUTE.findall(stated):
            key = self._key(name, may_declare)
            if key in found:
                raise _DeclinedError
            value = (double or single).replace("\n", " ").replace("\t", " ")
            found[key] = _resolved(value) if "&" in value else value
        return found

    def _key(self, name: str, may_declare: bool) -> str:
        prefix, _, local = name.rpartition(":")
        if name == "xmlns" or prefix == "xmlns":
            if not may_declare:
                raise _DeclinedError
            return name
        if name == "xml:lang":
            return f"{{{_XML}}}lang"
        if len(name) > _NAME_MAX or local == "xmlns" or (prefix and prefix not in self._spaces):
            raise _DeclinedError
        return f"{{{self._spaces[prefix]}}}{local}" if prefix else local


_NO_ATTRIBUTES: Final[dict[str, str]] = {}


def _characters(text: str) -> str:
    if "]]>" in text:
        raise _DeclinedError
    return _resolved(text) if "&" in text else text


def _resolved(text: str) -> str:
    pieces = _REFERENCE.split(text)
    pieces[1::2] = map(_REFERENCES.__getitem__, pieces[1::2])
    return "".join(pieces)


class _References(dict[str, str]):
    """
    A reference that XML itself knows to its character.
    """

    def __missing__(self, reference: str) -> str:
        number = _NUMBER.fullmatch(reference)
        if number is None:
            raise _DeclinedError
        code = int(number[1]) if number[1] else int(number[2], 16)
        # Source: XML 1.0, section 2.2 (Char).
        if not (
            code in (0x9, 0xA, 0xD)
            or 0x20 <= code <= 0xD7FF
            or 0xE000 <= code <= 0xFFFD
            or 0x10000 <= code <= 0x10FFFF
        ):
            raise _DeclinedError
        return chr(code)


_REFERENCES: Final = _References(
    {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&#39;": "'", "&#34;": '"'}
)
