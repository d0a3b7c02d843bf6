"""
People planted in a YouTube: authors of comments in every field there is for them, though none is asked for; handles, addresses
and numbers in comments, replies, titles and descriptions; titles of channels, unknown fields, page tokens, errors.

Served by the simulator of the API behind a `Loose` server, read by the tests of the canary. What a post may say is a `word`;
everybody and everything else is looked for in every byte that the daemon leaves.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from adapters.youtube.simulated_parts import Channel, Comment, Key, Video
from adapters.youtube.simulated_tube import Tube
from adapters.youtube.simulator import site_of
from listener.clock import Clock
from listener.simulation.exchange import Request
from listener.testing.canary import SCRIPTS, Canary
from tests.pipeline.loose_server import Loose

OWN = "cityofexample"
GARBAGE = "garbage follows"
ASKS_FOR_PEOPLE = re.compile(r"author|channelTitle|customUrl|part=[^&]*brandingSettings|/channels\?")
"""In an address: whoever asks so wants to know who."""

_NARROW = re.compile(rb"&?\b(?:fields=[^&]*|(maxResults=)\d+)")


class Planted:
    """
    A channel of the city's, one that uploads, and people under both and beside them.

    Args:
        label: Begins the label of every marker.

    Attributes:
        key: That is good.
        server: What the daemon asks.
    """

    def __init__(self, canary: Canary, clock: Clock, label: str = "youtube") -> None:
        self.canary, self.label = canary, label
        self.tube = Tube(clock, hashtags=("#yyc",))
        self._scripts = iter(SCRIPTS * 9)
        self.key = canary.secret(f"{label}: key")
        self.tube.keys = {self.key: Key()}
        self.city = self.tube.channel(title="City of Example", handle=OWN, own=True)
        self.valley = self.tube.channel(
            title=f"Valley News with {self._say('title of a channel')}", handle="valleynews"
        )
        talker = canary.person(f"{label} who stands in an error")
        self.server = Loose(
            site_of(self.tube).site.answer,
            said=f"{talker.name} @{talker.handle} {talker.email}",
            token=self._say("page token"),
            heard=_anything,
            told=self._told,
        )
        self.visitor = self._say("visitor of an answer")
        self.tube.adorn = self._adorned
        self.tube.noise = canary.noise(f"{label} ")

    def talk(self) -> list[str]:
        """Everybody says something, at once; the words that a consumer must get."""
        video = self.tube.video(self.city, "Snow routes", "What is cleared first. #yyc")
        named = self.tube.video(self.city, f"Questions of @{self.somebody('in a title of ours').handle}")
        first = self.said(video, "comment", also=f"https://youtu.be/{named.id}")
        for number in range(7):  # more than come with their thread
            self.said(video, f"reply {number}", to=first)
        self.said(video, "further comment")
        broken = self.somebody("broken")
        self.tube.comment(video, broken, f"{GARBAGE} {self._say('words of a broken comment')}")
        who = self.somebody("pictured")
        self.tube.comment(video, who, "", picture=True).picture = f"https://pictures.example/{who.handle}.gif"
        for channel, where in ((self.valley, "upload"), (self.somebody("uploader"), "found video")):
            person = self.somebody(f"named by {where}")
            self.tube.video(
                channel, f"#yyc {self.word(where)} by @{person.handle}", self.about(person, where)
            )
        return [
            self._word(name)
            for name in ("comment", "reply 0", "reply 6", "further comment", "upload", "found video")
        ]

    def whisper(self) -> None:
        """Something was said."""
        video = self.tube.video(self.valley, "Ice")
        self.tube.comment(video, self.somebody("author"), f"#yyc {self._say('words')}")

    def said(self, video: Video, what: str, *, to: Comment | None = None, also: str = "") -> Comment:
        """A comment by somebody who names people and themselves in every way there is."""
        author = self.somebody(f"{what} author")
        text = f"The sanders were late {self.word(what)} #yyc @{OWN} {self.about(author, what)} {also}"
        return self.tube.comment(video, author, text, to=to, likes=1)

    def about(self, who: Channel, where: str) -> str:
        """Ways to reach somebody, and somebody else; their name, signed, stays: nobody knows whose it is."""
        assert who.person is not None
        person, other = who.person, self.somebody(f"{where} linked")
        return (
            f"ask @{self._say(f'{where} handle of a stranger')} or write to {person.email}, call {person.phone}, "
            f"see {person.profile} https://www.youtube.com/@{other.handle} youtube.com/channel/{other.id}"
        )

    def somebody(self, label: str) -> Channel:
        """A channel made of markers, its id too."""
        person = self.canary.person(f"{self.label} {label}", script=next(self._scripts))
        channel = self.tube.channel(person)
        self.canary.known(f"{self.label} {label}: channel", channel.id)
        return channel

    def word(self, label: str) -> str:
        return self.canary.word(f"{self.label} {label} text")

    def _say(self, label: str) -> str:
        return self.canary.trace(f"{self.label}: {label}")

    def _word(self, label: str) -> str:
        return next(m.value for m in self.canary.markers if m.label == f"{self.label} {label} text")

    def _told(self, document: dict[str, Any]) -> dict[str, Any]:
        return document | {"visitorId": self.visitor, "eventId": [self.visitor]}

    def _adorned(self, kind: str, item: dict[str, Any]) -> dict[str, Any]:
        item[self.visitor] = self.visitor
        if kind == "comment" and GARBAGE in item["snippet"]["textDisplay"]:
            item["snippet"] = [item["snippet"]]
        return item


def _anything(request: Request) -> Request:
    """A server that does not know `fields`, and gives two at a time, whatever is asked for."""
    narrow = _NARROW.sub(lambda found: b"&maxResults=2" if found[1] else b"", request.target)
    return replace(request, target=narrow)
