"""
People planted in an X: authors and whoever is named, told in full though nobody asks; handles at the beginning of answers and in
repeats, addresses, numbers and links in short and long posts, references, errors beside data, page tokens.

Served by the simulator of the API behind a `Loose` server, read by the tests of the canary. What a post may say is a `word`,
unless no words are kept of this X at all; everybody and everything else is looked for in every byte that the daemon leaves.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from adapters.x.simulated_network import Network
from adapters.x.simulated_objects import USER_FIELDS
from adapters.x.simulated_posts import Account, Post
from adapters.x.simulator import UserKeys, site_of
from listener.clock import Clock
from listener.simulation.exchange import Request
from listener.testing.canary import SCRIPTS, Canary
from tests.pipeline.loose_server import Loose

ASKS_FOR_PEOPLE = re.compile(
    r"author_id|username|user\.fields|expansions|in_reply_to_user_id|geo|place\.fields|media\.fields|/users/(?!\d+/mentions\?)"
)
"""In an address: whoever asks so wants to know who."""

_FIELDS = (
    "author_id,in_reply_to_user_id,created_at,lang,entities,conversation_id,note_tweet,referenced_tweets,reply_settings,"
    "withheld,public_metrics,edit_controls"
)
_EXPANSIONS = "author_id,in_reply_to_user_id,entities.mentions.username,referenced_tweets.id,referenced_tweets.id.author_id"
_EVERYTHING = f"tweet.fields={_FIELDS}&expansions={_EXPANSIONS}&user.fields={','.join(sorted(USER_FIELDS - {'entities', 'withheld'}))}"


class Planted:
    """
    The city's account, and people who write to it.

    Args:
        label: Begins the label of every marker.
        words: Whether words are kept of it; else they are looked for like people.

    Attributes:
        token: Of the app.
        keys: Of the city's own account.
        server: What the daemon asks.
    """

    def __init__(self, canary: Canary, clock: Clock, label: str, *, words: bool) -> None:
        self.canary, self.label, self._words = canary, label, words
        self._scripts = iter(SCRIPTS * 9)
        self.network = Network(clock, hashtags=("#yyc",))
        self.site = site_of(self.network).site
        self.token = canary.secret(f"{label}: token")
        self.keys = UserKeys(
            self.network.own.id,
            *(
                canary.secret(f"{label}: {name}")
                for name in ("consumer key", "consumer secret", "own token", "own secret")
            ),
        )
        self.site.keys.app = {self.token}
        self.site.keys.signed = {self.keys.token: self.keys}
        self.site.noise = canary.noise(f"{label} ")
        talker = canary.person(f"{label} who stands in an error")
        self._beside, self._repeated = (
            self._say("who stands beside data"),
            self._say("words that were repeated"),
        )
        self.server = Loose(
            self.site.answer,
            said=f"{talker.name} @{talker.handle} {talker.email}",
            token=self._say("page token"),
            heard=_everything,
            told=self._told,
        )

    def talk(self) -> list[str]:
        """Everybody said something two minutes ago, for a search looks no nearer; the words that a consumer must get."""
        wanted = [
            "post",
            "long post",
            "answer",
            "quote",
            "repeat by hand",
            *(f"further {n}" for n in range(9)),
        ]
        self.network.plan(self.network.now() - timedelta(minutes=2), self._talk)
        self.network.turn()
        return [
            m.value
            for m in self.canary.markers
            if m.label in {f"{self.label} {name} text" for name in wanted}
        ]

    def whisper(self) -> None:
        """Something was said two minutes ago."""
        text, author, at = f"#yyc {self.word('whispered')}", self.somebody("author"), self.network.now()
        for _ in range(11):  # a page, and one
            self.network.plan(at - timedelta(minutes=2), lambda: self.network.post(author, text))

    def _talk(self) -> None:
        network = self.network
        one = self.said("post")
        self.said("long post", also=" ".join(["and so on"] * 40))
        self.said("answer", before=f"@{one.author.username} ", to=one)
        network.post(
            network.own, f"@{one.author.username} we are on it #yyc {self.word('our answer')}", reply_to=one
        )
        self.said("quote", quotes=one)
        repeated = self.somebody("repeated by hand")
        self.said("repeat by hand", before=f"RT @{repeated.username}: so it is RT@{repeated.username} ")
        network.post(
            self.somebody("withheld"), f"#yyc {self._say('words that are withheld')}", withheld=("CA",)
        )
        for number in range(9):  # more than a page
            network.post(self.somebody(f"further {number}"), f"#yyc {self.word(f'further {number}')}")

    def said(
        self,
        what: str,
        *,
        before: str = "",
        also: str = "",
        to: Post | None = None,
        quotes: Post | None = None,
    ) -> Post:
        """A post by somebody who names people and themselves in every way there is."""
        author, named, other = (self.somebody(f"{what} {role}") for role in ("author", "mentioned", "linked"))
        person = author.person
        text = (
            f"{before}Ice {self.word(what)} #yyc @{self.network.city} @{named.username} {also} "
            f"@{self._say(f'{what} handle of a stranger')[:15]} {person.email} {person.phone} {person.profile} "
            f"https://x.com/{other.username} twitter.com/{other.username}/status/{one_of(to or quotes)}"
        )
        return self.network.post(author, text, reply_to=to, quote_of=quotes)

    def somebody(self, label: str) -> Account:
        """An account made of markers, its id too."""
        person = self.canary.person(f"{self.label} {label}", script=next(self._scripts))
        self.network._people = [person]
        account = self.network.account(username=person.handle[:15])
        self.canary.known(f"{self.label} {label}: id", account.id, whole=True)
        return account

    def word(self, label: str) -> str:
        make = self.canary.word if self._words else self.canary.trace
        return make(f"{self.label} {label} text")

    def _say(self, label: str) -> str:
        return self.canary.trace(f"{self.label}: {label}")

    def _told(self, document: dict[str, Any]) -> dict[str, Any]:
        """With a repeat on every page of posts, one post that is none, and errors beside data that name people."""
        data = document.get("data")
        if not isinstance(data, list) or not data or "text" not in data[0]:
            return document
        first, who = data[0], self._beside
        repeat = {**first, "id": str(int(first["id"]) - 1), "text": f"RT @{who}: #yyc {self._repeated}"}
        repeat |= {
            "edit_history_tweet_ids": [repeat["id"]],
            "referenced_tweets": [{"type": "retweeted", "id": first["id"]}],
        }
        broken = {"id": first["id"], "text": {who: who}, who: who}
        error = {
            "value": who, "detail": f"Could not find user with username: [{who}].", "title": f"No @{who}", "resource_type": "user",
            "parameter": f"entities.mentions.username {who}", "resource_id": who, "type": f"https://api.x.com/2/problems/{who}",
        }  # fmt: skip
        return {
            **document,
            "data": [*data, repeat, broken],
            "errors": [error, {**error, "resource_type": "tweet"}, [who]],
        }


def one_of(post: Post | None) -> str:
    """The id of a post, or of any."""
    return post.id if post is not None else "1900000000000000003"


def _everything(request: Request) -> Request:
    """A server that shows everybody, whatever is asked for; a signed request stays as it was signed."""
    if not (request.header("authorization") or "").startswith("Bearer"):
        return request
    return replace(request, target=re.sub(rb"tweet\.fields=[^&]*", _EVERYTHING.encode(), request.target))
