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

import pytest

from adapters.mastodon import SPEC
from adapters.mastodon.client import MastodonSource
from adapters.mastodon.config import MastodonConfig
from adapters.mastodon.frames import EventStream, items_of_event, items_of_message
from adapters.mastodon.instance import instance_from
from adapters.mastodon.normalise import item_from, place_of
from adapters.mastodon.wire import UNREADABLE, decode_instance, decode_status
from listener.adapter import Ask, Cursor, Reply
from listener.errors import SourceError
from listener.events import Rejected, Withheld
from listener.gate.clear import Place
from listener.keys import Sealer
from listener.testing.canned import Asked, CannedReader, EverythingInteresting
from listener.testing.virtual_clock import VirtualClock
from tests.corpus.recorded import NEEDS_CORPUS, gate, objects_in

HOST: Final = "social.example"
READ_FROM: Final = place_of(host=HOST, domain=None)
NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT: Final = Place(
    network="mastodon",
    source="recorded",
    keep="text",
    retention=timedelta(days=30),
    emit_from=timedelta(days=30),
)
SEALER: Final = Sealer(NOW.date(), b"k" * 32)

pytestmark = NEEDS_CORPUS


def folder() -> Path:
    return Path(os.environ["LISTENER_CORPUS"]) / "mastodon"


def documents() -> list[Path]:
    """All but the indexes of cassettes."""
    return sorted(path for path in folder().rglob("*") if path.is_file() and path.name != "_index.jsonl")


def values_of(path: Path) -> Iterator[Any]:
    """Every JSON value in a document: whole, line by line, behind `data:`, or between the lines of another protocol."""
    text = path.read_bytes().decode("utf-8", "replace")
    try:
        yield json.loads(text)
        return
    except ValueError:
        pass
    for line in text.splitlines():
        line = line.removeprefix("data:").strip()
        if line[:1] in ("{", "["):
            try:
                yield json.loads(line)
            except ValueError:
                continue


def statuses_in(value: Any) -> Iterator[dict[str, Any]]:
    """Everything in a value that is a status, however deep, JSON within JSON included."""
    return objects_in(value, lambda part: part.keys() >= {"content", "account", "id", "uri"})


def annotated(status: dict[str, Any]) -> set[str]:
    """The people whom a status itself names: who wrote it, and whom it mentions."""
    people = [status.get("account") or {}, *(status.get("mentions") or [])]
    names = {person.get(key) or "" for person in people for key in ("acct", "username", "url")}
    return {name for name in names if name}


def shown(name: str, text: str | None) -> bool:
    """Whether a name stands free in a text. `test` is a word first, and on the gate's list of those."""
    if not text or name == "test":
        return False
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


def test_every_status_is_read_and_nobody_it_names_passes_the_gate(capsys: pytest.CaptureFixture[str]) -> None:
    """Each status of each document is a post, a boost or a counted refusal; no annotated handle survives the gate."""
    table: Counter[str] = Counter()
    kept, leaks, keeper = 0, [], gate("@city@social.example")
    for path in documents():
        table["documents"] += 1
        for value in values_of(path):
            for status in statuses_in(value):
                table["statuses"] += 1
                raw = json.dumps(status).encode()
                item = item_from(decode_status(raw), READ_FROM)
                if item is None:
                    table["boosts"] += 1
                    continue
                if isinstance(item, Rejected):
                    table[f"rejected: {item.reason}"] += 1
                    continue
                table["posts"] += 1
                judged = keeper.clear(item, place=AT, watches=(), shortest=None, sealer=SEALER, now=NOW)
                if isinstance(judged, Withheld):
                    table[f"withheld: {judged.reason}"] += 1
                    continue
                table["cleared"] += 1
                data = judged.event.data
                kept += data.link is not None
                texts = (data.text, data.title, data.link, *data.hashtags)
                leaks += [
                    (path.name, name)
                    for name in annotated(status)
                    if any(shown(name, text) for text in texts)
                ]
    table["cleared with a link"] = kept
    with capsys.disabled():
        print("\n" + "\n".join(f"{count:6} {what}" for what, count in sorted(table.items())))

    assert leaks == []
    assert table["posts"] > 400
    assert table["statuses"] == table["boosts"] + table["posts"] + sum(
        count for what, count in table.items() if what.startswith("rejected")
    )
    assert table["posts"] == table["cleared"] + sum(
        count for what, count in table.items() if what.startswith("withheld")
    )


