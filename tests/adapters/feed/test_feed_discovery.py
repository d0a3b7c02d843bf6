"""
Which feeds an answer offers, and in which order: pages as people make them, and as somebody would who means harm.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.feed import SPEC
from adapters.feed.discovery import MOST, discover
from listener.adapter import Candidate, Reply

AT = "https://blog.example/news/"
RSS, ATOM, JSON = "application/rss+xml", "application/atom+xml", "application/feed+json"


def reply(body: str | bytes, *, status: int = 200, at: str = AT, **headers: str) -> Reply:
    """
    An answer; `content_type` and `link` become headers.
    """
    told = {"content-type": "text/html; charset=utf-8"} | {k.replace("_", "-"): v for k, v in headers.items()}
    return Reply(status, told, body if isinstance(body, bytes) else body.encode("utf-8", "replace"), at)


def link(href: str, type_: str = RSS, title: str = "") -> str:
    return f'<link rel="alternate" type="{type_}" title="{title}" href="{href}">'


def page(*head: str, body: str = "<p>Hello") -> str:
    return f"<!doctype html><html><head><title>Blog</title>{''.join(head)}</head><body>{body}</body></html>"


def offered(answer: Reply) -> list[str]:
    """
    Addresses, best first.
    """
    return [each.address for each in discover(answer)]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (
            '<?xml version="1.0"?><rss version="2.0"><channel><title>x</title></channel></rss>',
            "application/rss+xml",
        ),
        ('<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title></feed>', "text/html"),
        ('{"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": []}', "application/json"),
    ],
)
def test_a_feed_offers_itself_and_nothing_else(body: str, kind: str) -> None:
    """
    An answer that is a feed is the only candidate, whatever its header says and whatever it links to.
    """
    answer = reply(
        body,
        at="https://blog.example/feed",
        content_type=kind,
        link='</other>; rel="alternate"; type="application/rss+xml"',
    )

    assert discover(answer) == (Candidate(address="https://blog.example/feed", title=None, kind="feed"),)


def test_a_feed_of_comments_says_so() -> None:
    """
    The address tells what is under it.
    """
    answer = reply("<rss><channel/></rss>", at="https://blog.example/comments/feed/")

    assert [each.kind for each in discover(answer)] == ["comments"]


def test_wordpress() -> None:
    """
    Posts, then comments, then the feed of one category; the API and oEmbed are no feeds.
    """
    html = page(
        link("https://blog.example/comments/feed/", title="Blog &raquo; Comments Feed"),
        link("https://blog.example/category/rivers/feed/", title="Blog &raquo; Rivers Category Feed"),
        link("https://blog.example/feed/", title="Blog &raquo; Feed"),
        '<link rel="alternate" title="JSON" type="application/json" href="https://blog.example/wp-json/wp/v2/pages/2" />',
        '<link rel="alternate" type="application/json+oembed" href="https://blog.example/wp-json/oembed/1.0/embed" />',
        '<link rel="https://api.w.org/" href="https://blog.example/wp-json/" />',
    )

    assert discover(reply(html)) == (
        Candidate(address="https://blog.example/feed/", title="Blog » Feed", kind="feed"),
        Candidate(
            address="https://blog.example/category/rivers/feed/",
            title="Blog » Rivers Category Feed",
            kind="feed",
        ),
        Candidate(
            address="https://blog.example/comments/feed/", title="Blog » Comments Feed", kind="comments"
        ),
    )


def test_blogger() -> None:
    """
    Of three forms of the same feed Atom comes first; comments on one post come last.
    """
    html = page(
        link("https://x.example/feeds/posts/default?alt=rss", RSS, "X - RSS"),
        link("https://x.example/feeds/posts/default", ATOM, "X - Atom"),
        link("https://x.example/feeds/12/comments/default", ATOM, "X - Atom"),
    )

    assert [(each.address, each.kind) for each in discover(reply(html))] == [
        ("https://x.example/feeds/posts/default", "feed"),
        ("https://x.example/feeds/posts/default?alt=rss", "feed"),
        ("https://x.example/feeds/12/comments/default", "comments"),
    ]


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (link("feed.xml"), "https://blog.example/news/feed.xml"),
        (link("/feed.xml"), "https://blog.example/feed.xml"),
        (link("../feed.xml?a=1&amp;b=2"), "https://blog.example/feed.xml?a=1&b=2"),
        (link("/feed?a=1&copy=2"), "https://blog.example/feed?a=1&copy=2"),
        (link("//other.example/f"), "https://other.example/f"),
        (link("?feed=rss2"), "https://blog.example/news/?feed=rss2"),
        (link(" /fe\ned "), "https://blog.example/feed"),
        (link("/my feed"), "https://blog.example/my%20feed"),
        (link("/feed#top"), "https://blog.example/feed"),
        (link("feed://blog.example/f"), "http://blog.example/f"),
        (link("feed:https://blog.example/f"), "https://blog.example/f"),
        ("<LINK REL=ALTERNATE TYPE=Application/RSS+XML HREF=/f>", "https://blog.example/f"),
        (
            "<link href='/f' type='application/rss+xml; charset=utf-8' rel='feed  Alternate\nhome' />",
            "https://blog.example/f",
        ),
        (link("/f", "application/json", "JSON Feed"), "https://blog.example/f"),
        (link("/feed.json", "application/json"), "https://blog.example/feed.json"),
        (link("/index.rdf", "application/rdf+xml", "RSS 1.0"), "https://blog.example/index.rdf"),
        (link("/f", "text/xml", "RSS .92"), "https://blog.example/f"),
        ('<base href="https://cdn.example/a/">' + link("f"), "https://cdn.example/a/f"),
        (link("f") + '<base href="/b/">', "https://blog.example/b/f"),
        ('<base target="_top"><base href="/b/"><base href="/c/">' + link("f"), "https://blog.example/b/f"),
    ],
)
def test_one_link(written: str, address: str) -> None:
    """
    As browsers read it: case, quotes, references, white space, base, schemes of readers.
    """
    assert offered(reply(page(written))) == [address]


@pytest.mark.parametrize(
    "written",
    [
        '<link rel="stylesheet alternate" type="application/rss+xml" href="/f">',
        '<link rel="alternate" type="text/html" hreflang="fr" href="/fr/">',
        '<link rel="alternatives" type="application/rss+xml" href="/f">',
        '<link rel="alternate" type="application/rss+xml">',
        '<link rel="alternate" href="/f">',
        link(""),
        link("   "),
        link("#feed"),
        link(AT),
        link("javascript:alert(1)"),
        link("data:application/rss+xml,<rss/>"),
        link("file:///etc/passwd"),
        link("https://user:word@blog.example/f"),
        link("https://[broken/f"),
        link("https://a.example:port/f"),
        link("/f\u202e\x00"),
        link("/" + "f" * 3000),
        link("/api", "application/json"),
        link("/sitemap", "application/xml", "Sitemap"),
        f"<!-- {link('/f')} -->",
        f"<script>var x = '{link('/f')}'</script>",
        f"<noscript>{link('/f')}</noscript>",
        f"<title>{link('/f')}</title>",
        f"<style>{link('/f')}</style>",
    ],
)
def test_no_link_to_a_feed(written: str) -> None:
    """
    Other alternates, the page itself, addresses nobody could ask for, and what is no element.
    """
    assert offered(reply(page(written))) == []


def test_the_body_is_not_asked_where_the_head_answers() -> None:
    """
    A link in a comment cannot add to a head that is whole, and stands in for one that has none.
    """
    assert offered(reply(page(link("/f"), body=link("https://evil.example/f")))) == ["https://blog.example/f"]
    assert offered(reply(page(body=link("/f")))) == ["https://blog.example/f"]
    assert offered(reply(f"<html><head><div>oops</div>{link('/f')}</head>")) == ["https://blog.example/f"]
    assert offered(
        reply(f"<!doctype html><html><meta charset=utf-8>{link('/f')}<h1>x</h1>{link('/g')}</html>")
    ) == ["https://blog.example/f"]


@pytest.mark.parametrize(
    ("header", "addresses"),
    [
        ('<https://a.example/f>; rel="alternate"; type="application/rss+xml"', ["https://a.example/f"]),
        ('</f>;rel=alternate;type="application/atom+xml";title="A, \\"B\\"; C"', ["https://blog.example/f"]),
        (
            '</x>; rel=canonical, <f?a=,;>; TYPE=application/feed+json; REL="Alternate home"',
            ["https://blog.example/news/f?a=,;"],
        ),
        ('</f>; rel=alternate; type="application/rss+xml"; anchor="/other"', []),
        ('</f>; rel=hub; type="application/rss+xml"', []),
        ("</f", []),
        ("<" * 50, []),
    ],
)
def test_the_link_header(header: str, addresses: list[str]) -> None:
    """
    RFC 8288, section 3: announced without a page, or before it; what is said of another document is not ours.
    """
    assert offered(reply(b"%PDF-1.7", link=header)) == addresses
    assert {*offered(reply(page(link("/g")), link=header))} == {*addresses, "https://blog.example/g"}


def test_one_address_is_one_candidate() -> None:
    """
    The same feed announced three times is one.
    """
    answer = reply(
        page(link("/f"), link("/f", ATOM), link("/f#x")),
        link='</f>; rel=alternate; type="application/rss+xml"',
    )

    assert offered(answer) == ["https://blog.example/f"]


@pytest.mark.parametrize(
    ("body", "kind", "title"),
    [
        (page(link("/f", title="Café")).encode(), "text/html", "Café"),
        (b'<meta charset="iso-8859-2">' + link("/f", title="Łódź").encode("iso-8859-2"), "text/html", "Łódź"),
        (page(link("/f", title="Łódź")).encode("utf-16"), "text/html", "Łódź"),
        (page(link("/f", title="a  b\n c")).encode(), "", "a b c"),
    ],
)
def test_titles_are_readable(body: bytes, kind: str, title: str) -> None:
    """
    For the operator's eyes: in the encoding of the page, on one line.
    """
    assert [each.title for each in discover(reply(body, content_type=kind))] == [title]


@pytest.mark.parametrize("status", [304, 404, 410])
def test_no_page_offers_nothing(status: int) -> None:
    """
    Only a 2xx is looked at.
    """
    assert discover(reply(page(link("/f")), status=status)) == ()


def test_a_candidate_prints_nothing() -> None:
    """
    A title may name a person, and what is printed ends up in logs.
    """
    (candidate,) = discover(reply(page(link("/by-qqzz", title="Posts of qqzz"))))

    assert "qqzz" not in repr(candidate)


def test_the_spec_offers_it() -> None:
    """
    The seam leads here.
    """
    assert SPEC.discover is not None
    assert SPEC.discover(reply(page(link("/f")))) == discover(reply(page(link("/f"))))


LONG = 2_000_000


@pytest.mark.parametrize(
    "text",
    [
        "".join(link(f"/{number}") for number in range(20_000)),
        "<link " * (LONG // 6),
        "<link rel=alternate href='" * (LONG // 26),
        "<!--" * (LONG // 4),
        "<script>" * (LONG // 8),
        "<title>" * (LONG // 7) + "</title",
        "<base href=x" + "/" * LONG + ">",
        link("../" * 680) * 1000,
        "&" * (LONG // 4),
        "<" * LONG,
        "<html><body>" + "<div>" * (LONG // 5),
        link("/f", title="&amp;" * 300_000),
    ],
    ids=[
        "links",
        "open",
        "quotes",
        "comments",
        "scripts",
        "title",
        "base",
        "dots",
        "amp",
        "angles",
        "depth",
        "title2",
    ],
)
def test_malice_takes_no_longer_than_its_length(text: str) -> None:
    """
    Two megabytes of each shape that costs a careless reader the square of its length; and never more than `MOST`.
    """
    begun = time.process_time()
    found = discover(reply(f"<html><head>{text}"))

    assert len(found) <= MOST
    assert all(len(each.title or "") <= 200 for each in found)
    assert time.process_time() - begun < 6


@pytest.mark.parametrize(
    "header", ['<a>;x="' * 100_000, "<a> ; " * 100_000, "<" * 500_000, "<a>" + ";a" * 300_000]
)
def test_a_malicious_header_takes_no_longer_than_its_length(header: str) -> None:
    """
    As with pages.
    """
    begun = time.process_time()
    discover(reply(b"", link=header))

    assert time.process_time() - begun < 6


PIECES = st.sampled_from(
    [
        "<link ",
        "rel=alternate ",
        f"type='{RSS}' ",
        "href=",
        "'",
        '"',
        ">",
        "<base href=",
        "/f",
        "</head>",
        "<body>",
        "<!--",
        "-->",
        "&#0;",
        "http://",
        "[",
        "@",
        "\x00",
        "é",
        "title=",
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=50))
def test_any_page_offers_only_addresses_that_could_be_configured(text: str, header: str) -> None:
    """
    Whatever the page, every candidate's address passes the adapter's own check.
    """
    for each in discover(reply(text, link=header)):
        assert SPEC.config.model_validate({"address": each.address}).address == each.address
