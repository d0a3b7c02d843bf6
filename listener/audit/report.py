"""
An audit as a file that somebody can be handed: canonical JSON, signed under the installation's secret.

The signature is Ed25519 over the bytes of the report; whoever has the installation's ring, older secrets included, can
tell that it is as it was written. Says of people what findings.py lets it say: nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import orjson

from listener.audit.findings import Check, Verdict
from listener.errors import FileRefused
from listener.keys import KeyRing, is_signed

KIND: Final = "listener audit report"
FORMAT: Final = 1
FILE_MOST_BYTES: Final = 1 << 20
"""Chosen: a report is a few kilobytes."""


class FindingRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    See `findings.Finding`.
    """

    place: str
    kind: str
    count: int
    todo: str
    keys: tuple[str, ...]


class CheckRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    See `findings.Check`.
    """

    name: str
    looked_at: int
    found: int
    verdict: Verdict
    findings: tuple[FindingRow, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What was looked at, when, and what came of it.

    Args:
        kind, format: `KIND`, `FORMAT`.
        listener: Version that wrote it.
        at: RFC 3339, UTC.
        daemon: Whether one was running.
        statement: Digest of the accepted statement; None where there is none.
        signed_by: Public key, in hex.
        checks: In the order they were made.
        verdict: `clear` where nothing was found.
    """

    kind: str
    format: int
    listener: str
    at: str
    daemon: bool
    statement: str | None
    signed_by: str
    checks: tuple[CheckRow, ...]
    verdict: Verdict


def written(
    checks: Sequence[Check], *, keys: KeyRing, at: datetime, version: str, daemon: bool, statement: str | None
) -> bytes:
    """
    The signed report, one line.

    Args:
        checks: What was asked.
        keys: Of the installation; the first signs.
        at: Aware UTC.
        version: Of this program.
        daemon: Whether one was running.
        statement: Digest of the accepted one.
    """
    report = Report(
        kind=KIND,
        format=FORMAT,
        listener=version,
        at=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        daemon=daemon,
        statement=statement,
        signed_by=keys.public_keys[0].hex(),
        checks=tuple(map(_row, checks)),
        verdict="found" if any(check.findings for check in checks) else "clear",
    )
    return _canonical(_signed(report, keys.sign(_canonical(report)).hex()))


def verified(content: bytes, keys: KeyRing) -> Report:
    """
    A report that is byte for byte as this installation wrote it.

    Raises:
        FileRefused: it is none, it was altered, or another installation signed it.
    """
    try:
        file = msgspec.json.decode(content[: FILE_MOST_BYTES + 1], type=_File)
        signature = bytes.fromhex(file.signature)
        signed_by = bytes.fromhex(file.report.signed_by)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        raise FileRefused("this is no audit report of this version, or it was altered") from None
    if (file.report.kind, file.report.format) != (KIND, FORMAT):
        raise FileRefused("this is no audit report of this version")
    if signed_by not in keys.public_keys:
        raise FileRefused(
            "this report was signed by another installation, or under a secret that is not listed any more"
        )
    if _canonical(file) != content or not is_signed(_canonical(file.report), signature, by=signed_by):
        raise FileRefused("this report was altered after it was signed")
    return file.report


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    report: Report
    signature: str


def _signed(report: Report, signature: str) -> _File:
    return _File(report=report, signature=signature)


def _row(check: Check) -> CheckRow:
    return CheckRow(
        name=check.name,
        looked_at=check.looked_at,
        found=check.found,
        verdict=check.verdict,
        findings=tuple(
            FindingRow(place=one.place, kind=one.kind, count=one.count, todo=one.todo, keys=one.keys)
            for one in check.findings
        ),
    )


def _canonical(value: Any) -> bytes:
    return orjson.dumps(msgspec.to_builtins(value), option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
