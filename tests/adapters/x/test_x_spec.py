"""What may be configured, how far a source reaches, and what it costs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.x import SPEC
from adapters.x.config import XConfig
from adapters.x.problems import until_cycle_s
from listener.adapter import Budget, Charge, Outlay, Terms
from listener.events import WatchName
from listener.testing.canned import Watching
from tests.adapters.x.test_x_oauth1 import SIGNED
from tests.adapters.x.world import ENDPOINT, config, mentions


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": None},
        {"endpoint": "api.x.com"},
        {"endpoint": "https://jo:pw@api.x.com"},
        {"endpoint": "https://api.x.com/2"},
        {"endpoint": "https://[1"},
        {"listen": "mentions"},
        {"listen": "mentions", "own_user_id": "cityofexample"},
        {"own_user_id": "4242"},
        {"listen": "mentions", "own_user_id": "4242", "consumer_key": "k"},
        {**SIGNED, "listen": "search"},
        {"own_accounts": ["two words"]},
        {"own_accounts": ["city@social.example"]},
        {"query_length": 4097},
        {"fields": "toot"},
        {"cycle_day": 29},
        {"monthly_usd": 0},
        {"interval_s": 59},
        {"users": ["jo"]},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_without_being_shown(wrong: dict[str, Any]) -> None:
    """A person cannot be named; the message holds nothing of a value."""
    with pytest.raises(ValidationError) as caught:
        XConfig.model_validate({"endpoint": ENDPOINT, "token": "t0ken-t0ken", **wrong})

    assert "t0ken" not in str(caught.value)
    assert "jo:pw" not in str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        "/2/users/4242",
        "/2/users/4242/followers",
        "/2/users/4243/mentions",
        "/2/users/42421/mentions",
        "/2/users/by/username/jo_fenn",
        "/2/tweets/1",
        "/2/tweets/1/liking_users",
        "/2/tweets/search/stream",
        "/2/tweets/search/stream/rules",
        "/2/tweets/search/all",
    ],
)
def test_nobody_else_can_be_asked_about(path: str) -> None:
    """The reach has no path for a person but the one of our own account's mentions."""
    for settings in (config(), mentions()):
        assert not [reach for reach in SPEC.reaches(settings) if re.fullmatch(reach.path, path)]


def test_each_kind_of_listening_reaches_only_what_it_asks() -> None:
    """Mentions of the one account, or searches and numbers; posts by id in both."""
    assert [reach.path for reach in SPEC.reaches(mentions())] == [r"/2/users/4242/mentions", r"/2/tweets"]
    assert [(reach.path, reach.spacing_s) for reach in SPEC.reaches(config())] == [
        (r"/2/tweets/counts/recent", 3.0),
        (r"/2/tweets/search/recent", 2.0),
        (r"/2/tweets", 2.0),
    ]


def test_a_credential_is_a_digest() -> None:
    """The same for the same, another for another, and nothing of it can be read."""
    names = {SPEC.lease_group(each) for each in (config(), mentions(), config(token="other"))}
    names.add(SPEC.lease_group(XConfig.model_validate(SIGNED)))

    assert len(names) == 3
    assert all(re.fullmatch(r"x-[0-9a-f]{12}", name) for name in names)


def test_secrets_are_no_part_of_what_prints() -> None:
    """Nor of what a dump shows."""
    made = XConfig.model_validate(SIGNED)
    shown = f"{made!r} {made} {made.model_dump()}"

    assert not [
        key for key in ("consumer_key", "consumer_secret", "access_token_secret") if SIGNED[key] in shown
    ]


def test_budgets_are_money_and_posts_of_a_cycle() -> None:
    """For one credential, turning on the day that is configured."""
    made = config(monthly_usd=25, cycle_day=17)

    assert SPEC.budgets(made) == (
        Budget(name="usd", credential=made.credential, limit=25.0, unit="USD", window="month", first_day=17),
        Budget(
            name="posts", credential=made.credential, limit=3e6, unit="posts", window="month", first_day=17
        ),
    )


