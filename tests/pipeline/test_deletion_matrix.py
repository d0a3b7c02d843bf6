"""
What must become of a post that is deleted, edited, hidden or objected to (privacy.md D10, D11, D18 to D20): network ×
change × moment in the daemon's life, before the simulators, each cell a test that reads as a sentence.

All cells of a network and a moment share one run of the shipped daemon (`deletion_story`), one post for each change. The
cells that no network can have stand in `MISSING` with the reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from listener.gate.consent import ConsentMode
from listener.testing.rig import Rig, rig
from tests.pipeline.deletion_scenes import (
    ACCOUNT_DELETED,
    ALONE,
    CHANGES,
    CHANNEL_CLOSED,
    COMMENTS_OFF,
    DEACTIVATED,
    DELETED,
    EDITED,
    EDITED_OUT,
    EXPIRED,
    LIMITED,
    NOBOT,
    NOINDEX,
    NOT_INDEXABLE,
    OBJECTED,
    PRIVATE,
    PROTECTED,
    SCENES,
    SIGNED_IN,
    SUSPENDED,
    TAKEN_DOWN,
    THREAD_DELETED,
    UNLISTED,
    VIDEO_DELETED,
    WITHHELD,
    Bluesky,
    Feed,
    MastodonStream,
    XLinks,
    first_text,
    old_word,
)
from tests.pipeline.deletion_story import (
    AFTERWARDS,
    BEFORE,
    ERASED_WITHIN_S,
    HOUR_S,
    PHASES,
    RUNNING,
    Ending,
    Run,
    Story,
)

MASTODON: Final[Mapping[str, str]] = {
    ALONE: "stays",
    DELETED: "removed deleted",
    EDITED: "updated",
    EDITED_OUT: "removed watch_removed",
    ACCOUNT_DELETED: "removed deleted",
    SUSPENDED: "removed deleted",
    LIMITED: "removed withdrawn",
    UNLISTED: "removed withdrawn",
    PRIVATE: "removed deleted",
    NOINDEX: "removed withdrawn",
    NOBOT: "removed withdrawn",
    NOT_INDEXABLE: "removed withdrawn",
    OBJECTED: "removed withdrawn",
}
BLUESKY: Final[Mapping[str, str]] = {
    ALONE: "stays",
    DELETED: "removed deleted",
    EDITED: "updated",
    EDITED_OUT: "removed watch_removed",
    ACCOUNT_DELETED: "removed deleted",
    SUSPENDED: "removed deleted",
    DEACTIVATED: "removed deleted",
    TAKEN_DOWN: "removed deleted",
    SIGNED_IN: "removed withdrawn",
    OBJECTED: "removed withdrawn",
}
FEED: Final[Mapping[str, str]] = {
    ALONE: "stays",
    DELETED: "removed deleted",
    EXPIRED: "removed deleted",
    EDITED: "updated",
    EDITED_OUT: "removed watch_removed",
    OBJECTED: "removed withdrawn",
}
YOUTUBE: Final[Mapping[str, str]] = {
    ALONE: "stays",
    DELETED: "removed deleted",
    EDITED: "updated",
    EDITED_OUT: "removed watch_removed",
    ACCOUNT_DELETED: "removed deleted",
    UNLISTED: "removed withdrawn",
    PRIVATE: "removed deleted",
    THREAD_DELETED: "removed deleted",
    VIDEO_DELETED: "removed deleted",
    COMMENTS_OFF: "removed deleted",
    CHANNEL_CLOSED: "removed deleted",
}
X: Final[Mapping[str, str]] = {
    ALONE: "stays",
    DELETED: "removed deleted",
    EDITED: "updated",
    EDITED_OUT: "removed watch_removed",
    SUSPENDED: "removed withdrawn",
    PROTECTED: "removed withdrawn",
    WITHHELD: "removed withdrawn",
}
OWED: Final[Mapping[str, Mapping[str, str]]] = {
    "mastodon by polling": MASTODON,
    "mastodon by stream": MASTODON,
    "bluesky": BLUESKY,
    "feed": FEED,
    "youtube": YOUTUBE,
    "x": X,
}
"""By network and change: what a consumer is told who had been told of the post."""

_NO_ACCOUNTS = "a feed has no accounts: it shows what it shows"
_NO_VISIBILITY = "what a feed shows is public"
_NO_SIGNAL = "a feed says nothing of the kind about who wrote in it"
_ELSEWHERE = "Mastodon knows no such state: an account that is closed, by whomever, is deleted or suspended"
_IS_PUBLIC = "every post of the network is public; only whole accounts are hidden"
_NOT_READ = "the network has no such signal, and profiles are not read"
_NO_VIDEOS = "nothing there stands under a video"
_NO_AUTHOR = (
    "nobody is asked who wrote, so that nobody can be recognised: `listener forget` takes a post away"
)
_CLOSED = "a channel that is ended, by whomever, is closed, as one whose account is deleted"
_AS_DELETED = "whatever an account that is ended had said is shown as deleted, post by post"
_NOT_HERE = "what is withheld in a country is not told to whoever reads elsewhere"
MISSING: Final[Mapping[tuple[str, str], str]] = {
    **{
        (network, change): reason
        for network in ("mastodon by polling", "mastodon by stream")
        for change, reason in (
            (EXPIRED, "posts that delete themselves after a while are deleted"),
            (DEACTIVATED, _ELSEWHERE),
            (TAKEN_DOWN, _ELSEWHERE),
            (PROTECTED, "whoever locks an account changes who may follow it; public posts stay public"),
            (SIGNED_IN, "an instance that shows nothing without an account shows nothing to us"),
        )
    },
    ("bluesky", EXPIRED): "posts do not end by themselves",
    ("bluesky", PROTECTED): _IS_PUBLIC,
    (
        "bluesky",
        LIMITED,
    ): "moderators take a post or an account down, or label it; nobody is shown to followers only",
    ("bluesky", UNLISTED): _IS_PUBLIC,
    ("bluesky", PRIVATE): _IS_PUBLIC,
    ("bluesky", NOINDEX): _NOT_READ,
    ("bluesky", NOBOT): _NOT_READ,
    ("bluesky", NOT_INDEXABLE): _NOT_READ,
    **{
        ("feed", change): reason
        for reason, changes in (
            (_NO_ACCOUNTS, (ACCOUNT_DELETED, SUSPENDED, DEACTIVATED, TAKEN_DOWN, PROTECTED, LIMITED)),
            (_NO_VISIBILITY, (UNLISTED, PRIVATE, SIGNED_IN)),
            (_NO_SIGNAL, (NOINDEX, NOBOT, NOT_INDEXABLE)),
        )
        for change in changes
    },
    **{
        (network, change): _NO_VIDEOS
        for network in ("mastodon by polling", "mastodon by stream", "bluesky", "feed", "x")
        for change in (THREAD_DELETED, VIDEO_DELETED, COMMENTS_OFF, CHANNEL_CLOSED)
    },
    **{
        (network, WITHHELD): "the network tells of no such thing"
        for network in ("mastodon by polling", "mastodon by stream", "bluesky", "feed")
    },
    **{
        ("youtube", change): reason
        for reason, changes in (
            ("nothing there ends by itself", (EXPIRED,)),
            (_CLOSED, (SUSPENDED, DEACTIVATED, TAKEN_DOWN)),
            (
                "comments and videos are public; of channels nothing else can be",
                (PROTECTED, LIMITED, SIGNED_IN),
            ),
            (_NOT_READ, (NOINDEX, NOBOT, NOT_INDEXABLE)),
            (_NO_AUTHOR, (OBJECTED,)),
            (_NOT_HERE, (WITHHELD,)),
        )
        for change in changes
    },
    **{
        ("x", change): reason
        for reason, changes in (
            ("posts do not end by themselves", (EXPIRED,)),
            (_AS_DELETED, (ACCOUNT_DELETED, DEACTIVATED, TAKEN_DOWN)),
            (
                "of single posts all are public; an account is protected as a whole",
                (LIMITED, UNLISTED, PRIVATE),
            ),
            ("the API shows what its own terms show, signed in or not", (SIGNED_IN,)),
            (_NOT_READ, (NOINDEX, NOBOT, NOT_INDEXABLE)),
            (_NO_AUTHOR, (OBJECTED,)),
        )
        for change in changes
    },
}
"""What cannot become of a post of that network, and why; at no moment, so that there is no cell either."""

TOLD_UNKNOWN: Final[Mapping[tuple[str, str, str], list[str]]] = {
    ("feed", BEFORE, "ordinary"): ["removed deleted", "removed deleted"],
}
"""A feed goes on saying of which posts it is rid (a tombstone, an item that expired); each is told once, known or not, so
that the post stays away if a cache shows it later."""

TOO_LATE: Final[Mapping[tuple[str, str, str], str]] = {
    ("x", change, AFTERWARDS): "a post can be edited for half an hour, and an outage takes longer"
    for change in (EDITED, EDITED_OUT)
}
"""What can become of a post of that network, but not then."""

CELLS = [
    pytest.param(network, change, phase, id=f"{network}: a post {change} {phase}")
    for network, owed in OWED.items()
    for phase in PHASES
    for change in owed
    if (network, change, phase) not in TOO_LATE
]


@cache
def run_of(network: str, phase: str, group: str) -> Run | Exception:
    """One run for all cells of a group; what it failed with, so that each of them tells the same."""
    changes = [
        change
        for change in OWED[network]
        if group_of(network, change) == group and (network, change, phase) not in TOO_LATE
    ]
    mode: ConsentMode = "opt-in" if network == "mastodon by stream" or group == NOT_INDEXABLE else "objection"
    with TemporaryDirectory() as folder:
        story = Story(SCENES[network](Path(folder)), phase, changes, mode)
        try:
            return asyncio.run(story.told())
        except Exception as error:  # noqa: BLE001 - raised by each cell
            return error


def group_of(network: str, change: str) -> str:
    """
    Which changes share a run. An objection makes everything be asked about again at once, so that it would hide what the
    clock has to find. Mastodon's stream is heard in `opt-in` mode, which refuses whatever `objection` refuses and one
    thing more; for that one thing the polled one is run by itself.
    """
    if change == OBJECTED or (change == NOT_INDEXABLE and network != "mastodon by stream"):
        return change
    return "ordinary"


def run_behind(params: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Which run a test with these parameters looks at; the tests of one are put side by side (`tests/conftest.py`)."""
    network, phase = params.get("network"), params.get("phase", RUNNING)
    if network is None or "anyio_backend" in params:
        return None
    group = params.get("group") or group_of(network, params.get("change", ALONE))
    return network, phase, group


