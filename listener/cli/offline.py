"""
Commands that go to the running daemon, and to the queue itself only where no daemon holds it.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from listener.errors import NoDaemon

if TYPE_CHECKING:
    from listener.status import Control

Ask = tuple[str, str, dict[str, object]]


def with_control(
    config: Path,
    *,
    ask: Ask,
    otherwise: Callable[[Control], Awaitable[object]],
    member: str | None = None,
) -> Any:
    """
    The answer to a command, as plain JSON values.

    Args:
        config: Path of the configuration.
        ask: Method, path and body for the daemon.
        otherwise: The same question to a `Control` that this process opens.
        member: Of the daemon's answer, where it wraps what `Control` returns.

    Raises:
        ListenerError: see `client.call` and `listener.control.offline`.
    """
    from listener.cli.client import call, daemon

    try:
        answer = call(daemon(config), *ask)
    except NoDaemon:
        return _alone(config, otherwise)
    return answer if member is None else answer[member]


def _alone(config: Path, otherwise: Callable[[Control], Awaitable[object]]) -> Any:
    import anyio
    import msgspec

    from listener import settings
    from listener.control import offline

    async def ask() -> object:
        async with offline(settings.load(config, environ=os.environ)) as control:
            return await otherwise(control)

    return msgspec.json.decode(msgspec.json.encode(anyio.run(ask)))
