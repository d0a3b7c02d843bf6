"""
What this adapter's own codes mean to an operator, and what to do. Shown by `listener sources`; names nobody.
"""

from __future__ import annotations

from typing import Final

MEANINGS: Final = {
    "empty": "the address answers with nothing; look at it in a browser",
    "not_a_feed": "the address answers with something else than a feed; `listener feeds find` looks for one",
    "not_well_formed": "the document is broken beyond repair; tell the owner of the site",
    "limits_exceeded": "the document is larger or deeper than any feed; look at it in a browser",
    "entities_refused": "the document defines entities in a way that is used for attacks; tell the owner of the site",
    "gone": "the server says that the feed has ended (410); believed after three times in two days",
    "validators_untrusted": "its server says unchanged when something has changed, so it is read whole once a day",
    "ids_unstable": "its entries get another identity at each reading, so links or words identify them",
    "new_address_stated": "the document states another address for itself; look whether it has moved",
    "feed_ended": "the document says that nothing more will come",
    "history_ended": "its older pages end before what was asked for",
    "history_looped": "its older pages lead back to themselves",
    "comments_unreadable": "comments of an entry could not be read as a feed",
}
"""Every `Page.note` and `DocumentRefused.reason` of this adapter."""
