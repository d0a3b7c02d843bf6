"""
People, scenario, world, ledger and clock of the simulation.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from listener.simulation.clock import ScaledClock
from listener.simulation.ledger import Ledger, PostRow, Window, tally
from listener.simulation.people import LANGUAGES, people
from listener.simulation.scenario import Act, Place, ordinary_day
from listener.simulation.world import Expected, World
from listener.testing.virtual_clock import START, VirtualClock


def at(hours: float) -> datetime:
    """
    So many hours after the start of the virtual clock.
    """
    return START + timedelta(hours=hours)


def small_world() -> tuple[World, VirtualClock]:
    """
    Two blogs, one of them our own, and nothing published.
    """
    clock = VirtualClock()
    places = (Place("ours", "Ours", "en", own=True), Place("theirs", "Theirs", "fr"))
    return World(places, clock, ("#YYC",)), clock


ANNA, BORIS = people(1, 2)


class TestPeople:
    def test_equal_seeds_make_equal_people(self) -> None:
        """A longer list begins with the shorter one, and another seed makes others."""
        assert people(5, 20) == people(5, 40)[:20]
        assert people(5, 20) != people(6, 20)

    def test_people_differ_and_speak_many_languages(self) -> None:
        """Whatever identifies a person is unique, and at least eight scripts and languages take turns."""
        crowd = people(7, 300)

        for identify in ("handle", "email", "account_id", "profile", "avatar"):
            assert len({getattr(person, identify) for person in crowd}) == 300
        assert len(LANGUAGES) >= 8
        assert {person.lang for person in crowd} == set(LANGUAGES)

    def test_nobody_can_be_reached(self) -> None:
        """Addresses lie in reserved domains, telephone numbers in ranges set aside for fiction."""
        reserved = re.compile(
            r"\+1 403-555-01\d\d|\(587\) 555-01\d\d|\+33 1 99 00 \d\d \d\d|\+44 20 7946 0\d\d\d"
        )
        for person in people(8, 300):
            assert re.fullmatch(r"[a-z.0-9]+@(example\.(org|net|com)|mail\.example)", person.email)
            assert reserved.fullmatch(person.phone)
            assert person.profile.startswith("https://people.example/@")

    def test_a_person_prints_as_nobody(self) -> None:
        """Not even a synthetic name is printed."""
        assert repr(replace(ANNA, lang="en")) == "Person(lang='en')"


class TestScenario:
    def test_equal_arguments_make_equal_days(self) -> None:
        """To the letter, and another seed makes another day."""
        assert ordinary_day(1, hashtags=["yyc"]) == ordinary_day(1, hashtags=["#yyc"])
        assert ordinary_day(1, hashtags=["yyc"]).acts != ordinary_day(2, hashtags=["yyc"]).acts

    def test_a_day_has_something_of_everything(self) -> None:
        """Every kind of act, in order of time, in at least three languages, with and without the hashtag."""
        day = ordinary_day(3, hashtags=["#yyc"], posts=200)
        kinds = Counter(act.kind for act in day.acts)
        posts = [act for act in day.acts if act.kind in ("publish", "comment")]
        tagged = [act for act in posts if "#yyc" in act.text or "yyc" in act.tags]

        assert set(kinds) == {"publish", "comment", "edit", "delete", "outage", "rate_limit", "slow"}
        assert kinds["outage"] == 2
        assert list(day.acts) == sorted(day.acts, key=lambda act: act.at)
        assert {"en", "fr", "es"} <= {act.lang for act in posts}
        assert 0.3 < len(tagged) / len(posts) < 0.55
        assert not any("{" in act.text + act.title for act in day.acts)

    def test_an_act_prints_without_content(self) -> None:
        """What is written and who wrote it stays out of a failed test's output."""
        act = Act(at=START, kind="publish", place="ours", post="a1", author=ANNA, text="words", title="title")

        assert repr(act) == "Act(at=2026-01-05T12:00:00+00:00, kind='publish', place='ours', post='a1')"


