"""
What becomes of a sealed link: where it leads, or that it has ended or its post is gone.

Takes tokens from control, asks the queue for the day's keys and whether the post is still there. Nothing is fetched, and
nothing but the answer holds the address.
"""

from __future__ import annotations

from dataclasses import dataclass

from listener.clock import Clock
from listener.events import Name
from listener.gate.sealed import SealedLink, read_token, token_in
from listener.keys import KeyRing
from listener.queues.base import Queue
from listener.status import Opened


@dataclass(frozen=True, slots=True)
class Opener:
    """
    Args:
        queue: Keeps the days' keys and the posts.
        keys: Under which tokens are recognised.
        clock: Decides what has expired.
    """

    queue: Queue
    keys: KeyRing
    clock: Clock

    async def open(self, token: str) -> Opened:
        """
        Where the token leads while its post is here.
        """
        found = read_token(token, keys=self.keys, days=await self.queue.sealing_keys())
        if not isinstance(found, SealedLink):
            return Opened(found)
        posts = await self.queue.find([_name(found)])
        live = next((post for post in posts if post.state == "live"), None)
        if live is None:
            return Opened("ended" if any(post.state == "expired" for post in posts) else "gone")
        if live.expires_at is not None and live.expires_at <= self.clock.now():
            return Opened("ended", source=live.source)
        return Opened("opened", source=live.source, target=found.target)

    async def behind(self, link: str) -> tuple[Name, str] | None:
        """
        The name and the address of the post that a sealed link of ours stands for; None for any other address, and where
        the link cannot be opened any more. For `find` and `forget`.
        """
        token = token_in(link)
        if token is None:
            return None
        found = read_token(token, keys=self.keys, days=await self.queue.sealing_keys())
        return (_name(found), found.target) if isinstance(found, SealedLink) else None


def _name(sealed: SealedLink) -> Name:
    return Name(bytes.fromhex(sealed.key))
