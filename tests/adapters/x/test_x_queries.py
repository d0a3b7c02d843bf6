"""What the watches ask for, in X's query language: whatever the terms are."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.x.queries import NO_RETWEETS, plan_for
from listener.adapter import Terms
from listener.events import WatchName

ANYTHING = st.text(max_size=80)
TERMS = st.builds(
    Terms,
    hashtags=st.frozensets(
        st.one_of(ANYTHING, st.from_regex(r"[a-z0-9_é]{1,40}", fullmatch=True)), max_size=30
    ),
    handles=st.frozensets(
        st.one_of(ANYTHING, st.from_regex(r"[a-z0-9_]{1,15}", fullmatch=True)), max_size=10
    ),
    phrases=st.frozensets(ANYTHING, max_size=30),
)
OPERAND = re.compile(r'"[^"]+"|#[^\s()"]+|@[a-z0-9_]{1,15}')
W = WatchName("w")


def operands(query: str) -> list[str]:
    """What stands between the parentheses; fails where anything else does."""
    assert query.startswith("(")
    assert query.endswith(f"){NO_RETWEETS}")
    inside = query.removesuffix(f"){NO_RETWEETS}")[1:]
    found = OPERAND.findall(inside)
    assert " OR ".join(found) == inside
    return found


@settings(max_examples=60, deadline=None)
@given(terms=TERMS, most=st.integers(64, 512))
def test_every_query_is_whole_short_and_balanced(terms: Terms, most: int) -> None:
    """Whatever a term holds, no query is longer than the limit or has a quote, an operator or a sign too many."""
    plan = plan_for({W: terms}, own=frozenset(), most=most)
    queries = [query.text for query in plan.by_watch.get(W, ())]
    asked = [operand for query in queries for operand in operands(query)]

    assert all(len(query) <= most for query in queries)
    assert len(asked) == len(set(asked))
    assert not [one for one in asked if "$" in one or ":" in one]


@settings(max_examples=50, deadline=None)
@given(
    tags=st.frozensets(st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True), max_size=60),
    handles=st.frozensets(st.from_regex(r"[a-z0-9_]{1,15}", fullmatch=True), max_size=10),
    phrases=st.frozensets(st.from_regex(r"[a-z]{1,9}( [a-z]{1,9}){0,3}", fullmatch=True), max_size=40),
    most=st.integers(80, 512),
)
def test_every_term_is_asked_for_once(
    tags: frozenset[str], handles: frozenset[str], phrases: frozenset[str], most: int
) -> None:
    """Split over as many queries as it takes, and nothing is said to be left out."""
    plan = plan_for({W: Terms(tags, handles, phrases)}, own=frozenset(), most=most)
    asked = [operand for query in plan.by_watch.get(W, ()) for operand in operands(query.text)]
    expected = [f"#{tag}" for tag in tags] + [f"@{one}" for one in handles] + [f'"{one}"' for one in phrases]

    assert sorted(asked) == sorted(expected)
    assert plan.unasked == 0


def test_only_handles_of_x_that_are_ours_are_asked_for() -> None:
    """`city` of another network may be anybody here; a handle with a host is none."""
    terms = Terms(handles=frozenset({"city", "city@social.example", "cityofexample", "city.bsky.example"}))
    named = plan_for({W: terms}, own=frozenset({"cityofexample"}), most=512)
    unnamed = plan_for({W: terms}, own=frozenset(), most=512)

    assert [query.text for query in named.by_watch[W]] == ["(@cityofexample) -is:retweet"]
    assert [query.text for query in unnamed.by_watch[W]] == ["(@city OR @cityofexample) -is:retweet"]


def test_a_term_that_is_longer_than_a_query_is_told() -> None:
    """It is left out, and counted."""
    plan = plan_for({W: Terms(phrases=frozenset({"word " * 30, "short"}))}, own=frozenset(), most=64)

    assert [query.text for query in plan.by_watch[W]] == ['("short") -is:retweet']
    assert plan.unasked == 1


def test_signs_that_x_leaves_out_itself_lose_nothing() -> None:
    """A comma in a phrase is no reason to warn; a cashtag is one."""
    assert plan_for({W: Terms(phrases=frozenset({"ice, snow"}))}, own=frozenset(), most=512).unasked == 0
    assert plan_for({W: Terms(phrases=frozenset({"buy $ice"}))}, own=frozenset(), most=512).unasked == 1
