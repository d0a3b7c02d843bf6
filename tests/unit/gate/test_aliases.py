"""
What somebody pasted becomes every name a post may be stored under.
"""

from __future__ import annotations

from listener.events import Name
from listener.gate.aliases import names_for
from listener.keys import KeyRing

KEYS = KeyRing([b"current secret of some length", b"former secret of some length"])


def test_every_network_and_secret_is_covered() -> None:
    """
    As pasted, in its common spelling, and as each network says; under each secret; the likeliest first, each once.
    """
    link = "https://blog.example/snow/#comment-314"
    common = "http://blog.example/snow#comment-314"
    asked: list[str] = []

    def named(pasted: str) -> tuple[str, ...]:
        asked.append(pasted)
        return ("314", common)

    names = names_for(f"  <{link}> ", keys=KEYS, networks=[("feed", named), ("mastodon", lambda _: ())])

    said = [
        *(("feed", link), ("feed", common), ("mastodon", link), ("mastodon", common)),
        ("feed", "314"),
    ]
    assert names == tuple(name for network, native in said for name in KEYS.names(network, native))
    assert asked == [link]


def test_a_key_comes_first() -> None:
    """
    A post's key is a name as it is, under whatever secret it was made; 31 digits are none.
    """
    key = "00112233445566778899aabbccddeeff"

    assert names_for(key, keys=KEYS, networks=()) == (Name(bytes.fromhex(key)),)
    assert names_for(f"{key}.3", keys=KEYS, networks=()) == (Name(bytes.fromhex(key)),)
    assert names_for(key[1:], keys=KEYS, networks=()) == ()
