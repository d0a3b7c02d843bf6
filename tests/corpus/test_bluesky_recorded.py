"""
Recorded documents of Bluesky through the adapter and the gate: every one read to its last field, nobody that the network
itself annotates in them left readable. Runs where LISTENER_CORPUS names a folder of recorded documents; prints a table.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec import Raw
from msgspec.structs import replace

from adapters.bluesky import SPEC, wire
from adapters.bluesky.config import BlueskyConfig
from adapters.bluesky.identity import instant, is_did, is_handle, parts_of, post_uri
from adapters.bluesky.normalise import post_of, post_of_view
from adapters.bluesky.sieve import Gone, Said, Sieve
from listener.adapter import Reply
from listener.events import Cleared, Consent, Post, PostData, Rejected, WatchName
from listener.gate import Gate, Place
from listener.gate.folding import fold_for_masking
from listener.keys import KeyRing, Sealer
from listener.testing.canned import Asked, CannedReader, Connection, EverythingInteresting
from listener.testing.streamer_contract import SteppedClock, StreamScript, Told, hear
from tests.corpus.recorded import NEEDS_CORPUS
from tests.corpus.recorded_bluesky import (
    POST,
    Path_,
    documents,
    folder,
    leaves,
    pieces,
    shown_at,
    values,
    vectors,
)

pytestmark = [NEEDS_CORPUS, pytest.mark.anyio]

NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG: Final = timedelta(days=10_000)
GATE: Final = Gate(
    keys=KeyRing([b"a secret of some length for tests"]),
    own_handles=(),
    country="CA",
    consent="objection",
    nobot_tags=(),
    objections=frozenset(),
)
PLACE: Final = Place(network="bluesky", source="bluesky", keep="text", retention=LONG, emit_from=LONG)
SEALER: Final = Sealer(NOW.date(), b"k" * 32)

READ: Final = {
    ("uri",), ("text",), ("createdAt",), ("langs", "*"), ("tags", "*"), ("reply", "parent", "uri"), ("labels", "values", "*", "val"),
    ("facets", "*", "index", "byteStart"), ("facets", "*", "index", "byteEnd"), ("facets", "*", "features", "*", "$type"),
    ("facets", "*", "features", "*", "did"), ("facets", "*", "features", "*", "tag"), ("facets", "*", "features", "*", "uri"),
    ("embed", "$type"), ("embed", "images", "*", "alt"), ("embed", "alt"), ("embed", "external", "uri"),
    ("embed", "external", "title"), ("embed", "record", "uri"), ("embed", "record", "record", "uri"),
    ("embed", "media", "$type"), ("embed", "media", "images", "*", "alt"), ("embed", "media", "alt"),
    ("embed", "media", "external", "uri"), ("embed", "media", "external", "title"),
}  # fmt: skip
"""Where in a record something stands that becomes a part of the post; one project writes the name of the record into it."""

LEFT: Final = {
    "$type", "py_type", "cid", "root", "image", "thumb", "video", "aspectRatio", "aspect_ratio", "captions", "description",
    "entities", "via", "lol", "fooOriginalText", "fooOriginalUrl", "created_at", "byte_start", "byte_end",
}  # fmt: skip
"""Names of fields that are known and left: sizes, pictures, content ids, the root of a thread, what a web page says of
itself, entities (given up in 2023), fields that other programs add, and the spellings of a client library."""


def masked(post: Post) -> PostData:
    """What a consumer is shown."""
    cleared = GATE.clear(
        post, place=PLACE, watches=(WatchName("all"),), shortest=None, sealer=SEALER, now=NOW
    )
    assert isinstance(cleared, Cleared), "consent was read, and nobody here refuses"
    return cleared.event.data


def read(record: Mapping[str, Any]) -> Post | Rejected:
    return post_of(
        Raw(json.dumps(record).encode()),
        did="did:plc:recorded",
        rkey="3mdpost000001",
        seen_at=NOW,
        own=frozenset(),
    )


def records() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every post record of the corpus, with its document's name."""
    for path in documents():
        for value in values(path):
            for piece in pieces(value):
                if piece.kind == "record":
                    yield path.relative_to(folder()).as_posix(), piece.value


def annotated(record: Mapping[str, Any]) -> Iterator[str]:
    """Whoever the network itself says is mentioned: by DID, and by the words that stand there."""
    for facet in record.get("facets") or ():
        for feature in facet.get("features") or ():
            if feature.get("$type") == "app.bsky.richtext.facet#mention":
                yield feature["did"]
                yield shown_at(record["text"], facet.get("index"))


def is_shown(person: str, data: PostData) -> bool:
    words = fold_for_masking(person).strip().removeprefix("@")
    shown = "\n".join(filter(None, (data.text, data.title, data.link, *data.hashtags)))
    return bool(words) and words in fold_for_masking(shown)


# --------------------------------------------------------------------------------------------------- documents


