"""
What this adapter's own codes mean to an operator, and what to do. Shown by `listener sources`; names nobody.
"""

from __future__ import annotations

from typing import Final

MEANINGS: Final = {
    "key_refused": "YouTube does not know the key, or it has expired; make a new one in the console and give it to the source",
    "api_not_enabled": "the project of the key has not switched on the YouTube Data API v3; switch it on in the console",
    "key_restricted": "the key is restricted to other addresses, referrers or APIs; allow this machine and the YouTube Data API",
    "project_suspended": "Google has suspended the project or the account of the key; ask its owner",
    "not_permitted": "YouTube shows this to nobody with a key alone; look whether the channel's comments are public",
    "channel_not_found": "there is no channel with this id; look at channel, which is UC and 22 characters",
    "fields_refused": "YouTube no longer knows a field that is asked for; the adapter needs an update",
    "request_refused": "YouTube refuses the request as it is made; the adapter needs an update",
    "not_an_answer": "the address answers, but not as the YouTube Data API; look at endpoint",
    "comments_off": "the channel shows no comments; right if they are switched off there",
    "replies_refused": "YouTube does not show the replies of a thread; everything else is read, and they are asked for again in an hour",
    "page_refused": "YouTube refused a further page of the newest comments three times; the walk ended before it, and the gap is told",
    "no_uploads": "the channel has published nothing yet",
    "quota_spent": "Google says that the day's quota is spent; where `listener budgets` counts less, something else uses the project",
    "no_terms": "no watch asks for a phrase or a hashtag, so there is nothing to look for",
}
"""Every `Page.note`, `DocumentRefused.reason`, `AccessDenied.code` and `BudgetSpent.code` of this adapter."""
