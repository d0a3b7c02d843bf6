"""
Pages of comment threads to posts: this adapter beside python-youtube, interleaved in one run, in CPU time.

    PYTHONPATH=. python tests/benchmarks/bench_youtube.py [rounds]

Prints comments per second (median over the rounds) and the ratio of each round's times (median). Both are given the same
bytes of a page of a hundred threads with two replies each, authors and pictures included, which the adapter itself would
not ask for. python-youtube makes its own objects of them, through the function its responses go through; ours go the whole
way to `Post`.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any, Final

from adapters.youtube.normalise import Place, items_of_thread
from adapters.youtube.wire import THREADS
from tests.adapters.youtube.channel import CHANNEL, NOW, Comment
from tests.benchmarks.pages import Parse, compare

ROUNDS: Final = 9
PAGES: Final = 6
A_PAGE: Final = 300
GOAL: Final = 4.0
"""Issue 5."""

OURS: Final = Place(ours=True)


def page(number: int) -> bytes:
    """
    A hundred threads, two replies each.
    """
    threads = [_thread(number * 100 + each) for each in range(100)]
    return json.dumps(
        {
            "kind": "youtube#commentThreadListResponse",
            "etag": "e",
            "pageInfo": {"totalResults": 100, "resultsPerPage": 100},
            "items": threads,
        }
    ).encode()


def _thread(number: int) -> dict[str, Any]:
    name = f"Ug{number:022}AaABAg"
    return {
        "kind": "youtube#commentThread",
        "etag": "e",
        "id": name,
        "snippet": {
            "channelId": CHANNEL,
            "videoId": f"vid{number % 7:08}",
            "topLevelComment": _comment(name, number),
            "canReply": True,
            "totalReplyCount": 2,
            "isPublic": True,
        },
        "replies": {"comments": [_comment(f"{name}.r{each}", number + each, parent=name) for each in (1, 2)]},
    }


def _comment(name: str, number: int, parent: str | None = None) -> dict[str, Any]:
    words = " ".join(f"w{(number * 7 + each) % 911}" for each in range(25))
    said = Comment(name, words, NOW - timedelta(seconds=number)).snippet()
    more = {} if parent is None else {"parentId": parent}
    return {"kind": "youtube#comment", "etag": "e", "id": name, "snippet": {**said, **more}}


def ours(body: bytes) -> int:
    """
    Pages to posts, as the daemon reads them.
    """
    threads, _ = THREADS.read(body)
    return sum(1 for thread in threads for _ in items_of_thread(thread, OURS))


def parsers() -> dict[str, Parse]:
    """
    Ours and, where it is installed, python-youtube.
    """
    found: dict[str, Parse] = {"listener": ours}
    try:
        from pyyoutube.models import CommentThreadListResponse  # type: ignore[import-untyped]  # ships no types
    except ImportError:
        print("python-youtube is not installed: pip install '.[benchmarks]'")
        return found

    def theirs(body: bytes) -> int:
        listed = CommentThreadListResponse.from_dict(json.loads(body))
        return sum(1 + len(thread.replies.comments) for thread in listed.items)

    found["python-youtube"] = theirs
    return found


def main(rounds: int = ROUNDS) -> None:
    pages = [page(number) for number in range(PAGES)]
    compare(parsers(), pages, a_page=A_PAGE, word="comments", peer="python-youtube", goal=GOAL, rounds=rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
