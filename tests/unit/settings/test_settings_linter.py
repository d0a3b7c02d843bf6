"""Nobody is watched: tables of terms and addresses, refused and accepted. Every name in them is made up."""

from __future__ import annotations

from datetime import date
from typing import Literal

import pytest

from listener.settings.linter import fault_in_address, fault_in_term, folded_handles, is_address, patterns

OWN = folded_handles(["@CityOfExample", "cityofexample@social.example", "cityofexample.bsky.social"])

REFUSED_ADDRESSES = [
    "https://social.example/@robin.rss",
    "https://social.example/@robin",
    "https://social.example/%40robin.atom",
    "https://social.example//@robin.rss",
    "https://social.example/a/../@robin.rss",
    "HTTPS://Social.Example/@Robin.RSS",
    "https://social.example/＠robin.rss",
    "https://social.example/@robin/with_replies.rss",
    "https://social.example/@robin@other.example.rss",
    "https://social.example/@cityofexampel.rss",
    "https://social.example/users/robin.rss",
    "https://social.example/users/robin.atom",
    "https://social.example/users/robin/feed.atom",
    "https://social.example/users/robin/outbox",
    "https://social.example/api/v1/accounts/1234/statuses",
    "https://pics.example/users/robin.atom",
    "feed:https://social.example/@robin.rss",
    "feed://social.example/@robin.rss",
    "https://www.youtube.com/feeds/videos.xml?channel_id=UCmadeup",
    "https://www.youtube.com/xml/feeds/videos.xml?channel_id=UCmadeup",
    "https://youtube.com/feeds/videos.xml?playlist_id=PLmadeup",
    "https://m.youtube.com/@robin",
    "https://www.youtube.com/channel/UCmadeup",
    "https://invidious.example/feed/channel/UCmadeup",
    "https://tube.example/feeds/videos.xml?videoChannelId=12",
    "https://tube.example/feeds/videos.atom?accountName=robin",
    "https://nitter.net/robin/rss",
    "https://nitter.poast.example/robin/rss",
    "https://xcancel.com/robin/rss",
    "https://twitter.com/robin",
    "https://mobile.twitter.com/robin",
    "https://x.com/robin",
    "https://x.com./robin",
    "https://api.x.com/2/users/1234/tweets",
    "https://bsky.app/profile/robin.bsky.social/rss",
    "https://bsky.app/profile/did:plc:madeup/rss",
    "https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor=robin.example",
    "https://www.reddit.com/user/robin/.rss",
    "https://old.reddit.com/u/robin.rss",
    "https://www.reddit.com/r/u_robin/.rss",
    "https://medium.com/feed/@robin",
    "https://medium.com/@robin",
    "https://robin.medium.com/feed",
    "https://substack.com/@robin",
    "https://dev.to/feed/robin",
    "https://github.com/robin.atom",
    "https://www.instagram.com/robin/",
    "https://www.facebook.com/robin",
    "https://www.threads.net/@robin",
    "https://www.tiktok.com/@robin",
    "https://www.linkedin.com/in/robin",
    "https://t.me/s/robin",
    "https://www.flickr.com/services/feeds/photos_public.gne?id=1234@N00",
    "https://api.flickr.com/services/feeds/photos_public.gne?tags=river&id=1234%40N00",
    "https://vimeo.com/robin/videos/rss",
    "https://www.pinterest.com/robin/feed.rss",
    "https://lemmy.example/feeds/u/robin.xml",
    "https://lemmy.example/feeds/u/robin.xml?sort=New",
    "https://forum.example/u/robin/activity.rss",
    "https://mbin.example/rss?user=robin",
    "https://hnrss.org/user?id=robin",
    "https://stackoverflow.com/feeds/user/1234",
    "https://letterboxd.com/robin/rss/",
    "https://rsshub.app/twitter/user/robin",
    "https://rsshub.example/instagram/user/robin",
    "https://rsshub.example/mastodon/acct/robin@social.example/statuses",
    "https://rsshub.example/bsky/profile/robin.bsky.social",
    "https://rsshub.example/telegram/channel/robin",
    "https://rsshub.app/threads/robin",
    "https://bridge.example/?action=display&bridge=Twitter&format=Atom&u=robin",
    "https://bridge.example/?action=display&bridge=InstagramBridge&u=robin",
    "https://rss.app/feeds/madeup.xml",
    "https://openrss.org/bsky.app/profile/robin",
    "https://relay.example/feed?url=https%3A%2F%2Fsocial.example%2F%40robin.rss",
    "https://web.archive.org/web/2026/https://social.example/@robin.rss",
    "https://blog.example/author/robin/feed/",
    "https://blog.example/en/author/robin/feed/atom/",
    "https://news.example/authors/robin.xml",
    "https://blog.example/?author=3&feed=rss2",
    "https://blog.example/feed/?author_name=robin",
    "https://search.example/rss?q=%40robin",
    "https://search.example/rss?query=from:robin",
    "https://search.example/rss?q=robin%40mail.example",
]

