"""
Errors as networks, proxies and nobody on purpose send them: bodies that an adapter which judges a status has to live with.
Used by `adapter_contract`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


def error_bodies(people: Sequence[str]) -> tuple[bytes, ...]:
    """
    Bodies that explain nothing an adapter knows, or not in a way that can be read.

    Args:
        people: Who is named in those that hold messages.
    """
    named = [*people, "somebody"]
    documents: list[Any] = [
        None,
        [],
        {},
        "error",
        10**400,
        {"error": None},
        {"error": []},
        {"error": {"errors": [None], "code": 10**400, "status": [], "message": {}}},
        {"error": {"errors": {"reason": 1}, "code": "403"}},
        {"errors": [{"code": 10**40, "message": 1}], "title": 1, "detail": [], "type": {}, "status": "x"},
        {"title": None, "reason": {}, "account_id": 1.5, "period": "forever"},
        *(_envelopes(name) for name in named),
    ]
    return (
        b"",
        b" ",
        b"\0" * 100,
        b"\xff\xfe{}",
        b"<html><body>sorry</body></html>",
        b"error=" + named[0].encode(),
        b'{"error": {"errors": [{"reason": "quotaEx',
        b"[" * 100_000,
        b'{"error":' * 5_000,
        b'{"error": {"code": ' + b"9" * 60_000 + b"}}",
        *(json.dumps(each).encode() for each in documents),
    )


def _envelopes(name: str) -> dict[str, Any]:
    """
    Every place in which some network says something, with a name in it; no code that means anything.
    """
    one = {"message": name, "reason": name, "domain": name, "location": name, "code": name, "parameter": name}
    return {
        "error": {**one, "errors": [one], "status": name, "details": [{"@type": name, "reason": name}]},
        "errors": [one, {**one, "code": 0, "parameters": {name: [name]}}],
        "title": name,
        "detail": name,
        "type": f"https://problems.example/{name}",
        "reason": name,
        "client_id": name,
        name: name,
    }
