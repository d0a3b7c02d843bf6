"""
UTF-8 text to an element tree, in a way no document can hurt. Second step of `documents`; knows no dialect.

The parser is fed from the root element on: declaration, comments, junk before them and the document type never
reach it, so it has no entity to expand and no address to follow. A document that is not well formed is mended where
the cure is certain (`mend`); otherwise whatever tags there are make the feed (`lenient`), and where they make none the
document is refused.

lxml is imported here at the top; this module is imported only when a feed is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from lxml import etree

from adapters.feed import mend
from adapters.feed.elements import local_name
from adapters.feed.lenient import parse_soup
from listener.errors import DocumentRefused

_PROLOGUE: Final = re.compile(rb"<(?:\?|!--|!\[|!DOCTYPE\b|(?=[A-Za-z_]))", re.IGNORECASE)
_SUBSET_PIECE: Final = rb"(?:<!--.*?-->|[^\]\"'<]++|<(?!!--)|\"[^\"]*+\"|'[^']*+')"
_DOCTYPE: Final = re.compile(
    rb"<!DOCTYPE[^\[>\"']*+(?:(?:\"[^\"]*+\"|'[^']*+')[^\[>\"']*+)*+(?:\[("
    + _SUBSET_PIECE
    + rb"*+)\]\s*+)?>",
    re.IGNORECASE | re.DOTALL,
)
_ENTITY: Final = re.compile(rb"<!ENTITY\s+([\w.:-]+)\s+(?:\"([^\"]*)\"|'([^']*)'|(?:SYSTEM|PUBLIC)\b)")
_ROOT: Final = re.compile(rb"<(?:\w{1,20}:)?(?:rss|rdf|feed|entry|channel)[\s>]", re.IGNORECASE)
_IN_PAGE: Final = re.compile(rb"<(?:\w{1,20}:)?(?:rss|rdf|feed)[\s>]", re.IGNORECASE)
_PAGE: Final = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_PAGE_HEAD_BYTES: Final = 4096
_RESOURCE_LIMIT: Final = 114
"""libxml2's XML_ERR_RESOURCE_LIMIT: 256 levels, or 10 MB in one piece of text."""


@dataclass(frozen=True, repr=False)  # without slots, so that the cure is made once
class Source:
    """
    A document from its root element on.

    Args:
        text: UTF-8.
        entities: Declared inside the document type; None stands for one that lies outside the document.
        in_page: A web page stands around it, so that only entries prove that it is a feed.
    """

    text: bytes
    entities: dict[bytes, bytes | None] = field(default_factory=dict)
    in_page: bool = False

    @cached_property
    def cured(self) -> bytes:
        """
        The text without what XML allows nowhere, every reference one that the parser knows.
        """
        return mend.replace_references(mend.drop_forbidden(self.text), self.entities)


class _TooMuch(Exception):
    """
    Raised and caught in this file only: libxml2's limits, met while it forgave other faults.
    """


def parse_xml(text: bytes, *, base: str) -> etree._Element:
    """
    The root element.

    Args:
        text: UTF-8 without a byte order mark.
        base: Where the document came from; what relative addresses are relative to.

    Raises:
        DocumentRefused: `empty`, `not_a_feed` (a web page, or nothing like XML), `not_well_formed`,
            `limits_exceeded` (too deep, or one text too long), `entities_refused`.
    """
    if not text.strip():
        raise DocumentRefused("the answer is empty", reason="empty")
    source = _from_root(text)
    reason = "not_a_feed" if source.in_page else "not_well_formed"
    for stage in STAGES:
        try:
            root = stage(source, base)
        except etree.XMLSyntaxError as error:  # the message holds pieces of the document: it goes nowhere
            if error.code == _RESOURCE_LIMIT:
                reason = "limits_exceeded"
        except _TooMuch:
            reason = "limits_exceeded"
        else:
            if root is not None and (
                _has_entries(root) or not (source.in_page or reason == "limits_exceeded")
            ):
                return root
    if reason == "not_well_formed" and _PAGE.search(text, 0, _PAGE_HEAD_BYTES):
        reason = "not_a_feed"
    raise DocumentRefused(_MESSAGES[reason], reason=reason)


