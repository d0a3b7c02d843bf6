"""
`find` and `forget` know a post by whatever address of it a person has, and never take one for another.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.control import BARRED_MOST, DaemonControl, offline
from listener.events import Cleared, Name, key_of
from listener.gate import Gate, Place
from listener.gate.aliases import names_for
from listener.keys import KeyRing, Sealer
from listener.queues import open_queue
from listener.queues.base import Found, Lease
from listener.secret_files import key_ring
from listener.settings import load
from listener.telemetry import Telemetry
from listener.testing.queue_contract import GROUP, page
from listener.testing.virtual_clock import START, VirtualClock
from tests.adapters.mastodon.statuses import NOW
from tests.fakes.thorough import examples
from tests.privacy.named_posts import NOBODYS, PASTED, namings, posts

KEYS = KeyRing([b"the current secret, long enough", b"the former secret, long enough"])
NAMINGS = namings()


def cleared(keys: KeyRing = KEYS) -> dict[str, Cleared]:
    """Every post as the gate hands it over."""
    gate = Gate(
        keys=keys, own_handles=(), country="CA", consent="objection", nobot_tags=(), objections=frozenset()
    )
    found = {}
    for called, (network, post) in posts().items():
        item = gate.clear(
            post,
            place=Place(
                network=network, source="here", keep="text", retention=timedelta(30), emit_from=timedelta(90)
            ),
            watches=(),
            shortest=None,
            sealer=Sealer(date(2026, 1, 5), b"k" * 32),
            now=NOW,
        )
        assert isinstance(item, Cleared)
        found[called] = item
    return found


STORED = {called: {*item.provenance.names} for called, item in cleared().items()}


def meant(pasted: str) -> set[str]:
    """Which of the posts it means."""
    names = set(names_for(pasted, keys=KEYS, networks=NAMINGS))
    return {called for called, stored in STORED.items() if names & stored}


@pytest.mark.parametrize("called", PASTED)
def test_a_post_is_known_by_every_address_of_it(called: str) -> None:
    """Whatever spelling is pasted means that post and no other, under a former secret too."""
    assert {pasted: meant(pasted) for pasted in PASTED[called]} == {
        pasted: {called} for pasted in PASTED[called]
    }
    former = KeyRing([b"the former secret, long enough"])
    network, post = posts()[called]
    under_former = set(former.names(network, post.native))
    found = [set(names_for(each, keys=KEYS, networks=NAMINGS)) & under_former for each in PASTED[called]]
    assert any(found)


def test_every_post_is_pasted() -> None:
    """No post of the scene is left out."""
    assert PASTED.keys() == STORED.keys()


def test_an_address_that_is_no_posts_means_none() -> None:
    """A profile, a site, an article's other comment, a spoilt name, a text with two addresses: nothing goes by it."""
    assert {pasted: meant(pasted) for pasted in NOBODYS} == {pasted: set() for pasted in NOBODYS}


def test_a_key_means_its_post() -> None:
    """As it is printed, in capitals, or as the id of an event with its revision."""
    for called, item in cleared().items():
        key = item.event.subject
        for pasted in (key, key.upper(), f" {key}\n", f"{key}.1", f"{key}.12"):
            assert meant(pasted) == {called}


@settings(max_examples=examples(200), deadline=None)
@given(
    st.text(max_size=80)
    | st.sampled_from([each for many in PASTED.values() for each in many]).map(lambda a: a[:-1])
)
def test_whatever_is_pasted_nothing_breaks(pasted: str) -> None:
    """Any text has names, not too many, and none raises."""
    names = names_for(pasted, keys=KEYS, networks=NAMINGS)

    assert 0 < len(names) < 1000
    assert len(set(names)) == len(names)


TOML = """
data_dir = "data"
[organisation]
name = "City of Example"
contact = "https://city.example/listener"
country = "CA"
[[watch]]
name = "city"
hashtags = ["#yyc"]
purpose = "Answer questions"
owner = "Communications"
legal_authority = "Municipal Government Act, s. 3"
review_by = 2099-01-01
[[source]]
name = "blog"
adapter = "feed"
relation = "public"
criterion = "Blogs about the city"
address = "https://blog.example/feed/"
[[source]]
name = "social"
adapter = "mastodon"
relation = "public"
criterion = "The instance of the town"
endpoint = "https://social.example"
"""


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_without_a_daemon_the_same_addresses_are_understood(tmp_path: Path) -> None:
    """`listener forget` on the queue itself takes away the post that is meant, by an alias or its key, and leaves the others."""
    (tmp_path / "listener.toml").write_text(TOML)
    now = load(tmp_path / "listener.toml", environ={})
    keys = key_ring(now.privacy.secret_files, create=True)
    clock = VirtualClock(NOW)
    queue = await open_queue(
        now.queue.url, base_dir=now.base_dir, fingerprints=keys.fingerprints, clock=clock
    )
    lease = await queue.lease(GROUP, "node-1", ttl_s=60, now=NOW)
    assert isinstance(lease, Lease)
    held = cleared(keys)
    await queue.commit(page(lease, *held.values(), at=NOW))
    await queue.aclose()
    wanted = {
        "status from elsewhere": "https://social.example/@jo_fenn@river.example/42",
        "article": "http://www.blog.example/café-snow/?m=1#respond",
        "remark": held["remark"].event.subject,
    }
    async with offline(now) as control:
        forgot = {called: await control.forget(link) for called, link in wanted.items()}
        missed = await control.forget("https://social.example/@sam_weir")
        states = {
            called: {one.state for one in await control.find(item.event.subject)}
            for called, item in held.items()
        }

    assert {called: each.keys for called, each in forgot.items()} == {
        called: (held[called].event.subject,) for called in wanted
    }
    assert all(each.erased for each in forgot.values())
    assert missed.keys == ()
    assert states == {called: {"removed"} if called in wanted else {"live"} for called in held}


class NothingSealed:
    """What was pasted is no sealed link."""

    async def behind(self, link: str) -> None:
        """No post."""


class Barring:
    """A queue that holds one post, and remembers what it was told to forget."""

    def __init__(self, held: Name) -> None:
        self.held, self.barred = held, list[Name]()

    async def find(self, names: list[Name]) -> tuple[object, ...]:
        return (Found(key_of(self.held), "live", "/feed/a", None, START, 1),) if self.held in names else ()

    async def forget(self, names: list[Name], **_: object) -> tuple[object, ...]:
        self.barred = list(names)
        return ()


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_an_identity_of_any_of_thousands_of_feeds_bars_no_thousands() -> None:
    """Of very many names the likeliest are barred, and the post that goes by one of the others all the same."""
    names = [Name(number.to_bytes(16, "big")) for number in range(5000)]
    queue = Barring(names[4321])
    control = DaemonControl(
        queue=queue,  # type: ignore[arg-type]  # two methods of it
        clock=VirtualClock(),
        telemetry=Telemetry(),
        names_for=lambda _: names,
        opener=NothingSealed(),  # type: ignore[arg-type]  # the one method of it
        **dict.fromkeys(("exporter", "views", "rechecks", "budgets", "poll", "notice", "ready", "reload")),  # type: ignore[arg-type]  # not asked
    )

    await control.forget("x")

    assert queue.barred == [*names[:BARRED_MOST], names[4321]]
