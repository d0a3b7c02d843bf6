"""
Asks about posts again, because an instance tells of a removal only on an open stream.

Takes `Ask`s (ids on this instance), gives `Verdict`s to the core. Mixed into both kinds of source (`client`, `stream`).

What is not shown is not gone yet: several statuses in one answer leave out what is missing without a word, and so would
an instance that has switched something off. So each missing one is asked for by itself, only 404 and 410 count, and
where nothing at all was found, the instance has to answer as one before it is believed.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from adapters.mastodon.api import Api
from adapters.mastodon.instance import Instance
from adapters.mastodon.normalise import Place, item_from
from adapters.mastodon.wire import WireStatus
from listener.adapter import Ask, Verdict
from listener.errors import DocumentRefused, SourceUnavailable
from listener.events import Post, Rejected


class Rechecks:
    """
    A `Rechecker` over the statuses of one instance.
    """

    @property
    @abstractmethod
    def api(self) -> Api:
        """
        The instance.
        """

    @abstractmethod
    def place(self, instance: Instance) -> Place:
        """
        Where statuses of this source are read.
        """

    async def recheck(self, asks: Sequence[Ask]) -> Mapping[Ask, Verdict]:
        """
        A verdict for each ask that the instance could answer.

        Raises:
            DocumentRefused: `not_an_instance`: nothing was found, and the address does not answer as an instance.
            SourceError: whatever else the reader raises.
        """
        instance = await self.api.instance()
        place = self.place(instance)
        found: dict[str, WireStatus] = {}
        if instance.answers_for_many and len(asks) > 1:
            found = {str(status.id): status for status in await self._several(asks)}
        verdicts = {ask: _verdict(found[ask], place) for ask in asks if ask in found}
        for ask in asks:
            if ask not in found:
                verdicts[ask] = await self._one(ask, place)
        if asks and all(verdict is not None and verdict.state == "gone" for verdict in verdicts.values()):
            await self.api.instance(anew=True)
        return {ask: verdict for ask, verdict in verdicts.items() if verdict is not None}

    async def _several(self, asks: Sequence[Ask]) -> tuple[WireStatus, ...]:
        """
        Nothing where the instance takes no such question, so that each is asked by itself.
        """
        try:
            return await self.api.several(asks)
        except DocumentRefused:
            return ()
        except SourceUnavailable as error:
            if error.status is not None and 400 <= error.status < 500:
                return ()
            raise

    async def _one(self, ask: Ask, place: Place) -> Verdict | None:
        """
        None where the answer says nothing about the post.

        Raises:
            AccessDenied: the instance shows nothing to us any more; that says nothing about this one.
        """
        try:
            status = await self.api.one(ask)
        except DocumentRefused:
            return None
        if status is None:
            return Verdict("gone")
        return _verdict(status, place) if str(status.id) == ask else None


def _verdict(status: WireStatus, place: Place) -> Verdict | None:
    """
    The post as it is now; the gate and the queue say what changed. One whose words were all taken out is there, and has
    nothing for us any more; of one that cannot be read, nothing is known.
    """
    item = item_from(status, place)
    if isinstance(item, Post):
        return Verdict("changed", item)
    if isinstance(item, Rejected) and item.reason == "no_content":
        return Verdict("withheld")
    return None
