"""
The shipped adapter against a channel in memory: each trap of the network.
"""

from __future__ import annotations

import pytest

from tests.adapters.youtube.channel import answer, natives
from tests.adapters.youtube.checks import CHECKS, heard

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]


@pytest.mark.parametrize("name", CHECKS)
async def test_the_adapter_is_not_trapped(name: str) -> None:
    """See the check of that name."""
    await CHECKS[name]()


async def test_an_empty_page_of_uploads_hides_nothing() -> None:
    """A page of which nothing may be shown has a next one, and what is new there is read."""
    world, _, hearing = heard(listen="uploads")
    await hearing.turn()
    world.video("vid00000999")
    empty = answer({"kind": "youtube#playlistItemListResponse", "items": [], "nextPageToken": "0"})
    world.disturb = lambda asked, query: None if "pageToken" in query else empty

    assert natives(await hearing.turn()) == ["vid00000999"]
