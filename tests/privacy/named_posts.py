"""
Some posts of every network, as its adapter reads them, and what people paste when they mean one of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from adapters.bluesky import wire as bluesky_wire
from adapters.bluesky.normalise import post_of, seen
from adapters.feed.config import FeedConfig
from adapters.feed.normalise import items_from
from adapters.feed.wire import Text, WireEntry, WireFeed
from adapters.mastodon.config import MastodonConfig
from adapters.mastodon.normalise import item_from as status_from
from adapters.mastodon.normalise import place_of
from adapters.mastodon.wire import decode_status
from adapters.x.normalise import Place as XPlace
from adapters.x.normalise import item_from as tweet_from
from adapters.x.wire import WirePost
from adapters.youtube.normalise import Place as TubePlace
from adapters.youtube.normalise import comment_from, video_from
from adapters.youtube.wire import WireComment, WireSaid, WireTitle, WireVideo
from listener import registry
from listener.adapter import Item
from listener.events import Post
from listener.gate.aliases import Naming
from tests.adapters.bluesky.frames import CITY, JO, compact, record, rkey, uri, view
from tests.adapters.mastodon.statuses import HOST, NOW, account, status
from tests.adapters.x.world import id_of
from tests.adapters.x.world import post as tweet

BLOG: Final = FeedConfig(address="https://blog.example/feed/")
REMARKS: Final = FeedConfig(address="https://blog.example/comments/feed/", kind="comments")
CONFIGS: Final[Mapping[str, Sequence[Any]]] = {
    "bluesky": (),
    "feed": (BLOG, REMARKS),
    "mastodon": (MastodonConfig(endpoint=f"https://{HOST}"),),
    "x": (),
    "youtube": (),
}
VIDEO, COMMENT, REPLY = "dQw4w9WgXcQ", "UgxKJ_a-9.9Xy", "UgxKJ_a-9.9Xy.B2c"
TWEET, FIRST, EDITED = id_of(NOW), id_of(NOW, 7), id_of(NOW, 9)


def namings() -> tuple[Naming, ...]:
    """What each network makes of an address."""
    return tuple(
        (name, partial(registry.spec(name).names, configs)) for name, configs in sorted(CONFIGS.items())
    )


def _post(item: Item | None) -> Post:
    assert isinstance(item, Post)
    return item


def _status(local: str, **more: Any) -> Post:
    place = place_of(host=HOST, domain=None)
    return _post(status_from(decode_status(json.dumps(status(local, **more)).encode()), place))


def _skeet() -> Post:
    said = record()
    made = post_of(msgspec.Raw(compact(said)), did=JO, rkey=rkey(1), seen_at=NOW, own=frozenset((CITY,)))
    shown = msgspec.json.decode(compact(view(uri(1), said=said)), type=bluesky_wire.PostView)
    return seen(_post(made), shown, own=frozenset((CITY,)))


def _tweet(**more: Any) -> Post:
    return _post(tweet_from(msgspec.convert(tweet(**more), WirePost), XPlace()))


def _comment(name: str, *, parent: str | None = None) -> Post:
    said = WireSaid(text_display="Icy", parent_id=parent)
    return _post(comment_from(WireComment(name, said), video=VIDEO, place=TubePlace()))


def _entry(config: FeedConfig, stated: str, link: str, **more: Any) -> Post:
    entry = WireEntry(id=stated, link=link, title=Text("Snow", "plain"), content=Text("Icy", "html"), **more)
    (item,) = items_from(WireFeed(dialect="rss", entries=(entry,), home="https://blog.example/"), config)
    return _post(item)


def posts() -> dict[str, tuple[str, Post]]:
    """By what they are called here: the network, and the post."""
    local = account(acct="sam_weir", username="sam_weir", url=f"https://{HOST}/@sam_weir")
    return {
        "status from elsewhere": ("mastodon", _status("42")),
        "status from here": (
            "mastodon",
            _status(
                "43",
                uri=f"https://{HOST}/users/sam_weir/statuses/43",
                url=f"https://{HOST}/@sam_weir/43",
                account=local,
            ),
        ),
        "skeet": ("bluesky", _skeet()),
        "tweet": ("x", _tweet(id=TWEET)),
        "edited tweet": ("x", _tweet(id=EDITED, edit_history_tweet_ids=[FIRST, EDITED])),
        "video": ("youtube", _post(video_from(WireVideo(VIDEO, WireTitle("Snow", "")), TubePlace()))),
        "comment": ("youtube", _comment(COMMENT)),
        "reply": ("youtube", _comment(REPLY, parent=COMMENT)),
        "article": (
            "feed",
            _entry(BLOG, "https://blog.example/?p=12", "https://blog.example/caf%c3%a9-snow/"),
        ),
        "remark": (
            "feed",
            _entry(
                REMARKS,
                "https://blog.example/?p=12#comment-34",
                "https://blog.example/caf%c3%a9-snow/comment-page-1/#comment-34",
            ),
        ),
        "remark without an anchor": (
            "feed",
            _entry(REMARKS, "tag:blog.example,2026:remark.35", "https://blog.example/caf%c3%a9-snow/"),
        ),
    }


_DID_PAGE = f"https://bsky.app/profile/{JO}/post/{rkey(1)}"
_PAGE = f"https://bsky.app/profile/jo-fenn.example/post/{rkey(1)}"
_WATCH = f"https://www.youtube.com/watch?v={VIDEO}"

PASTED: Final[Mapping[str, Sequence[str]]] = {
    "status from elsewhere": (
        "https://river.example/@jo_fenn/942",
        "http://river.example/@jo_fenn/942/",
        "https://river.example/@jo_fenn/942?utm_source=share#top",
        "https://river.example/%40jo_fenn/942",
        "https://river.example/@jo_fenn/942/embed",
        "https://river.example/users/jo_fenn/statuses/942",
        "https://river.example/users/jo_fenn/statuses/942/activity",
        f"https://{HOST}/@jo_fenn@river.example/42",
        f"https://{HOST}/deck/@jo_fenn@river.example/42",
        f"https://{HOST}/web/statuses/42",
        f"https://{HOST}/authorize_interaction?uri=https%3A%2F%2Friver.example%2F%40jo_fenn%2F942",
        "<https://river.example/@jo_fenn/942>",
        "RT @city: snow! https://river.example/@jo_fenn/942.",
    ),
    "status from here": (
        f"https://{HOST}/@sam_weir/43",
        f"https://{HOST}/@sam_weir@{HOST}/43",
        f"https://{HOST}/users/sam_weir/statuses/43",
        f"https://{HOST.upper()}/@sam_weir/43",
    ),
    "skeet": (
        _DID_PAGE,
        _PAGE,
        _PAGE.replace("https://", "http://www."),
        _PAGE.replace("jo-fenn", "Jo-Fenn") + "/?ref_src=embed#a",
        f"{_PAGE}/liked-by",
        f"https://bsky.app/profile/{JO.replace(':', '%3A')}/post/{rkey(1)}",
        f"https://embed.bsky.app/embed/{JO}/app.bsky.feed.post/{rkey(1)}?id=7",
        uri(1),
        f"at://jo-fenn.example/app.bsky.feed.post/{rkey(1)}",
    ),
    "tweet": (
        TWEET,
        f"https://x.com/i/web/status/{TWEET}",
        f"https://x.com/i/status/{TWEET}",
        f"https://x.com/jo_fenn/status/{TWEET}",
        f"https://x.com/any_other_name/status/{TWEET}/photo/1",
        f"http://www.twitter.com/jo_fenn/status/{TWEET}/",
        f"https://mobile.twitter.com/jo_fenn/statuses/{TWEET}?s=20&t=abcDEF#m",
        f"https://m.twitter.com/jo_fenn/status/{TWEET}/retweets/with_comments",
        f"RT @jo_fenn: the river https://twitter.com/jo_fenn/status/{TWEET}?ref_src=twsrc%5Etfw",
    ),
    "edited tweet": (
        f"https://x.com/jo_fenn/status/{EDITED}",
        f"https://x.com/jo_fenn/status/{FIRST}",
    ),
    "video": (
        VIDEO,
        _WATCH,
        f"http://youtube.com/watch?v={VIDEO}&t=42s",
        f"https://m.youtube.com/watch?app=desktop&v={VIDEO}",
        f"https://music.youtube.com/watch/?v={VIDEO}&list=PL1&index=2",
        f"https://youtu.be/{VIDEO}?si=abcdef",
        f"https://www.youtube.com/shorts/{VIDEO}",
        f"https://www.youtube.com/live/{VIDEO}?feature=share",
        f"https://www.youtube-nocookie.com/embed/{VIDEO}",
    ),
    "comment": (
        COMMENT,
        f"{_WATCH}&lc={COMMENT}",
        f"https://m.youtube.com/watch?lc={COMMENT}&v={VIDEO}&t=4",
        f"https://youtu.be/{VIDEO}?lc={COMMENT}",
        f"https://www.youtube.com/channel/UC0123456789012345678901/community?lc={COMMENT}&lb=x",
    ),
    "reply": (f"{_WATCH}&lc={REPLY}", f"https://www.youtube.com/shorts/{VIDEO}?lc={REPLY}"),
    "article": (
        "https://blog.example/caf%c3%a9-snow/",
        "https://blog.example/caf%C3%A9-snow",
        "https://blog.example/café-snow/",
        "http://www.blog.example/café-snow/amp/",
        "HTTPS://BLOG.example:443/caf%C3%A9-snow/?utm_source=x&fbclid=2&m=1#respond",
        "https://blog.example/caf%C3%A9-snow/#:~:text=snow",
        "https://blog.example/caf%C3%A9-snow/?share=twitter&nb=1",
        "https://blog.example/?p=12",
        "https://www.blog.example/?p=12&utm_medium=feed",
        "“https://blog.example/café-snow/”",
    ),
    "remark": (
        "https://blog.example/caf%C3%A9-snow/comment-page-1/#comment-34",
        "https://blog.example/café-snow/#comment-34",
        "https://blog.example/?p=12#comment-34",
    ),
    "remark without an anchor": ("tag:blog.example,2026:remark.35",),
}
"""Each means that post and no other."""

NOBODYS: Final = (
    "",
    " ",
    "https://",
    "https://[",
    "http://blog.example:99999/",
    "\ud800",
    "%",
    "7",
    "https://blog.example/",
    "https://www.blog.example",
    "https://blog.example/feed/",
    "https://blog.example/comments/feed/",
    "https://blog.example/caf%C3%A9-snow/#comment-99",
    "https://blog.example/caf%C3%A9-snow/?p=13",
    f"https://{HOST}/",
    f"https://{HOST}/@sam_weir",
    f"https://{HOST}/tags/rivertown",
    "https://river.example/@jo_fenn",
    "https://river.example/users/jo_fenn",
    "https://third.example/@jo_fenn@river.example/42",
    "https://third.example/@jo_fenn@river.example/942",
    "https://river.example/@jo_fenn@third.example/942",
    "https://river.example/@jo_fenn/42",
    "https://bsky.app/",
    f"https://bsky.app/profile/{JO}",
    f"https://bsky.app/profile/jo-fenn.example/post/{rkey(2)}",
    f"https://bsky.app/profile/former-name.example/post/{rkey(1)}",
    f"at://{JO}",
    "https://x.com/",
    "https://x.com/jo_fenn",
    "https://t.co/abcdef",
    f"https://example.com/status/{TWEET}",
    f"https://x.com/search?q={TWEET}",
    "https://www.youtube.com/@city",
    "https://www.youtube.com/channel/UC0123456789012345678901",
    f"{_WATCH}&lc=",
    f"{_WATCH}&lc=spoilt%20name",
    f"{_WATCH}&lc=other&lc={COMMENT}",
    f"https://www.youtube.com/watch?v={VIDEO}&v=another_one",
    f"https://www.youtube.com/playlist?list={VIDEO}",
    f"https://x.com/a/status/{TWEET} https://x.com/a/status/{EDITED}",
)
"""A site, a profile, a spoilt address, another post: none of ours."""