def test_every_other_document_is_refused_in_our_words() -> None:
    """Whatever a document is, the decoders answer with a struct or with one of the errors that are caught."""
    for path in documents():
        body = path.read_bytes()
        for decode in (decode_status, decode_instance):
            try:
                decode(body)
            except UNREADABLE:
                continue


def test_recorded_streams_are_heard() -> None:
    """Recorded event streams and messages give posts and removals by id on the instance, and no frame is unreadable."""
    heard: Counter[str] = Counter()
    for path in documents():
        if path.name.endswith(".sse.txt"):
            cut = EventStream()
            events = [event for part in _in_pieces(path.read_bytes()) for event in cut.feed(part)]
            items = [item for name, data in events for item in items_of_event(name, data, READ_FROM)]
        elif "msg.event" in path.name or "streaming.md__02" in path.name:
            items = list(items_of_message(path.read_bytes(), READ_FROM))
        else:
            continue
        heard.update(type(item).__name__ for item in items)

    assert heard["Rejected"] == 0
    assert heard["Post"] >= 5
    assert heard["Removal"] >= 1


def _in_pieces(body: bytes) -> Iterator[bytes]:
    for at in range(0, len(body), 7):
        yield body[at : at + 7]


@pytest.mark.anyio
async def test_recorded_answers_replayed_to_the_adapter(capsys: pytest.CaptureFixture[str]) -> None:
    """Each recorded answer, headers and all, given for whatever the adapter asks: a page, a verdict, or an error of ours."""
    outcomes: Counter[str] = Counter()
    instance = _recorded("/api/v2/instance")
    for answer in _cassette():
        for listen in ("hashtags", "mentions"):
            config = MastodonConfig.model_validate(
                {
                    "endpoint": "https://mastodon.social",
                    "listen": listen,
                    "hashtags": ["river"],
                    "token": "t0ken",
                    "streaming": "off",
                }
            )
            reader = CannedReader(_world(instance, answer), reaches=SPEC.reaches(config))
            source = MastodonSource(config, reader, VirtualClock(), EverythingInteresting())
            try:
                page = await source.fetch(Cursor(b""))
                outcomes.update(f"{listen}: {type(item).__name__}" for item in page.items)
            except SourceError as error:
                outcomes[f"{listen}: {type(error).__name__}"] += 1
            verdicts = await source.recheck([Ask("1"), Ask("110446183735368325")])
            outcomes.update(verdict.state for verdict in verdicts.values())
    with capsys.disabled():
        print("\n" + "\n".join(f"{count:6} {what}" for what, count in sorted(outcomes.items())))

    assert outcomes["mentions: Post"] >= 1  # of forty mentions, all but one of posts that are gone
    assert outcomes["mentions: DocumentRefused"] == outcomes["hashtags: DocumentRefused"] > 0
    assert outcomes["changed"] == 2
    assert outcomes["gone"] == 0
    assert instance_from(decode_instance(instance.body)).streaming == "streaming.mastodon.social"


def _world(instance: Reply, answer: Reply) -> Any:
    def answers(asked: Asked) -> Reply:
        return instance if urlsplit(asked.address).path.endswith("/instance") else answer

    return answers


def _cassette() -> list[Reply]:
    return [_reply(line) for line in _index() if line["method"] == "GET"]


def _recorded(path: str) -> Reply:
    return next(_reply(line) for line in _index() if urlsplit(line["url"]).path.rstrip("/") == path)


def _index() -> list[dict[str, Any]]:
    index = folder() / "halcy__Mastodon.py" / "_index.jsonl"
    return [json.loads(line) for line in index.read_text("utf-8").splitlines()]


def _reply(line: dict[str, Any]) -> Reply:
    body = (folder() / "halcy__Mastodon.py" / line["file"]).read_bytes()
    headers = {name.lower(): value for name, value in line["headers"].items()}
    return Reply(status=line["status"], headers=headers, body=body, address=line["url"])
