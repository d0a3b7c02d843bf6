"""
What this adapter's own codes mean to an operator, and what to do. Shown by `listener sources`; names nobody.
"""

from __future__ import annotations

from typing import Final

MEANINGS: Final = {
    "blind_host": "one host lacks what the other brings; nothing is lost while both are read, but replace it in hosts",
    "one_host": "one host is away; the other goes on, and what both bring is compared again when it is back",
    "look_up_failed": "the AppView does not say whether posts may be read, so they wait; look at its address",
    "gap_filled": "a search went through what was missed",
    "gap_partly_filled": "a search found more than it may read; the rest of the gap stands",
    "search_denied": "the account may not search; look at identifier and app_password",
    "search_failed": "the search that should have filled a gap did not answer; the gap stands",
}
"""Every `Page.note` of this adapter."""
