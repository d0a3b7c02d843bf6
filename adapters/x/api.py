"""
Asks X through the reader it is given: addresses, credential, the two names of the parameter for fields, and what an answer
has to be. Nothing but GETs.

Used by `client` and `recheck`. An error reply becomes what `problems` says; what is no answer at all is a `DocumentRefused`
that shows nothing of it. What an answer really cost is told to the reader.

Invariants: the credential stands in the Authorization header and nowhere else; no author, user, place or expansion is
asked for; `since_id` and `start_time` never stand in one request.

Source: docs.x.com, posts/search, posts/counts, posts/lookup, posts/timelines; openapi.json 2.167; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import quote

from adapters.x import wire
from adapters.x.config import XConfig
from adapters.x.cursor import Words
from adapters.x.money import charges
from adapters.x.oauth1 import Signer
from adapters.x.problems import JUDGED, RequestInvalid, error_of
from adapters.x.wire import WireCounts, WirePosts
from listener.adapter import Reader, Reply
from listener.clock import Clock
from listener.errors import BudgetSpent, DocumentRefused, RateLimited, SourceUnavailable

FIELDS: Final[Mapping[Literal["tweet", "post"], str]] = {
    "tweet": "created_at,lang,entities,conversation_id,note_tweet,referenced_tweets,reply_settings,withheld",
    "post": "created_at,lang,entities,conversation_id,note_post,withheld",
}
"""
`id`, `text` and the history of edits come unasked. The new specification has what is answered and who may answer among the
expansions or nowhere, and those are not asked for.
"""


@dataclass(frozen=True, slots=True)
class Ask:
    """
    One page of posts.

    Args:
        since: Of posts behind this id; empty where `start` is given, or neither.
        start: Of posts from this instant on.
        token: Of a further page; the rest as on the first one.
        until: Of posts before this id: where a walk was taken up without a token.
        size: Most posts of the page.
    """

    size: int
    since: str = ""
    start: datetime | None = None
    token: str = ""
    until: str = ""


class Api:
    """
    One credential.
    """

    def __init__(self, config: XConfig, reader: Reader, clock: Clock) -> None:
        self._config = config
        self._reader = reader
        self._clock = clock
        self._signer = Signer(config, clock) if config.signs else None
        self.words: Words = "" if config.fields == "auto" else config.fields

    @property
    def vocabulary(self) -> Literal["tweet", "post"]:
        """
        What is asked with now. All prose, all examples and all clients still say `tweet`.
        """
        return self.words or "tweet"

    async def search(self, query: str, ask: Ask, *, account: str) -> WirePosts:
        """
        A page of what was said in the last seven days, newest first.

        Raises:
            RequestInvalid: which parameter is wrong.
            DocumentRefused: `not_an_answer`.
            SourceError: what `problems` makes of the reply, and whatever else the reader raises.
        """
        path = f"/2/tweets/search/recent?query={quote(query, safe='')}"
        return await self._posts(path, _paging(ask, "next_token"), account)

    async def mentions(self, ask: Ask) -> WirePosts:
        """
        A page of posts that mention our own account, newest first.

        Raises:
            DocumentRefused: `no_such_account`; and as `search`.
        """
        path = f"/2/users/{self._config.own_user_id}/mentions?"
        return await self._posts(path, _paging(ask, "pagination_token"), "mentions")

    async def lookup(self, ids: Sequence[str]) -> WirePosts:
        """
        Posts by id; those that are not shown stand among the errors.

        Raises:
            As `search`.
        """
        return await self._posts(f"/2/tweets?ids={','.join(ids)}", [], "recheck")

    async def counts(
        self, query: str, start: datetime, end: datetime, *, token: str = "", account: str
    ) -> WireCounts:
        """
        How many posts in each hour.

        Args:
            start: Of the first hour; likewise `end` of the last.

        Raises:
            As `search`.
        """
        parts = [
            f"/2/tweets/counts/recent?query={quote(query, safe='')}",
            "granularity=hour",
            f"start_time={_written(start)}",
            f"end_time={_written(end)}",
            *([f"next_token={quote(token, safe='')}"] if token else []),
        ]
        reply = await self._get("&".join(parts), account)
        try:
            found = wire.read_counts(reply.body)
        except wire.UNREADABLE:
            raise _no_answer() from None
        if found.data is None and found.meta is None:
            raise _no_answer()
        return found

    # -------------------------------------------------------------------------------------------------- asking

    async def _posts(self, path: str, paging: list[str], account: str) -> WirePosts:
        """
        With the other name of the parameter, where the server refuses this one and nothing else.
        """
        try:
            found = await self._asked(path, paging, account)
        except RequestInvalid as error:
            if self._config.fields != "auto" or f"{self.vocabulary}.fields" not in error.parameters:
                raise
            self._change()
            return await self._asked(path, paging, account)
        if self._config.fields == "auto" and self.words == "" and found.data:
            if any(post is not None and post.created_at for post in found.data):
                self.words = self.vocabulary
            else:  # a server that takes no notice of a name that it does not know
                self._change()
        return found

    def _change(self) -> None:
        self.words = "post" if self.vocabulary == "tweet" else "tweet"

    async def _asked(self, path: str, paging: list[str], account: str) -> WirePosts:
        fields = f"{self.vocabulary}.fields={quote(FIELDS[self.vocabulary], safe=',')}"
        joint = "" if path.endswith("?") else "&"
        reply = await self._get(f"{path}{joint}{'&'.join([*paging, fields])}", account)
        try:
            found = wire.read_posts(reply.body)
        except wire.UNREADABLE:
            raise _no_answer() from None
        if found.data is None and found.meta is None and not found.errors:
            raise _no_answer()
        return found

    async def _get(self, path: str, account: str) -> Reply:
        """
        Raises:
            SourceError: the reply is no answer to the question, and nobody paid for it.
        """
        address = f"{self._config.endpoint}{path}"
        try:
            reply = await self._reader.read(
                address,
                headers={"accept": "application/json", "authorization": self._authorization(address)},
                judges=JUDGED,
                account=account,
            )
        except BudgetSpent:
            raise  # nothing was asked
        except (RateLimited, SourceUnavailable) as error:
            if (
                isinstance(error, RateLimited) or error.status is not None
            ):  # else X may have answered, unheard by us
                self._free(address)
            raise
        if reply.status == 200:
            return reply
        self._free(address)
        if reply.status in (404, 410) and self._config.listen == "mentions":
            raise DocumentRefused("X knows no such account", reason="no_such_account")
        raise error_of(reply, self._config, self._clock.now())

    def _free(self, address: str) -> None:
        """
        X charges for what it shows: an error costs nothing.
        """
        for charge in charges(self._config, address):
            self._reader.paid(charge.budget, 0.0)

    def _authorization(self, address: str) -> str:
        if self._signer is not None:
            return self._signer.authorization(address)
        token = self._config.token
        return f"Bearer {token.get_secret_value() if token is not None else ''}"

    def paid(self, posts: int, *, each_usd: float) -> None:
        """
        What the last page of posts really cost.
        """
        self._reader.paid("usd", posts * each_usd)
        self._reader.paid("posts", posts)


def _paging(ask: Ask, token_name: str) -> list[str]:
    parts = [f"max_results={ask.size}"]
    if ask.since:
        parts.append(f"since_id={ask.since}")
    elif ask.start is not None:
        parts.append(f"start_time={_written(ask.start)}")
    if ask.until:
        parts.append(f"until_id={ask.until}")
    return [*parts, f"{token_name}={quote(ask.token, safe='')}"] if ask.token else parts


def _written(moment: datetime) -> str:
    """
    Whole seconds, as X wants them; its colons escaped, because a signature is computed over the query.
    """
    return quote(moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), safe="")


def _no_answer() -> DocumentRefused:
    return DocumentRefused("the address answers, but not as X's API", reason="not_an_answer")
