"""
The shipped adapter before a world that answers as X's documentation says: each trap of the network.
"""

from __future__ import annotations

import pytest

from tests.adapters.x.checks import CHECKS

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", CHECKS)
async def test_the_adapter_is_not_trapped(name: str) -> None:
    """See the check of that name."""
    await CHECKS[name]()