ACCEPTED_ADDRESSES = [
    "https://river.example/feed/",
    "https://river.example/feed.xml",
    "https://river.example/index.rdf",
    "https://river.example/comments/feed/",
    "https://river.example/category/transit/feed/",
    "https://river.example/tag/transit/feed/",
    "https://river.example/?feed=rss2&cat=5",
    "https://river.example/2026/11/about-u-turns/feed/",
    "https://river.example/users-guide/feed/",
    "https://river.example/authority/report/feed/",
    "https://river.example/about/authors/",
    "https://robin.blog.example/feed/",
    "https://robin.wordpress.com/feed/",
    "https://robin.tumblr.com/rss",
    "https://robin.substack.com/feed",
    "https://robin.micro.blog/feed.xml",
    "https://robin.github.io/atom.xml",
    "https://feeds.feedburner.com/RiverBlog",
    "https://medium.com/feed/river-publication",
    "https://medium.com/feed/tag/transit",
    "https://dev.to/feed/tag/transit",
    "https://www.reddit.com/r/example/.rss",
    "https://www.reddit.com/r/example/comments/abc/title/.rss",
    "https://lemmy.example/feeds/c/example.xml",
    "https://lemmy.example/feeds/local.xml",
    "https://mbin.example/rss?magazine=example",
    "https://social.example/tags/exampletransit.rss",
    "https://tube.example/feeds/videos.xml?sort=-publishedAt",
    "https://api.flickr.com/services/feeds/photos_public.gne?tags=river",
    "https://github.com/example/project/releases.atom",
    "https://stackoverflow.com/feeds/tag/transit",
    "https://news.ycombinator.com/rss",
    "https://hnrss.org/newest?q=transit",
    "https://rsshub.app/github/release/example/project",
    "https://bridge.example/?action=display&bridge=Wordpress&url=https%3A%2F%2Friver.example",
    "https://relay.example/feed?url=https%3A%2F%2Friver.example%2Ffeed%2F",
    "https://search.example/rss?q=example+transit",
    "https://api.x.com",
    "https://api.x.com/",
    "https://forum.example/latest.rss",
    "https://forum.example/c/transit/5.rss",
    "https://news.example/calgary/opinion/rss",
    "http://127.0.0.1:9000/feed/1.xml",
]


@pytest.mark.parametrize("address", REFUSED_ADDRESSES)
def test_an_address_that_follows_one_account_is_refused(address: str) -> None:
    """A feed or page of one account is refused for public sources, with a reason and a way out, and not repeated."""
    refusal = fault_in_address(address, relation="public", own=OWN)

    assert refusal is not None
    assert refusal.problem
    assert refusal.allowed
    assert "robin" not in f"{refusal}".lower()


@pytest.mark.parametrize("address", ACCEPTED_ADDRESSES)
def test_an_address_of_a_topic_a_site_or_a_blog_is_accepted(address: str) -> None:
    """Sites, sections, communities, hashtags and blogs may be read, whoever writes them."""
    assert fault_in_address(address, relation="public", own=OWN) is None


