"""
The last stage of `xml`: a feed out of whatever tags there are, when nothing makes the document well formed.

Takes the tags of `soup`, gives a tree like the strict parser's, at most `_DEPTH` levels deep, for the same readers.
An entry ends where the next begins; a field ends at its own end tag, and where the entry has none for it, at the next
tag that is a field; HTML inside a field stays that field's text. Every namespace is one of ours.

Invariants: linear in the length of the text, no recursion, never an error; None where there is no feed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Final

from lxml import etree

from adapters.feed.elements import NAMESPACES, prefix_of
from adapters.feed.soup import ALONE, END, START, Vocabulary, attributes_in, plain_of, tags_in, value_of

_ROOTS: Final = frozenset({"rss", "rdf", "rdf:rdf", "feed"})
_ENTRIES: Final = frozenset({"item", "entry"})
_TOMBSTONE: Final = "at:deleted-entry"
_STRUCTURE: Final = _ROOTS | _ENTRIES | {"channel", _TOMBSTONE}

_PEOPLE: Final = frozenset({"author", "contributor", "atom:author", "atom:contributor", "itunes:owner"})
_GROUPS: Final = _PEOPLE | {
    "source", "image", "textinput", "media:group", "media:content", "skiphours", "skipdays", "items",
}  # fmt: skip
"""Elements that hold others; where no end tag of theirs comes before the entry ends, they are fields."""

_HTML: Final = frozenset({
    "title", "dc:title", "media:title", "description", "dc:description", "media:description", "content",
    "content:encoded", "atom:content", "summary", "atom:summary", "itunes:summary", "subtitle", "tagline", "body",
    "fullitem", "xhtml:body", "xhtml:div",
})  # fmt: skip
"""Fields into which people write HTML. In all others a tag is a fault."""

_PLAIN: Final = frozenset({
    "link", "atom:link", "guid", "id", "atom:id", "dc:identifier", "pubdate", "published", "updated", "issued",
    "modified", "created", "atom:published", "atom:updated", "dc:date", "dcterms:issued", "dcterms:created",
    "dcterms:modified", "category", "dc:subject", "dc:creator", "dc:contributor", "itunes:author", "media:credit",
    "managingeditor", "webmaster", "name", "email", "uri", "url", "atom:name", "atom:email", "atom:uri",
    "itunes:name", "itunes:email", "language", "dc:language", "ttl", "hour", "day", "sy:updateperiod",
    "sy:updatefrequency", "comments", "wfw:commentrss", "slash:comments", "thr:in-reply-to", "thr:total",
    "itunes:new-feed-url", "fh:archive", "fh:complete", "generator", "lastbuilddate", "copyright", "rights", "icon",
    "logo", "docs", "rating", "width", "height", "media:thumbnail", "media:keywords", "enclosure",
})  # fmt: skip

_WANTED: Final = _STRUCTURE | _GROUPS | _HTML | _PLAIN
_ROOT: Final = re.compile(r"<(?:(\w{1,20}):)?(rss|rdf|feed|channel|item|entry)[\s>/]", re.IGNORECASE)
_DECLARED: Final = re.compile(
    r"\sxmlns:([A-Za-z_][\w.-]{0,60})\s*=\s*[\"']([^\"'<>]{1,200})[\"']", re.IGNORECASE
)
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME: Final = re.compile(r"[a-z_][a-z0-9_.-]*")
_XML: Final = "{http://www.w3.org/XML/1998/namespace}"

_DEPTH: Final = 4
"""Groups inside each other: an entry's source's author's name is three."""

_PREFIXES_MAX: Final = 1000
_FIELDS_MAX: Final = 1000
"""Of one entry, group or channel; more are left out. Chosen: no honest entry has a tenth."""


def parse_soup(text: str, *, base: str) -> etree._Element | None:
    """
    The root of a tree that holds what could be told apart.

    Args:
        text: With references as `mend` leaves them.
        base: Where the document came from.

    Returns:
        None where there is no feed: no entry, nor a root that was closed.
    """
    start = _ROOT.search(text)
    if start is None:
        return None
    text = text[start.start() :]
    is_atom = start[2].lower() in ("feed", "entry")
    declared = islice(_DECLARED.finditer(text), _PREFIXES_MAX)
    prefixes = {found[1].lower(): prefix_of(found[2]) for found in declared}
    builder = _Builder(text, base, Vocabulary(_WANTED, prefixes, "atom" if is_atom else ""), is_atom=is_atom)
    return builder.build()


@dataclass(slots=True)
class _Open:
    """
    An element that has begun: where, and what counts as its end.
    """

    element: etree._Element
    name: str
    start: int
    closes: bool
    depth: int = 1
    fields: int = 0


