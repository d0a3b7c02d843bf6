"""
Which post an entry is: takes the entries of one document, gives each the name by which it is known again.

Used by `normalise`. Pure. The order is id (Atom `id`, RSS `guid`, JSON `id`), link, content; each inside the feed's
first configured address, so that a feed that moves brings nothing back as news, and each in one spelling
(`same_address`), so that neither https nor a slash at the end makes a post new.

What is no identity, because it does not tell posts apart:
- an id or a link that is the address of the site or of the feed;
- an id that entries with other links and other words share in this document, for none of them; entries that share
  it and say exactly the same are one post;
- a link that entries of different identity share.
A post's link is its second name wherever it names one post only. So the names it has while its id is doubted meet
those it has while it is not, whichever comes first, and an engine can tell that they are one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.feed.config import FeedConfig
from adapters.feed.identities import Ids
from adapters.feed.wire import Text, WireEntry, WireFeed
from listener.text import as_read, same_address

_Said = tuple[str, ...]


class _Plain(dict[str, str]):
    """
    Addresses and ids in one spelling, each worked out once per document.
    """

    def __missing__(self, stated: str) -> str:
        plain = self[stated] = same_address(stated.strip())
        return plain


@dataclass(frozen=True, slots=True, repr=False)
class Identities:
    """
    The names of one document's entries.

    Args:
        scope: First configured address of the feed.
        ids: See `identities.Ids`.
        doubted: Ids that are no identity.
        shared: Links that are no identity and no name.
        same: Link under which entries that share a doubted id and say the same are one, by id and words.
        at: Id of the one entry at a link; None where it has none that counts.
    """

    scope: str
    ids: Ids
    doubted: frozenset[str]
    shared: frozenset[str]
    same: Mapping[tuple[str, _Said], str]
    at: Mapping[str, str | None]
    _plain: _Plain

    def named(self, identity: str) -> str:
        """
        An identity inside this feed.
        """
        return f"{self.scope}\n{self._plain[identity]}"

    def native(self, entry: WireEntry, *, title: str | None, text: str) -> str:
        """
        What the entry is known by.

        Args:
            title: Plain; the identity of an entry that has no other.
            text: Likewise.
        """
        stated = self._stated(entry)
        if stated is not None:
            return f"{self.scope}\n{stated}"
        link = self._link(entry)
        if link is not None:
            return f"{self.scope}\n{link}"
        said = f"{as_read(title or '')}\0{as_read(text)}".encode(errors="surrogatepass")
        return f"{self.scope}\nsha256:{hashlib.sha256(said).hexdigest()}"

    def aliases(self, entry: WireEntry, native: str) -> tuple[str, ...]:
        """
        Its public address, and the same inside its feed; not where the address is shared with others.
        """
        link = None if entry.link is None or self.ids == "content" else self._plain[entry.link]
        if link is None or link in self.shared:
            return ()
        scoped = f"{self.scope}\n{link}"
        if scoped == native:
            return (link,)
        return (link, scoped) if link != native else (scoped,)

    def native_at(self, address: str) -> str:
        """
        What is known of the entry at this address: its identity where it stands in this document, else the address
        as a name inside this feed.
        """
        link = self._plain[address]
        return f"{self.scope}\n{self.at.get(link) or link}"

    def _stated(self, entry: WireEntry) -> str | None:
        if not entry.id or self.ids != "stated":
            return None
        stated = self._plain[entry.id]
        return stated or None if stated not in self.doubted else None

    def _link(self, entry: WireEntry) -> str | None:
        if entry.link is None or self.ids == "content":
            return None
        link = self._plain[entry.link]
        if self.same and entry.id:
            link = self.same.get((self._plain[entry.id], _said(entry)), link)
        return None if link in self.shared else link


def native_of(config: FeedConfig, identity: str) -> str:
    """
    The native identity of an entry of this source, from what it is called inside its feed.
    """
    return f"{same_address(config.scope)}\n{identity}"


def identities_of(feed: WireFeed, config: FeedConfig, ids: Ids) -> Identities:
    """
    What may be believed of the ids and links of one document.
    """
    plain = _Plain()
    entries = [entry for entry in feed.entries if isinstance(entry, WireEntry)]
    site = {plain[address] for address in (config.address, config.scope, feed.home) if address}
    by_id: dict[str, list[WireEntry]] = {}
    by_link: dict[str, list[WireEntry]] = {}
    for entry in entries:
        if entry.id and ids == "stated":
            by_id.setdefault(plain[entry.id], []).append(entry)
        if entry.link:
            by_link.setdefault(plain[entry.link], []).append(entry)
    doubted = frozenset(
        identity
        for identity, there in by_id.items()
        if identity in site or not (len(there) == 1 or _is_one(there, plain, site))
    )
    at = {link: plain[there[0].id or ""] if ids == "stated" else "" for link, there in by_link.items()}
    shared = {
        link for link, there in by_link.items() if len(there) > 1 and not _is_at_one_place(there, plain, ids)
    }
    return Identities(
        scope=plain[config.scope],
        ids=ids,
        doubted=doubted,
        shared=frozenset(site | shared),
        same=_said_twice(by_id, plain, doubted),
        at={
            link: None if identity in doubted or link in shared else identity or None
            for link, identity in at.items()
        },
        _plain=plain,
    )


def _is_one(entries: list[WireEntry], plain: _Plain, site: set[str]) -> bool:
    """
    Whether several entries with one id are one post: in the same words, or versions of it at one permalink.
    """
    if len({_said(entry) for entry in entries}) == 1:
        return True
    links = {plain[entry.link] if entry.link else None for entry in entries}
    return len(links) == 1 and not links & (site | {None}) and _are_versions(entries)


def _is_at_one_place(entries: list[WireEntry], plain: _Plain, ids: Ids) -> bool:
    """
    Whether several entries with one link are one post: of one id, or in the same words.
    """
    stated = {plain[entry.id] if entry.id and ids == "stated" else None for entry in entries}
    if len(stated) > 1:
        return False
    return len({_said(entry) for entry in entries}) == 1 or (None not in stated and _are_versions(entries))


def _are_versions(entries: list[WireEntry]) -> bool:
    """
    Whether the same thing is told again: under one title, or of one date. Sites that give every entry one id and one
    link exist, too.
    """
    dates = {entry.published for entry in entries}
    titles = {None if entry.title is None else _words(entry.title) for entry in entries}
    return len(titles) == 1 or (len(dates) == 1 and None not in dates)


def _said_twice(
    by_id: Mapping[str, list[WireEntry]], plain: _Plain, doubted: frozenset[str]
) -> Mapping[tuple[str, _Said], str]:
    """
    The first link, in order of letters, of entries that share a doubted id and their words.
    """
    links: dict[tuple[str, _Said], set[str]] = {}
    for identity in doubted:
        for entry in by_id[identity]:
            if entry.link:
                links.setdefault((identity, _said(entry)), set()).add(plain[entry.link])
    return {words: min(found) for words, found in links.items() if len(found) > 1}


def _said(entry: WireEntry) -> _Said:
    return tuple("" if part is None else _words(part) for part in (entry.title, entry.content, entry.summary))


def _words(text: Text) -> str:
    return " ".join(text.value.split())
