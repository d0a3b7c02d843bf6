"""
D1 to D6: what is not asked for, not decoded, not kept and not counted cannot leak.
"""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from adapters.mastodon import wire as mastodon
from listener.events import PostData, event_schema
from listener.notice import Removals, figures_of
from listener.telemetry import Telemetry
from listener.testing.rig import rig
from tests.adapters.mastodon.statuses import status
from tests.pipeline.deletion_scenes import (
    ALONE,
    CHANGES,
    SCENES,
    Mastodon,
    XLinks,
    first_text,
    new_word,
    old_word,
)
from tests.privacy.networks import heard

DECLARED: Final = {
    "network", "kind", "text", "title", "lang", "watches", "hashtags", "link", "in_reply_to", "by_us", "addressed",
    "open_to_reply", "observed_at", "masked",
}  # fmt: skip
"""What an event says of a post. A name more in here is a decision for the privacy officer."""

KNOWN: Final = frozenset(status("1"))
NEWS: Final = st.dictionaries(
    st.from_regex(r"[a-z]{3,12}(_[a-z]{2,8})?", fullmatch=True).filter(lambda name: name not in KNOWN),
    st.recursive(
        st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=12),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=6,
    ),
    min_size=1,
    max_size=60,
)


def run_behind(params: dict[str, Any]) -> tuple[str, str] | None:
    """Which run a test looks at (`tests/conftest.py`)."""
    return ("heard", params["network"]) if "network" in params else None


@given(NEWS)
def test_d01_a_field_that_nobody_declared_never_becomes_an_object(news: dict[str, Any]) -> None:
    """A status with any sixty fields more, and an account with them, is read as the same status without them."""
    plain = status("1")
    laden = {**news, **plain, "account": {**news, **plain["account"]}}

    assert mastodon_status(laden) == mastodon_status(plain)


def mastodon_status(told: dict[str, Any]) -> mastodon.WireStatus:
    return msgspec.json.decode(msgspec.json.encode(told), type=mastodon.WireStatus)


@pytest.mark.parametrize("network", SCENES)
def test_d01_and_d02_an_event_says_what_is_declared_and_nothing_of_who(network: str) -> None:
    """
    Every event that a consumer is given by any network has the declared members only: no handle, name, picture, bio, number
    of followers, place or program among them. What is masked in the text: `tests/unit/gate`, `tests/pipeline/test_canary*`.
    """
    posts = [
        event
        for event in heard(network).events
        if "data" in event and event["type"].startswith("listener.post.")
    ]

    for event in posts:
        jsonschema.validate(event, event_schema())
        assert event["data"].keys() <= DECLARED | {"reason"}
    assert {field.name for field in msgspec.structs.fields(PostData)} == DECLARED
    assert [event for event in posts if event["type"] != "listener.post.removed"] != []


def test_d03_x_is_asked_for_no_author() -> None:
    """No request of a day asks for an author to be expanded, for fields of a user, or of a place."""
    asked = [parse_qs(urlsplit(each.request.target.decode()).query) for each in heard("x").asked]

    assert {name for query in asked for name in query} & {
        "user.fields",
        "place.fields",
        "poll.fields",
    } == set()
    every = ",".join(value for query in asked for values in query.values() for value in values)
    assert re.findall(r"author_id|in_reply_to_user_id|\bgeo\b|\bsource\b|public_metrics", every) == []
    assert "referenced_tweets" in every  # so that there is something to find


def test_d03_youtube_is_asked_for_no_author() -> None:
    """No `fields` of a day names whoever wrote."""
    fields = [
        value
        for each in heard("youtube").asked
        for value in parse_qs(urlsplit(each.request.target.decode()).query).get("fields", ())
    ]

    assert [each for each in fields if re.search(r"author(?!ChannelUrl\b)\w*", each)] == []
    assert len(fields) > 3


