"""
The shipped adapter against the simulator, which shares no code with it: each trap of the network, and a week of its limits.
"""

from __future__ import annotations

import pytest

from tests.adapters.mastodon.checks import CHECKS

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The server kit is asyncio's."""
    return "asyncio"


@pytest.mark.parametrize("name", CHECKS)
async def test_the_adapter_is_not_trapped(name: str) -> None:
    """See the check of that name."""
    await CHECKS[name]()