@pytest.mark.parametrize(
    ("address", "relation", "accepted"),
    [
        ("https://www.youtube.com/feeds/videos.xml?channel_id=UCmadeup", "own", True),
        ("https://www.youtube.com/feeds/videos.xml?channel_id=UCmadeup", "public", False),
        ("https://social.example/@cityofexample.rss", "own", True),
        ("https://social.example/@CityOfExample.rss", "own", True),
        ("https://social.example/@cityofexample.rss", "public", False),
        ("https://social.example/@robin.rss", "own", False),
        ("https://social.example/users/cityofexample.rss", "own", True),
        ("https://social.example/users/robin.rss", "own", False),
        ("https://bsky.app/profile/cityofexample.bsky.social/rss", "own", True),
        ("https://bsky.app/profile/robin.bsky.social/rss", "own", False),
        ("https://github.com/cityofexample.atom", "own", True),
        ("https://x.com/cityofexample", "own", False),
        ("https://rsshub.app/twitter/user/cityofexample", "own", False),
        ("https://relay.example/?url=https://social.example/@cityofexample.rss", "own", True),
        ("https://relay.example/?url=https://social.example/@robin.rss", "own", False),
    ],
)
def test_an_own_account_is_read_only_where_it_is_listed(
    address: str, relation: Literal["own", "public"], accepted: bool
) -> None:
    """`relation = "own"` opens an account's feed only where the account is the organisation's, as far as one can see."""
    assert (fault_in_address(address, relation=relation, own=OWN) is None) is accepted


@pytest.mark.parametrize(
    "term",
    [
        "@robin",
        "＠robin",
        "﹫robin",
        "@ROBIN",
        "@\u200brobin",
        "thanks @robin for this",
        "@cityofexample @robin",
        "@robin@social.example",
        "robin@social.example",
        "write to robin.lake+x@mail.example now",
        "robin.bsky.social",
        "did:plc:madeup",
        "acct:robin",
        "u/robin",
        "/u/robin",
        "from:robin",
        "author:@robin",
        "https://social.example/@robin",
        "www.social.example/@robin",
    ],
)
def test_a_term_that_asks_for_one_account_is_refused(term: str) -> None:
    """Handles, e-mail addresses, account addresses and search operators cannot be listened for, however spelt."""
    refusal = fault_in_term(term, own=OWN)

    assert refusal is not None
    assert "robin" not in f"{refusal}".lower()


@pytest.mark.parametrize(
    "term",
    [
        "Example Transit",
        "exampletransit",
        "@cityofexample",
        "@CityOfExample.",
        "cityofexample@social.example",
        "@cityofexample@social.example",
        "ask @cityofexample about it",
        "open 9 @ 5",
        "and/or",
        "re: budget",
        "C-Train line 201",
        "市民の声",
        "how to: compost",
        "Robin Lake",
    ],
)
def test_a_term_of_a_topic_is_accepted(term: str) -> None:
    """Words, own handles and even names that are also places may be listened for."""
    assert fault_in_term(term, own=OWN) is None


def test_every_row_says_why_what_instead_and_when_somebody_looked() -> None:
    """The list of patterns stays complete: distinct names, a reason, a way out, an own rule that it can follow."""
    rows = patterns()

    assert len({row.name for row in rows}) == len(rows)
    assert all(row.reason and row.instead and row.checked_on >= date(2026, 11, 24) for row in rows)
    assert all(row.host or row.query or row.path.pattern != ".*" for row in rows)
    assert {row.own for row in rows} == {"never", "listed", "declared"}
    assert all("account" in row.path.groupindex for row in rows if row.own == "listed")


@pytest.mark.parametrize("row", patterns(), ids=lambda row: row.name)
def test_every_row_refuses_something_of_the_table(row: object) -> None:
    """No row stands in the list without an address that it, and no earlier row, refuses; else it is dead or untested."""
    from listener.settings import linter

    def first(address: str) -> object:
        for each in linter._with_nested(address, depth=0):
            for pattern in patterns():
                if linter._match(pattern, each):
                    return pattern
        return None

    more = [
        "https://www.flickr.com/photos/robin/",
        "https://www.deviantart.com/rss?q=by:robin",
        "https://odysee.com/@robin",
        "https://feeds.soundcloud.com/users/soundcloud:users:1/sounds.rss",
    ]
    assert row in {first(address) for address in REFUSED_ADDRESSES + more}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://a.example", True),
        (" HTTP://a.example/x", True),
        ("feed:https://a.example/x", True),
        ("feed://a.example/x", True),
        ("ftp://a.example", False),
        ("a.example/feed", False),
        ("https:///x", False),
        ("", False),
    ],
)
def test_what_counts_as_an_address(text: str, expected: bool) -> None:
    """Every value of a source's config that reads as a web address is judged."""
    assert is_address(text) is expected
