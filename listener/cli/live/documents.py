"""
From the bytes of an answer to its shape: JSON, XML, server-sent events, the messages of a socket.

Takes bodies from `recording`, gives `Body`. Pure, and safe on whatever a server sends: XML is read by expat, which fetches
nothing; a document that declares entities is not looked into. Nothing but the shape is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal
from xml.parsers import expat

import msgspec

from listener.cli.live import shapes
from listener.cli.live.shapes import MOST_DEPTH, MOST_LINES, Line, Node

Format = Literal["empty", "json", "xml", "html", "events", "messages", "text", "binary"]

_HTML: Final = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_BOM: Final = b"\xef\xbb\xbf"
_MOST_PIECES: Final = 2_000
"""Chosen: of a connection, as many as tell its shape; a firehose sends as much in some seconds."""

_MOST_LINE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """
    What came, as a shape.

    Args:
        format: By its bytes, not by what its headers say. `events`: server-sent; `messages`: of a socket.
        whole: Whether it could be read to its end as that.
        lines: See `Line`; none of `html`, `text` and `binary`.
        left_out: Lines beyond the longest report.
        pieces: Events or messages; 0 where it is a document.
    """

    format: Format
    whole: bool
    lines: tuple[Line, ...] = ()
    left_out: int = 0
    pieces: int = 0


def body_of(content: bytes, declared: frozenset[str]) -> Body:
    """
    The shape of a whole answer.
    """
    start = content.removeprefix(_BOM).lstrip()
    if not start:
        return Body(format="empty", whole=True)
    root = Node()
    if _read_json(root, start, declared):
        return _told("json", root, declared, whole=True)
    if start[:1] in (b"{", b"["):
        return Body(format="json", whole=False)
    if _HTML.match(start[:4096]):
        return Body(format="html", whole=True)
    if start[:1] == b"<" or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        whole = _Elements(root, declared).read(content)
        return _told("xml", root, declared, whole=whole)
    return Body(format=_plain(start), whole=True)


def _plain(content: bytes) -> Literal["text", "binary"]:
    try:
        content.decode()
    except UnicodeDecodeError:
        return "binary"
    return "binary" if b"\0" in content else "text"


def _read_json(root: Node, content: bytes, declared: frozenset[str]) -> bool:
    try:
        value = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    shapes.add(root, value, declared)
    return True


def _told(kind: Format, root: Node, declared: frozenset[str], *, whole: bool, pieces: int = 0) -> Body:
    found = shapes.lines(root, declared) if root.types else ()
    return Body(
        format=kind,
        whole=whole,
        lines=found[:MOST_LINES],
        left_out=max(0, len(found) - MOST_LINES),
        pieces=pieces,
    )


class _Refused(Exception):
    """
    The document declares entities, which is how a bomb is made.
    """


class _Elements:
    """
    Elements and attributes as places of a shape; text only as the fact that there is some.
    """

    def __init__(self, root: Node, declared: frozenset[str]) -> None:
        self._declared = declared
        self._places = [root]
        self._has_text = [False]
        self._below = 0
        """Open elements deeper than is looked at."""

    def read(self, content: bytes) -> bool:
        """
        Whether the document was well-formed; what was met before it was not is in the shape all the same.
        """
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = self._entity
        try:
            parser.Parse(content, True)
        except (expat.ExpatError, _Refused, ValueError, LookupError):
            return False
        return True

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._below or len(self._places) > MOST_DEPTH:
            self._below += 1
            return
        node = self._places[-1].at(name, self._declared)
        self._places[0].types["element"] = 1
        node.types["element"] += 1
        for attribute in attributes:
            node.at(f"@{attribute}", self._declared).types["string"] += 1
        self._places.append(node)
        self._has_text.append(False)

    def _end(self, _name: str) -> None:
        if self._below:
            self._below -= 1
            return
        node = self._places.pop()
        if self._has_text.pop():
            node.types["text"] += 1

    def _text(self, said: str) -> None:
        if not self._below and not said.isspace():
            self._has_text[-1] = True

    def _entity(self, *_: object) -> None:
        raise _Refused


@dataclass(slots=True)
class Flow:
    """
    The shape of what comes on a connection, piece by piece.

    Args:
        declared: Names that the adapter declares.
        is_events: Server-sent events in parts as they come; else whole messages of a socket.
    """

    declared: frozenset[str]
    is_events: bool
    pieces: int = 0
    unread: int = 0
    _root: Node = field(default_factory=Node)
    _rest: bytes = b""

    def take(self, piece: bytes) -> None:
        """
        One more has come.
        """
        if not self.is_events:
            self._message(piece)
            return
        *whole, self._rest = (self._rest + piece).split(b"\n")
        self._rest = self._rest[-_MOST_LINE_BYTES:]
        for line in whole:
            name, _, value = line.strip().partition(b":")
            if name == b"data":
                self._message(value)

    def _message(self, content: bytes) -> None:
        self.pieces += 1
        if self.pieces <= _MOST_PIECES and not _read_json(self._root, content, self.declared):
            self.unread += 1

    def body(self) -> Body:
        """
        The shape so far; not whole where something was no JSON.
        """
        kind: Format = "events" if self.is_events else "messages"
        return _told(kind, self._root, self.declared, whole=not self.unread, pieces=self.pieces)