class TestWorld:
    def test_what_is_shown_is_a_function_of_time(self) -> None:
        """A world that is asked every hour and one that is asked once show the same."""
        day = ordinary_day(4, hashtags=["#yyc"], start_at=START)
        often, once = (World.of(day, VirtualClock(), hashtags=["#yyc"]) for _ in range(2))
        for clock_time in range(25):
            often.clock = VirtualClock(at(clock_time))
            often.turn()
        once.clock = VirtualClock(at(24))
        once.turn()

        assert often.entries == once.entries
        assert often.ledger.as_json() == once.ledger.as_json()
        assert len(once.entries) > 100

    def test_acts_happen_in_their_time_and_not_before(self) -> None:
        """Publishing, editing and deleting follow the clock, and carry the time of the act, not of the question."""
        world, clock = small_world()
        act = Act(
            at=at(1), kind="publish", place="ours", post="a", author=ANNA, text="one", title="t", lang="en"
        )
        world.plan(
            [replace(act, at=at(2), kind="edit", text="two"), act, replace(act, at=at(3), kind="delete")]
        )
        seen = []
        for _ in range(4):
            world.turn()
            seen.append([(entry.text, entry.revision, entry.changed_at) for entry in world.articles("ours")])
            world.clock = clock = VirtualClock(clock.now() + timedelta(hours=1, minutes=1))

        assert seen == [[], [("one", 1, at(1))], [("two", 2, at(2))], []]
        assert world.next_act_at is None
        assert [entry.deleted_at for entry in world.deleted("ours", comments=False)] == [at(3)]

    def test_comments_form_threads_and_go_with_their_article(self) -> None:
        """An answer to a comment belongs to the same article; deleting the article takes all of them."""
        world, _ = small_world()
        article = world.publish("ours", ANNA, "text", title="Ice, again!")
        comment = world.comment(article.post, BORIS, "comment")
        reply = world.comment(comment.post, ANNA, "reply")
        links = [world.link(entry) for entry in (article, comment, reply)]
        world.delete(article.post)

        assert [(entry.on, entry.reply_to) for entry in (comment, reply)] == [
            (article.post, None),
            (article.post, comment.post),
        ]
        page = "/ours/2026/01/05/ice-again-1/"
        assert links == [page, f"{page}#comment-2", f"{page}#comment-3"]
        assert (world.articles("ours"), world.comments("ours")) == ([], [])

    def test_a_late_comment_on_what_is_gone_is_never_made(self) -> None:
        """Nor are its edits and its deletion."""
        world, _ = small_world()
        article = world.publish("ours", ANNA, "text")
        world.delete(article.post)
        late = Act(at=START, kind="comment", place="ours", post="c", on=article.post, author=BORIS, text="hm")
        world.plan([late, replace(late, kind="edit"), replace(late, kind="delete")])
        world.turn()

        assert list(world.entries) == [article.post]

    def test_expectations_follow_place_and_hashtag(self) -> None:
        """Ours is always wanted, theirs with a hashtag in text, title or category, whatever the case."""
        world, _ = small_world()
        world.publish("ours", ANNA, "nothing", post="ours")
        world.publish("theirs", ANNA, "snow #Yyc!", post="text")
        world.publish("theirs", ANNA, "snow", title="#yyc", post="title")
        world.publish("theirs", ANNA, "snow", tags=("YYC",), post="category")
        world.publish("theirs", ANNA, "snow #yycc yyc", post="other")
        world.expect = lambda _: Expected("withheld", "objection")
        world.publish("theirs", ANNA, "snow #yyc", post="objection")

        rows = {post: (row.expected, row.reason) for post, row in world.ledger.posts.items()}
        assert rows == {
            "ours": ("queued", None),
            "text": ("queued", None),
            "title": ("queued", None),
            "category": ("queued", None),
            "other": ("not_ours", None),
            "objection": ("withheld", "objection"),
        }

    def test_disturbances_begin_and_end(self) -> None:
        """A disturbance holds from its first instant until before its last; the latest wins."""
        world, _ = small_world()
        world.disturb("ours", "503", 3600, at=at(1))
        world.disturb("ours", "429", 60, at=at(1.5))
        seen = []
        for hours in (0.99, 1, 1.5, 1.6, 2):
            world.clock = VirtualClock(at(hours))
            seen.append(getattr(world.disturbance("ours"), "manner", None))

        assert seen == [None, "503", "429", "503", None]
        assert world.disturbance("theirs") is None

    def test_an_unknown_disturbance_is_refused(self) -> None:
        """A slip in a scenario is told, not ignored."""
        world, _ = small_world()
        world.plan([Act(at=START, kind="outage", place="ours", lasts_s=1, manner="earthquake")])

        with pytest.raises(ValueError, match="earthquake"):
            world.turn()


def row(post: str, **more: Any) -> PostRow:
    """
    A row of a post that is ours, published at the start.
    """
    fields: dict[str, Any] = {
        "place": "ours",
        "kind": "article",
        "link": f"/{post}",
        "expected": "queued",
        "published_at": START,
    }
    return PostRow(post=post, **(fields | more))


