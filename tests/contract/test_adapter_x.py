"""
The X adapter through the published contract of adapters: searches, mentions of our own account, numbers.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from adapters.x import SPEC
from listener.adapter import Reply
from listener.testing.adapter_contract import AdapterContract, Script
from tests.adapters.x.world import NOW, PEOPLE, config, id_of, mentions, missing, page, post, reply, watching

BROKEN = [
    reply({"title": "Brook Secret"}),
    reply({"data": "Brook Secret"}),
    reply(["Brook Secret"]),
    reply("Brook Secret"),
    reply({"errors": [{"title": "Brook Secret"}]}),
    reply({"data": []}, status=206),
]


def said(number: int, **more: Any) -> dict[str, Any]:
    """A post written so many minutes before the suite's clock stands still at ten; it names somebody."""
    more.setdefault("text", "@jo_fenn the river is high #rivertown")
    return post(NOW - timedelta(minutes=10 - number), number, **more)


def shown(*numbers: int, **more: Any) -> Reply:
    """A page of them."""
    return page(*map(said, numbers), **more)


def bad() -> Reply:
    """A page with items that cannot be read among others that can."""
    return reply(
        {
            "data": [
                said(3),
                {"id": id_of(NOW, 9), "text": ["Brook Secret"]},
                "Brook Secret",
                said(2, id="Brook Secret"),
                said(2, text="", entities={}),
                said(1),
            ],
            "errors": [{"title": "Brook Secret", "type": "about:blank"}],
            "meta": {"newest_id": said(3)["id"], "result_count": 6},
        }
    )


class TestXSearches(AdapterContract):
    """
    A hashtag of a watch, two pages.
    """

    @pytest.fixture
    def script(self) -> Script:
        """
        Three posts, then one more.
        """
        return Script(
            spec=SPEC,
            config=config(),
            first=[shown(2, 3, token="t2"), shown(1)],
            later=[shown(1, 2, 3, 4)],
            unchanged=[page()],
            bad_item=[bad()],
            bad_items=5,
            broken=BROKEN,
            people=PEOPLE,
            interest=watching("rivertown"),
        )


class TestXMentions(AdapterContract):
    """
    Posts that mention our own account.
    """

    @pytest.fixture
    def script(self) -> Script:
        """
        Three posts, then one more; of one that was asked about, X says beside it that it is gone.
        """
        return Script(
            spec=SPEC,
            config=mentions(),
            first=[shown(1, 2, 3)],
            later=[shown(1, 2, 3, 4, errors=[missing(id_of(NOW, 77))])],
            unchanged=[shown(1, 2, 3)],
            bad_item=[bad()],
            bad_items=5,
            broken=BROKEN,
            people=PEOPLE,
        )
