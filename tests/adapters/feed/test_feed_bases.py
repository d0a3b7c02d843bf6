"""
Which texts need a base: those with a link that leads somewhere relative, however its attribute is spelled.
"""

from __future__ import annotations

import time

import pytest

from adapters.feed.elements import base_of

BASE = "https://a.example/"


@pytest.mark.parametrize(
    "html",
    [
        '<a href="/plan">', "<a href=plan>", "<A HREF='plan'>", '<a Href="plan">', '<a hReF = "plan">', '<a href\n="plan">',
        '<a href= "plan">', '<a href="#top"><a hreF=\' /plan\'>',
    ],
)  # fmt: skip
def test_a_relative_link_needs_one(html: str) -> None:
    """In any case, with white space around its sign or in its quotes, behind a link that needs none."""
    assert base_of(html, BASE) == BASE


@pytest.mark.parametrize(
    "html",
    [
        "no link", "href=plan", '<a href="https://b.example/">', "<A HREF = 'HTTPS://b.example/'>", '<a href="#top">',
        '<a href="mailto:a@b.example">', '<a class="plan">', "<a href=''>", "<p>a = b</p>",
    ],
)  # fmt: skip
def test_others_need_none(html: str) -> None:
    """Absolute links, links into the same text, other attributes, and text without tags."""
    assert base_of(html, BASE) is None


@pytest.mark.parametrize(
    "html",
    ["<href=" + " " * 300_000 + "#", "<href" + " " * 300_000, "<" + "href=" * 100_000, "<" + "= " * 150_000],
    ids=["space behind", "space before", "signs", "signs and spaces"],
)
def test_hostile_white_space_costs_no_time(html: str) -> None:
    """Linear in the length, however the white space stands."""
    began = time.process_time()

    assert base_of(html, BASE) is None or "href=href" in html
    assert time.process_time() - began < 1