def test_every_document_is_read_to_the_last_field() -> None:
    """What stands in a record becomes part of the post, or stands at a place that is known and left; nothing is new."""
    table: Counter[tuple[str, str]] = Counter()
    unknown: Counter[Path_] = Counter()
    lost: list[tuple[str, str]] = []
    for name, record in records():
        post = read(record)
        table[name, post.reason if isinstance(post, Rejected) else "post"] += 1
        if isinstance(post, Post):
            lost += [(name, words) for words in _lost(record, post)]
        for path, value in leaves(record):
            if path not in READ and LEFT.isdisjoint(path) and value is not None:
                unknown[path] += 1
    for (name, outcome), count in sorted(table.items()):
        print(f"{count:6} {outcome:16} {name}")

    assert unknown == {}
    assert lost == []
    assert {outcome for _, outcome in table} == {"post"}
    assert table.total() > 300


def _lost(record: Mapping[str, Any], post: Post) -> Iterator[str]:
    """
    Words of the record that are not in the post, found by walking the JSON and not by the adapter's shapes. Tags and links
    of a record that a client library has respelt (`py_type`) have lost what says that they are any.
    """
    respelt = "py_type" in record
    shown = " ".join(post.text.split())
    for path, value in leaves(record):
        if path[-1:] in (("alt",), ("title",)) and "embed" in path and LEFT.isdisjoint(path) and value:
            if " ".join(value.split()) not in shown:
                yield value
        elif path[-2:] == ("external", "uri") and LEFT.isdisjoint(path):
            if value not in shown:
                yield value
        elif not respelt and (path[-1] == "tag" or path == ("tags", "*")):
            if value.lstrip("#＃") not in post.tags:
                yield value
        elif not respelt and path[-1] == "uri" and path[:1] == ("facets",) and value.startswith("http"):
            bare = value.partition("://")[2].removeprefix("www.").rstrip("/")
            if bare not in shown:
                yield value


def test_every_document_is_classified() -> None:
    """Frames, records and views are told apart in every document; what is none of them is read as nothing, without an error."""
    table: dict[str, Counter[str]] = {}
    for path in documents():
        found = table.setdefault(path.relative_to(folder()).as_posix(), Counter())
        body = path.read_bytes()
        for line in body.splitlines() if path.suffix == ".jsonl" else [body]:
            sifted = Sieve(EverythingInteresting(), own=frozenset()).sift([line])
            found.update(f"as a frame: {_kind(event)}" for event in sifted.events)
        for value in values(path):
            for piece in pieces(value):
                view = wire.maybe(wire.PostView, Raw(json.dumps(piece.value).encode()))
                if piece.kind == "view":
                    found["view"] += view is not None
                    found["view that cannot be read"] += view is None
                else:
                    found["record"] += 1
    for name, counts in table.items():
        print(
            f"{name}: {', '.join(f'{count} {kind}' for kind, count in sorted(counts.items()) if count) or 'nothing'}"
        )

    assert len(table) == len(documents()) >= 80
    assert sum(counts["view"] for counts in table.values()) > 50
    assert sum(counts["view that cannot be read"] for counts in table.values()) == 0


def _kind(event: object) -> str:
    return event.reason if isinstance(event, Rejected) else type(event).__name__


def test_nobody_the_network_annotates_stays_readable() -> None:
    """Whoever a facet calls mentioned, and whoever a view calls its author, is in no text, title, link or tag of an event."""
    mentioned = authors = 0
    shown: list[str] = []
    for path in documents():
        for value in values(path):
            for piece in pieces(value):
                if piece.kind == "view":
                    view = wire.decoded(wire.PostView, json.dumps(piece.value).encode())
                    post = post_of_view(view, own=frozenset(), seen_at=NOW)
                    names = [piece.value["author"]["did"], piece.value["author"]["handle"]]
                else:
                    post, names = read(piece.value), []
                if not isinstance(post, Post):
                    continue
                record = piece.value["record"] if piece.kind == "view" else piece.value
                names += annotated(record)
                authors += piece.kind == "view"
                mentioned += len(list(annotated(record))) // 2
                data = masked(_readable(post))
                shown += [f"{path.name}: {person}" for person in names if is_shown(person, data)]
    print(f"{authors} authors, {mentioned} mentions")

    assert shown == []
    assert authors > 50
    assert mentioned > 20


def _readable(post: Post) -> Post:
    """The post as if its author's wishes were known and none stood against it."""
    return replace(post, consent=Consent())


# ------------------------------------------------------------------------------------------------------ streams


def lines(name: str) -> list[bytes]:
    (path,) = folder().rglob(name)
    return [line for line in path.read_bytes().splitlines() if line.strip()]


def appview(asked: Asked) -> Reply:
    """Shows whatever it is asked for, of somebody without a name."""
    uris = parse_qs(urlsplit(asked.address).query)["uris"]
    posts = [{"uri": uri, "author": {"did": uri.split("/")[2]}, "record": {}} for uri in uris]
    return Reply(200, {}, json.dumps({"posts": posts}).encode(), asked.address)