class TestLedger:
    def test_every_post_has_exactly_one_fate(self) -> None:
        """One post of each kind, told apart by what was shown and what an outside consumer was given."""
        ledger = Ledger()
        rows = {
            "queued": row("queued"),
            "not_ours": row("not_ours", expected="not_ours"),
            "withheld": row("withheld", expected="withheld", reason="objection"),
            "rejected": row("rejected", expected="rejected", reason="no_identity"),
            "removed_before_reading": row("removed_before_reading", deleted_at=at(1)),
            "in_gap": row("in_gap", published_at=at(5)),
            "never_shown": row("never_shown"),
            "missing": row("missing"),
            "unexpected": row("unexpected", expected="not_ours"),
        }
        for each in rows.values():
            ledger.published(each)
        unseen = {"removed_before_reading", "in_gap", "never_shown"}
        ledger.shown(dict.fromkeys(rows.keys() - unseen, 1), at(1))

        gaps = [Window("ours", at(4), at(6)), Window("theirs", None, at(9))]
        fates = ledger.partition({"/queued", "/unexpected"}, gaps=gaps)

        assert fates == {name: name for name in rows}
        assert tally(fates.values()) == dict.fromkeys(sorted(rows), 1)
        assert ledger.partition(set(), read_by=lambda each: each.post == "queued") == {"queued": "missing"}

    def test_showing_counts_repeats_and_revisions(self) -> None:
        """First and last time, how often, and the latest words that left the house."""
        ledger = Ledger()
        ledger.published(row("a"))
        ledger.shown({"a": 1}, at(1))
        ledger.edited("a", at(2))
        ledger.shown({"a": 2}, at(3))
        ledger.deleted("a", at(4))

        expected = row("a", edited_at=at(2), deleted_at=at(4), revision=2, shown=2, shown_revision=2)
        assert ledger.posts == {"a": replace(expected, first_shown_at=at(1), last_shown_at=at(3))}

    def test_the_same_post_is_not_booked_twice(self) -> None:
        """Two posts of one identity would hide one of them."""
        ledger = Ledger()
        ledger.published(row("a"))

        with pytest.raises(ValueError, match="in the book already"):
            ledger.published(row("a"))

    def test_the_book_holds_no_word_and_no_person(self) -> None:
        """A whole day as JSON: none of its texts, titles, names or handles."""
        day = ordinary_day(9, hashtags=["#yyc"], start_at=START)
        world = World.of(day, VirtualClock(at(24)), hashtags=["#yyc"])
        world.turn()
        book = world.ledger.as_json().decode()

        texts = {act.text.split("\n")[0] for act in day.acts if act.text}
        names = {part for person in day.people for part in (person.name, person.handle, person.email)}
        assert [text for text in texts | names if text in book] == []
        assert set(json.loads(book)) == {"posts", "requests"}


class TestScaledClock:
    def test_time_runs_by_the_factor(self) -> None:
        """A thousand seconds pass in one, counted from the start."""
        clock = ScaledClock(1000, datetime(2026, 1, 1, tzinfo=UTC), origin_s=time.monotonic() - 3.6)

        assert timedelta(0) <= clock.now() - datetime(2026, 1, 1, 1, tzinfo=UTC) < timedelta(minutes=10)
        assert 3600 <= clock.monotonic() < 4200

    @pytest.mark.anyio
    async def test_sleep_is_divided(self) -> None:
        """Ten minutes of this clock end in real milliseconds, and not before its ten minutes."""
        clock = ScaledClock(36_000)
        began, real = clock.monotonic(), time.monotonic()
        await clock.sleep(600)
        await clock.sleep(-5)

        assert clock.monotonic() - began >= 600
        assert time.monotonic() - real < 1

    def test_two_clocks_of_one_origin_agree(self) -> None:
        """Daemon and simulator in two processes tell the same time."""
        first = ScaledClock(60, START, origin_s=100.0)
        second = ScaledClock(60, START, origin_s=100.0)

        assert abs(first.now() - second.now()) < timedelta(seconds=30)

    @pytest.mark.parametrize(("factor", "start"), [(0, START), (-1, START), (1, datetime(2026, 1, 1))])  # noqa: DTZ001  refused
    def test_nonsense_is_refused(self, factor: float, start: datetime) -> None:
        """No standing or backward clock, and no start without a time zone."""
        with pytest.raises(ValueError, match="clock"):
            ScaledClock(factor, start)
