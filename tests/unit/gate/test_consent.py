"""
Whose posts end at the gate, and why: the whole table of signals, twice, and the objection list.
"""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec.structs import replace

from listener.events import Author, Consent, Post, WithheldReason
from listener.gate.consent import ConsentMode, objection_names, other_mode, refusal, refusing_flags
from listener.keys import KeyRing

KEYS = KeyRing([b"current secret of some length", b"former secret of some length"])
POST = Post(
    native="tag:blog.example,2026:1", kind="post", text="snow", author=Author(("@miraq@social.example",))
)

FLAGS = [
    # flag, mode, addressed, expected
    ("noindex", "objection", False, "consent"),
    ("noindex", "objection", True, None),
    ("noindex", "opt-in", False, "consent"),
    ("noindex", "opt-in", True, None),
    ("not_indexable", "objection", False, None),
    ("not_indexable", "objection", True, None),
    ("not_indexable", "opt-in", False, "consent"),
    ("not_indexable", "opt-in", True, None),
    ("nobot", "objection", False, "consent"),
    ("nobot", "objection", True, "consent"),
    ("nobot", "opt-in", True, "consent"),
    ("limited", "objection", False, "consent"),
    ("limited", "objection", True, "consent"),
    ("no_unauthenticated", "objection", False, "consent"),
    ("no_unauthenticated", "objection", True, "consent"),
    ("no_unauthenticated", "opt-in", True, "consent"),
    ("NoArchive", "objection", False, "consent"),
    ("#noarchive", "objection", True, "consent"),
    ("discoverable", "opt-in", False, None),
]


def asked(
    post: Post, *, mode: ConsentMode = "objection", objectors: tuple[str, ...] = ()
) -> WithheldReason | None:
    listed = frozenset(objection_names(KEYS, "mastodon", person)[0] for person in objectors)
    refusing = refusing_flags(mode, ["#NoArchive"])
    return refusal(post, network="mastodon", keys=KEYS, objections=listed, refusing=refusing)


@pytest.mark.parametrize(("flag", "mode", "addressed", "expected"), FLAGS)
def test_d18_signals_of_the_network(
    flag: str, mode: ConsentMode, addressed: bool, expected: WithheldReason | None
) -> None:
    """
    Who speaks to us overrides the two index flags, never visibility or an objection.
    """
    post = replace(POST, consent=Consent(flags=frozenset({flag})), addressed=addressed)

    assert asked(post, mode=mode) == expected


@pytest.mark.parametrize("mode", get_args(ConsentMode))
@pytest.mark.parametrize("speaks", ["addressed", "by_us"])
def test_who_speaks_to_us_or_for_us_overrides_index_flags_alone(speaks: str, mode: ConsentMode) -> None:
    """
    In both modes: neither index flag withholds; every firm flag, visibility, an objection and an unread signal still do.
    """
    index = Consent(flags=frozenset({"noindex", "not_indexable", "#noindex"}))
    cases = [
        (index, ()),
        *((Consent(flags=index.flags | {firm}), ()) for firm in ("nobot", "limited", "no_unauthenticated")),
        (Consent(public=False), ()),
        (Consent(readable=False), ()),
        (index, ("@miraq@social.example",)),
    ]

    verdicts = [
        asked(replace(POST, consent=consent, **{speaks: True}), mode=mode, objectors=objectors)
        for consent, objectors in cases
    ]

    assert verdicts == [
        None,
        "consent",
        "consent",
        "consent",
        "not_public",
        "consent_unreadable",
        "objection",
    ]


def test_the_modes_differ_by_one_flag() -> None:
    """
    Each is the other's other, and all that `opt-in` asks beyond `objection` is the invitation to be indexed.
    """
    both = {mode: refusing_flags(mode, ["#NoArchive"]) for mode in get_args(ConsentMode)}

    assert {mode: other_mode(mode) for mode in both} == {"objection": "opt-in", "opt-in": "objection"}
    assert both["opt-in"] - both["objection"] == {"not_indexable"}
    assert both["objection"] - both["opt-in"] == frozenset()


def test_our_own_posts_override_index_flags_alone() -> None:
    """
    An organisation that asks search engines to stay away still hears itself.
    """
    ours = replace(POST, by_us=True, consent=Consent(flags=frozenset({"noindex", "not_indexable"})))
    hidden = replace(POST, by_us=True, consent=Consent(flags=frozenset({"noindex", "limited"})))

    assert [asked(ours, mode="opt-in"), asked(hidden)] == [None, "consent"]


def test_d20_what_is_not_public_never_passes() -> None:
    """
    Visibility comes first, also before the objection list, whoever is addressed.
    """
    post = replace(POST, addressed=True, by_us=True, consent=Consent(public=False, readable=False))

    assert asked(post, objectors=("@miraq@social.example",)) == "not_public"


def test_an_unreadable_signal_withholds_even_what_is_addressed() -> None:
    """
    Not knowing is not a yes; flags that were seen do not change the reason.
    """
    post = replace(POST, addressed=True, consent=Consent(readable=False, flags=frozenset({"nobot"})))

    assert asked(post) == "consent_unreadable"


@pytest.mark.parametrize(
    "author",
    [
        ("@miraq@social.example",),
        ("MiraQ@Social.Example",),
        ("Mira Quill", "＠miraq＠social.example"),
        ("acct:miraq@social.example", "17"),
        ("@mi\u200braq@social.example/",),
    ],
)
def test_d19_an_objection_holds_however_the_handle_is_written(author: tuple[str, ...]) -> None:
    """
    A person gives their handle once; every spelling of it is theirs, addressed or not.
    """
    post = replace(POST, author=Author(author), addressed=True)

    assert asked(post, objectors=(" @MiraQ@social.example ",)) == "objection"


@pytest.mark.parametrize(
    "address", ["https://social.example/@miraq", "http://www.social.example/@miraq/", "SOCIAL.example/@miraq"]
)
def test_d19_an_objection_holds_for_the_address_of_a_profile(address: str) -> None:
    """
    Scheme, `www.`, case and a last slash do not matter.
    """
    post = replace(POST, author=Author(("Mira Quill", address)))

    assert asked(post, objectors=("https://social.example/@miraq",)) == "objection"


def test_an_objection_is_one_persons_on_one_network() -> None:
    """
    Others pass, and so does the same name elsewhere; a post without an author cannot be tested.
    """
    listed = frozenset(objection_names(KEYS, "youtube", "@miraq@social.example"))

    assert refusal(POST, network="mastodon", keys=KEYS, objections=listed, refusing=frozenset()) is None
    assert asked(POST, objectors=("@miraq2@social.example", "miraq")) is None
    assert asked(replace(POST, author=None), objectors=("@miraq@social.example",)) is None


def test_an_objection_outlives_its_secret() -> None:
    """
    A list made before the secret was rotated still holds.
    """
    listed = frozenset({objection_names(KEYS, "mastodon", "miraq@social.example")[1]})

    assert (
        refusal(POST, network="mastodon", keys=KEYS, objections=listed, refusing=frozenset()) == "objection"
    )


def test_the_list_cannot_be_searched_by_the_names_of_posts() -> None:
    """
    A person's address as an objection and as the identity of a post have nothing in common.
    """
    person = "social.example/@miraq"

    assert set(objection_names(KEYS, "feed", person)).isdisjoint(KEYS.names("feed", person))
