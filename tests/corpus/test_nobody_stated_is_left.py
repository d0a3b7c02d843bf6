"""
Masking measured where the labels are not ours: whom recorded documents name, by `stated`, is in no text, title or link that the gate lets
out. Prints one table, a row a network; misses are listed by document and path, never by value.

    LISTENER_CORPUS=folder python -m pytest -q -s tests/corpus/test_nobody_stated_is_left.py

A name that is left for a reason is counted under that reason, and no other is left:

- *a common word*: one word of the gate's dated list ("News", "Snow"), which it masks only where a name stands, or one of
  fewer than three letters. Else half of a city's feeds would lose their subject.
- *own address*: only a host in the article's own link bears the name of the publication that calls itself its author (its own
  host, or the one a counting service leads on to), and an article's own link stays.
- *not asked for*: X and YouTube are asked for no author (promise D3), so the gate does not know who wrote a post; the
  documents that name one were recorded by others, who did ask.
"""

from __future__ import annotations

import json
import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import unquote

import msgspec
import pytest

from adapters.bluesky import wire as bluesky_wire
from adapters.bluesky.normalise import post_of, post_of_view
from adapters.feed.config import FeedConfig
from adapters.feed.documents import read_document
from adapters.feed.normalise import items_from
from adapters.feed.wire import WireEntry
from adapters.mastodon.normalise import item_from as status_from
from adapters.mastodon.normalise import place_of
from adapters.mastodon.wire import decode_status
from adapters.x.normalise import Place as XPlace
from adapters.x.normalise import item_from as x_post_from
from adapters.x.wire import WirePost
from adapters.youtube import wire as youtube_wire
from adapters.youtube.normalise import Place as YouTubePlace
from adapters.youtube.normalise import comment_from
from listener.errors import DocumentRefused
from listener.events import Cleared, Consent, Post
from listener.gate.clear import Place
from listener.gate.names import words
from listener.keys import Sealer
from tests.corpus import stated
from tests.corpus.recorded import ADDRESS, NEEDS_CORPUS, documents, gate
from tests.corpus.stated import Named
from tests.masking.judge import folded

pytestmark = [NEEDS_CORPUS, pytest.mark.timeout(600)]

NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
SEALER: Final = Sealer(NOW.date(), b"k" * 32)
KEEPER: Final = gate("@cityofexample")
FEED: Final = FeedConfig(address=ADDRESS)

_HOST: Final = re.compile(r"//[^/?#&]*")
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Thai, Lao, Burmese, Khmer, kana and Han, which put nothing between words."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What the adapter made of one recorded post, and whom the document names in it."""

    named: Named
    post: Post


# ------------------------------------------------------------------------------------------------ posts of documents


def of_mastodon() -> Iterator[Pair]:
    """Through the adapter's wire and normalise."""
    for named in stated.mastodon():
        item = status_from(
            decode_status(json.dumps(named.value).encode()), place_of(host="social.example", domain=None)
        )
        if isinstance(item, Post):
            yield Pair(named, item)


def of_bluesky() -> Iterator[Pair]:
    """Views with their author, records without."""
    for named in stated.bluesky():
        body = json.dumps(named.value).encode()
        if "record" in named.value:
            item = post_of_view(
                bluesky_wire.decoded(bluesky_wire.PostView, body), own=frozenset(), seen_at=NOW
            )
        else:
            item = post_of(
                msgspec.Raw(body), did="did:plc:recorded", rkey="3mdpost000001", seen_at=NOW, own=frozenset()
            )
        if isinstance(item, Post):
            yield Pair(named, item)


def of_x() -> Iterator[Pair]:
    """As search and stream give them."""
    for named in stated.x():
        try:
            item = x_post_from(
                msgspec.json.decode(json.dumps(named.value), type=WirePost), XPlace(own=frozenset())
            )
        except msgspec.DecodeError:
            continue
        if isinstance(item, Post):
            yield Pair(named, item)


def of_youtube() -> Iterator[Pair]:
    """Each comment as `comments.list` gives it."""
    for named in stated.youtube():
        answer = {"kind": youtube_wire.COMMENTS.name, "items": [named.value]}
        found, _ = youtube_wire.COMMENTS.read(json.dumps(answer).encode())
        for each in found:
            item = comment_from(each, video="vid00000001", place=YouTubePlace(ours=True))
            if isinstance(item, Post):
                yield Pair(named, item)


def of_feeds() -> Iterator[Pair]:
    """Entry by entry where feedparser, or the JSON, has as many as the adapter."""
    for path in documents():
        body, name = path.read_bytes(), path.relative_to(stated.corpus("rss")).as_posix()
        try:
            feed = read_document(body, address=ADDRESS)
        except DocumentRefused:
            continue
        entries = [entry for entry in feed.entries if isinstance(entry, WireEntry)]
        names = _names_of_entries(body)
        if len(names) != len(entries):
            continue
        for at, (entry, people) in enumerate(zip(entries, names, strict=True)):
            (item,) = items_from(replace(feed, entries=(entry,)), FEED)
            if isinstance(item, Post):
                yield Pair(Named(name, f"entries[{at}]", {}, names=people), item)


