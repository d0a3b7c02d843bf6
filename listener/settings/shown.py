"""
Values as a fault may print them. Invariant: no secret, no handle and no query of an address, because faults end up
in logs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Final
from urllib.parse import urlsplit

SECRET: Final = "(secret)"  # noqa: S105 - what is printed in the place of one
_SHOWN_CHARS: Final = 60
"""Chosen: enough to recognise a value, too little for a post."""

_SECRET_NAME: Final = re.compile(
    r"token|secret|passw|credential|api_?key|private_?key|auth|bearer|^key$|^value$", re.IGNORECASE
)


def shown(value: object) -> str:
    """
    A value as a fault may print it: short, on one line, without handles and without queries of addresses.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**20 else "a very large number"
    if isinstance(value, float):
        return shown(int(value)) if math.isfinite(value) and value.is_integer() else str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, str):
        return _shown_text(value)
    return "a table" if isinstance(value, Mapping) else "a list" if isinstance(value, Sequence) else "a value"


def _shown_text(text: str) -> str:
    if re.match(r"\s*[a-z][a-z0-9+.-]*://", text, re.IGNORECASE):
        return shown_address(text)
    if "@" in text or "＠" in text:
        return f"(text of {len(text)} characters with @)"
    cut = text[:_SHOWN_CHARS] + ("…" if len(text) > _SHOWN_CHARS else "")
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in cut) + '"'


def shown_address(address: str) -> str:
    """
    Scheme and host of an address; its path may name a person and its query may hold a secret.
    """
    try:
        parts = urlsplit(address.strip())
        host = parts.hostname or ""
    except ValueError:
        return "(an address)"
    rest = "/…" if parts.path.strip("/") or parts.query else parts.path
    return f"{parts.scheme}://{host}{rest}" if host.isprintable() else "(an address)"


def is_secret_name(key: str) -> bool:
    """
    Whether what stands under a key of this name is better not printed. The name of a file may be.
    """
    return _SECRET_NAME.search(key) is not None and not key.endswith(("_file", "_files"))
