"""
Asks about comments and videos again, because YouTube tells of no removal and of no edit.

Takes `Ask`s, gives `Verdict`s to the core. Mixed into every kind of source.

A list by ids leaves out what is gone without a word, and so would an answer that went wrong: an empty list is the thinnest of
evidence, and what it would take away is lost. So every list has one more id in it, of something that an earlier one showed: the
witness. Where a list shows nothing at all, a reading tells what is there now, and the list is asked for once more with one of that;
if that shows nothing either, nothing is known. Where there is no such channel any more, silence is believed. Only where no reading shows anything (all of it may be gone) silence is
believed, when it has lasted for hours.

Where YouTube refuses the whole list because of one (404, as its pages have it, or a 403), halves are asked for until that one is
alone. It keeps no verdict from the others.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from adapters.youtube.api import Api
from adapters.youtube.judging import ChannelNotFound, is_about_one
from adapters.youtube.normalise import Place, comment_from, parts_of, video_from
from adapters.youtube.quota import RECHECK_BATCH
from adapters.youtube.wire import WireComment, WireVideo
from listener.adapter import Ask, Verdict
from listener.clock import Clock
from listener.errors import SourceError
from listener.events import Post

WITNESSES: Final = RECHECK_BATCH + 1
"""So many that were shown last are remembered: whatever a list asks about, one of them is left."""

SILENT_FOR: Final = timedelta(hours=6)
"""
Chosen: so long no list shows anything at all before what it leaves out counts as gone. The core asks again after 1, 2 and 4
hours, so it takes four looks; the terms allow 7 days.
"""

_UNREADABLE: Final = ""

Found = dict[str, WireComment | WireVideo | None]


class Rechecks:
    """
    A `Rechecker` over comments or videos.
    """

    _api: Api
    _place: Place
    _clock: Clock

    def __init__(self) -> None:
        self._shown: dict[str, None] = {}
        self._silent_since: dict[Ask, datetime] = {}

    @property
    @abstractmethod
    def asks_for_comments(self) -> bool:
        """
        False where videos are asked for.
        """

    @abstractmethod
    async def there_now(self) -> Iterable[str]:
        """
        What a reading shows now, by id; nothing where no reading is cheap enough.

        Raises:
            As `recheck`.
        """

    async def recheck(self, asks: Sequence[Ask]) -> Mapping[Ask, Verdict]:
        """
        A verdict for each ask that YouTube could answer.

        Raises:
            SourceError: whatever the reader raises, and what an error of the API means.
        """
        verdicts: dict[Ask, Verdict] = {}
        for start in range(0, len(asks), RECHECK_BATCH):
            verdicts |= await self._several(asks[start : start + RECHECK_BATCH])
        for ask in verdicts:
            self._silent_since.pop(ask, None)
        return verdicts

    def _show(self, ids: Iterable[str]) -> None:
        """
        These are there: each can be a witness. In memory only, and few.
        """
        for name in ids:
            self._shown.pop(name, None)
            self._shown[name] = None
            self._silent_since.clear()
        for name in list(self._shown)[:-WITNESSES]:
            del self._shown[name]

    async def _several(self, asks: Sequence[Ask]) -> dict[Ask, Verdict]:
        names = [parts_of(ask)[0] for ask in asks]
        found, why = await self._with_a_witness(names)
        if found == {} and why is None:
            return await self._silent(asks, names)
        return await self._apart(asks) if why is not None else self._verdicts(asks, found, why)

    async def _with_a_witness(self, names: Sequence[str]) -> tuple[Found, str | None]:
        witness = [name for name in self._shown if name not in names][-1:]
        found, why = await self._listed([*names, *witness])
        self._show(name for name in found if name != _UNREADABLE)
        if why is not None:
            for name in witness:  # the fault may lie in this one, too
                del self._shown[name]
            if why == "refused" and witness:
                await self._found(witness)  # where it is refused alone, it is about none of them
        return found, why

    async def _silent(self, asks: Sequence[Ask], names: Sequence[str]) -> dict[Ask, Verdict]:
        """
        What it means that a list showed nothing at all, not even the witness, if there was one.
        """
        self._shown.clear()
        try:
            self._show(await self.there_now())
        except (
            ChannelNotFound
        ):  # two answers that agree: there is no such channel, and nothing of what stood on it
            return {ask: Verdict("gone") for ask in asks}
        if not self._shown:
            return {ask: Verdict("gone") for ask in asks if self._is_silent_for_long(ask)}
        if not self._shown.keys().isdisjoint(names):
            return {}  # they are there: the list was empty by mistake
        found, why = await self._with_a_witness(names)
        return self._verdicts(asks, found, why) if found else {}

    async def _apart(self, asks: Sequence[Ask]) -> dict[Ask, Verdict]:
        """
        Without the one that is refused: what the rest of a refused list says. Silence says nothing here.
        """
        found, why = await self._listed([parts_of(ask)[0] for ask in asks])
        if why is None:
            return self._verdicts(asks, found, why) if found else {}
        if len(asks) == 1:
            return {} if why == "refused" else self._verdicts(asks, found, why)
        half = len(asks) // 2
        return await self._apart(asks[:half]) | await self._apart(asks[half:])

    def _is_silent_for_long(self, ask: Ask) -> bool:
        now = self._clock.now()
        return now - self._silent_since.setdefault(ask, now) >= SILENT_FOR

    async def _listed(self, names: Sequence[str]) -> tuple[Found, str | None]:
        """
        As `_found`; `refused` where YouTube refuses the list for a reason that may lie in one of them.
        """
        try:
            return await self._found(names)
        except SourceError as error:
            if not is_about_one(error):
                raise
            return {}, "refused"

    async def _found(self, names: Sequence[str]) -> tuple[Found, str | None]:
        """
        What is there, by id; None under an unreadable name. And in a word why there is no list at all.
        """
        if self.asks_for_comments:
            comments = await self._api.comments(names)
            return _by_id(comments.items), comments.absent
        videos = await self._api.videos(names)
        return _by_id(videos.items), videos.absent

    def _verdicts(self, asks: Sequence[Ask], found: Found, why: str | None) -> dict[Ask, Verdict]:
        each = {ask: self._verdict(ask, found, absent=why) for ask in asks}
        return {ask: verdict for ask, verdict in each.items() if verdict is not None}

    def _verdict(self, ask: Ask, found: Found, *, absent: str | None) -> Verdict | None:
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


def _by_id(
    items: Sequence[WireComment | None] | Sequence[WireVideo | None],
) -> Found:
    return {_UNREADABLE if item is None else item.id: item for item in items}
