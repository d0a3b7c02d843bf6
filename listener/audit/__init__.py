"""
Looking for people in everything that is stored, and a signed report of it.

    events      each stored event: its shape, its texts, its link
    raw         the bytes of the database, without its engine
    store       tables, columns, ages
    files       the data folder, the list of objections, the statement
    findings    what may be said of it: place, kind, count, what to do
    report      the file, its signature

Used by `listener audit`. Its memory does not grow with what is stored.
"""

from __future__ import annotations

from listener.audit.events import EventAudit
from listener.audit.files import database_files, folder_check, objections_check, statement_check
from listener.audit.findings import Check, Finding
from listener.audit.raw import RawAudit
from listener.audit.report import FILE_MOST_BYTES, Report, verified, written
from listener.audit.store import layout_check, time_check

__all__ = [
    "FILE_MOST_BYTES",
    "Check",
    "EventAudit",
    "Finding",
    "RawAudit",
    "Report",
    "database_files",
    "folder_check",
    "layout_check",
    "objections_check",
    "statement_check",
    "time_check",
    "verified",
    "written",
]
