"""
Pages of statuses to posts: this adapter beside Mastodon.py, interleaved in one run, in CPU time.

    PYTHONPATH=. python tests/benchmarks/bench_mastodon.py [rounds]

Prints statuses per second (median over the rounds) and the ratio of each round's times (median). Both are given the same
bytes of a page of forty. Mastodon.py makes its own objects of them, through the function its responses go through; ours
go the whole way to `Post`: decoding, plain text, handles written out, consent flags, names for masking. The row
"+ plain text" hands what Mastodon.py found to `html_to_text`, so that equal work can be compared.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any, Final

from adapters.mastodon.normalise import items_from, place_of
from adapters.mastodon.wire import STATUSES
from listener.text import html_to_text
from tests.adapters.mastodon.statuses import HOST, NOW, account, id_of, status
from tests.benchmarks.pages import Parse, compare

ROUNDS: Final = 9
PAGES: Final = 12
GOAL: Final = 5.0
"""Issue 4."""

PLACE: Final = place_of(host=HOST, domain=None, own_accounts=("city@town.example",))


def page(number: int) -> bytes:
    """
    Forty statuses as an instance sends them, 3 KB each: every one with its account, some with mentions, tags, media, a card.
    """
    return json.dumps([_status(number * 40 + each) for each in range(40)]).encode()


def _status(number: int) -> dict[str, Any]:
    at = NOW - timedelta(seconds=number)
    name = f"person_{number % 23}"
    home = f"https://i{number % 7}.example"
    words = " ".join(f"w{(number * 7 + each) % 911}" for each in range(40))
    mention = f'<span class="h-card" translate="no"><a href="{home}/@sam" class="u-url mention">@<span>sam</span></a></span> '
    tag = '<a href="https://river.example/tags/rivertown" class="mention hashtag" rel="tag">#<span>rivertown</span></a>'
    return status(
        id_of(at, number),
        at=at,
        uri=f"{home}/users/{name}/statuses/{number}",
        url=f"{home}/@{name}/{number}",
        content=f"<p>{mention if number % 2 else ''}{words}</p><p>It&#39;s high &amp; rising, says the map: "
        f'<a href="https://map.example/level?at={number}" target="_blank" rel="nofollow noopener">'
        f'<span class="invisible">https://</span><span class="ellipsis">map.example/level</span></a> {tag}</p>',
        mentions=[{"id": "5", "username": "sam", "acct": f"sam@i{number % 7}.example", "url": f"{home}/@sam"}]
        if number % 2
        else [],
        account={
            **account(username=name, acct=f"{name}@i{number % 7}.example", url=f"{home}/@{name}"),
            "note": f"<p>{words[:200]} <a href='{home}/tags/poet'>#<span>poet</span></a></p>",
            "created_at": "2022-11-05T00:00:00.000Z",
            "emojis": [],
            "header": f"{home}/headers/{name}.png",
            "avatar_static": f"{home}/avatars/{name}.png",
            "statuses_count": number,
            "last_status_at": "2026-11-24",
        },
        media_attachments=[
            {"id": str(number), "type": "image", "url": f"{home}/m/{number}.png", "description": words[:120]}
        ]
        if number % 3 == 0
        else [],
        card={"url": "https://map.example", "title": words[:60], "description": words[:150], "type": "link"},
        replies_count=1,
        reblogs_count=2,
        favourites_count=3,
    )


def ours(body: bytes) -> int:
    """
    Pages to posts, as the daemon reads them.
    """
    return len(items_from(STATUSES.read(body), PLACE))


def parsers() -> dict[str, Parse]:
    """
    Ours and, where it is installed, Mastodon.py.
    """
    found: dict[str, Parse] = {"listener": ours}
    try:
        from mastodon.return_types import Status
        from mastodon.types_base import PaginatableList, try_cast_recurse
    except ImportError:
        print("Mastodon.py is not installed: pip install '.[benchmarks]'")
        return found

    def theirs(body: bytes) -> Any:
        cast: Any = try_cast_recurse  # has no types
        return cast(PaginatableList[Status], json.loads(body))

    def theirs_with_text(body: bytes) -> int:
        statuses = theirs(body)
        for one in statuses:
            html_to_text(one.content)
            html_to_text(one.account.note)
        return len(statuses)

    found["Mastodon.py"] = lambda body: len(theirs(body))
    found["Mastodon.py + plain text"] = theirs_with_text
    return found


def main(rounds: int = ROUNDS) -> None:
    pages = [page(number) for number in range(PAGES)]
    compare(parsers(), pages, a_page=40, word="statuses", peer="Mastodon.py", goal=GOAL, rounds=rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
