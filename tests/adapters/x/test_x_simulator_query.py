"""
The query language of the simulated X: what a query finds, and which ones are refused.
"""

from __future__ import annotations

import pytest

from adapters.x.simulated_network import Network
from adapters.x.simulated_query import Found, QueryError, parse
from tests.adapters.x.net import empty_network


def finds(query: str, network: Network) -> list[str]:
    """The texts of what a query finds, oldest first."""
    test = parse(query).test
    return [post.latest.raw for post in network.readable()[::-1] if test(Found.of(post))]


def said(*texts: str) -> Network:
    """Somebody says these."""
    network, clock = empty_network()
    anna = network.account(username="anna")
    for text in texts:
        clock.walk(seconds=1)
        network.post(anna, text)
    return network


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("#yyc", ["Ice #yyc", "Snow #YYC on Québec"]),
        ("#yy", []),
        ("#ete", ["Demain #Été"]),
        ("#Été", ["Demain #Été"]),
        ("ice", ["Ice #yyc"]),
        ("quebec", ["Snow #YYC on Québec"]),
        ('"on quebec"', ["Snow #YYC on Québec"]),
        ('"snow on"', []),
        ("@cityofexample", ["@CityOfExample where?"]),
        ("ice OR snow", ["Ice #yyc", "Snow #YYC on Québec"]),
        ("ice #yyc OR where", ["Ice #yyc", "@CityOfExample where?"]),
        ("(ice OR where) #yyc", ["Ice #yyc"]),
        ("#yyc -ice", ["Snow #YYC on Québec"]),
        ('#yyc -"on quebec"', ["Ice #yyc"]),
        ("from:anna has:mentions", ["@CityOfExample where?"]),
        ("#yyc lang:fr", []),
        ("#yyc lang:en -is:nullcast -is:retweet", ["Ice #yyc", "Snow #YYC on Québec"]),
        ("#yyc min_likes:1", []),
    ],
)
def test_queries_find(query: str, found: list[str]) -> None:
    """Spaces join before `OR`; hashtags are whole; case and diacritics do not count."""
    network = said("Ice #yyc", "Snow #YYC on Québec", "@CityOfExample where?", "Demain #Été")

    assert finds(query, network) == found


def test_replies_and_quotes_are_told_apart_and_a_quote_has_only_its_own_words() -> None:
    """What is quoted does not find the quote."""
    network, _ = empty_network()
    anna = network.account()
    first = network.post(anna, "Ice")
    network.post(anna, "An answer", reply_to=first)
    network.post(anna, "A remark", quote_of=first)

    who = anna.username
    assert finds(f"from:{who} is:reply", network) == ["An answer"]
    assert finds(f"from:{who} is:quote", network) == ["A remark"]
    assert finds("ice", network) == ["Ice"]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("   ", "Rule must contain at least one positive, non-stopword clause"),
        ("lang:en", "Rule must contain at least one positive, non-stopword clause"),
        ("is:reply -#yyc", "Rule must contain at least one positive, non-stopword clause"),
        ("#yyc OR lang:en", "Rule must contain at least one positive, non-stopword clause"),
        ("#yyc -(ice OR snow)", "Negation of a group is not supported; negate each of its clauses"),
        ("(#yyc", "missing ')' at '<EOF>'"),
        ("#yyc)", "extraneous input ')'"),
        ("#yyc OR", "mismatched input '<EOF>'"),
        ("#yyc and ice", "Ambiguous use of and as a keyword. Quote it to find its occurrences in text"),
        ("#yyc is:nullcast", "'is:nullcast' can be used only with a negation"),
        ("#yyc is:funny", "Reference to invalid field 'is:funny'"),
        ('#yyc "ice', "no viable alternative at character 6: '\"'"),
        (
            "#yyc min_faves:3",
            "Reference to invalid operator 'min_faves'. Operator is not available in current product or product "
            "packaging. Please refer to complete available operator list at https://t.co/operators.",
        ),
        ("#" + "y" * 512, "Rule must be at most 512 characters long; this one has 513"),
    ],
)
def test_queries_that_are_refused(query: str, why: str) -> None:
    """What the documents call an error is one."""
    with pytest.raises(QueryError) as refused:
        parse(query)

    assert str(refused.value) == why
