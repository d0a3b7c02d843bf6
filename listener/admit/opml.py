"""
Lists of feeds as other readers write and read them: OPML. Pure; no I/O.

`listener.admit.admission` takes the addresses of a list; `listener feeds export` writes ours. Of an outline only its
address and its line are taken: titles and texts of private lists name people, so they are never looked at.

An OPML file is XML by its standard and often not by its author (bare ampersands in addresses, quotes in titles,
undeclared entities), and one attribute of one element is all we need. So the outlines are found one by one, by a
scanner and not by a parser: what is broken costs its own line and no other, there is no tree to nest too deeply, and no
entity is ever declared, so that none can expand.

Invariants: linear in the length of the file; no line of the list is passed over in silence.

Source: http://opml.org/spec2.opml, and /spec1 for 1.0 (as remembered, 2026-11-24).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr  # they write; nothing is parsed with them

from listener.text.vocabulary import ATTRIBUTE, dereferenced

MOST_BYTES: Final = 32 * 2**20
"""Chosen: ten times the longest list anybody has shown; more is no list."""

_PIECE: Final = re.compile(
    r"""<!--(?:.*?-->|.*)
      | <!\[CDATA\[(?:.*?\]\]>|.*)
      | <\?(?:.*?\?>|.*)
      | <(?P<outline>(?:[\w.-]{1,40}:)?outline)(?=[\s/>])
        (?P<written>(?:"(?:[^"<]|<(?!/?outline[\s/>]))*+"|'(?:[^'<]|<(?!/?outline[\s/>]))*+'|[^<>"'])*+)
        (?P<whole>>)?""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_IS_OPML: Final = re.compile(r"<(?:[\w.-]{1,40}:)?(?:opml|outline)[\s>]", re.IGNORECASE)
_DECLARED: Final = re.compile(rb"<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([A-Za-z0-9._:-]{1,40})")
_DECLARED_WITHIN: Final = 1024
_WESTERN: Final = frozenset({"utf-8", "ascii", "iso8859-1"})
"""Labels (as Python names them) of bytes that are none of these; windows-1252 is what is meant."""
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class NotOpml(ValueError):
    """
    The file is no list of feeds. The message says why and holds nothing of it.
    """


@dataclass(frozen=True, slots=True, repr=False)
class Outline:
    """
    One feed of a list.

    Args:
        line: Where its outline begins, from 1.
        address: As it stands, references decoded; None where the outline is broken so that it cannot be told.
    """

    line: int
    address: str | None


def read(file: bytes) -> tuple[Outline, ...]:
    """
    The feeds of a list in its order, however they are nested. Outlines without an address are folders.

    Raises:
        NotOpml: too long, or nothing in it is an outline.
    """
    if len(file) > MOST_BYTES:
        raise NotOpml(f"is longer than {MOST_BYTES >> 20} MB")
    text = re.sub(r"\r\n?", "\n", _decoded(file))
    if not _IS_OPML.search(text):
        raise NotOpml("is no OPML: it holds no outline")
    return tuple(_outlines(text))


def write(feeds: Iterable[tuple[str, str]], *, title: str) -> str:
    """
    An OPML 2.0 list.

    Args:
        feeds: Name and address of each.
        title: Of the list.
    """
    lines = [
        f'    <outline type="rss" text={quoteattr(name)} xmlUrl={quoteattr(address)}/>'
        for name, address in feeds
    ]
    head = f"  <head>\n    <title>{escape(title)}</title>\n  </head>"
    body = "\n".join(["  <body>", *lines, "  </body>"])
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n{head}\n{body}\n</opml>\n'


def _outlines(text: str) -> Iterator[Outline]:
    line, counted = 1, 0
    for piece in _PIECE.finditer(text):
        if piece["outline"] is None:
            continue
        line += text.count("\n", counted, piece.start())
        counted = piece.start()
        if not piece["whole"]:
            yield Outline(line, None)
            continue
        address = _address(piece["written"])
        if address is not None:
            yield Outline(line, address)


def _address(written: str) -> str | None:
    """
    `xmlUrl` in any case; where there is none, `url`, which some write instead. An `include` names another list.
    """
    said: dict[str, str] = {}
    for name, double, single, bare in ATTRIBUTE.findall(written):
        said.setdefault(name.lower(), double or single or bare)
    found = said.get("xmlurl")
    if found is None and said.get("type", "").lower() not in ("include", "link"):
        found = said.get("url")
    return None if found is None else dereferenced(found).strip()


def _decoded(file: bytes) -> str:
    """
    The text: by its byte order mark, as UTF-8 where it is that, by what it declares, else as windows-1252. Addresses are
    ASCII nearly always, so a wrong guess costs nothing that is looked at.
    """
    if file.startswith(codecs.BOM_UTF8):
        return file[3:].decode("utf-8", "replace")
    for mark, codec in _MARKS:
        if file.startswith(mark):
            return file[len(mark) :].decode(codec, "replace")
    if file[:2] in (b"<\0", b"\0<"):
        return file.decode("utf-16-le" if file[0] else "utf-16-be", "replace")
    try:
        return file.decode()
    except UnicodeDecodeError:
        declared = _DECLARED.search(file[:_DECLARED_WITHIN])
    label = declared[1].decode("ascii") if declared else "cp1252"
    try:
        name = codecs.lookup(label).name
        return file.decode("cp1252" if name in _WESTERN else name, "replace")
    except (LookupError, ValueError):  # a label nobody knows, or one of Python's that is no encoding of text
        return file.decode("cp1252", "replace")
