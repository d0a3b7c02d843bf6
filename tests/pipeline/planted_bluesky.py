"""
People planted in a Bluesky: DIDs, handles, names, facets of every kind, embeds, labels, references, account and identity
events, views of the AppView, and frames that are none.

Served by the simulator of its hosts, read by the tests of the canary.
"""

from __future__ import annotations

from typing import Any

import orjson

from adapters.bluesky.simulated_names import PROFILE, did_of
from adapters.bluesky.simulated_network import NO_UNAUTHENTICATED, Account, Happening, Network
from adapters.bluesky.simulated_records import Card, Picture, facet, facets_of
from listener.clock import Clock
from listener.testing.canary import SCRIPTS, Canary

OWN = "city.bsky.example"


class Planted:
    """
    A network full of markers. `talk` and `others` happen while the daemon listens: nothing is told of what came before.
    """

    def __init__(self, canary: Canary, network: Network) -> None:
        self.canary, self.network = canary, network
        self._scripts = iter(SCRIPTS * 9)
        self.city = network.by_handle(OWN) or network.join(handle=OWN)
        network.own.add(self.city.did)

    @classmethod
    def of(cls, canary: Canary, clock: Clock) -> Planted:
        """In a network of its own."""
        return cls(canary, Network(clock, 7, frozenset({"yyc"})))

    def somebody(self, label: str, *labels: str) -> Account:
        """An account made of markers, its DID too."""
        person = self.canary.person(f"bluesky {label}", script=next(self._scripts))
        did = did_of(self.network.seed, len(self.network.accounts))
        self.canary.known(f"bluesky {label}: did", did.removeprefix("did:plc:"))
        return self.network.join(handle=f"{person.handle}.bsky.example", person=person, labels=labels)

    def talk(self, label: str) -> str:
        """Somebody writes to the city, names people and themselves in every way there is, and is answered; the uri."""
        say, network = self.canary, self.network
        author, named, shown, linked = (
            self.somebody(f"{label} {role}") for role in ("author", "mentioned", "shown by name", "linked")
        )
        stated, quoted = self.somebody(f"{label} stated by did"), self.somebody(f"{label} quoted")
        earlier = network.post(quoted.did, f"Earlier {say.trace(f'bluesky {label} words that were quoted')}")
        who, word = author.person, say.word(f"bluesky {label} text")
        stranger = say.trace(f"bluesky {label} handle of a stranger")
        text = (
            f"Ice {word} #yyc @{OWN} @{named.handle} and {shown.person.name} said @{stranger}.example.org {stated.did} "
            f"bsky.app/profile/{linked.did[:12]}… https://bsky.app/profile/{linked.handle}/post/3k44 "
            f"{who.phone} {who.email} {who.profile} Yours, {who.name}"
        )
        uri = network.post(
            author.did,
            text,
            facets=[*facets_of(text, network._dids), *_shown(text, shown, linked)],
            tags=(author.handle.partition(".")[0], "ice"),
            langs=("en", f"x-{say.trace(f'bluesky {label} language')[:8]}"),
            labels=(say.trace(f"bluesky {label} label"),),
            quote=earlier.uri,
            pictures=(Picture(f"By @{self.somebody(f'{label} pictured').handle} for {who.name}"),),
        ).uri
        replier = self.somebody(f"{label} replier")
        card = Card(
            f"https://bsky.app/profile/{self.somebody(f'{label} on the card').did}",
            f"{replier.person.name} writes @{self.somebody(f'{label} in the title').handle}",
        )
        network.post(
            replier.did, f"Here too {say.word(f'bluesky {label} reply')} #yyc", reply_to=uri, card=card
        )
        network.like(named.did, uri)
        network.repost(shown.did, uri)
        network.follow(replier.did, author.did)
        return uri

    def others(self) -> None:
        """Who hides, who leaves, who takes another name, what nobody asked for, and what is no frame at all."""
        say, network = self.canary.trace, self.network
        shy = self.somebody("who hides", NO_UNAUTHENTICATED)
        network.post(shy.did, f"{say('bluesky words of who hides')} #yyc")
        network.post(self.somebody("who says nothing to us").did, say("bluesky words nobody asked for"))
        renamed = self.somebody("who is renamed")
        network.post(renamed.did, f"Before {self.canary.word('bluesky renamed text')} #yyc")
        network.rename(renamed.did, f"{say('bluesky new handle')}.bsky.example")
        leaver = self.somebody("who leaves")
        network.post(leaver.did, f"Soon gone {say('bluesky words of who leaves')} #yyc")
        network.set_status(leaver.did, "deactivated")
        gone = network.post(
            self.somebody("who deletes").did, f"{say('bluesky words that were deleted')} #yyc"
        )
        network.delete(gone.uri)
        for rest in _no_frames(self.somebody("broken"), say("bluesky words of a broken frame")):
            at_us = network._next_us()
            network._happen(
                Happening(at_us=at_us, kind="commit", did=self.city.did, collection=_POST, rest=rest)
            )

    def wire(self) -> dict[str, bytes]:
        """Everything that was told, and every name by which somebody may be looked up."""
        accounts = [[each.did, each.handle, each.person.name] for each in self.network.accounts.values()]
        return {
            "frames": b"\n".join(each.rest for each in self.network.log),
            "accounts": orjson.dumps(accounts),
            "profiles": orjson.dumps(
                [e.value for e in self.network.records.values() if e.collection == PROFILE]
            ),
        }

    def wanted(self, label: str) -> list[str]:
        """Words that a consumer gets after `talk`."""
        names = (f"bluesky {label} text", f"bluesky {label} reply")
        return [marker.value for marker in self.canary.markers if marker.label in names]


_POST = "app.bsky.feed.post"


def _shown(text: str, shown: Account, linked: Account) -> list[dict[str, Any]]:
    """A mention that shows a display name, and a link to a profile that shows half of it."""
    name, address = shown.person.name, f"bsky.app/profile/{linked.did[:12]}…"
    at, link_at = text.index(name), text.index(address)
    mention = {"$type": "app.bsky.richtext.facet#mention", "did": shown.did}
    link = {"$type": "app.bsky.richtext.facet#link", "uri": f"https://bsky.app/profile/{linked.did}"}
    return [
        facet(text, at, at + len(name), mention),
        facet(text, link_at, link_at + len(address), link),
    ]


def _no_frames(who: Account, words: str) -> tuple[bytes, ...]:
    """What a host may say in place of an event, behind its time: not JSON, another shape, a record that is none."""
    told = {"did": who.did, "handle": who.handle, "text": f"{words} #yyc", "createdAt": "never"}
    commit = {
        "rev": "3k",
        "operation": "create",
        "collection": _POST,
        "rkey": f"{who.handle} {words}",
        "cid": "x",
    }
    return (
        b',"kind":"commit","commit":{"text":"%b #yyc","did":"%b' % (words.encode(), who.did.encode()),
        b',"kind":"commit","commit":%b}' % orjson.dumps([told, "app.bsky.feed.post", "#yyc"]),
        b',"kind":"commit","commit":%b}' % orjson.dumps(commit | {"record": told}),
        b',"kind":"commit","commit":%b}'
        % orjson.dumps(commit | {"rkey": "3kzzzzzzzzz22", "record": told | {"text": {who.handle: words}}}),
        b',"kind":"account","account":%b}' % orjson.dumps({"active": who.handle, "did": who.did}),
    )
