"""
Words as people write them: markup to plain text, the grammar of hashtags, handles and addresses, and what counts as
the same.

Used by adapters (wire → `Post`), by `hear.watch` (is it ours?) and by `gate.redact` (whom does it name?), so that all
three read the same characters the same way. Pure; linear in the length of its input; raises on no text whatever.
"""

from __future__ import annotations

from listener.text.grammar import HANDLE, URL, Span, handles, hashtags, urls, words
from listener.text.letters import clean, fold
from listener.text.markup import html_to_text
from listener.text.sameness import as_read, same_address

__all__ = [
    "HANDLE",
    "URL",
    "Span",
    "as_read",
    "clean",
    "fold",
    "handles",
    "hashtags",
    "html_to_text",
    "same_address",
    "urls",
    "words",
]