def test_d03_of_an_account_on_mastodon_only_its_choices_outlive_the_parser() -> None:
    """Of everything an instance tells of an account, no name, address or number stands in what is stored or told."""
    seen = heard("mastodon by polling")
    told = [
        seen.stored,
        seen.log.encode(),
        seen.metrics.encode(),
        *(repr(event).encode() for event in seen.events),
    ]

    assert len(seen.people) == 3
    assert [name for name in seen.people for data in told if name.encode() in data] == []


def test_d04_nothing_is_dumped() -> None:
    """
    The daemon switches core dumps off for itself. What a killed one leaves on the disk: `tests/pipeline/test_canary*`.
    """
    code = (
        "import resource; from listener.telemetry import no_core_dumps;"
        "no_core_dumps(); print(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ended.stdout == "(0, 0)\n"


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("keep", ["counts", "text"])
async def test_d05_with_counts_no_body_is_at_rest_at_all(keep: str, tmp_path: Path) -> None:
    """Of a source that keeps volumes only, no word is in any file at any time; of one that keeps text, it is."""
    scene = Mastodon(tmp_path)
    async with rig(f'{scene.table}keep = "{keep}"\n', hosts=scene.routes, clock=scene.clock) as house:
        await house.pass_s(30)
        scene.say(ALONE)
        await house.pass_s(scene.read_within_s)
        stored = b"".join(file.read_bytes() for file in (house.folder / "data").rglob("*") if file.is_file())
        told = [event["type"] for event in await house.events()]

    assert (old_word(ALONE).encode() in stored, told) == (
        (False, []) if keep == "counts" else (True, ["listener.post.created"])
    )


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_d05_with_links_no_word_is_at_rest(tmp_path: Path) -> None:
    """Of X with `keep = "links"` a consumer gets time, language, hashtags and link; no word is in any file."""
    scene = XLinks(tmp_path)
    async with rig(scene.table, hosts=scene.routes, clock=scene.clock) as house:
        await house.pass_s(30)
        scene.say(ALONE)
        await house.pass_s(scene.read_within_s)
        stored = b"".join(file.read_bytes() for file in (house.folder / "data").rglob("*") if file.is_file())
        (event,) = await house.events()

    data = event["data"]
    assert (data["text"], data["title"], data["hashtags"], data["link"]) == (
        None,
        None,
        ["yyc"],
        scene.link(ALONE),
    )
    assert old_word(ALONE).encode() not in stored


@pytest.mark.parametrize("network", SCENES)
def test_d06_no_label_of_a_metric_carries_what_was_said(network: str) -> None:
    """
    After posts were heard, edited and deleted, no label holds a word, hashtag, language or person of them: labels are names
    from the configuration and words from closed sets. Counts that pages show: the test below.
    """
    seen = heard(network)
    labels = {
        value
        for family in text_string_to_metric_families(seen.metrics)
        for sample in family.samples
        for value in sample.labels.values()
    }
    said = {word.lower() for change in CHANGES for word in (*first_text(change).split(), new_word(change))}

    assert {label for label in labels if label.lower().strip("#") in said | {"yyc", "en"}} == set()
    assert [label for label in labels for person in seen.people if person in label] == []
    assert len(labels) > 10


@pytest.mark.parametrize("counted", [*range(13), 999, 1000])
def test_d06_no_page_tells_a_small_or_an_exact_count(counted: int) -> None:
    """
    What the public notice says of removals is a multiple of five, rounded down, and nothing below five; the sum of two
    reasons is rounded as one.
    """
    telemetry = Telemetry()
    telemetry.removals.labels("deleted").inc(counted)
    for reason in ("watch_removed", "source_removed"):
        telemetry.removals.labels(reason).inc(2)
    told = figures_of(telemetry, since=date(2026, 11, 25)).removals

    assert told == Removals(
        deleted=None if counted < 5 else counted // 5 * 5, withdrawn=None, forgotten=None, not_wanted=None
    )
