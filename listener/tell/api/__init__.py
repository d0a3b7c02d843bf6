"""
What is heard, told over HTTP: events as JSON and as a stream, health, metrics, and the operator's commands.

Takes entries from a queue and commands to `listener.status.Control`; gives answers to consumers, the CLI among
them. Read `app.py` first: its table of operations is the whole surface. `build_api` makes an application for one
door (TCP or the Unix socket), `serve.serve` opens the doors.
"""

from __future__ import annotations

from listener.tell.api.access import Access, Token
from listener.tell.api.app import build_api

__all__ = ["Access", "Token", "build_api"]