def owed_of(network: str, change: str, phase: str) -> Ending:
    """What the table and the moment together mean: of what was never told there is nothing to take away."""
    owed, was_told = OWED[network][change], phase != BEFORE
    stays, updated = owed == "stays", owed == "updated"
    if stays or (updated and not was_told):
        events: tuple[str, ...] = ("created",)
    else:
        events = ("created", owed) if was_told else ()
    return Ending(told=events, was_held=was_told, old=stays, new=updated)


def told(run: Run | Exception) -> Run:
    """A run that came to its end."""
    if isinstance(run, Exception):
        raise run
    return run


@pytest.mark.parametrize(("network", "change", "phase"), CELLS)
def test_what_becomes_of(network: str, change: str, phase: str) -> None:
    """
    A consumer who was there all the time is told what is owed, once, within one re-check clock; no removal holds content;
    the words that are not valid any more stand in no byte of any file.
    """
    run = told(run_of(network, phase, group_of(network, change)))

    assert run.endings[change] == owed_of(network, change, phase)


RUNS = list(
    dict.fromkeys(
        (network, phase, group_of(network, change))
        for network, owed in OWED.items()
        for phase in PHASES
        for change in owed
    )
)


@pytest.mark.parametrize(("network", "phase", "group"), RUNS)
def test_nothing_is_news_twice(network: str, phase: str, group: str) -> None:
    """By the daemon's own count no post was new more often than the consumer saw; nothing else was told of."""
    run = told(run_of(network, phase, group))

    assert run.strays == TOLD_UNKNOWN.get((network, phase, group), [])
    assert run.created == sum("created" in ending.told for ending in run.endings.values())


