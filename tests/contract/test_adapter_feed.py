"""
The feed adapter through the published contract of adapters.
"""

from __future__ import annotations

import pytest

from adapters.feed import SPEC
from adapters.feed.config import FeedConfig
from listener.adapter import Reply
from listener.testing.adapter_contract import AdapterContract, Script

ADDRESS = "https://river.example/comments/feed/"
PEOPLE = ("Jo Fenn", "jo@fenn.example", "https://jo.example/me", "Sam Weir", "Kim Harrow", "Brook Secret")


def entry(number: int) -> str:
    return (
        f"<item><title>Comment on Flood by Jo Fenn</title><dc:creator>Jo Fenn</dc:creator>"
        f"<author>jo@fenn.example (Jo Fenn)</author><link>https://river.example/flood/#comment-{number}</link>"
        f"<guid isPermaLink='false'>https://river.example/?p=1#comment-{number}</guid>"
        f"<description>Number {number}, says Sam Weir of https://jo.example/me</description></item>"
    )


def answer(body: str, status: int = 200) -> Reply:
    headers = {"etag": '"1"', "content-type": "application/rss+xml"}
    return Reply(status=status, headers=headers, body=body.encode(), address=ADDRESS)


def feed(*entries: str) -> Reply:
    return answer(
        "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>Comments</title>"
        f"<managingEditor>Kim Harrow</managingEditor>{''.join(entries)}</channel></rss>"
    )


class TestFeed(AdapterContract):
    """
    A comment feed, because there is nothing more personal in this network.
    """

    @pytest.fixture
    def script(self) -> Script:
        """
        Three comments, then one more; people in every place that has room for them.
        """
        return Script(
            spec=SPEC,
            config=FeedConfig(address=ADDRESS),
            first=[feed(entry(3), entry(2), entry(1))],
            later=[feed(entry(4), entry(3), entry(2))],
            unchanged=[answer("", 304)],
            bad_item=[feed(entry(2), "<item><dc:creator>Jo Fenn</dc:creator></item>", "<item/>", entry(1))],
            bad_items=2,
            broken=[
                answer("<rss><channel><title>Brook Secret"),
                answer("<Jo-Fenn:note>Brook Secret</b>"),
                answer("<html><body>Brook Secret</body></html>"),
                answer('{"version": "https://jsonfeed.org/version/1.1", "items": "Brook Secret"}'),
                answer("<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///Brook Secret'>]><rss>&x;</rss>"),
                answer("Brook Secret", 410),
                answer("Brook Secret", 404),
                answer("Brook Secret", 206),
            ],
            people=PEOPLE,
        )
