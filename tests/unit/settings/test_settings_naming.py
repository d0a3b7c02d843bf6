"""A name is refused until somebody says by name that it is nobody's; what is an account stays refused. All names are made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from listener.errors import Fault
from listener.settings import Settings, grown, needless_approvals, statement

Faults = Callable[..., Any]
LINES = '[[{table}.approved]]\nterm = {term}\nby = "{by}"\nbecause = "{because}"\n'
BY, BECAUSE = "J. Doe, privacy officer", "a creek in the north of the town"


def approval(term: str, *, table: str = "watch", by: str = BY, because: str = BECAUSE) -> str:
    """The lines of one approval."""
    return LINES.format(table=table, term=json.dumps(term), by=by, because=because)


def with_phrase(base: str, phrase: str, *approvals: str) -> str:
    """The configuration with one more phrase in its watch, and with approvals there."""
    text = base.replace('"Example Transit"', f'"Example Transit", {json.dumps(phrase, ensure_ascii=False)}')
    return text.replace("\n[[source]]", "\n" + "".join(approvals) + "\n[[source]]")


def asked(term: str, table: str = "watch") -> str:
    """What a fault tells to do."""
    lines = LINES.format(table=table, term=term, by="(name and office)", because="(what it is)").strip()
    return f"what names nobody; or, if it is nobody, somebody says so by name:\n{lines}"


def test_a_name_is_refused_with_the_lines_that_would_approve_it(base: str, faults: Faults) -> None:
    """The fault says what it looks like and prints what to add, whole; the words in brackets are refused as placeholders."""
    found = faults(with_phrase(base, "Robin Ellery"))

    assert found == (
        Fault(
            "listener.toml",
            "watch[0].phrases[1]",
            "looks like a person's name (a given name and a family name), and a person cannot be watched",
            found='"Robin Ellery"',
            allowed=asked('"Robin Ellery"'),
        ),
    )
    printed = found[0].allowed.partition("\n")[2] + "\n"
    again = faults(with_phrase(base, "Robin Ellery", printed))
    assert [(fault.key, fault.problem) for fault in again] == [
        (f"watch[0].approved[0].{key}", "is a placeholder, and somebody answers for it with words")
        for key in ("by", "because")
    ]


@pytest.mark.parametrize("term", ["Robin Ellery", "robin  ELLERY", "＃Robin Ellery"])
def test_an_approved_name_is_listened_for(term: str, base: str, loads: Callable[..., Settings]) -> None:
    """An approval fits its term however it is spelt, and is part of the settings."""
    loaded = loads(with_phrase(base, "Robin Ellery", approval(term)))

    assert loaded.watches[0].phrases == ("Example Transit", "Robin Ellery")
    assert [(each.by, each.because) for each in loaded.watches[0].approved] == [(BY, BECAUSE)]
    assert needless_approvals(loaded) == ()


def test_an_approval_of_what_is_not_there_is_a_fault_and_one_of_nobody_a_warning(
    base: str, faults: Faults, loads: Callable[..., Settings]
) -> None:
    """An approval cannot lie in wait for a term of later, and one that is not needed is told by `check`."""
    found = faults(with_phrase(base, "Robin Ellery", approval("Robin Elery"), approval("Robin Ellery")))
    loaded = loads(with_phrase(base, "pothole", approval("pothole")))

    assert found == (
        Fault(
            "listener.toml",
            "watch[0].approved[0].term",
            "approves what this table does not hold",
            found='"Robin Elery"',
            allowed="a term of this table, as it stands there",
            nearest='"Robin Ellery"',
        ),
    )
    assert needless_approvals(loaded) == (
        "watch transit: approved[0] is not needed; its term looks like nobody's name",
    )


@pytest.mark.parametrize(
    "account", ["@robin", "robin@mail.example", "u/robin", "from:robin", "robin.bsky.social"]
)
def test_an_account_cannot_be_approved(account: str, base: str, faults: Faults) -> None:
    """What is a handle, a mailbox or a search for an account stays refused, and neither fault repeats it where it holds an @."""
    found = faults(with_phrase(base, account, approval(account)))

    assert {fault.key: fault.problem.partition(",")[0] for fault in found} == {
        "watch[0].phrases[1]": found[0].problem.partition(",")[0],
        "watch[0].approved[0].term": "approves an account",
    }
    assert "asks for" in found[0].problem
    assert "@" not in account or account not in str(found)


def test_an_own_account_that_looks_like_a_person_needs_an_approval(
    base: str, faults: Faults, loads: Callable[..., Settings]
) -> None:
    """To list a citizen's handle would unmask and watch them; the fault points at the handle and does not print it."""
    text = base.replace('"@cityofexample"', '"@robin.ellery"')
    found = faults(text)
    approved = text.replace(
        "\n[[watch]]", "\n" + approval("@robin.ellery", table="organisation") + "[[watch]]"
    )

    assert found == (
        Fault(
            "listener.toml",
            "organisation.own_handles[0]",
            "is an account that looks like a person's (a given name and a family name), and a person cannot be watched",
            allowed=asked('"(as in organisation.own_handles[0])"', "organisation"),
        ),
    )
    assert loads(approved).organisation.approved[0].term == "@robin.ellery"


