"""
The daemon as it ships before the simulated Bluesky, which shares no code with the adapter: what happened there and what
was heard are compared.
"""

from __future__ import annotations

import pytest

from tests.adapters.bluesky.bluesky_rig import town

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]


async def test_an_afternoon_is_heard_whole() -> None:
    """Three hours of posts, answers, edits and deletions: each that may be held is held once, and nothing else."""
    async with town() as here:
        await here.live(3 * 3600)
        heard, expected = await here.heard(), here.expected()
        data_frames = here.served.data_frames()
        print(here.house.out.getvalue()[-3000:])

    assert dict(heard) == dict.fromkeys(expected, 1)
    assert len(expected) > 50
    assert data_frames == 0
