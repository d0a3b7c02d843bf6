"""A story that several tests look at is played once: it is the same every time, and days take seconds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ParamSpec

from listener.testing.politeness.site import Seen

P = ParamSpec("P")
_PLAYED: dict[tuple[object, ...], Seen] = {}


async def once(story: Callable[P, Awaitable[Seen]], /, *args: P.args, **kwargs: P.kwargs) -> Seen:
    """What was seen in a story, which is played where it has not been yet."""
    key = (story, *args, *sorted(kwargs.items()))
    if key not in _PLAYED:
        _PLAYED[key] = await story(*args, **kwargs)
    return _PLAYED[key]
