"""
Asks about stored posts again, because X announces no deletion to those who read this way, and wants copies gone.

Takes `Ask`s (the newest id that was read of a post), gives `Verdict`s to the core. Mixed into `client`. A hundred posts
for one request; each that is still there costs, once a day (UTC).

X says of each post that it does not show why not, among the errors of a good answer; one of which nothing is said is not
gone. A post that was edited since is asked for once more by its newest id: an old id goes on showing old words.

Source: docs.x.com, posts/lookup, fundamentals/edit-posts, read 2026-11 (platform facts, 1.1, 1.5, 1.8).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Final

from adapters.x.api import Api
from adapters.x.ids import is_id
from adapters.x.normalise import GONE, NOT_FOR_US, Place, history_of, item_from, named_by
from adapters.x.problems import kind_of
from adapters.x.wire import WirePost, WirePosts
from listener.adapter import Ask, Verdict
from listener.events import Post, Rejected

BATCH: Final = 100
"""Ids of one request. Source: openapi.json 2.167, `ids`."""


class Rechecks:
    """
    A `Rechecker` over the posts of a source.
    """

    @property
    @abstractmethod
    def api(self) -> Api:
        """
        X.
        """

    @property
    @abstractmethod
    def place(self) -> Place:
        """
        Where posts of this source are read.
        """

    @property
    @abstractmethod
    def asks_again(self) -> bool:
        """
        Whether posts are asked about at all.
        """

    @property
    @abstractmethod
    def post_usd(self) -> float:
        """
        Price of a post that is still there.
        """

    async def recheck(self, asks: Sequence[Ask]) -> Mapping[Ask, Verdict]:
        """
        A verdict for each ask that X could answer; none where asking again is switched off.

        Raises:
            SourceError: what `problems` makes of the reply, and whatever else the reader raises.
        """
        ids = [ask for ask in asks if is_id(ask)]
        if not self.asks_again or not ids:
            return {}
        page = await self._shown(ids)
        shown = {str(post.id): post for post in page.data or () if post is not None}
        newest = {ask: history_of(shown[ask])[-1] for ask in ids if ask in shown}
        edited = [name for ask, name in newest.items() if name != ask]
        if edited:
            again = await self._shown(edited)
            shown |= {str(post.id): post for post in again.data or () if post is not None}
        verdicts = {ask: _verdict(shown.get(name), self.place) for ask, name in newest.items()}
        verdicts |= {ask: verdict for ask, verdict in _refusals(page) if ask in ids}
        return {ask: verdict for ask, verdict in verdicts.items() if verdict is not None}

    async def _shown(self, ids: Sequence[str]) -> WirePosts:
        """
        All of them, whatever it takes; paid is for what is still there.
        """
        parts = []
        for at in range(0, len(ids), BATCH):
            page = await self.api.lookup(ids[at : at + BATCH])
            self.api.paid(len(page.data or ()), each_usd=self.post_usd)
            parts.append(page)
        return WirePosts(
            data=tuple(post for part in parts for post in part.data or ()),
            errors=tuple(problem for part in parts for problem in part.errors or ()),
        )


def _refusals(page: WirePosts) -> Sequence[tuple[Ask, Verdict]]:
    found = []
    for problem in page.errors or ():
        name, kind = named_by(problem), kind_of(problem)
        if name is not None and kind == GONE:
            found.append((Ask(name), Verdict("gone")))
        elif name is not None and kind in NOT_FOR_US:
            found.append((Ask(name), Verdict("withheld")))
    return found


def _verdict(post: WirePost | None, place: Place) -> Verdict | None:
    """
    The post as it is now; the gate and the queue say what changed. One that X withholds is not public, and one whose words
    were taken out has nothing for us any more; of one that cannot be read, nothing is known.
    """
    if post is None:
        return None
    item = item_from(post, place)
    if isinstance(item, Post):
        return Verdict("changed", item) if item.consent.public else Verdict("withheld")
    if isinstance(item, Rejected) and item.reason == "no_content":
        return Verdict("withheld")
    return None
