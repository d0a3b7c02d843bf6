"""
Every recorded document of the network, read to the last field: through wire, normalise and gate, and replayed to the
shipped adapter as it was answered.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import pytest

from adapters.x import SPEC
from adapters.x.client import XSource
from adapters.x.normalise import Place as ReadAt
from adapters.x.normalise import item_from, items_from
from adapters.x.problems import JUDGED, error_of
from adapters.x.wire import UNREADABLE, WirePost, read_counts, read_posts
from listener.adapter import Ask, Reply
from listener.errors import AccessDenied, BudgetSpent, DocumentRefused, RateLimited, SourceError
from listener.events import Post, Rejected, Removal, Withheld
from listener.gate.clear import Place
from listener.keys import Sealer
from listener.testing.canned import Asked, CannedReader, Watching
from tests.adapters.x.world import Clock, config, mentions, watching
from tests.corpus.recorded import NEEDS_CORPUS, gate, objects_in

NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT: Final = Place(
    network="x",
    source="recorded",
    keep="text",
    retention=timedelta(days=30),
    emit_from=timedelta(days=30),
)
SEALER: Final = Sealer(NOW.date(), b"k" * 32)
READ_AT: Final = ReadAt(own=frozenset({"cityofexample"}))

pytestmark = [NEEDS_CORPUS, pytest.mark.anyio]


def folder() -> Path:
    return Path(os.environ["LISTENER_CORPUS"]) / "x"


def documents() -> list[Path]:
    """All but the indexes of cassettes, and the specification."""
    left_out = {"_index.jsonl", "openapi.json"}
    return sorted(path for path in folder().rglob("*") if path.is_file() and path.name not in left_out)


def values_of(path: Path) -> Iterator[Any]:
    """Every JSON value in a document: whole, or line by line."""
    text = path.read_bytes().decode("utf-8", "replace")
    for piece in (text, *text.splitlines()) if path.suffix == ".ndjson" else (text,):
        try:
            yield json.loads(piece)
        except ValueError:
            continue


def posts_in(value: Any) -> Iterator[dict[str, Any]]:
    """Everything in a value that is a post, however deep."""
    return objects_in(value, lambda part: "text" in part and "id" in part)


def annotated(post: dict[str, Any]) -> set[str]:
    """The people whom a post's own entities name."""
    entities = [post.get("entities"), (post.get("note_tweet") or {}).get("entities")]
    named = [each for one in entities if isinstance(one, dict) for each in one.get("mentions") or ()]
    return {each["username"] for each in named if isinstance(each, dict) and each.get("username")}


def test_every_post_is_read_and_nobody_it_names_passes_the_gate(capsys: pytest.CaptureFixture[str]) -> None:
    """Each post of each document is a post, a retweet or a counted refusal; no annotated handle survives the gate."""
    table: Counter[str] = Counter()
    leaks, keeper = [], gate("@cityofexample")
    for path in documents():
        table["documents"] += 1
        for value in values_of(path):
            for post in posts_in(value):
                table["posts recorded"] += 1
                try:
                    item = item_from(msgspec.json.decode(json.dumps(post), type=WirePost), READ_AT)
                except msgspec.DecodeError:
                    item = Rejected("unreadable_item")
                if not isinstance(item, Post):
                    table["retweets" if item is None else f"rejected: {item.reason}"] += 1
                    continue
                judged = keeper.clear(item, place=AT, watches=(), shortest=None, sealer=SEALER, now=NOW)
                if isinstance(judged, Withheld):
                    table[f"withheld: {judged.reason}"] += 1
                    continue
                table["cleared"] += 1
                data = judged.event.data
                shown = " ".join(filter(None, (data.text, data.link, *data.hashtags)))
                names = annotated(post)
                table["handles named"] += len(names)
                leaks += [
                    (path.name, name)
                    for name in names
                    if re.search(rf"(?<![\w.])@?{re.escape(name)}(?!\w)", shown, re.IGNORECASE)
                ]
    with capsys.disabled():
        print("\n" + "\n".join(f"{count:6} {what}" for what, count in sorted(table.items())))

    assert leaks == []
    assert table["cleared"] > 200
    assert table["handles named"] > 10
    assert table["posts recorded"] == sum(
        count
        for what, count in table.items()
        if what.startswith(("rejected", "withheld", "retweets", "cleared"))
    )


