"""
Asks about comments and videos again, because YouTube tells of no removal and of no edit.

Takes `Ask`s, gives `Verdict`s to the core. Mixed into every kind of source.

A list by ids leaves out what is gone without a word, and so would an answer that went wrong. So where nothing at all of
several was found, one is asked for by itself before the silence is believed; and where YouTube refuses the whole list
because of one (404, as its pages have it), each is asked for alone.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Final

from adapters.youtube.api import Api
from adapters.youtube.normalise import Place, comment_from, parts_of, video_from
from adapters.youtube.wire import WireComment, WireVideo
from listener.adapter import Ask, Verdict
from listener.events import Post

AT_ONCE: Final = 50
"""Ids that one request takes."""


class Rechecks:
    """
    A `Rechecker` over comments or videos.
    """

    _api: Api
    _place: Place

    @property
    @abstractmethod
    def asks_for_comments(self) -> bool:
        """
        False where videos are asked for.
        """

    async def recheck(self, asks: Sequence[Ask]) -> Mapping[Ask, Verdict]:
        """
        A verdict for each ask that YouTube could answer.

        Raises:
            SourceError: whatever the reader raises, and what an error of the API means.
        """
        verdicts: dict[Ask, Verdict] = {}
        for start in range(0, len(asks), AT_ONCE):
            verdicts |= await self._several(asks[start : start + AT_ONCE])
        return verdicts

    async def _several(self, asks: Sequence[Ask]) -> dict[Ask, Verdict]:
        found, absent = await self._found([parts_of(ask)[0] for ask in asks])
        if len(asks) > 1 and (absent is not None or not found):
            first, *others = asks
            verdicts = await self._several([first])
            if absent is None and verdicts.get(first) == Verdict("gone"):
                return {ask: Verdict("gone") for ask in asks}
            for ask in others:
                verdicts |= await self._several([ask])
            return verdicts
        return {
            ask: verdict for ask in asks if (verdict := self._verdict(ask, found, absent=absent)) is not None
        }

    async def _found(
        self, ids: Sequence[str]
    ) -> tuple[dict[str, WireComment | WireVideo | None], str | None]:
        """
        What is there, by id; None under an unreadable name. And in a word why there is no list at all.
        """
        if self.asks_for_comments:
            comments = await self._api.comments(ids)
            return _by_id(comments.items), comments.absent
        videos = await self._api.videos(ids)
        return _by_id(videos.items), videos.absent

    def _verdict(
        self, ask: Ask, found: Mapping[str, WireComment | WireVideo | None], *, absent: str | None
    ) -> Verdict | None:
        """
        None where the answer says nothing about it: something came that could not be read, and it may be that.
        """
        name, video = parts_of(ask)
        one = found.get(name)
        if absent is not None:
            return Verdict("withheld" if absent == "comments_off" else "gone")
        if one is None:
            return None if _UNREADABLE in found else Verdict("gone")
        item = (
            comment_from(one, video=video, place=self._place)
            if isinstance(one, WireComment)
            else video_from(one, self._place)
        )
        if isinstance(item, Post):
            return Verdict("changed", item)
        return Verdict("withheld") if item.reason == "no_content" else None


_UNREADABLE: Final = ""


def _by_id(
    items: Sequence[WireComment | None] | Sequence[WireVideo | None],
) -> dict[str, WireComment | WireVideo | None]:
    return {_UNREADABLE if item is None else item.id: item for item in items}
