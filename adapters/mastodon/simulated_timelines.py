"""
Pages of statuses and notifications: which belong to a query, where a page is cut, and what its Link header says.

Takes queries from `simulator`, posts from `simulated_instance`.

Sources: Mastodon, app/models/tag_feed.rb (`LIMIT_PER_MODE`: four tags for each of `any` with the path's own, `all`, and
`none`), app/models/concerns/paginable.rb (`min_id` pages upwards; `since_id` only bounds the newest page),
app/controllers/api/v1/timelines/tag_controller.rb (the Link keeps `local`, `limit` and `only_media`, and nothing else);
docs.joinmastodon.org, methods/timelines, api/guidelines; Pleroma, lib/pleroma/web/controller_helper.ex (its Link keeps
the whole query); GoToSocial, internal/api/client/timelines/tag.go (reads neither `any[]` nor `all[]` nor `none[]`). As
quoted or remembered, 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

from adapters.mastodon.simulated_ids import Software, folded, order
from adapters.mastodon.simulated_instance import Instance, Token
from adapters.mastodon.simulated_posts import Copy

PER_MODE: Final = 4
"""Tags taken from each parameter."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Query:
    """
    Parameters of a request, in order.
    """

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, query: str) -> Query:
        """
        Decoded.
        """
        return cls(tuple(parse_qsl(query, keep_blank_values=True)))

    def one(self, name: str) -> str | None:
        """
        The last of that name; None where there is none, or it is empty.
        """
        found = [value for key, value in self.pairs if key == name]
        return found[-1] or None if found else None

    def many(self, name: str) -> list[str]:
        """
        Those of a list, `name[]`.
        """
        return [value for key, value in self.pairs if key == f"{name}[]"]

    def flag(self, name: str) -> bool:
        """
        As Rails reads truth.
        """
        return (self.one(name) or "false").lower() not in ("0", "f", "false", "off")

    def limit(self, *, usual: int, most: int) -> int:
        """
        As many as are asked for, within bounds.
        """
        asked = self.one("limit")
        if asked is None:
            return usual
        return min(abs(int(asked)) if asked.lstrip("-").isdigit() else 0, most)


def tagged(here: Instance, tag: str, query: Query, token: Token | None) -> list[Copy]:
    """
    Everything a hashtag feed holds, in no order.
    """
    any_of = [folded(tag)]
    all_of: list[str] = []
    none_of: list[str] = []
    if here.software != "gotosocial":
        any_of = list(dict.fromkeys([*any_of, *map(folded, query.many("any"))]))[:PER_MODE]
        all_of = [folded(each) for each in query.many("all")][:PER_MODE]
        none_of = [folded(each) for each in query.many("none")][:PER_MODE]
    return [
        copy
        for copy in here.copies.values()
        if copy.toot.visibility == "public"
        and copy.toot.boost_of is None
        and not copy.toot.account.limited
        and not copy.toot.account.suspended
        and _matches(copy, any_of, all_of, none_of)
        and _reachable(here, copy, query, token)
    ]


def _matches(copy: Copy, any_of: Sequence[str], all_of: Sequence[str], none_of: Sequence[str]) -> bool:
    names = set(copy.words.tag_names)
    return bool(names & set(any_of)) and names >= set(all_of) and not names & set(none_of)


def _reachable(here: Instance, copy: Copy, query: Query, token: Token | None) -> bool:
    """
    Whether the feed it comes by is open, and asked for.
    """
    local = copy.toot.account.home == here.domain
    access = here.local_access if local else here.remote_access
    if access == "disabled" or (access == "authenticated" and (token is None or token.account is None)):
        return False
    if query.flag("local") and not local:
        return False
    if query.flag("remote") and local:
        return False
    return not query.flag("only_media") or bool(copy.words.media)


def cut(
    found: Sequence[_T],
    query: Query,
    *,
    key: Callable[[_T], tuple[int, str]],
    numbering: Software,
    limit: int,
) -> list[_T]:
    """
    One page, newest first. `min_id` wins over `since_id`, and pages upwards from just above it.
    """

    def bound(name: str) -> tuple[int, str] | None:
        told = query.one(name)
        return order(numbering, told) if told is not None else None

    newest_first = sorted(found, key=key, reverse=True)
    above, below, since = bound("min_id"), bound("max_id"), bound("since_id")
    if below is not None:
        newest_first = [each for each in newest_first if key(each) < below]
    if above is not None:
        following = [each for each in newest_first if key(each) > above]
        return following[-limit:] if limit else []
    if since is not None:
        newest_first = [each for each in newest_first if key(each) > since]
    return newest_first[:limit]


def link_header(
    here: Instance, path: str, query: Query, first_id: str, last_id: str, *, kept: tuple[str, ...]
) -> str:
    """
    Where the pages before and after stand, by addresses that have lost most of the query.

    Args:
        kept: Parameters the server copies; Pleroma copies all.
    """
    lost = ("max_id", "min_id", "since_id", "id")
    if here.software in ("akkoma", "pleroma"):
        pairs = [pair for pair in query.pairs if pair[0] not in lost]
    else:
        pairs = [pair for pair in query.pairs if pair[0] in kept]

    def address(name: str, value: str) -> str:
        told = urlencode(sorted([*pairs, (name, value)]), quote_via=quote)
        return f"{here.address}{path}?{told}"

    return f'<{address("max_id", last_id)}>; rel="next", <{address("min_id", first_id)}>; rel="prev"'