def _names_of_entries(body: bytes) -> list[list[stated.Stated]]:
    try:
        found = json.loads(body)
    except ValueError:
        return _by_feedparser(body)
    items = found.get("items") if isinstance(found, dict) else None
    return [stated.of_json_item(item, found, where=f"items[{at}]") for at, item in enumerate(items or ())]


def _by_feedparser(body: bytes) -> list[list[stated.Stated]]:
    import feedparser  # type: ignore[import-untyped]  # ships no types

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = feedparser.parse(body, response_headers={"content-location": ADDRESS})
        except Exception:  # noqa: BLE001 - it raises on some input, whatever it likes
            return []
        return [
            stated.of_entry(entry, found.feed, where=f"entries[{at}]")
            for at, entry in enumerate(found.entries)
        ]


NETWORKS: Final[dict[str, Callable[[], Iterator[Pair]]]] = {
    "mastodon": of_mastodon,
    "bluesky": of_bluesky,
    "x": of_x,
    "youtube": of_youtube,
    "feeds": of_feeds,
}

FEWEST: Final = {
    "mastodon": (400, 500, 200),
    "bluesky": (600, 600, 100),
    "x": (200, 10, 0),
    "youtube": (100, 100, 100),
    "feeds": (2000, 0, 1500),
}
"""Posts, annotated handles and stated names of each network at least, as measured on 2026-11-25, rounded down."""


# ------------------------------------------------------------------------------------------------ what is left


def free_in(value: str, text: str | None) -> bool:
    """Whether a name stands in a text as a word or words of its own, in any writing; in scripts without spaces, at all."""
    name, plain = " ".join(folded(value).split()), " ".join(folded(text or "").split())
    if not name or name not in plain:
        return False
    before, behind = (r"(?<!\w)", r"(?!\w)") if not _UNSPACED.search(name) else ("", "")
    return re.search(f"{before}{re.escape(name)}{behind}", plain) is not None


def reason(value: str, data: tuple[str | None, ...], named: Named, *, name: bool) -> str | None:
    """Why a name may be left; None where it may not."""
    plain = folded(value).strip()
    link = data[2]
    if plain in words("common") or len(plain) < 3:
        return "a common word"
    if link and not any(free_in(value, part) for part in (*data[:2], _HOST.sub("//", unquote(link)))):
        return "own address"
    if name and not named.asked:
        return "not asked for"
    return None


def test_nobody_a_document_names_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    """Every annotated handle and every stated author is gone from text, title and link, but for counted reasons."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    read: dict[str, set[str]] = defaultdict(set)
    reasons: Counter[str] = Counter()
    left: list[str] = []
    for network, pairs in NETWORKS.items():
        for pair in pairs():
            judged = _cleared(network, pair.post)
            if judged is None:
                continue
            row = table[network]
            read[network].add(pair.named.document)
            row["posts"] += 1
            for sort, people in (("handles", pair.named.handles), ("names", pair.named.names)):
                for each in dict.fromkeys(people):
                    row[sort] += 1
                    row["occur"] += any(free_in(each.value, part) for part in _said(pair.post))
                    if not any(free_in(each.value, part) for part in judged):
                        continue
                    why = reason(each.value, judged, pair.named, name=sort == "names")
                    row["left for a reason" if why else "left"] += 1
                    reasons[f"{network}: {why}"] += why is not None
                    left += [] if why else [f"{network}/{pair.named.document} {each.where}"]
    with capsys.disabled():
        _print(table, read, reasons)

    assert left == []
    for network, least in FEWEST.items():
        row = table[network]
        assert all(
            one >= other
            for one, other in zip((row["posts"], row["handles"], row["names"]), least, strict=True)
        )


def _cleared(network: str, post: Post) -> tuple[str | None, ...] | None:
    """Text, title and link as a consumer gets them; None of what is withheld. Wishes count as read: masking is what is measured."""
    place = Place(
        network=network,
        source="recorded",
        keep="text",
        retention=timedelta(days=30),
        emit_from=timedelta(days=36_500),
    )
    said = msgspec.structs.replace(post, consent=Consent())
    judged: Any = KEEPER.clear(said, place=place, watches=(), shortest=None, sealer=SEALER, now=NOW)
    if not isinstance(judged, Cleared):
        return None
    data = judged.event.data
    return data.text, data.title, data.link


def _said(post: Post) -> tuple[str | None, ...]:
    return post.text, post.title, post.link


def _print(table: dict[str, Counter[str]], read: dict[str, set[str]], reasons: Counter[str]) -> None:
    columns = ("posts", "handles", "names", "occur", "left for a reason", "left")
    print(
        f"\n{'network':9} {'documents':>9} {'posts':>6} {'handles':>8} {'names':>6} {'occur':>6} {'for a reason':>12} {'left':>5}"
    )
    for network, row in table.items():
        widths = (6, 8, 6, 6, 12, 5)
        told = " ".join(f"{row[column]:{width}}" for column, width in zip(columns, widths, strict=True))
        print(f"{network:9} {len(read[network]):9} {told}")
    print("\n".join(f"left for a reason, {why}: {count}" for why, count in sorted(reasons.items()) if count))