@pytest.mark.parametrize("network", [name for name, scene in SCENES.items() if scene.streams])
def test_a_deletion_that_a_stream_tells_is_erased_within_five_seconds(network: str) -> None:
    """From the deletion in the network until no file holds a byte of its words."""
    erased_s = told(run_of(network, RUNNING, "ordinary")).erased_s

    print(f"\n{network}: erased {erased_s:.2f} s after the deletion")
    assert erased_s is not None
    assert erased_s <= ERASED_WITHIN_S


def test_no_cell_is_left_out() -> None:
    """Every change is tried on every network, or it stands in the table of those that cannot be, with a reason."""
    every = {(network, change) for network in SCENES for change in CHANGES}
    tried = {(network, change) for network, owed in OWED.items() for change in owed}

    assert tried | MISSING.keys() == every
    assert tried & MISSING.keys() == set()
    assert len(CELLS) == len(tried) * len(PHASES) - len(TOO_LATE) == 298
    assert all(MISSING.values())


@pytest.mark.parametrize("network", OWED)
def test_the_scene_can_do_what_the_table_says(network: str, tmp_path: Path) -> None:
    """Its changes are those of the table; the objection list is the daemon's own."""
    scene = SCENES[network](tmp_path)

    assert {*scene.changes} == {change for change in OWED[network] if change != OBJECTED}