class _Builder:
    """
    One walk over the tags. Open at any time: an entry or channel, groups in it, and at most one field.
    """

    def __init__(self, text: str, base: str, vocabulary: Vocabulary, *, is_atom: bool) -> None:
        self._text = text
        self._is_atom = is_atom
        self._tags = tags_in(text, vocabulary)
        self._closes = self._closed_in_entry()
        root = f'<feed xmlns="{NAMESPACES["atom"]}"/>' if is_atom else "<rss/>"
        self._root = etree.fromstring(root, base_url=base)
        self._about = _Open(
            self._root if is_atom else etree.SubElement(self._root, "channel"), "channel", 0, True
        )
        self._entry: _Open | None = None
        self._groups: list[_Open] = []
        self._field: _Open | None = None
        self._ended = False

    def build(self) -> etree._Element | None:
        """
        The tree, or None where it is no feed.
        """
        for index, name in enumerate(self._tags.names):
            if name in _STRUCTURE:
                self._structure(index, name)
            elif self._field is None or self._end_field_at(index, name):
                self._begin(index, name)
        if self._entry is not None:
            self._cut_short(self._entry.element)
        self._leave_entry(len(self._text))
        has_entries = len(self._root) > 1 or (self._is_atom and self._root.find("{*}entry") is not None)
        return self._root if has_entries or self._ended else None

    def _closed_in_entry(self) -> bytearray:
        """
        For each tag whether its entry still holds an end tag of the same name.
        """
        closes = bytearray(len(self._tags.names))
        ahead: set[str] = set()
        for index in range(len(closes) - 1, -1, -1):
            name = self._tags.names[index]
            if name in _STRUCTURE:
                ahead.clear()
            elif self._tags.kinds[index] == END:
                ahead.add(name)
            else:
                closes[index] = name in ahead
        return closes

    # -------------------------------------------------------------------------------------------------- structure

    def _structure(self, index: int, name: str) -> None:
        kind = self._tags.kinds[index]
        self._leave_entry(self._tags.starts[index])
        self._ended = kind == END and name in (_ROOTS | {"channel"})
        if kind == END:
            return
        if name in _ENTRIES or name == _TOMBSTONE:
            tag = self._qualified(name if name == _TOMBSTONE else "entry" if self._is_atom else "item")
            self._entry = _Open(etree.SubElement(self._root, tag), name, 0, True)
            self._set_attributes(self._entry.element, index)
            if kind == ALONE:
                self._leave_entry(0)
        elif name in _ROOTS:
            self._set_attributes(self._root, index)

    def _leave_entry(self, end: int) -> None:
        self._leave_field(end)
        self._groups.clear()
        entry, self._entry = self._entry, None
        if entry is not None and not len(entry.element) and not entry.element.get("ref"):
            self._discard(entry.element)

    def _cut_short(self, last: etree._Element) -> None:
        """
        The document ends inside an entry. That counts only where it says by now which it is; otherwise the whole one
        would be taken for another tomorrow.
        """
        if self._field is not None and self._field.name not in _HTML:
            self._discard(self._field.element)  # half an address, or half a date
            self._field = None
        if not _is_named(last):
            self._field = None
            last.clear()

    @staticmethod
    def _discard(element: etree._Element) -> None:
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)

    # ----------------------------------------------------------------------------------------------------- fields

    def _end_field_at(self, index: int, name: str) -> bool:
        """
        Whether the field that is open has ended before this tag, which is then to be read; its own end tag ends it too.
        """
        field = self._field
        assert field is not None
        kind = self._tags.kinds[index]
        if name == field.name and (kind == END or name == "xhtml:div"):
            field.depth += {START: 1, END: -1}.get(kind, 0)
            if not field.depth:
                self._leave_field(self._tags.starts[index])
            return False
        if field.closes and (field.name in _HTML or kind == END):
            return False
        if kind == END and all(group.name != name for group in self._groups):
            return False
        self._leave_field(self._tags.starts[index])
        return True

    def _leave_field(self, end: int) -> None:
        field, self._field = self._field, None
        if field is None:
            return
        raw = self._text[field.start : end]
        if field.name not in _HTML:
            field.element.text = _allowed(plain_of(raw))
            return
        value, kind = value_of(raw)
        field.element.text = _allowed(value)
        if kind == "markup" and self._is_atom:
            field.element.set("type", "html")

    def _begin(self, index: int, name: str) -> None:
        """
        A start tag opens a group or a field; an end tag closes the group it belongs to.
        """
        kind = self._tags.kinds[index]
        if kind == END:
            self._leave_group(index, name)
            return
        parent = self._groups[-1] if self._groups else self._entry or self._about
        parent.fields += 1
        if parent.fields > _FIELDS_MAX:
            return
        element = etree.SubElement(parent.element, self._qualified(name))
        self._set_attributes(element, index)
        opened = _Open(element, name, self._tags.ends[index], bool(self._closes[index]))
        if kind == ALONE:
            return
        if name in _GROUPS and opened.closes:
            if len(self._groups) < _DEPTH:
                self._groups.append(opened)
        else:
            self._field = opened

    def _leave_group(self, index: int, name: str) -> None:
        """
        A group that held no elements held text, as RSS's `author` does.
        """
        while any(group.name == name for group in self._groups):
            group = self._groups.pop()
            if group.name == name:
                if not len(group.element):
                    group.element.text = _allowed(
                        plain_of(self._text[group.start : self._tags.starts[index]])
                    )
                return

    def _qualified(self, name: str) -> str:
        prefix, _, local = name.rpartition(":")
        prefix = prefix or ("atom" if self._is_atom else "")
        return f"{{{NAMESPACES[prefix]}}}{local}" if prefix else local

    def _set_attributes(self, element: etree._Element, index: int) -> None:
        tag = self._text[self._tags.starts[index] : self._tags.ends[index]]
        for name, value in attributes_in(tag):
            prefix, _, local = name.rpartition(":")
            if prefix == "xml":
                key = _XML + local
            elif prefix in ("rdf", "thr"):
                key = f"{{{NAMESPACES[prefix]}}}{local}"
            elif prefix or local == "xmlns":
                continue
            else:
                key = local
            if _NAME.fullmatch(local) and key not in element.attrib:
                element.set(key, _allowed(value))


def _is_named(entry: etree._Element) -> bool:
    return (
        entry.find("guid") is not None
        or entry.find("{*}id") is not None
        or f"{{{NAMESPACES['rdf']}}}about" in entry.attrib
    )


def _allowed(text: str) -> str:
    return _NO_XML.sub("", text)
