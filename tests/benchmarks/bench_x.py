"""
Pages of posts to posts: this adapter beside tweepy, interleaved in one run, in CPU time.

    PYTHONPATH=. python tests/benchmarks/bench_x.py [rounds]

Prints posts per second (median over the rounds) and the ratio of each round's times (median). Both are given the same
bytes of a page of a hundred, with the fields that this adapter asks for. tweepy makes its own objects of them, through
the function its responses go through; ours go the whole way to `Post`: decoding, addresses written out, edits, replies.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any, Final

from adapters.x.normalise import Place, items_from
from adapters.x.wire import read_posts
from tests.adapters.x.world import NOW, id_of
from tests.benchmarks.pages import Parse, compare

ROUNDS: Final = 9
PAGES: Final = 12
SIZE: Final = 100
GOAL: Final = 4.0
"""Issue 5."""

PLACE: Final = Place(own=frozenset({"cityofexample"}))


def page(number: int) -> bytes:
    """
    A hundred posts as X sends them: each with tags, every second with a mention and an address, some long, some answers.
    """
    posts = [_post(number * SIZE + each) for each in range(SIZE)]
    meta = {
        "newest_id": posts[0]["id"],
        "oldest_id": posts[-1]["id"],
        "result_count": SIZE,
        "next_token": "b26v89c19",
    }
    return json.dumps({"data": posts, "meta": meta}).encode()


def _post(number: int) -> dict[str, Any]:
    at = NOW - timedelta(seconds=number)
    name = id_of(at, number % 4096)
    words = " ".join(f"w{(number * 7 + each) % 911}" for each in range(30))
    mention = "@jo_fenn " if number % 2 else ""
    text = f"{mention}{words} &amp; more #rivertown https://t.co/a{number}"
    said: dict[str, Any] = {
        "id": name,
        "text": text,
        "created_at": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "lang": "en",
        "conversation_id": name,
        "edit_history_tweet_ids": [name],
        "reply_settings": "everyone",
        "entities": {
            "hashtags": [{"start": 100, "end": 110, "tag": "rivertown"}],
            "urls": [
                {
                    "start": 111,
                    "end": 134,
                    "url": f"https://t.co/a{number}",
                    "expanded_url": f"https://map.example/level?at={number}",
                    "display_url": "map.example/level",
                    "title": words[:60],
                    "description": words[:120],
                }
            ],
        },
    }
    if number % 2:
        said["entities"]["mentions"] = [{"start": 0, "end": 8, "username": "jo_fenn", "id": "12"}]
    if number % 3 == 0:
        said["referenced_tweets"] = [{"type": "replied_to", "id": id_of(at, 4095)}]
    if number % 10 == 0:
        said["note_tweet"] = {"text": f"{text} {words} {words}"}
    return said


def ours(body: bytes) -> int:
    """
    Pages to posts, as the daemon reads them.
    """
    return len(items_from(read_posts(body), PLACE))


def parsers() -> dict[str, Parse]:
    """
    Ours and, where it is installed, tweepy.
    """
    found: dict[str, Parse] = {"listener": ours}
    try:
        from tweepy import Client, Tweet  # type: ignore[import-untyped]  # ships no types
    except ImportError:
        print("tweepy is not installed: pip install '.[test]'")
        return found
    client: Any = Client("token")

    def theirs(body: bytes) -> int:
        made: Any = client._construct_response(json.loads(body), data_type=Tweet)
        return len(made.data)

    found["tweepy"] = theirs
    return found


def main(rounds: int = ROUNDS) -> None:
    pages = [page(number) for number in range(PAGES)]
    compare(parsers(), pages, a_page=SIZE, word="posts", peer="tweepy", goal=GOAL, rounds=rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
