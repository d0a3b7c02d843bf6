"""What a recorded firehose says is heard by the sieve that stands before it."""

from __future__ import annotations

import itertools

import orjson

from listener.events import Post, WatchName
from listener.hear.watch import Watcher, WatchTerms
from listener.text import clean, fold, words
from tests.corpus.recorded_bluesky import documents


def test_recorded_frames() -> None:
    """In the frames of a recorded firehose, every word, tag and pair of words is heard where it stands."""
    paths = [path for path in documents() if path.suffix == ".jsonl"]
    assert paths

    for frame in itertools.chain.from_iterable(path.read_bytes().splitlines() for path in paths):
        record = (orjson.loads(frame).get("commit") or {}).get("record") or {}
        text = str(record.get("text", ""))
        read = words(fold(clean(text)))
        for phrase in {*read, *map(" ".join, itertools.pairwise(read))}:
            watcher = Watcher([WatchTerms(WatchName("w"), (phrase,), (phrase,))], [])
            post = Post(native="1", kind="post", text=text)
            assert not watcher.match(post) or watcher.interest.maybe(frame), (phrase, frame)