def test_of_what_is_kept_without_words_the_link_goes(tmp_path: Path) -> None:
    """Of X with `keep = "links"`: the same is told, once, and no word of anybody was in any file at any time."""
    story = Story(XLinks(tmp_path), RUNNING, X, "objection")
    run = asyncio.run(story.told())

    assert run.endings == {
        change: Ending(told=owed_of("x", change, RUNNING).told, was_held=False, old=False, new=False)
        for change in X
    }
    assert run.strays == []


# ------------------------------------------------------------------------------------------ deletions that come too soon


async def overtaken_on_a_stream(scene: MastodonStream, house: Rig) -> None:
    """The stream tells the deletion first and then the post, as two workers of an instance may."""
    scene.say(DELETED)
    scene.changes[DELETED]()
    (listening,) = scene.here.listening
    assert [news.event for news in listening.news] == ["update", "delete"]
    listening.news.reverse()
    await house.pass_s(HOUR_S)


async def overtaken_in_a_replay(scene: Bluesky, house: Rig) -> None:
    """A host swaps what happened at the end of a replay, and the AppView has not heard of the deletion."""
    scene.host.cutover_swaps = 2
    scene.served.appview.forgets_after_s = HOUR_S
    scene.host.cut()
    scene.say(DELETED)
    scene.changes[DELETED]()
    await house.pass_s(HOUR_S)


async def overtaken_by_a_cache(scene: Feed, house: Rig) -> None:
    """A tombstone is read, and a document from before it afterwards."""
    scene.say(DELETED)
    scene.changes[DELETED]()
    await house.pass_s(2 * HOUR_S)
    scene.show_again(DELETED)
    await house.pass_s(4 * HOUR_S)


OVERTAKEN: Final[Mapping[str, Callable[[Any, Rig], Awaitable[None]]]] = {
    "mastodon by stream": overtaken_on_a_stream,
    "bluesky": overtaken_in_a_replay,
    "feed": overtaken_by_a_cache,
}
"""Mastodon by polling is told no deletions, so that none can come before its post."""


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("network", OVERTAKEN)
async def test_a_post_that_comes_after_its_deletion_stays_out(network: str, tmp_path: Path) -> None:
    """Its words reach no consumer and no file; a post that is said afterwards does."""
    scene = SCENES[network](tmp_path)
    async with rig(scene.table, hosts=scene.routes, clock=scene.clock) as house:
        await house.pass_s(30)
        scene.stir()
        await house.pass_s(60)
        await OVERTAKEN[network](scene, house)
        scene.say(ALONE)
        await house.pass_s(scene.read_within_s)
        texts = [event["data"].get("text") for event in await house.events() if "post" in event["type"]]
        created = sum(line["created"] for line in house.log("page.walked"))
        stored = b"".join(file.read_bytes() for file in (house.folder / "data").rglob("*") if file.is_file())

    assert [text for text in texts if text is not None] == [first_text(ALONE)]
    assert created == 1
    assert (old_word(DELETED).encode() in stored, old_word(ALONE).encode() in stored) == (False, True)