@pytest.mark.parametrize(
    "name",
    [
        "golden_v1.jsonl",
        "jetstream_2026-01_2025-11.jsonl",
        "jetstream_account_events.jsonl",
        "jetstream_ja_fullwidth_hash.jsonl",
    ],
)
async def test_recorded_frames_are_heard_verbatim(name: str) -> None:
    """Replayed byte for byte as a stream: every post, every deletion of one, and nothing of anything else."""
    frames = lines(name)
    told = Told(connections=[Connection([[frame] for frame in frames])], answers=appview)
    script = StreamScript(
        spec=SPEC,
        config=BlueskyConfig(hosts=("wss://one.example",)),
        first=told,
        later=told,
        bad_frame=told,
        bad_items=0,
        quiet=None,
        people=(),
    )
    events = [json.loads(frame) for frame in frames]
    posts = [event for event in events if event.get("commit", {}).get("collection") == POST]
    uris = {
        operation: [
            post_uri(post["did"], post["commit"]["rkey"])
            for post in posts
            if post["commit"]["operation"] == operation
        ]
        for operation in ("create", "delete")
    }
    heard = await hear(script, told)
    sifted = Sieve(EverythingInteresting(), own=frozenset()).sift(frames)
    print(f"{name}: {len(frames)} frames, {len(uris['create'])} posts, {len(uris['delete'])} deletions")

    assert list(heard.natives) == uris["create"]
    assert [event.post.native for event in sifted.events if isinstance(event, Said)] == uris["create"]
    assert [event.uri for event in sifted.events if isinstance(event, Gone)] == uris["delete"]
    assert not any(isinstance(item, Rejected) for item in heard.items)
    assert sifted.first_us == events[0]["time_us"]
    assert sifted.last_us == max((post["time_us"] for post in posts), default=None)


async def test_a_japanese_post_keeps_its_tags() -> None:
    """Full-width signs, ideographic spaces, offsets in bytes: both tags are there and the text is whole."""
    sifted = Sieve(EverythingInteresting(), own=frozenset()).sift(lines("jetstream_ja_fullwidth_hash.jsonl"))
    (said,) = [event for event in sifted.events if isinstance(event, Said)]
    data = masked(_readable(said.post))

    assert said.post.tags == ("ポケモンSV", "テラレイドバトル")
    assert set(data.hashtags) >= {"ポケモンsv", "テラレイドバトル"}
    assert data.lang == "ja"


async def test_recorded_answers_of_the_appview_are_verdicts() -> None:
    """A recorded `getPosts`, as it came, says of its posts what they say, and of another that it is gone."""
    (path,) = folder().rglob("getPosts.json")
    body = path.read_bytes()
    uris = [post["uri"] for post in json.loads(body)["posts"]]
    gone = post_uri("did:plc:nobody", "3mdpost000001")
    assert gone is not None
    reader = CannedReader([Reply(200, {}, body, "https://public.api.bsky.app/")])
    source = SPEC.build(BlueskyConfig(), reader, SteppedClock(), EverythingInteresting())
    verdicts = await source.recheck([*uris, gone])  # type: ignore[union-attr]  # the spec declares it

    assert {ask: verdict.state for ask, verdict in verdicts.items()} == {
        **dict.fromkeys(uris, "changed"),
        gone: "gone",
    }
    assert [verdicts[uri].post.open_to_reply for uri in uris] == ["no"] * len(uris)


# ----------------------------------------------------------------------------------------------------- spellings


@pytest.mark.parametrize(
    ("name", "accepts"),
    [
        ("did", is_did),
        ("handle", is_handle),
        ("recordkey", lambda key: post_uri("did:plc:a", key) is not None),
        ("datetime", lambda text: instant(text) is not None),
    ],
)
def test_the_protocols_own_spellings(name: str, accepts: Any) -> None:
    """Every good spelling is taken, no bad one is."""
    good, bad = vectors(f"{name}_syntax_valid"), vectors(f"{name}_syntax_invalid")
    refused = [text for text in good if not accepts(text)]
    taken = [text for text in bad if accepts(text)]
    print(f"{name}: {len(good)} good, {len(bad)} bad")

    assert refused == []
    assert taken == []


def test_datetimes_that_no_calendar_has() -> None:
    """Right in their spelling and no instants all the same."""
    assert [text for text in vectors("datetime_parse_invalid") if instant(text) is not None] == []


def test_at_uris_of_posts_and_of_nothing_else() -> None:
    """A good at-uri that names a post by its author's DID is one; no bad one is."""
    good = [
        uri for uri in vectors("aturi_syntax_valid") if f"/{POST}/" in uri and uri.startswith("at://did:")
    ]

    assert [uri for uri in good if parts_of(uri) is None] == []
    assert [uri for uri in vectors("aturi_syntax_invalid") if parts_of(uri) is not None] == []


def test_revisions_sort_as_time_ids_do() -> None:
    """Every good time id has thirteen characters of an alphabet in the order of its bytes, so that comparing them compares times."""
    alphabet = "234567abcdefghijklmnopqrstuvwxyz"
    good = vectors("tid_syntax_valid")

    assert {len(tid) for tid in good} == {13}
    assert set("".join(good)) <= set(alphabet)
    assert list(alphabet) == sorted(alphabet)
