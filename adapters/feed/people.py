"""
Every string of a document that names a person. They go into `authors` and nowhere else: the gate needs them in memory,
for the objection test and to mask them in what is said.

Used by `rss`, `rdf` and `atom`. Source: RSS 2.0 (`author`, `managingEditor`, `webMaster`), Dublin Core (`creator`,
`contributor`), RFC 4287 section 3.2 (person constructs), Apple's podcast namespace, Media RSS (`media:credit`).
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from adapters.feed.elements import Names, distinct, text_of

_WRITERS: Final = frozenset(
    {
        "author",
        "contributor",
        "atom:author",
        "atom:contributor",
        "dc:creator",
        "dc:contributor",
        "dcterms:creator",
        "itunes:author",
        "itunes:owner",
        "managingeditor",
        "webmaster",
    }
)
_PARTS: Final = frozenset({"name", "email", "uri", "url"})
_HOLDERS: Final = frozenset({"media:group", "media:content"})
_CREDIT: Final = "media:credit"
_OF_PEOPLE: Final = _WRITERS | _HOLDERS | {_CREDIT}


def people_in(element: etree._Element, names: Names) -> tuple[list[str], list[str]]:
    """
    Who an entry or feed is by, and whom else it names as having a part in it.
    """
    return people_among(names.children(element), names)


def people_among(children: list[tuple[str, etree._Element]], names: Names) -> tuple[list[str], list[str]]:
    """
    The same, of the element these are the children of.
    """
    writers: list[str] = []
    credited: list[str] = []
    holders: list[etree._Element] = []
    while True:
        for name, child in children:
            if name not in _OF_PEOPLE:
                continue
            if name in _WRITERS:
                writers.extend(_names_in(child, names))
            elif name == _CREDIT:
                credited.extend(_names_in(child, names))
            else:
                holders.append(child)
        if not holders:
            return writers, credited
        children = names.children(holders.pop())


def authors_of(writers: list[str], credited: list[str], feed: tuple[str, ...]) -> tuple[str, ...]:
    """
    Everybody an entry names. Who is credited is added to the authors of the whole feed, where the entry has no others.
    """
    if not writers and not credited:
        return ()
    return distinct((*(writers or feed), *credited))


def _names_in(person: etree._Element, names: Names) -> list[str]:
    """
    The parts of a person construct; without any, the text as it stands.
    """
    parts = [
        text
        for name, child in (names.children(person) if len(person) else ())
        if name.rpartition(":")[2] in _PARTS and (text := text_of(child))
    ]
    whole = None if parts else text_of(person)
    return parts or ([whole] if whole else [])
