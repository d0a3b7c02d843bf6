"""
What this adapter's own codes mean to an operator, and what to do. Shown by `listener sources`; names nobody.
"""

from __future__ import annotations

from typing import Final

MEANINGS: Final = {
    "needs_token": "the instance shows hashtags only to its users; give the source a token, or take another instance",
    "disabled": "the instance has switched off its hashtags; take another instance",
    "token_refused": "the streaming server refuses the token; it needs the scope read:statuses",
    "streams_elsewhere": "the instance streams from another host, where the token is not sent unless it is named as streaming_host",
    "not_an_instance": "the address answers, but not as an instance of Mastodon; look at endpoint",
    "not_a_list": "the instance answered with something else than a list of posts; look at its address in a browser",
    "not_a_status": "the instance answered with something else than the post",
    "no_hashtags": "no watch asks for a hashtag, so there is nothing to ask for",
    "not_found": "the instance knows none of the hashtags yet; right if nobody there used them",
    "local_only": "the instance shows only what its own people write; a token would show more",
    "remote_only": "the instance does not show what its own people write; a token would show more",
    "more_tags_than_streams": "more hashtags than connections; the rest is read every quarter of an hour",
}
"""Every `Page.note`, `DocumentRefused.reason` and `AccessDenied.code` of this adapter."""
