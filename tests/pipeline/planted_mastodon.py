"""
People planted in a fediverse: wherever Mastodon's API names somebody, or a server lets something slip.

Served by the simulator of instances, read by the tests of the canary. What a post may say is a `word`; everybody and
everything else is looked for in every byte that the daemon leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_ids import Software
from adapters.mastodon.simulated_instance import Instance
from adapters.mastodon.simulated_posts import Account, Picture, Poll, Toot
from listener.clock import Clock
from listener.simulation.people import people
from listener.testing.canary import SCRIPTS, Canary
from tests.adapters.mastodon.fediverse import ONE, TWO

OWN = "cityofexample"
GARBAGE = "garbage follows"


class Planted:
    """
    Two instances full of markers, and a token of the city's account on each.

    Args:
        tokens: By domain.
    """

    def __init__(
        self, canary: Canary, clock: Clock, *, one: Software = "mastodon", two: Software = "mastodon"
    ) -> None:
        self.canary = canary
        self.world = Fediverse(clock, hashtags=("#yyc",))
        self.one, self.two = self.world.instance(ONE, one), self.world.instance(TWO, two)
        self.tokens: dict[str, str] = {}
        self._scripts = iter(SCRIPTS * 9)
        self.moved = canary.person("mastodon moved")
        for here in (self.one, self.two):
            self._settle(here)
        self.others()
        for number, home in enumerate((ONE, TWO)):
            self.talk(home, f"early {number}")

    def _settle(self, here: Instance) -> None:
        """The city has an account and a token here, and the instance fills what ours leaves empty."""
        label = f"mastodon {here.domain}"
        city = self.world.account(here.domain, replace(people(1, 1)[0], handle=OWN, name="City of Example"))
        token = self.canary.secret(f"{label}: token")
        self.tokens[here.domain] = self.world.token(here.domain, city, token)
        here.noise = self.canary.noise(f"{label} ")
        here.adorn = _adorned(self.canary, label, self.moved)

    def somebody(self, label: str, home: str = ONE, **how: Any) -> Account:
        """An account made of markers, its ids too."""
        person = self.canary.person(f"mastodon {label}", script=next(self._scripts))
        how.setdefault("note", f"{person.bio} Write to {person.email} or @{person.handle}@{home}")
        fields = (("Home", person.profile), ("Call", person.phone))
        account = self.world.account(home, person, fields=fields, **how)
        for here in (self.one, self.two):
            self.canary.known(f"mastodon {label}: id at {here.domain}", here.id_of(account), whole=True)
        return account

    def talk(self, home: str, label: str) -> Toot:
        """
        Somebody writes to the city and to people of both instances, names themselves in every way there is, and is
        answered; everything of it is wanted.
        """
        say, named = self.canary, self.somebody(f"{label} mentioned", home)
        away = self.somebody(f"{label} mentioned elsewhere", TWO if home == ONE else ONE)
        author, city = self.somebody(f"{label} author", home), self.world.accounts[0 if home == ONE else 1]
        who = author.person
        stranger = say.trace(f"mastodon {label} handle of a stranger")
        text = (
            f"The sanders were late {say.word(f'mastodon {label} text')} #yyc @{OWN} @{named.username} "
            f"@{away.username}@{away.home} @{stranger}@far.example\n\n"
            f"Call {who.phone} or write to {who.email}, see {who.profile}, "
            f"https://{home}/@{self.somebody(f'{label} linked').username} . #{who.handle} Yours, {who.name}"
        )
        toot = self.world.post(
            author,
            text,
            mentions=(city, named, away),
            tags=("yyc", who.handle),
            spoiler_text=f"Ice, says @{self.somebody(f'{label} warned of').username}",
            poll=Poll(
                ((f"ask @{self.somebody(f'{label} option').username}", 3), ("sand", 4)),
                self.world.now() + timedelta(days=1),
            ),
            media=(Picture(f"{self.somebody(f'{label} pictured').person.name} on the bridge"),),
            link=f"https://{home}/@{self.somebody(f'{label} previewed').username}/1",
        )
        booster, here = self.somebody(f"{label} booster", home), self.world.instances[home]
        self.world.boost(booster, toot)
        here.notify("reblog", city, by=booster, at=self.world.now(), copy=here.copy_of(toot))
        replier = self.somebody(f"{label} replier", TWO if home == ONE else ONE)
        answer = f"Here too {say.word(f'mastodon {label} reply')} #yyc @{author.username}"
        self.world.post(replier, answer, reply_to=toot, mentions=(author,))
        return toot

    def others(self) -> None:
        """What is not wanted, or not to be had, stands beside it."""
        say, world = self.canary.trace, self.world
        quoted = world.post(self.somebody("quoted"), f"Quoted words {say('mastodon words that were quoted')}")
        world.post(self.somebody("quoter"), f"Look {self.canary.word('quoter text')} #yyc", quote_of=quoted)
        if (
            self.one.software == "mastodon"
        ):  # the others have no such choice, and other instances are not told of it
            who = self.somebody("who says noindex", noindex=True)
            world.post(who, f"No {say('mastodon words of who says noindex')} #yyc", only=())
        who = self.somebody("who says nobot", note="Teacher. #nobot")
        world.post(who, f"No {say('mastodon words of who says nobot')} #yyc")
        hidden = say("mastodon words for followers")
        city = world.accounts[0]
        world.post(self.somebody("direct"), f"{hidden} @{OWN} #yyc", visibility="direct", mentions=(city,))
        broken = self.somebody("broken")
        world.post(broken, f"{GARBAGE} {say('mastodon words of a broken status')} #yyc")

    def break_down(self) -> None:
        """Event streams of the first instance are cut off."""
        self.one.disturb("cut", start_at=self.world.now(), seconds=0.5, route="stream")

    def wanted(self, label: str) -> list[str]:
        """Words that a consumer gets after `talk`."""
        names = (f"mastodon {label} text", f"mastodon {label} reply")
        return [marker.value for marker in self.canary.markers if marker.label in names]


def _adorned(canary: Canary, label: str, moved: Any) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    """
    What servers fill and the simulator leaves empty: emojis named after people, authors of previews, filter results,
    applications, roles, whom an account moved to, who answers for the instance. A status with `GARBAGE` has no readable account.
    """
    say = {
        name: canary.trace(f"{label}: {name}")
        for name in (
            "emoji", "preview author", "preview html", "filter", "filtered word", "application", "role",
            "title of the instance", "rule", "unknown field",
        )
    }  # fmt: skip
    emojis = [{"shortcode": say["emoji"], "url": f"https://files.example/{say['emoji']}.png", "category": ""}]
    staff = canary.person(f"{label}: staff")

    def shown(person: Any) -> dict[str, Any]:
        return {
            "id": person.account_id, "username": person.handle, "acct": person.handle, "display_name": person.name,
            "url": person.profile, "note": person.bio, "avatar": person.avatar,
        }  # fmt: skip

    def adorn(entity: str, found: dict[str, Any]) -> dict[str, Any]:
        found[say["unknown field"]] = say["unknown field"]
        match entity:
            case "account":
                found |= {
                    "emojis": emojis,
                    "moved": shown(moved),
                    "roles": [{"id": "1", "name": say["role"]}],
                }
            case "instance":
                found |= {
                    "title": say["title of the instance"],
                    "contact": {"email": staff.email, "account": shown(staff)},
                    "rules": [{"id": "1", "text": say["rule"]}],
                }
            case "status":
                found |= {
                    "emojis": emojis,
                    "application": {"name": say["application"], "website": f"https://{say['application']}"},
                    "filtered": [
                        {"filter": {"title": say["filter"]}, "keyword_matches": [say["filtered word"]]}
                    ],
                }
                if found["card"]:
                    found["card"] |= {
                        "author_name": say["preview author"],
                        "author_url": moved.profile,
                        "html": say["preview html"],
                        "authors": [{"name": staff.name, "url": staff.profile, "account": shown(staff)}],
                    }
                if GARBAGE in found["content"]:
                    found["account"] = [found["account"]["acct"]]
        return found

    return adorn