ERRORS: Final[dict[str, tuple[int, type[SourceError], str | None]]] = {
    "twitterdev__postman-twitter-api/Single_Tweet_429_Rate_Limit_Exceeded__429.txt": (429, RateLimited, None),
    "twitterdev__postman-twitter-api/Stream_see_description_429_Too_Many_Requests__429.json": (
        429,
        RateLimited,
        None,
    ),
    "twitterdev__postman-twitter-api/Multiple_Tweets_400_Bad_Request_Too_Many_Tweets__400.json": (
        400,
        DocumentRefused,
        "request_invalid",
    ),
    "twitterdev__postman-twitter-api/Add_Rules_400_Bad_Request_Create___400.json": (
        400,
        DocumentRefused,
        "request_invalid",
    ),
    "twitterdev__postman-twitter-api/Add_Rules_403_Forbidden_Client_Not_Enrolled__403.json": (
        403,
        AccessDenied,
        "not_enrolled",
    ),
    "twitterdev__postman-twitter-api/Retrieve_Rules_401_Unauthorized__401.json": (
        401,
        AccessDenied,
        "credential_refused",
    ),
    "twitter-dart__twitter-api-v2/users/data/rate_limit_exceeded_error.json": (429, RateLimited, None),
    "twitter-dart__twitter-api-v2/tweets/data/rate_limit_exceeded_error.json": (429, RateLimited, None),
    "index_excerpts/error_429.json": (429, RateLimited, None),
    "xdevplatform__docs/x-api_fundamentals_response-codes-and-errors.mdx__00.json": (
        400,
        DocumentRefused,
        "request_invalid",
    ),
    "xdevplatform__docs/x-api_fundamentals_rate-limits.mdx__00.json": (429, RateLimited, None),
}
"""Recorded error replies; the status where a file's name or its index does not say, by the documentation."""


@pytest.mark.parametrize("name", ERRORS)
def test_each_recorded_error_is_the_right_one_of_ours(name: str) -> None:
    """By class and by code, whatever its shape."""
    status, kind, code = ERRORS[name]
    reply = Reply(status, {}, (folder() / name).read_bytes(), "https://api.x.com/2/tweets")
    error = error_of(reply, config(), NOW)

    assert status in JUDGED
    assert isinstance(error, kind)
    assert not isinstance(error, BudgetSpent)
    assert (getattr(error, "code", None) or getattr(error, "reason", None)) == code


def test_what_is_gone_beside_data_is_told() -> None:
    """One post that was deleted and one that is there, as recorded in 2020."""
    body = (
        folder()
        / "twitterdev__postman-twitter-api"
        / "Multiple_Tweets_200_Success_1_Deleted_1_Valid_Tweet__200.json"
    ).read_bytes()
    post, gone = items_from(read_posts(body), READ_AT)

    assert isinstance(post, Post)
    assert (post.native, gone) == ("20", Removal("1276230436478386177", held_only=True))


def test_every_other_document_is_refused_in_our_words() -> None:
    """Whatever a document is, the decoders answer with a struct or with one of the errors that are caught."""
    for path in documents():
        body = path.read_bytes()
        for read in (read_posts, read_counts):
            try:
                read(body)
            except UNREADABLE:
                continue


async def test_recorded_answers_replayed_to_the_adapter(capsys: pytest.CaptureFixture[str]) -> None:
    """Each document given for whatever the adapter asks: a page, a verdict, or an error of ours; never another one."""
    outcomes: Counter[str] = Counter()
    for path in documents():
        answer = Reply(_status(path), {}, path.read_bytes(), "https://api.x.com/2")
        for made, interest in _settings():
            reader = CannedReader(_always(answer), reaches=SPEC.reaches(made))
            source = XSource(made, reader, Clock(NOW), interest)
            what = f"{made.listen} {interest.keep}"
            try:
                page = await source.fetch(None)
                outcomes.update(f"{what}: {type(item).__name__}" for item in page.items)
            except SourceError as error:
                outcomes[f"{what}: {type(error).__name__}"] += 1
            try:
                verdicts = await source.recheck([Ask("20"), Ask("1276230436478386177")])
                outcomes.update(verdict.state for verdict in verdicts.values())
            except SourceError as error:
                outcomes[f"recheck: {type(error).__name__}"] += 1
    with capsys.disabled():
        print("\n" + "\n".join(f"{count:6} {what}" for what, count in sorted(outcomes.items())))

    assert outcomes["search text: Post"] > 100
    assert outcomes["gone"] == 12  # four recorded replies, to three sources
    assert outcomes["search counts: Gap"] > 0


def test_recorded_numbers_are_read() -> None:
    """Hours of 2022 in their order, as recorded of tweepy."""
    recorded = folder() / "tweepy__tweepy" / "cassettes_test_client_get_recent_tweets_count__00_200.json"
    found = read_counts(recorded.read_bytes())

    assert found.data is not None
    assert len(found.data) == 169
    assert all(hour is not None and hour.tweet_count is not None for hour in found.data)


def _settings() -> list[tuple[Any, Watching]]:
    return [
        (config(), watching("river")),
        (config(), watching("river", keep="counts")),
        (mentions(), watching("river")),
    ]


def _always(answer: Reply) -> Any:
    def answers(asked: Asked) -> Reply | SourceError:
        assert urlsplit(asked.address).path.startswith("/2/")
        if answer.status >= 500:
            return error_of(answer, config(), NOW)
        return answer

    return answers


def _status(path: Path) -> int:
    """Of the reply: in its name; 200 where nothing says."""
    name = str(path.relative_to(folder()))
    stated = re.search(r"_(\d{3})\.(?:json|txt)$", name)
    return ERRORS[name][0] if name in ERRORS else int(stated[1]) if stated else 200
