"""
A text and its facets: the parts that are mentions, tags and links. Used by `normalise`. Pure.

A facet says in bytes of the UTF-8 text where it stands, as the author's program counted them: the range may lie outside,
run backwards, cut a letter in two, or cover another. So a range is taken as a hint and never raises.

- A mention names its account by DID, and what stands in the text may be anything (`@Jane Doe`). Where it is no handle, so
  that masking by grammar would pass over it, a placeholder takes its place that the gate masks and counts as a handle.
- A link shows a shortened address, or words. The whole address goes into the text, as `listener.text.html_to_text` does
  with the links of web pages.
- Tags are given beside the text.

Source: bluesky-social/atproto, `lexicons/app/bsky/richtext/facet.json`, read 2026-11-24.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from msgspec import Raw

from adapters.bluesky import wire
from listener.text import handles

SOMEBODY: Final = "@somebody.invalid"
"""What stands where a mention shows no handle. `.invalid` is nobody's (RFC 2606), so it is no handle of ours either."""

FACETS_MAX: Final = 200
"""Chosen: a text of 300 graphemes has no more parts than that."""

_ADDRESS: Final = re.compile(r'https?://[^\s<>"]{1,2048}', re.IGNORECASE)
_SCHEME: Final = re.compile(r"^(?:https?://)?(?:www\.)?", re.IGNORECASE)
_WORD: Final = re.compile(r"\w")

_MENTION: Final = "app.bsky.richtext.facet#mention"
_LINK: Final = "app.bsky.richtext.facet#link"
_TAG: Final = "app.bsky.richtext.facet#tag"


class Told(NamedTuple):
    """
    Args:
        text: With placeholders and whole addresses.
        tags: As stated, without the sign.
        mentioned: Accounts that are mentioned, as DIDs; in memory only.
    """

    text: str
    tags: tuple[str, ...]
    mentioned: frozenset[str]

    def __repr__(self) -> str:
        return "Told(…)"


class _Cut(NamedTuple):
    start: int
    end: int
    instead: bytes


def told(text: str, facets: Raw, *, own: frozenset[str]) -> Told:
    """
    What text and facets say together.

    Args:
        text: As it stands in the record, which is what the ranges are about.
        facets: As they stand in the record.
        own: DIDs of the organisation; their mentions stay as they are.
    """
    if not bytes(facets):
        return Told(text, (), frozenset())
    said = text.encode(errors="surrogatepass")
    tags: list[str] = []
    mentioned: set[str] = set()
    people: list[_Cut] = []
    links: list[_Cut] = []
    for count, facet in enumerate(wire.each(wire.Facet, facets)):
        span = _span(facet, said) if count < FACETS_MAX else None
        for feature in wire.each(wire.Feature, facet.features):
            if feature.kind == _TAG and feature.tag:
                tags.append(feature.tag.lstrip("#＃"))
            elif feature.kind == _MENTION:
                mentioned.add(feature.did)
                if span is not None and feature.did not in own:
                    people.extend(_masked(said, *span))
            elif feature.kind == _LINK and span is not None:
                links.extend(_spelt_out(said, *span, feature.uri))
    cut = _carried_out(said, [*people, *links])
    return Told(cut.decode(errors="surrogatepass"), tuple(dict.fromkeys(tags)), frozenset(mentioned))


def _span(facet: wire.Facet, said: bytes) -> tuple[int, int] | None:
    """
    The range in whole letters; None where it is none.
    """
    index = wire.maybe(wire.Slice, facet.index)
    if index is None or not 0 <= index.byte_start < index.byte_end <= len(said):
        return None
    start, end = index.byte_start, index.byte_end
    while _is_inside_letter(said, start):
        start -= 1
    while _is_inside_letter(said, end):
        end += 1
    return start, end


def _is_inside_letter(said: bytes, at: int) -> bool:
    return 0 < at < len(said) and said[at] & 0xC0 == 0x80


def _masked(said: bytes, start: int, end: int) -> Iterator[_Cut]:
    """
    The placeholder, parted from what stands beside it; nothing where a handle stands, which the gate masks by itself,
    unless it is one of ours.
    """
    shown = said[start:end].decode(errors="surrogatepass")
    found = handles(shown)
    if len(found) == 1 and (found[0].start, found[0].end) == (0, len(shown)):
        return
    before = " " if _WORD.match(_letter_before(said, start)) else ""
    behind = " " if _WORD.match(said[end : end + 4].decode(errors="ignore")) else ""
    yield _Cut(start, end, f"{before}{SOMEBODY}{behind}".encode())


def _letter_before(said: bytes, start: int) -> str:
    return said[max(0, start - 4) : start].decode(errors="ignore")[-1:]


def _spelt_out(said: bytes, start: int, end: int, address: str) -> Iterator[_Cut]:
    """
    The address in place of its shortened form, or behind the words that lead there.
    """
    if _ADDRESS.fullmatch(address) is None:
        return
    shown = said[start:end].decode(errors="surrogatepass").strip()
    bare = _SCHEME.sub("", address).rstrip("/")
    if bare in shown:
        return
    begun = _SCHEME.sub("", shown).rstrip("…").removesuffix("...")
    is_short = bool(begun) and begun != shown and bare.lower().startswith(begun.lower())
    yield _Cut(start, end, address.encode() if is_short else said[start:end] + f" <{address}>".encode())


def _carried_out(said: bytes, cuts: list[_Cut]) -> bytes:
    """
    Each range replaced once; of ranges that overlap, people come first and are widened to cover each other, links give
    way.
    """
    taken: list[_Cut] = []
    for cut in cuts:
        if all(cut.end <= other.start or other.end <= cut.start for other in taken):
            taken.append(cut)
        elif cut.instead.strip() == SOMEBODY.encode():
            beside = [other for other in taken if cut.start < other.end and other.start < cut.end]
            taken = [other for other in taken if other not in beside]
            start, end = min(cut.start, *(o.start for o in beside)), max(cut.end, *(o.end for o in beside))
            taken.append(_Cut(start, end, cut.instead))
    for cut in sorted(taken, reverse=True):
        said = said[: cut.start] + cut.instead + said[cut.end :]
    return said
