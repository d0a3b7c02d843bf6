"""
robots.txt as RFC 9309 has it: its own examples, what the wild adds, and a file that means harm.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.admit.robots import PRODUCT, READ_BYTES, parse
from listener.hear.reader import user_agent

SITE = "https://blog.example"

SIMPLE = b"""User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
"""
"""RFC 9309, section 5.1."""


def us(*lines: str) -> bytes:
    """
    A group for everybody.
    """
    return "\n".join(["User-agent: *", *lines]).encode()


@pytest.mark.parametrize(
    ("bot", "path", "allowed"),
    [
        ("foobot", "/example/page.html", True),
        ("foobot", "/example/allowed.gif", True),
        ("foobot", "/example/", False),
        ("foobot", "/publications/", False),
        ("barbot", "/example/page.html", False),
        ("barbot", "/example/", True),
        ("bazbot", "/example/page.html", False),
        ("quxbot", "/example/page.html", True),
        ("civic-listener", "/example/page.html", False),
        ("civic-listener", "/publications/x", True),
        ("civic-listener", "/publications/x.gif", True),
        ("civic-listener", "/pictures/x.gif", False),
        ("civic-listener", "/pictures/x.gif?size=2", True),
    ],
)
def test_the_example_of_the_standard(bot: str, path: str, allowed: bool) -> None:
    """
    Section 5.1: each crawler has its group, one without rules may do all, the rest share the one for everybody.
    """
    assert parse(SIMPLE, product=bot).allows(SITE + path) is allowed


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("/foo/bar?baz=quz", "/foo/bar?baz=quz"),
        ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar"),
        ("/foo/bar?baz=https%3A%2F%2Ffoo.bar", "/foo/bar?baz=https://foo.bar"),
        ("/foo/bar/ツ", "/foo/bar/%E3%83%84"),
        ("/foo/bar/%E3%83%84", "/foo/bar/ツ"),
        ("/foo/bar/%e3%83%84", "/foo/bar/%E3%83%84"),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz"),
        ("/foo/bar/baz", "/foo/bar/%62%61%7A"),
        ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html"),
        ("/path/foo-%24", "/path/foo-$"),
        ("/a(b)", "/a%28b%29"),
    ],
)
def test_one_spelling(rule: str, path: str) -> None:
    """
    Sections 2.2.2 and 2.2.3: escapes that mean the same are the same, in rules and in addresses.
    """
    assert not parse(us(f"Disallow: {rule}")).allows(SITE + path)


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        (
            ("Allow: /example/page/", "Disallow: /example/page/disallowed.gif"),
            "/example/page/disallowed.gif",
            False,
        ),
        (
            ("Allow: /example/page/", "Disallow: /example/page/disallowed.gif"),
            "/example/page/other.gif",
            True,
        ),
        (("Disallow: /p", "Allow: /p"), "/page", True),
        (("Allow: /p", "Disallow: /"), "/page", True),
        (("Allow: /$", "Disallow: /"), "/", True),
        (("Allow: /$", "Disallow: /"), "/page", False),
        (("Disallow: /this/path/exactly$",), "/this/path/exactly", False),
        (("Disallow: /this/path/exactly$",), "/this/path/exactly/not", True),
        (("Disallow: /this/*/exactly",), "/this/very/path/exactly/so", False),
        (("Disallow: /this/*/exactly",), "/this/exactly", True),
        (("Disallow: /*.php$",), "/a.php.php", False),
        (("Disallow: /*.php$",), "/a.php?x", True),
        (("Disallow: /a**b***c$",), "/a-b-c", False),
        (("Disallow: /a*a$",), "/a", True),
        (("Disallow: /fish*",), "/fish", False),
        (("Disallow: *",), "/", False),
        (("Disallow: *?replytocom=",), "/2026/post/?replytocom=7", False),
        (("Disallow: /a%2Fb",), "/a/b", True),
        (("Disallow: /*/",), "/?to=a/b", False),
        (("Disallow: /$",), "/?", True),
        (("Disallow: /*?",), "/?", False),
        (("Disallow: /a%2B",), "/a+", True),
        (("Disallow:",), "/anything", True),
        (("Disallow: /x # the back door",), "/x", False),
        (("Disallow /x",), "/x", True),
        (("Noindex: /x", "Crawl-delay: 10"), "/x", True),
        (("Disallow: /",), "/robots.txt", True),
        (("Disallow: /Caps",), "/caps", True),
    ],
)
def test_the_longest_rule_decides(rules: tuple[str, ...], path: str, allowed: bool) -> None:
    """
    Section 2.2.2: most octets win, an allow wins a tie, `*` is any run, `$` the end; no rule, no refusal.
    """
    assert parse(us(*rules)).allows(SITE + path) is allowed


@pytest.mark.parametrize(
    ("file", "allowed"),
    [
        (b"User-agent: civic-listener\nDisallow: /a\n\nUser-agent: *\nAllow: /\n", False),
        (b"user-AGENT:CIVIC-Listener/0.1 (+https://city.example)\ndisALLOW:/a", False),
        (b"User-agent: civic-listener-images\nDisallow: /a", True),
        (b"User-agent: civic\nDisallow: /a", True),
        (b"User-agent: civic-listener\nAllow: /b\nUser-agent: *\nDisallow: /a", True),
        (
            b"User-agent: civic-listener\nDisallow: /b\n\nUser-agent: x\n\nUser-agent: civic-listener\nDisallow: /a",
            False,
        ),
        (b"User-agent: x\nSitemap: https://a.example/s.xml\nUser-agent: *\nDisallow: /a", False),
        (b"Disallow: /a\nUser-agent: *\nAllow: /b", True),
        (b"\xef\xbb\xbfUser-agent: *\rDisallow: /a\r", False),
        (b"User-agent: *\r\nDisallow: /a\r\n", False),
        (b"  User-agent :  *  \n  Disallow :  /a  ", False),
        (b"<!doctype html><title>Not here</title>", True),
        (b"\x00\xff\xfe\x80", True),
        (b"", True),
    ],
)
def test_groups(file: bytes, allowed: bool) -> None:
    """
    Sections 2.2 and 2.2.1: our product token in any case, groups of one name together, the general one only without.
    """
    assert parse(file).allows(f"{SITE}/a") is allowed


def test_the_token_is_the_one_we_send() -> None:
    """
    Section 2.2.1: what is looked for in the file stands in the User-Agent.
    """
    assert user_agent("City of Example", "https://city.example", "1").startswith(f"{PRODUCT}/")


def test_what_lies_beyond_the_limit_is_not_read() -> None:
    """
    Section 2.5: the first 500 KiB count, and a rule that they cut in two is none.
    """
    head = b"User-agent: *\nDisallow: /a\n"
    filler = b"#" * (READ_BYTES - len(head) - len(b"\nDisallow: /b"))

    rules = parse(head + filler + b"\nDisallow: /bcd\nDisallow: /c\n")

    assert not rules.allows(f"{SITE}/a")
    assert rules.allows(f"{SITE}/bcd")
    assert rules.allows(f"{SITE}/c")


def test_wildcards_cannot_stall() -> None:
    """
    A rule of wildcards without end against an address without end is over at once; as a pattern of `.*` it would never be.
    """
    rules = parse(us(*["Disallow: /" + "*a" * 5_000 + "b"] * 10))
    begun = time.process_time()

    assert rules.allows(f"{SITE}/{'a' * 2000}")
    assert time.process_time() - begun < 1


@given(st.binary(max_size=400), st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_bytes_are_rules(file: bytes, path: str) -> None:
    """
    Whatever the file and the address, there is an answer, and robots.txt itself may be read.
    """
    rules = parse(b"User-agent: *\nDisallow: " + file)

    assert rules.allows(f"{SITE}/{path.replace('[', '').replace(']', '')}") in (True, False)
    assert rules.allows(f"{SITE}/robots.txt")