@pytest.mark.parametrize(
    ("made", "path", "expected"),
    [
        (config(), "/2/tweets/counts/recent?query=a", (Charge(budget="usd", most=0.005),)),
        (
            config(),
            "/2/tweets/search/recent?query=a&max_results=10",
            (Charge(budget="usd", most=0.05, share=0.9), Charge(budget="posts", most=10.0, share=0.9)),
        ),
        (
            XConfig.model_validate(SIGNED),
            "/2/users/4242/mentions?max_results=100",
            (Charge(budget="usd", most=0.1, share=0.9), Charge(budget="posts", most=100.0, share=0.9)),
        ),
        (
            mentions(),
            "/2/users/4242/mentions?max_results=100",
            (Charge(budget="usd", most=0.5, share=0.9), Charge(budget="posts", most=100.0, share=0.9)),
        ),
        (
            config(),
            "/2/tweets?ids=1,2,3",
            (Charge(budget="usd", most=0.015), Charge(budget="posts", most=3.0)),
        ),
    ],
)
def test_what_a_request_costs_at_most(made: XConfig, path: str, expected: tuple[Charge, ...]) -> None:
    """Posts by the page, numbers by the request; the last tenth is left to numbers and to what has to be asked again."""
    assert SPEC.charges(made, f"{ENDPOINT}{path}") == expected


def test_the_outlook_of_numbers_is_exact() -> None:
    """Queries times hours times price, of the longest month."""
    many = Terms(hashtags=frozenset(f"tag{number:03}" for number in range(120)))
    interest = Watching({WatchName("a"): many, WatchName("b"): Terms(frozenset({"b"}))}, "counts")
    made = config(counts_every_h=1)
    (outlay,) = SPEC.outlook(made, interest, "public")
    (seldom,) = SPEC.outlook(config(counts_every_h=24), interest, "public")

    assert outlay == Outlay(budget="usd", what="counts of 4 queries, every hour", a_window=14.88, each=0.005)
    assert seldom.a_window == pytest.approx(4 * 31 * 0.005)


def test_the_outlook_of_posts_is_a_price() -> None:
    """Each found, and each kept; what is kept is asked about every day of seven."""
    interest = Watching({WatchName("a"): Terms(frozenset({"a"}))}, "text")
    found, again = SPEC.outlook(config(), interest, "public")

    assert (found.a_window, found.each, again.a_window, again.each) == (None, 0.005, None, 0.035)
    assert len(SPEC.outlook(config(recheck=False), interest, "public")) == 1


@pytest.mark.parametrize(
    ("day", "now", "days"),
    [(1, (2026, 11, 24), 7), (26, (2026, 11, 24), 2), (24, (2026, 11, 24), 30), (28, (2027, 1, 31), 28)],
)
def test_a_cycle_turns_at_midnight_of_its_day(day: int, now: tuple[int, int, int], days: int) -> None:
    """This month's or the next one's."""
    assert until_cycle_s(config(cycle_day=day), datetime(*now, tzinfo=UTC)) == days * 86400.0


def test_what_is_said_to_us_is_looked_for_every_minute() -> None:
    """Mentions; no setting goes below the floor."""
    assert (SPEC.interval_s(mentions(), "public"), SPEC.floor_s(mentions(), "public")) == (60.0, 60.0)
    assert (SPEC.interval_s(config(), "public"), SPEC.floor_s(config(), "public")) == (300.0, 120.0)
    assert SPEC.interval_s(config(interval_s=600), "own") == 600.0


def test_terms_are_those_of_x() -> None:
    """Numbers by default, seven days, a day for deletions, proofs for what is more."""
    terms = SPEC.terms

    assert (terms.default_keep, terms.retention_max_days, terms.delete_within_h) == ("counts", 7, 24)
    assert terms.proofs == {"links": ("attestation",), "text": ("attestation", "permission_ref")}
    assert SPEC.recheck is not None
    assert SPEC.recheck.within_s < 24 * 3600


def test_protests_are_not_looked_for() -> None:
    """The list of the network's terms is asked, with the clause."""
    found = SPEC.unlawful(Terms(hashtags=frozenset({"protest", "rivertown"})))

    assert [one.term for one in found] == ["protest"]
    assert "docs.x.com" in found[0].because