def test_own_accounts_and_searched_words_of_a_source_need_an_approval(
    base: str, faults: Faults, adapters: dict[str, Any], loads: Callable[..., Settings]
) -> None:
    """A search feed for a name, a hashtag in a path and a source's own account are judged, each where it stands."""
    search = "https://search.example/rss?q=potholes+OR+%22Robin+Ellery%22"
    found = faults(base.replace("https://river.example/feed/", search))
    tagged = faults(
        base.replace("https://river.example/feed/", "https://social.example/tags/jordanmurphy.rss")
    )
    own = faults(base + 'own_accounts = ["@robin.ellery", "cityofexample"]\n')
    approved = base.replace("https://river.example/feed/", search) + approval("Robin Ellery", table="source")

    assert [(fault.key, fault.allowed) for fault in found] == [
        ("source[0].address", asked('"Robin Ellery"', "source"))
    ]
    assert [fault.key for fault in tagged] == ["source[0].address"]
    assert [fault.key for fault in own if "person" in fault.problem] == ["source[0].own_accounts[0]"]
    assert "robin" not in str(own).casefold()
    assert loads(approved).sources[0].approved[0].term == "Robin Ellery"


def test_a_name_from_the_environment_is_approved_there(base: str, faults: Faults) -> None:
    """Where a variable set the term, the fault prints the variable to set."""
    found = faults(base, LISTENER_WATCH__0__PHRASES__1="Robin Ellery")
    name, _, value = found[0].allowed.rpartition("\n")[2].partition("=")
    said = json.loads(value.strip("'")) | {"by": BY, "because": BECAUSE}

    assert (found[0].file, found[0].key) == ("environment", "LISTENER_WATCH__0__PHRASES__1")
    assert name == "LISTENER_WATCH__0__APPROVED__0"
    with pytest.raises(pytest.fail.Exception):
        faults(base, LISTENER_WATCH__0__PHRASES__1="Robin Ellery", **{name: json.dumps(said)})


def test_an_approval_stands_in_the_statement_and_a_new_one_has_to_be_signed(
    base: str, loads: Callable[..., Settings]
) -> None:
    """The page names term, reason and who says so; without approvals it is the page it was; another signatory is growth."""
    before = statement(loads(base))
    first = statement(loads(with_phrase(base, "Robin Ellery", approval("Robin Ellery"))))
    other = statement(
        loads(with_phrase(base, "Robin Ellery", approval("Robin Ellery", by="The mayor's cousin")))
    )

    line = f'"Robin Ellery" looks like a person\'s name and is none: {BECAUSE} (says {BY})'
    assert [text.strip() for text in first.as_text().splitlines() if "is none" in text] == [line]
    assert len({before.digest, first.digest, other.digest}) == 3
    assert grown(before, first) == (
        'watch transit also asks for "Robin Ellery"',
        f'watch transit takes "Robin Ellery" for nobody\'s name, as {BY} says',
    )
    assert grown(first, other) == (
        "watch transit takes \"Robin Ellery\" for nobody's name, as The mayor's cousin says",
    )
    assert grown(first, before) == ()


@pytest.mark.parametrize("key", ["purpose", "owner", "legal_authority", "pia_ref", "criterion"])
@pytest.mark.parametrize(
    "text",
    ["TODO", "tbd", "n/a", "p", "???", "-", "xxx", "<purpose>", "(later)", "Owner", "to be defined", "test"],
)
def test_a_placeholder_is_refused(key: str, text: str, base: str, faults: Faults) -> None:
    """Who answers for a watch says something: no word that holds the place of an answer, and no single letter."""
    table = "source" if key == "criterion" else "watch"
    lines = [line for line in base.splitlines() if not line.startswith(f"{key} =")]
    at = lines.index(f"[[{table}]]") + 1
    found = faults("\n".join([*lines[:at], f'{key} = "{text}"', *lines[at:]]))

    assert [(fault.key, fault.problem) for fault in found] == [
        (f"{table}[0].{key}", "is a placeholder, and somebody answers for it with words")
    ]


@pytest.mark.parametrize(
    ("criterion", "problem"),
    [
        ("Because it is river.example", "names a site by its address"),
        ("See https://rules.example/7", "names a site by its address"),
        ("Because it is the River Valley news", "names the source itself"),
        ("What @robin finds good", "names a handle"),
        ("Asked for by robin@mail.example", "names an e-mail address or a full handle"),
    ],
)
def test_a_criterion_that_names_one_site_or_somebody_is_none(
    criterion: str, problem: str, base: str, faults: Faults
) -> None:
    """A published rule is one that any other site could meet, as far as words can show it."""
    text = base.replace("Publishes about city services", criterion).replace(
        "river.example", "rivervalley.example"
    )
    text = text.replace('name = "river"', 'name = "river-valley"').replace("it is rivervalley", "it is river")

    assert [(fault.key, fault.problem.partition(", and")[0]) for fault in faults(text)] == [
        ("source[0].criterion", problem)
    ]


def test_a_rule_that_others_could_meet_is_one(base: str, loads: Callable[..., Settings]) -> None:
    """Words of the topic are no proper name, and an abbreviation or a forgotten blank is no host."""
    for rule in (
        "Writes about the river, e.g. its weirs",
        "Blogs of the valley.Listed on request",
        "市の河川について書く公開ブログ",
    ):
        assert loads(base.replace("Publishes about city services", rule)).sources[0].criterion == rule


def test_review_is_a_day_of_the_watch(base: str, loads: Callable[..., Settings]) -> None:
    """What D21 asks for is in the settings, `pia_ref` where somebody gave it."""
    watch = loads(base).watches[0]

    assert (watch.purpose, watch.owner, watch.legal_authority, watch.review_by, watch.pia_ref) == (
        "Answer riders",
        "Transit customer service",
        "Municipal Government Act",
        date(2027, 6, 30),
        None,
    )
