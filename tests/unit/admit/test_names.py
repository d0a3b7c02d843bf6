"""
Names of sources: from host and path, never from a title, and never twice.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from listener.admit.names import Names, slug
from listener.settings.kinds import Slug

CHECK: TypeAdapter[str] = TypeAdapter(Slug)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://www.river.example/feed/", "river-example"),
        ("https://river.example/north/feed.xml", "river-example-north"),
        ("https://river.example/comments/feed/", "river-example-comments"),
        ("https://river.example/feeds/posts/default?alt=rss", "river-example"),
        ("https://river.example/?feed=rss2", "river-example"),
        ("http://river.example:8080/", "river-example"),
        ("https://people.example/~ada/rss.xml", "people-example"),
        ("https://people.example/@ada/feed", "people-example"),
        ("https://xn--bcher-kva.example/", "xn-bcher-kva-example"),
        ("https://a.example/caf%C3%A9/Über", "a-example-caf-ber"),
        ("http://192.0.2.7/", "192-0-2-7"),
        ("http://[2001:db8::1]/x", "2001-db8-1-x"),
        (f"https://{'a' * 50}.example/{'b' * 50}", f"{'a' * 50}-example-bbbb"),
    ],
)
def test_a_name(address: str, name: str) -> None:
    """
    Says where it is read, without the words of every feed and without somebody's own corner of a site.
    """
    assert slug(address) == name


def test_names_are_never_taken_twice() -> None:
    """
    Numbers tell equal ones apart, within the length a name may have; those of the configuration count.
    """
    long = f"https://{'a' * 60}.example/{'b' * 60}"
    names = Names(["river-example", "river-example-3"])

    assert [names.of("https://river.example/feed") for _ in range(3)] == [
        "river-example-2",
        "river-example-4",
        "river-example-5",
    ]
    assert [names.of(long) for _ in range(2)] == [slug(long), f"{'a' * 60}-2"]


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=80), max_size=12))
def test_every_name_is_one_a_source_may_have(paths: list[str]) -> None:
    """
    Whatever the address, the name passes the configuration's own check, and no two are equal.
    """
    names = Names([])
    given = [names.of(f"https://a.example/{path.replace('[', '').replace(']', '')}") for path in paths]

    assert [CHECK.validate_python(name) for name in given] == given
    assert len(set(given)) == len(given)
