"""
Real documents of other projects' fixtures, entry by entry beside feedparser; read from where LISTENER_CORPUS points,
never copied here.

    LISTENER_CORPUS=folder python -m pytest -q -s tests/corpus

A disagreement has one of the reasons below, each of which says who is right and why, or the test fails.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import unescape
from pathlib import Path
from typing import Final

import pytest
from lxml import etree

from adapters.feed.config import FeedConfig
from adapters.feed.documents import REASONS as REFUSALS
from adapters.feed.documents import read_document
from adapters.feed.encoding import to_utf8
from adapters.feed.normalise import items_from
from adapters.feed.wire import WireEntry, WireFeed
from listener.errors import DocumentRefused
from listener.events import Post, Rejected
from listener.text import html_to_text
from tests.corpus.recorded import ADDRESS, NEEDS_CORPUS, Seen, by_feedparser, documents, plain_words

CONFIG: Final = FeedConfig(address=ADDRESS, kind="articles")

FEWEST_READ: Final = 489
"""Of the 577 documents, as measured on 2026-11-24; the rest are fixtures that are no feed."""

pytestmark = [NEEDS_CORPUS, pytest.mark.timeout(600)]


@dataclass(frozen=True, slots=True)
class Case:
    """
    One entry as both see it, and the document it stands in.
    """

    path: Path
    index: int
    entry: WireEntry
    ours: Seen
    theirs: Seen

    @property
    def body(self) -> bytes:
        return self.path.read_bytes()

    def said_by(self, *names: str) -> frozenset[str]:
        """
        What the entry's own elements of these local names say, as plain words.
        """
        items = _items(self.path)
        found = items[self.index].iter() if self.index < len(items) else iter(())
        return frozenset(
            plain_words(html_to_text(element.text or ""))
            for element in found
            if isinstance(element.tag, str) and etree.QName(element).localname in names
        )


# --------------------------------------------------------------------------------- who is right about a field, and why


def _encoded_twice(case: Case, mine: str, other: str) -> bool:
    return _was_encoded_twice(case.path) and _ascii(mine) == _ascii(other)


def _sanitised(case: Case, mine: str, other: str) -> bool:
    raw = _unsanitised(case.path)
    seen = raw[case.index] if raw is not None and case.index < len(raw) else None
    return seen is not None and mine in (seen.title, seen.text)


def _links_inside(case: Case, mine: str, other: str) -> bool:
    extra = Counter(_links(other)) - Counter(_links(mine))
    return (
        _without_links(mine) == _without_links(other)
        and bool(extra)
        and all("#" in link or link == ADDRESS for link in extra)
    )


def _later_element(case: Case, mine: str, other: str) -> bool:
    return mine in case.said_by("description", "encoded") and other in case.said_by(
        "summary", "description", "content"
    )


def _garbled(case: Case, mine: str, other: str) -> bool:
    """
    The document holds the very letters we read.
    """
    letters = re.findall(r"[^\x00-\x7f]{2,}|\w*[^\x00-\x7f]\w*", mine)
    return _ascii(mine) == _ascii(other) and all(word.encode() in case.body for word in letters)


def _empty_attribute(case: Case, mine: str, other: str) -> bool:
    return plain_words(other.replace("[alt]", "")) == mine


def _tags_shown(case: Case, mine: str, other: str) -> bool:
    return "<" in other and plain_words(html_to_text(other)) == mine


def _unescaped_again(case: Case, mine: str, other: str) -> bool:
    return "&lt;" in mine and plain_words(unescape(mine)) == other


def _no_semicolon(case: Case, mine: str, other: str) -> bool:
    return bool(re.search(r"&[a-z]+(?![a-z;])", other)) and mine == plain_words(html_to_text(other))


def _cut_off(case: Case, mine: str, other: str) -> bool:
    whole = b"</" in case.body[-200:] and re.search(
        rb"</(?:rss|feed|rdf:RDF)>", case.body[-200:], re.IGNORECASE
    )
    return not whole and case.index == len(by_feedparser(case.body) or ()) - 1


def _id_for_link(case: Case, mine: str, other: str) -> bool:
    return other in (case.theirs.identity, case.entry.id)


def _empty_address(case: Case, mine: str, other: str) -> bool:
    return re.search(rb"xml:base\s*=\s*[\"']" + re.escape(other.encode()), case.body) is not None


def _atom_link(case: Case, mine: str, other: str) -> bool:
    return mine in case.said_by("link")


def _slashes(case: Case, mine: str, other: str) -> bool:
    return bool(mine) and re.match(r"\d{4}/\d{1,2}/\d{1,2}", case.theirs.stated) is not None


def _wild_offset(case: Case, mine: str, other: str) -> bool:
    return not mine and re.search(r"[+-](?:2[4-9]|[3-9]\d)\d\d$", case.theirs.stated) is not None


def _foreign_month(case: Case, mine: str, other: str) -> bool:
    return bool(mine) and not other and bool(case.theirs.stated)


Predicate = Callable[[Case, str, str], bool]

REASONS: Final[dict[str, Sequence[tuple[str, Predicate]]]] = {
    "title": (
        (
            "ours: UTF-8 encoded twice is undone for the whole document, theirs only where Latin-1 can",
            _encoded_twice,
        ),
        ("ours: the letters stand in the document as we read them; theirs are garbled", _garbled),
        ("ours: tags in a text that is HTML are not shown", _tags_shown),
    ),
    "link": (
        ("ours: an id that is no address of the web is no link", _id_for_link),
        ("ours: a link whose address is empty leads to no page; theirs is the base", _empty_address),
        ("ours: RSS's own link counts before Atom's inside RSS", _atom_link),
    ),
    "published": (
        ("ours: year/month/day is read in that order", _slashes),
        ("ours: no clock is a day and more from Greenwich, so the date says nothing", _wild_offset),
        ("ours: the month's name is read in its own language", _foreign_month),
    ),
    "text": (
        (
            "ours: UTF-8 encoded twice is undone for the whole document, theirs only where Latin-1 can",
            _encoded_twice,
        ),
        ("ours: a link that only leads elsewhere in the text, or nowhere, has no address", _links_inside),
        ("both: theirs went through its own HTML sanitiser; without it, it says the same", _sanitised),
        ("ours: RSS's own element counts; theirs is another module's that came later", _later_element),
        ("ours: tags in a text that is HTML are not shown", _tags_shown),
        ("ours: the letters stand in the document as we read them; theirs are garbled", _garbled),
        ("ours: an attribute without a value is empty; theirs repeats its name", _empty_attribute),
        ("ours: a reference without its semicolon is one in HTML", _no_semicolon),
        (
            "ours: what was escaped twice inside real tags is text; theirs is unescaped once more",
            _unescaped_again,
        ),
        (
            "neither: the document ends inside this entry; how much of it to show is a matter of taste",
            _cut_off,
        ),
    ),
}
"""Of each field, in the order they are tried."""


def _why(field: str, case: Case, mine: str, other: str) -> str | None:
    return next((reason for reason, holds in REASONS[field] if holds(case, mine, other)), None)


# ---------------------------------------------------------------------------------------- why they count differently

COUNTS: Final[tuple[tuple[str, Callable[[Path, bytes, WireFeed | str, int], bool]], ...]] = (
    ("ours: feedparser reads no JSON Feed", lambda _p, _b, feed, _n: isinstance(feed, WireFeed) and feed.dialect == "json"),
    ("ours: UTF-16 without a mark is known by its zeros", lambda _p, body, _f, n: n == 0 and b"\0" in body[:2]),
    (
        "ours: a version inside an entry that it is in conflict with is no entry (sx:conflicts)",
        lambda path, _b, feed, n: isinstance(feed, WireFeed) and len(feed.entries) + _nested(path) == n and _nested(path) > 0,
    ),
    (
        "ours: XML with elements called item is no feed",
        lambda path, body, feed, _n: feed == "not_a_feed" and not re.search(rb"<(?:\w+:)?(?:rss|feed|rdf|channel)[\s>]", body, re.IGNORECASE),
    ),
    ("ours: the entries of broken markup are found", lambda path, _b, feed, n: not _is_well_formed(path) and isinstance(feed, WireFeed) and len(feed.entries) > n),
)  # fmt: skip


def _nested(path: Path) -> int:
    return sum(1 for item in _items(path) if any(parent.tag == item.tag for parent in item.iterancestors()))


# ---------------------------------------------------------------------------------------------------------- the tests


def test_every_entry_is_read_as_feedparser_reads_it_or_better() -> None:
    """At least as many entries on every document, each with the same title, link, instant and text, or a reason."""
    documents_by_outcome: Counter[str] = Counter()
    entries: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    unexplained: list[str] = []
    for path in documents():
        feed, theirs = ours(path.read_bytes()), by_feedparser(path.read_bytes())
        documents_by_outcome[f"refused: {feed}" if isinstance(feed, str) else "read"] += 1
        mine = [] if isinstance(feed, str) else [one for one in feed.entries if isinstance(one, WireEntry)]
        entries["read by us"] += len(mine)
        if theirs is None:
            reasons["ours: feedparser raises"] += 1
            continue
        entries["read by feedparser"] += len(theirs)
        if len(mine) != len(theirs):
            why = _why_counted(path, feed, len(theirs))
            if why is None:
                unexplained.append(f"{_name(path)}: ours {len(mine)}, feedparser {len(theirs)}")
            reasons[f"entries    {why}"] += 1
            continue
        assert isinstance(feed, WireFeed) or not theirs
        for index, (entry, other) in enumerate(zip(mine, theirs, strict=True)):
            entries["compared"] += 1
            assert isinstance(feed, WireFeed)
            for field, why in _disagreements(path, index, feed, entry, other):
                reasons[f"{field:10} {why}"] += 1
                if why is None:
                    unexplained.append(f"{_name(path)} #{index}: {field}")
    _print_table("disagreements: field, who is right, why", reasons)
    _print_table("entries", entries)
    _print_table("documents", documents_by_outcome)

    assert unexplained == []
    assert documents_by_outcome["read"] >= FEWEST_READ
    assert {outcome for outcome in documents_by_outcome if outcome != "read"} <= {
        f"refused: {reason}" for reason in REFUSALS
    }


@pytest.mark.parametrize("share", [1, 2, 3])
def test_every_document_cut_off(share: int) -> None:
    """Cut at a quarter, half and three quarters, each document is still a feed or refused."""
    found = [ours(body[: len(body) * share // 4]) for body in (path.read_bytes() for path in documents())]
    feeds = [feed for feed in found if not isinstance(feed, str)]

    assert {reason for reason in found if isinstance(reason, str)} <= REFUSALS
    assert all(item.native for feed in feeds for item in items_from(feed, CONFIG) if isinstance(item, Post))


def ours(body: bytes) -> WireFeed | str:
    """
    The feed, or the reason why it was refused.
    """
    try:
        return read_document(body, address=ADDRESS)
    except DocumentRefused as refused:
        return refused.reason


def _disagreements(
    path: Path, index: int, feed: WireFeed, entry: WireEntry, other: Seen
) -> Iterator[tuple[str, str | None]]:
    """
    Each field on which they differ, and why; None where nothing explains it.
    """
    (item,) = items_from(replace(feed, entries=(entry,)), CONFIG)
    if isinstance(item, Rejected):
        if item.reason == "too_large":
            yield "text", "ours: longer than any honest entry; refused, and counted"
        elif other.title or other.text:
            yield "text", None
        return
    assert isinstance(item, Post)
    mine = Seen(
        identity=entry.id,
        title=plain_words(item.title),
        link=item.link,
        published=item.published_at.replace(microsecond=0) if item.published_at else None,
        stated="",
        text=plain_words(item.text),
    )
    case = Case(path, index, entry, mine, other)
    for field in ("title", "link", "published", "text"):
        left, right = getattr(mine, field), getattr(other, field)
        if left != right:
            yield field, _why(field, case, str(left or ""), str(right or ""))


def _why_counted(path: Path, feed: WireFeed | str, count: int) -> str | None:
    body = path.read_bytes()
    return next((reason for reason, holds in COUNTS if holds(path, body, feed, count)), None)


# --------------------------------------------------------------------------------------------------- looking closer


@cache
def _unsanitised(path: Path) -> list[Seen] | None:
    return by_feedparser(path.read_bytes(), sanitise=False)


@cache
def _items(path: Path) -> list[etree._Element]:
    """
    Every item or entry of a document, in its order, nested ones too.
    """
    root = etree.fromstring(path.read_bytes(), etree.XMLParser(recover=True, resolve_entities=False))
    return list(root.iter("{*}item", "{*}entry"))


@cache
def _was_encoded_twice(path: Path) -> bool:
    body = path.read_bytes()
    try:
        return to_utf8(body) != body.decode("utf-8-sig").encode()
    except UnicodeDecodeError:
        return False


def _is_well_formed(path: Path) -> bool:
    try:
        etree.fromstring(path.read_bytes(), etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError:
        return False
    return True


def _ascii(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", re.sub(r"<https?://[^<>\s]*>|</?[a-z]+>", "", text))


def _links(text: str) -> list[str]:
    return re.findall(r"<(https?://[^<>\s]*)>", text)


def _without_links(text: str) -> str:
    return plain_words(re.sub(r"\s*<https?://[^<>\s]*>", "", text))


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _print_table(title: str, counts: Counter[str]) -> None:
    print(f"\n{title}")
    for outcome, count in counts.most_common():
        print(f"  {count:6}  {outcome}")
    if title == "documents":
        print(f"  {counts.total():6}  in all")
