"""
What this adapter's own codes mean to an operator, and what to do. Shown by `listener sources`; names nobody.
"""

from __future__ import annotations

from typing import Final

MEANINGS: Final = {
    "credential_refused": "X refuses the credential; make a new one in its developer console and put it where the source has it",
    "not_enrolled": "the app belongs to no project that may use this part of the API; enrol it in X's developer console",
    "wrong_kind_of_credential": "X wants another kind of token for this; a search takes the app's bearer token",
    "forbidden": "X denies access without saying why; look at the state of the app in its developer console",
    "no_such_account": "X knows no account with the number in own_user_id",
    "request_invalid": "X does not accept the request; it may have renamed a parameter, see fields",
    "not_an_answer": "the address answers, but not as X's API; look at endpoint",
    "nothing_to_ask": "no watch has a term that can be asked for on X",
    "terms_not_asked": "some terms of the watches cannot be put into a query of X, or only more widely: emoji, cashtags, names of other networks",
    "query_refused": "X refuses a query of a watch; the other watches are read, and it is tried again in six hours",
    "query_failed": "X answers the other queries and not this one; it is tried again, later each time, and goes on from where it was",
    "counting_instead": "what searches may cost now is used up; the watches are counted until it is there again, nothing is lost within seven days",
    "no_credit": "the account at X has no credit left; top it up in its developer console",
    "posts_capped": "X lets this app read no more posts in this cycle; the watches are counted, and a search is tried once a day until it turns, see cycle_day",
}
"""Every `Page.note`, `DocumentRefused.reason`, `AccessDenied.code` and `BudgetSpent.code` of this adapter."""