_MESSAGES: Final = {
    "not_well_formed": "the document is not well formed; the site's owner should repair it",
    "limits_exceeded": "the document is nested too deep or holds one text that is too long",
    "not_a_feed": "the address answers with a web page; look for the address of its feed",
}


def _strict(source: Source, base: str) -> etree._Element | None:
    return _parse(source.text, base)


def _mended(source: Source, base: str) -> etree._Element | None:
    """
    Characters XML forbids, names of HTML entities, bare ampersands, undeclared prefixes, text after the end.
    """
    return _parse(mend.end_at_root(source.cured), base, forgiving=True)


def _lenient(source: Source, base: str) -> etree._Element | None:
    """
    Tags that do not match, attributes without quotes or twice, sections never closed, a document that ends too early.
    """
    return parse_soup(source.cured.decode("utf-8", "replace"), base=base)


Stage = Callable[[Source, str], etree._Element | None]
STAGES: Final[tuple[Stage, ...]] = (_strict, _mended, _lenient)
"""Tried in turn; each is more forgiving than the one before and gives None or a syntax error where it cannot help."""


def _parse(text: bytes, base: str, *, forgiving: bool = False) -> etree._Element | None:
    """
    Strictly; or forgiving faults of namespaces only, after which the tree is still whole.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
        recover=forgiving,
    )
    root = etree.fromstring(text, parser, base_url=base)
    if forgiving:
        log: etree._ListErrorLog = parser.error_log
        if any(entry.type == _RESOURCE_LIMIT for entry in log):
            raise _TooMuch
        if any(entry.domain_name != "NAMESPACE" for entry in log):
            return None
    return root


def _from_root(text: bytes) -> Source:
    """
    Raises:
        DocumentRefused: `not_a_feed` where there is no element at all.
    """
    entities: dict[bytes, bytes | None] = {}
    found = _PROLOGUE.search(text)
    while found is not None and found[0] != b"<":
        end = _end_of_piece(text, found, entities)
        if end is None:
            # Never closed: what follows is found by its name, once, so that the search stays linear.
            found = _ROOT.search(text, found.end())
            break
        found = _PROLOGUE.search(text, end)
    if found is None:
        raise DocumentRefused(_MESSAGES["not_a_feed"], reason="not_a_feed")
    page = _PAGE.match(text, found.start())
    if page is None:
        return Source(text[_root_at(text, found.start()) :], entities)
    inside = _IN_PAGE.search(text, found.start())
    if inside is None:
        raise DocumentRefused(_MESSAGES["not_a_feed"], reason="not_a_feed")
    return Source(text[inside.start() :], entities, in_page=True)


def _has_entries(root: etree._Element) -> bool:
    return any(local_name(element) in ("item", "entry") for element in root.iter(etree.Element))


def _end_of_piece(text: bytes, found: re.Match[bytes], entities: dict[bytes, bytes | None]) -> int | None:
    """
    Where a declaration, comment or document type ends; None where it is never closed.
    """
    opener = found[0].lower()
    if opener == b"<!doctype":
        doctype = _DOCTYPE.match(text, found.start())
        if doctype is None:
            return None
        entities.update(_declared(doctype[1] or b""))
        return doctype.end()
    closer = {b"<?": b"?>", b"<!--": b"-->"}.get(opener, b">")
    end = text.find(closer, found.end())
    return None if end < 0 else end + len(closer)


def _declared(subset: bytes) -> Iterator[tuple[bytes, bytes | None]]:
    for found in _ENTITY.finditer(subset):
        value = found[2] if found[2] is not None else found[3]
        yield found[1], value


def _root_at(text: bytes, start: int) -> int:
    """
    Where the feed begins: at the first element, or behind what a broken script printed before it.
    """
    if _ROOT.match(text, start):
        return start
    root = _ROOT.search(text, start, start + _PAGE_HEAD_BYTES)
    return root.start() if root else start
