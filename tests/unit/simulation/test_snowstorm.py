"""The story of the demo, and the marks by which its posts are known again."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from listener.simulation.marks import mark, read
from listener.simulation.snowstorm import Day, Moment, tell

BEGIN = datetime(2026, 1, 12, 12, tzinfo=UTC)


def day(seed: int = 7, posts: int = 200) -> Day:
    """Two hours of snow."""
    return Day(
        seed=seed,
        begin_at=BEGIN,
        end_at=BEGIN + timedelta(hours=2),
        posts=posts,
        hashtags=("#rivertown", "#rivertownsnow"),
    )


@pytest.mark.parametrize(("number", "revision"), [(0, 1), (7, 2), (74, 1), (75, 74), (421_874, 3)])
def test_a_mark_is_read_again_wherever_it_stands(number: int, revision: int) -> None:
    """In a sentence, between lines, before a hashtag."""
    said = f"Snow! 12 cm, ❄ und so\n{mark(number, revision)} #rivertown"

    assert read(said) == (number, revision)


@pytest.mark.parametrize(("number", "revision"), [(-1, 1), (421_875, 1), (1, 0), (1, 75)])
def test_there_are_no_marks_beyond_their_letters(number: int, revision: int) -> None:
    """An error instead of two posts with one mark."""
    with pytest.raises(ValueError, match="no mark"):
        mark(number, revision)


def test_marks_are_all_different() -> None:
    """Of many posts and versions."""
    assert len({mark(number, revision) for number in range(6000) for revision in (1, 2)}) == 12_000


@pytest.mark.parametrize("said", ["", "snow", "❄ bakelo", "❄bakelo", "❄bakelofix"])
def test_other_words_are_no_mark(said: str) -> None:
    """A snowflake alone, too few syllables, a longer word."""
    assert read(said) is None


def test_equal_seeds_tell_equal_stories_and_networks_tell_others() -> None:
    """To the letter."""
    assert tell(day(), "feed") == tell(day(), "feed")
    assert len({tell(day(seed), network) for seed in (7, 8) for network in ("feed", "x")}) == 4


def test_the_story_has_everything_a_day_has() -> None:
    """Three languages, four voices, answers, edits, deletions, three failures; each version of a post has its own mark."""
    moments = tell(day(), "feed")
    said = [each for each in moments if each.act == "say"]

    assert {each.lang for each in said} == {"en", "fr", "es"}
    assert {each.voice for each in said} == {"neighbour", "city", "troll", "declined"}
    assert Counter(each.act for each in moments if each.act != "say").keys() == {"edit", "delete", "fail"}
    assert {each.failure for each in moments if each.act == "fail"} == {"busy", "down", "slow"}
    assert [read(each.text) for each in said] == [(number, 1) for number in range(1, 201)]
    assert {read(each.text) for each in moments if each.act == "edit"} == {
        (each.number, 2) for each in moments if each.act == "edit"
    }
    assert all(("#rivertown" in each.text) == each.ours for each in moments if each.text)


def test_nobody_answers_edits_or_deletes_what_was_not_said_before() -> None:
    """In order of time; what the city says stays."""
    at = {each.number: each for each in tell(day(), "feed") if each.act == "say"}
    later = [each for each in tell(day(), "feed") if each.act in ("edit", "delete")]

    assert all(at[each.on].voice == "city" and at[each.on].at <= each.at for each in at.values() if each.on)
    assert all(at[each.number].at < each.at >= BEGIN for each in later)
    assert {at[each.number].voice for each in later if each.act == "delete"} <= {
        "neighbour",
        "troll",
        "declined",
    }


def test_it_snows_hardest_in_the_middle() -> None:
    """The middle third of the day has more posts than both others."""
    shares = Counter(
        int((each.at - BEGIN) / timedelta(minutes=40))
        for each in tell(day(posts=600), "feed")
        if each.act == "say" and each.at >= BEGIN
    )

    assert shares[1] > shares[0] + shares[2]


def test_a_moment_prints_without_a_word() -> None:
    """Whoever fails shows no content."""
    assert repr(Moment(at=BEGIN, act="say", number=3, text="secret")) == (
        "Moment(at=2026-01-12T12:00:00+00:00, act='say', number=3)"
    )
