"""
The canary kit: plants unique markers wherever a source names a person, and looks for them in everything that was
stored or left.

Used by the tests of the whole daemon, of every adapter, engine and page, and by those of third parties. A test that
finds nothing proves something only if the markers were really there: check that the wire held them, and that a
daemon with one line of masking removed is caught.

    canary = Canary(seed=1)
    clock = VirtualClock()
    token = canary.secret("api token")                           # goes into the configuration
    async with simulator.serve(canary.feed_world(clock)) as served:
        configuration = simulator.configuration(served, data_dir)
        ...                                                      # run the daemon, ask its API, stop it, kill it
        wire = {str(n): body for n, body in enumerate(bodies)}   # what the simulator sent

    assert canary.missing(wire) == ()                            # everything was served
    assert canary.search_folder(data_dir, events=True) == ()     # database, WAL, temporary files
    assert canary.search({"GET /v1/events": page}, events=True) == ()
    assert canary.search({"log": log, "metrics": metrics, "stderr": stderr}) == ()

`events=True` is for bytes that are meant to hold events: words of a post may stand there, a person may not. Logs,
metrics and errors may hold neither.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

from listener.clock import Clock
from listener.simulation.people import Person
from listener.simulation.scenario import Place
from listener.simulation.world import Manner, Noise, World
from listener.testing.disguises import Seeker, hash_needles, needles

_FOR_YEARS_S: Final = 10 * 365 * 86400.0

_LETTERS: Final = {
    "latin": "bcdfghjklmnpqrstvwxz",
    "accents": "àâçéèêëîïôûùüñåøðþ",
    "cyrillic": "бвгджзйклмнпрстфхцчшщ",
    "greek": "βγδζθκλμνξπρστφχψ",
    "arabic": "بتثجحخدذرزسشصضطظعغفقكلمن",
    "hebrew": "אבגדהוזחטיכלמנסעפצקרשת",
    "hangul": "가나다라마바사아자차카타파하거너더러",
    "han": "".join(map(chr, range(0x4E00, 0x5E00))),
    "emoji": "".join(map(chr, range(0x1F400, 0x1F43F))),
}
"""Letters that markers in names are drawn from, by script; without vowels, so that no word comes out."""

SCRIPTS: Final = tuple(_LETTERS)


@dataclass(frozen=True, slots=True, repr=False)
class Marker:
    """
    A string that occurs nowhere else. Prints its label only.

    Args:
        label: Where it was planted.
        value: What to look for.
        in_events: Whether it may occur in stored events: words of a post may, whoever wrote them may not.
        hashed: Identifiers around it whose unkeyed hashes give the person away as well.
        needles: Every form of it, for `data.lower()`.
    """

    label: str
    value: str
    in_events: bool
    hashed: tuple[str, ...]
    needles: frozenset[bytes]

    def __repr__(self) -> str:
        return f"Marker({self.label!r})"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """
    A marker where none belongs: the place it was found in and what it is. Never the bytes around it.
    """

    where: str
    label: str

    def __str__(self) -> str:
        return f"{self.where}: {self.label}"


class Canary:
    """
    One set of markers. Equal seeds and equal calls in equal order make equal markers.

    Args:
        seed: Any integer.
    """

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(f"canary/{seed}")  # noqa: S311  markers have to be unlikely, not secret
        self._markers: list[Marker] = []

    @property
    def markers(self) -> tuple[Marker, ...]:
        """
        Everything made so far, in order.
        """
        return tuple(self._markers)

    # ------------------------------------------------------------------------------------------------ planting

    def word(self, label: str) -> str:
        """
        A word of a post: may be stored and shown, never logged.
        """
        return self._marked(label, self._token(), in_events=True)

    def trace(self, label: str) -> str:
        """
        A string about a person or a server that belongs nowhere: for headers, addresses, error bodies.
        """
        return self._marked(label, self._token())

    def secret(self, label: str) -> str:
        """
        A token or password: 32 printable ASCII characters.
        """
        return self._marked(label, self._token(32))

    def known(self, label: str, value: str, *, whole: bool = False) -> str:
        """
        A string that somebody else made and that belongs nowhere: an account's id or DID, a session's token.

        Args:
            value: At least 12 characters.
            whole: Either half of it says nothing, as where an id begins with the time; else one is enough.
        """
        return self._marked(label, value, forms=(value,) if whole else (), hashed=(value,))

    def noise(self, label: str = "") -> Noise:
        """
        What servers let slip; each marker's label begins with `label`.
        """
        return Noise(
            headers=(
                ("Set-Cookie", f"session={self.trace(f'{label}header: Set-Cookie')}; Path=/"),
                ("Server", f"blogd/{self.trace(f'{label}header: Server')}"),
                ("X-Author", self.trace(f"{label}header: X-Author")),
                ("Link", f"<https://people.example/{self.trace(f'{label}header: Link')}>; rel=author"),
            ),
            error_text=f"No database for {self.trace(f'{label}error body')}",
            redirect_part=self.trace(f"{label}redirect target"),
        )

    def person(self, label: str, *, script: str = "latin") -> Person:
        """
        A person made of markers; each part is labelled `label: part`.

        Args:
            label: Who.
            script: From `SCRIPTS`; of the display name and the bio.
        """
        handle, local, profile, picture = (self._token() for _ in range(4))
        name = self._name(script)
        phone = self._phone()
        account_id = str(self._chance.randrange(10**17, 10**18))
        email = f"{local}@mail.example"
        address = f"https://people.example/users/{profile}"
        self._marked(f"{label}: name", name, hashed=(name,))
        self._marked(f"{label}: handle", handle, hashed=(handle,))
        self._marked(f"{label}: e-mail", local, hashed=(email,))
        self._marked(f"{label}: profile", profile, hashed=(address,))
        self._marked(f"{label}: avatar", picture)
        self._marked(f"{label}: phone", phone, forms=_phone_forms(phone), hashed=(phone, f"+1{phone}"))
        self._marked(f"{label}: account id", account_id, forms=(account_id,), hashed=(account_id,))
        bio = self._marked(f"{label}: bio", self._token())
        return Person(
            lang="en",
            name=name,
            handle=handle,
            bio=f"Writes about snow; {bio}.",
            email=email,
            phone=f"+1 {phone[:3]}-{phone[3:6]}-{phone[6:]}",
            account_id=account_id,
            profile=address,
            avatar=f"https://pictures.example/{picture}.png",
        )

    def feed_world(self, clock: Clock, *, hashtag: str = "#yyc") -> World:
        """
        A world whose every personal place holds a marker, to be served by a simulator of feeds: authors of articles
        and comments in several scripts, owners, texts and titles that name their author, author boxes, addresses
        under a profile, response headers, error pages, targets of redirects. One place each is broken, absent, busy,
        in HTML, moved away for now and cut short; the rest are well, and three of them (`canary-blogger`, `-languages`,
        `-nameless`) are there for a simulator to show in other shapes. The simulator does not look at queries, so a
        `secret` may be added to any address as one.

        Args:
            clock: Of the world.
            hashtag: Carried by every post, so that every post is wanted.
        """
        world = World(
            (
                Place("canary-own", "Canary Own", "en", own=True),
                Place("canary-paths", "Canary Paths", "en", links="author"),
                Place("canary-atom", "Canary Atom", "fr"),
                Place("canary-json", "Canary JSON", "uk"),
                Place("canary-rdf", "Canary RDF", "es"),
                Place("canary-blogger", "Canary Blogger", "en"),
                Place("canary-languages", "Canary Languages", "ja"),
                Place("canary-nameless", "Canary Nameless", "de"),
                *(Place(f"canary-{manner.replace('_', '-')}", "Canary", "en") for manner in _TROUBLES),
            ),
            clock,
            (hashtag,),
            owner=self.person("owner", script="accents"),
            noise=self.noise(),
        )
        for number, place in enumerate(world.places[: -len(_TROUBLES)]):
            self._plant(world, place, hashtag, scripts=SCRIPTS[number % 5 :] + SCRIPTS)
        for manner in _TROUBLES:
            where = f"canary-{manner.replace('_', '-')}"
            world.disturb(where, manner, _FOR_YEARS_S)
            for entry in world.articles("canary-own"):
                world.publish(where, entry.author, entry.text, title=entry.title, html=entry.html)
        return world

    def _plant(self, world: World, place: Place, hashtag: str, *, scripts: Sequence[str]) -> None:
        """
        An article and two comments, one in answer to the other; and an article of the same author that was deleted,
        which Atom tells with their name.
        """
        where = place.name
        author = self.person(f"{where}: article author", script=scripts[0])
        title = f"Ice on the bridge {self.word(f'{where}: title')} by {author.name}"
        text, markup = self._text(f"{where}: article", author, hashtag)
        deleted = world.publish(where, author, text, title=title, html=markup)
        article = world.publish(where, author, text, title=title, html=markup, tags=(hashtag.lstrip("#"),))
        world.delete(deleted.post)
        commenter = self.person(f"{where}: comment author", script=scripts[1])
        text, markup = self._text(f"{where}: comment", commenter, hashtag)
        comment = world.comment(article.post, commenter, text, html=markup)
        replier = self.person(f"{where}: reply author", script=scripts[2])
        text, markup = self._text(f"{where}: reply", replier, hashtag)
        world.comment(comment.post, replier, text, html=markup)

    def _text(self, label: str, author: Person, hashtag: str) -> tuple[str, str]:
        """
        Words that may be stored, among traces of the author that may not.

        Returns:
            Plain text, and HTML with an author box around it.
        """
        other = self.trace(f"{label}: handle of somebody else")
        text = (
            f"The sanders were late {self.word(f'{label}: text')} {hashtag} says @{author.handle} to @{other}.\n\n"
            f"Call {author.phone} or write to {author.email}, see {author.profile} for more. Yours, {author.name}"
        )
        box = (
            f'<div class="author" title="{escape(author.bio)}">'
            f'<img src="{escape(author.avatar)}" alt="{escape(author.name)}">'
            f'<a rel="author" href="/author/{author.handle}" data-id="{author.account_id}">{escape(author.name)}</a>'
            f' <a href="mailto:{author.email}">e-mail</a> <a href="tel:{author.phone}">call</a>'
            f' <a href="{escape(author.profile)}">profile</a></div>'
        )
        return text, "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n")) + box

    # ----------------------------------------------------------------------------------------------- searching

    def search(self, named_bytes: Mapping[str, bytes], *, events: bool = False) -> tuple[Finding, ...]:
        """
        Every marker found, once per place and label, sorted.

        Args:
            named_bytes: What to look through, by the name to print.
            events: These bytes are meant to hold events, so markers that may occur there are no findings.
        """
        seeker = Seeker(
            {marker.label: marker.needles for marker in self._markers if not (events and marker.in_events)}
        )
        found = {Finding(where, label) for where, data in named_bytes.items() for label in seeker.seek(data)}
        return tuple(sorted(found))

    def search_folder(self, path: Path, *, events: bool = False) -> tuple[Finding, ...]:
        """
        The same over every file below `path`, names of files included (told as `name of file N`).
        """
        files = sorted(file for file in path.rglob("*") if file.is_file())
        named = {str(file.relative_to(path)): file.read_bytes() for file in files}
        names = {f"name of file {number}": str(name).encode() for number, name in enumerate(named)}
        telltale = {finding.where for finding in self.search(names)}
        safe = {
            f"file {number}" if f"name of file {number}" in telltale else name: data
            for number, (name, data) in enumerate(named.items())
        }
        return self.search(safe, events=events) + self.search(names)

    def missing(
        self, named_bytes: Mapping[str, bytes], *, among: Callable[[Marker], bool] = lambda _: True
    ) -> tuple[str, ...]:
        """
        Labels of the markers that occur nowhere in these bytes: empty where the wire held them all, without which
        finding nothing proves nothing.
        """
        held = {finding.label for finding in self.search(named_bytes)}
        return tuple(marker.label for marker in self._markers if among(marker) and marker.label not in held)

    # --------------------------------------------------------------------------------------------------- making

    def _token(self, length: int = 16, script: str = "latin") -> str:
        return "".join(self._chance.choice(_LETTERS[script]) for _ in range(length))

    def _name(self, script: str) -> str:
        """
        A display name of two words, as most are.
        """
        first, second = self._token(8, script), self._token(8, script)
        return f"{first.title()} {second.title()}"

    def _phone(self) -> str:
        """
        Ten digits nobody can have: 555-0100 to 555-0199 are set aside for fiction in every North American area.
        """
        area = self._chance.choice(("403", "587", "780", "825", "416", "604", "514", "613", "902", "204"))
        return f"{area}55501{self._chance.randrange(100):02}"

    def _marked(
        self,
        label: str,
        value: str,
        *,
        in_events: bool = False,
        forms: tuple[str, ...] = (),
        hashed: tuple[str, ...] = (),
    ) -> str:
        """
        Remember a marker. Unless `forms` lists what to look for, either half of it counts, because a page boundary
        of a database may part it and a careless mask may cover only one.

        Raises:
            ValueError: the label was used before.
        """
        if any(marker.label == label for marker in self._markers):
            raise ValueError(f"there is a marker {label!r} already")
        middle = len(value) // 2
        looked_for = forms or (value[:middle].strip(), value[middle:].strip())
        everything = frozenset().union(*map(needles, looked_for), *map(hash_needles, hashed))
        self._markers.append(Marker(label, value, in_events, hashed, everything))
        return value


_TROUBLES: Final[tuple[Manner, ...]] = ("503", "404", "429", "error_page", "away", "cut")


def _phone_forms(digits: str) -> tuple[str, ...]:
    area, office, line = digits[:3], digits[3:6], digits[6:]
    return (
        digits,
        *(f"{area}{a}{office}{b}{line}" for a, b in (("-", "-"), (" ", " "), (".", "."), (") ", "-"))),
    )
