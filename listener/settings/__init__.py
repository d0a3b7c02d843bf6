"""
Settings: what the operator wants, checked as a whole, and what the privacy officer signed.

    environment, secrets → schema → checks, linter      `load`: a `Settings`, or every fault at once
    declaring, growth, lock                             what is collected, in words; refuses what nobody accepted
    reload                                              what differs between two configurations
    editor, example                                     for the people who write the file

The only part of the core that imports pydantic; nothing but the commands that need a configuration imports this.
"""

from __future__ import annotations

from listener.settings.declaration import Statement
from listener.settings.declaring import statement
from listener.settings.editor import editor_schema
from listener.settings.example import example_config
from listener.settings.growth import grown
from listener.settings.kinds import is_loopback
from listener.settings.loading import load
from listener.settings.lock import Lock, lock_path, read_lock, require_accepted, write_lock
from listener.settings.naming import needless_approvals
from listener.settings.reload import Change, difference
from listener.settings.schema import (
    Approval,
    Attestation,
    Http,
    HttpToken,
    NoticeTable,
    Organisation,
    Privacy,
    ReaderLimits,
    Watch,
)
from listener.settings.secrets import read_objections
from listener.settings.values import (
    TERMS_STALE_DAYS,
    Queue,
    Settings,
    Source,
    StaleTerms,
    stale_terms,
    warnings,
)

__all__ = [
    "TERMS_STALE_DAYS",
    "Approval",
    "Attestation",
    "Change",
    "Http",
    "HttpToken",
    "Lock",
    "NoticeTable",
    "Organisation",
    "Privacy",
    "Queue",
    "ReaderLimits",
    "Settings",
    "Source",
    "StaleTerms",
    "Statement",
    "Watch",
    "difference",
    "editor_schema",
    "example_config",
    "grown",
    "is_loopback",
    "load",
    "lock_path",
    "needless_approvals",
    "read_lock",
    "read_objections",
    "require_accepted",
    "stale_terms",
    "statement",
    "warnings",
    "write_lock",
]
