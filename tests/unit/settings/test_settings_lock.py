"""What was signed for binds: every kind of growth is told, nothing that shrinks is, and the lock cannot be bent."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET
from msgspec.structs import replace as replace_struct

from listener.adapter import AdapterSpec
from listener.errors import ConfigError, Fault, NotAccepted
from listener.settings import (
    Settings,
    Statement,
    grown,
    lock_path,
    read_lock,
    require_accepted,
    statement,
    write_lock,
)

OLD_LOCK = Path(__file__).with_name("lock_of_an_older_release.json")
"""Written by the release before: `small`, accepted as `accepted` does."""

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
Change = Callable[[str], str]

SMALL = """
[organisation]
name = "City of Example"
contact = "https://www.example.org/listening"
country = "CA"
own_handles = ["@cityofexample"]

[[watch]]
name = "transit"
hashtags = ["exampletransit"]
phrases = ["Example Transit"]
mentions = false
purpose = "Answer riders"
owner = "Transit customer service"
legal_authority = "Municipal Government Act"
review_by = 2027-06-30
retention_days = 7

[[source]]
name = "river"
adapter = "made-up"
relation = "public"
criterion = "Publishes about city services"
keep = "links"
address = "https://river.example/feed/"

[privacy]
retention_days = 14
consent = "opt-in"
backfill_days = 1
nobot_tags = ["#nobot", "#noindex"]
objections_file = "no.txt"

[http]
[[http.token]]
name = "board"
scopes = ["read"]
file = "board.token"
"""


ATTESTED = 'attestation = { plan = "Enterprise", end_users = ["Transit", "Roads"], attested_on = 2026-10-01, by = "Privacy office" }'


def put(old: str, new: str) -> Change:
    """One place of the configuration changed; it has to be there."""

    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


GROWS: list[tuple[Change, tuple[str, ...]]] = [
    (
        put(
            "[privacy]",
            '[[source]]\nname = "lake"\nadapter = "made-up"\nrelation = "own"\naddress = "https://l.example"\n[privacy]',
        ),
        ("source lake is new",),
    ),
    (put('name = "river"', 'name = "stream"'), ("source stream is new",)),
    (
        put("https://river.example/feed/", "https://river.example/all/"),
        ("source river also reads https://river.example/all/",),
    ),
    (
        put("https://river.example/feed/", "https://river.example/feed/?token=hunter2"),
        ("source river also reads https://river.example/feed/?…",),
    ),
    (
        put('keep = "links"', "replies = true"),
        ("source river has another setting: replies = true", "source river keeps text instead of links"),
    ),
    (
        put('keep = "links"', 'keep = "links"\ntags = ["a", "b"]'),
        ("source river has another setting: tags = a", "source river has another setting: tags = b"),
    ),
    (
        put('relation = "public"', 'relation = "own"'),
        (
            "source river is read as own instead of public",
            "source river takes all posts instead of matching ones",
        ),
    ),
    (
        put("Publishes about city services", "Is liked by us"),
        ("source river is read under another criterion",),
    ),
    (put('keep = "links"', 'keep = "text"'), ("source river keeps text instead of links",)),
    (
        put('keep = "links"', 'keep = "links"\ntake = "all"'),
        ("source river takes all posts instead of matching ones",),
    ),
    (
        put(
            "[[source]]",
            '[[watch]]\nname = "parks"\nhashtags = ["x1"]\npurpose = "Mend paths"\nowner = "Parks"\nlegal_authority = "Parks bylaw"\nreview_by = 2027-01-01\n[[source]]',
        ),
        ("watch parks is new",),
    ),
    (put('["exampletransit"]', '["exampletransit", "yyc"]'), ("watch transit also asks for #yyc",)),
    (
        put('["Example Transit"]', '["Example Transit", "the bus"]'),
        ('watch transit also asks for "the bus"',),
    ),
    (put("mentions = false", "mentions = true"), ("watch transit also asks for mentions of our accounts",)),
    (put("Answer riders", "Study riders"), ("watch transit serves another purpose",)),
    (put("Municipal Government Act", "Parks bylaw"), ("watch transit rests on another legal authority",)),
    (
        put("2027-06-30", "2027-07-01"),
        ("watch transit is reviewed later: by 2027-07-01 instead of 2027-06-30",),
    ),
    (put("retention_days = 7", "retention_days = 8"), ("watch transit keeps for 8 days instead of 7",)),
    (put("retention_days = 7\n", ""), ("watch transit keeps for 14 days instead of 7",)),
    (
        put('["@cityofexample"]', '["@cityofexample", "@examplepolice"]'),
        ("own account @examplepolice is new: it is listened for and stays readable in texts",),
    ),
    (put('"opt-in"', '"objection"'), ("people who did not invite being indexed are taken, too",)),
    (put('"#nobot", ', ""), ("the profile tag #nobot no longer counts as an objection",)),
    (put('objections_file = "no.txt"\n', ""), ("the list of people who objected is no longer honoured",)),
    (put("retention_days = 14", "retention_days = 15"), ("posts are kept for 15 days instead of 14",)),
    (put("backfill_days = 1", "backfill_days = 2"), ("posts up to 2 days old are taken instead of 1",)),
    (put("[http]\n", '[http]\nhost = "0.0.0.0"\n'), ("the API is open to other machines at 0.0.0.0",)),
    (
        put("[http]\n", '[http]\npublic_url = "https://listen.example.org/"\n'),
        (
            "the API is reached at https://listen.example.org",
            "links that name an account are kept, sealed, and can be opened by whoever may: until now they were left out",
        ),
    ),
    (put('["read"]', '["read", "operate"]'), ("token board may also operate",)),
    (put('["read"]', '["read", "open"]'), ("token board may also open",)),
    (
        put('keep = "links"', f'keep = "links"\n{ATTESTED}'),
        (
            "source river is read under the plan Enterprise",
            "source river is also seen by Roads",
            "source river is also seen by Transit",
        ),
    ),
    (
        put('keep = "links"', 'keep = "links"\npermission_ref = "File 7"'),
        ("source river rests on another permission: File 7",),
    ),
    (
        put('keep = "links"', 'keep = "links"\nderived_metrics_agreed = 2026-10-01'),
        ("source river may be made into numbers and classes",),
    ),
    (put('name = "board"', 'name = "desk"'), ("token desk is new and may read",)),
]

SECOND = """
[[watch]]
name = "roads"
phrases = ["pothole"]
purpose = "Mend roads"
owner = "Roads"
legal_authority = "Municipal Government Act"
review_by = 2027-06-30
[[source]]"""

SHOWN: list[tuple[str, str, tuple[str, ...]]] = [
    (f"retention_days = 3\n{ATTESTED}", f"retention_days = 3\n{ATTESTED}", ()),
    (
        ATTESTED,
        ATTESTED.replace('"Roads"', '"Police"'),
        ("source river is also seen by Police",),
    ),
    (ATTESTED, ATTESTED.replace('"Transit", ', ""), ()),
    (
        ATTESTED,
        ATTESTED.replace("Enterprise", "Pro"),
        ("source river is read under the plan Pro instead of Enterprise",),
    ),
    (ATTESTED, ATTESTED.replace("2026-10-01", "2026-11-01").replace("Privacy", "Records"), ()),
    (ATTESTED, "", ()),
    (
        'permission_ref = "File 7"',
        'permission_ref = "File 8"',
        ("source river rests on another permission: File 8",),
    ),
    ('permission_ref = "File 7"', "", ()),
    ("derived_metrics_agreed = 2026-10-01", "derived_metrics_agreed = 2026-11-01", ()),
    ("derived_metrics_agreed = 2026-10-01", "", ()),
    ("", "retention_days = 13", ()),
    (
        "retention_days = 3",
        "retention_days = 4",
        (
            "source river keeps for 4 days instead of 3",
            "source river takes posts up to 4 days old instead of 3",
        ),
    ),
    (
        "retention_days = 3",
        "",
        (
            "source river keeps for 14 days instead of 3",
            "source river takes posts up to 14 days old instead of 3",
        ),
    ),
    ("", 'watches = ["transit"]', ()),
    ('watches = ["transit", "roads"]', "", ()),
    ("", "watches = []", ()),
    (
        'watches = ["transit"]',
        'watches = ["transit", "roads"]',
        ("source river also looks for what watch roads asks for",),
    ),
    ('watches = ["transit"]', "", ("source river also looks for what watch roads asks for",)),
    ("watches = []", 'watches = ["roads"]', ("source river also looks for what watch roads asks for",)),
]
"""Of one source, before and after, with what has grown between them; there is a second watch."""

SHRINKS: list[Change] = [
    lambda text: text,
    put('["exampletransit"]', "[]"),
    put('["Example Transit"]', "[]"),
    put("retention_days = 7", "retention_days = 6"),
    put("retention_days = 14", "retention_days = 7"),
    put("backfill_days = 1", "backfill_days = 0"),
    put("2027-06-30", "2027-06-29"),
    put('["@cityofexample"]', "[]"),
    put('keep = "links"', 'keep = "counts"'),
    put('["#nobot", "#noindex"]', '["#nobot", "#noindex", "#private"]'),
    put('[[http.token]]\nname = "board"\nscopes = ["read"]\nfile = "board.token"\n', ""),
    put("Transit customer service", "Somebody else"),
    put("City of Example", "Town of Example"),
    put('keep = "links"', 'keep = "links"\ninterval_s = 900'),
    put("[http]\n", "[http]\nport = 9000\n"),
    put("[privacy]", '[reader]\nworkers = 2\n[queue]\nurl = "sqlite:///other.sqlite"\n[privacy]'),
]


@pytest.fixture
def small(loads: Callable[..., Settings], tmp_path: Path) -> Callable[[Change], Settings]:
    """
    The small configuration, changed and loaded.
    """
    (tmp_path / "board.token").write_text("c" * 32)
    return lambda change: loads(change(SMALL))


@pytest.mark.parametrize(("change", "sentences"), GROWS)
def test_more_is_told_in_sentences(
    change: Change, sentences: tuple[str, ...], small: Callable[[Change], Settings]
) -> None:
    """Whatever collects more, keeps longer or sends elsewhere is one sentence, and taking it back is none or less."""
    before, now = statement(small(lambda text: text)), statement(small(change))

    assert grown(before, now) == sentences
    assert before.digest != now.digest


def test_where_a_credential_is_traded_is_stated_and_growth(
    small: Callable[[Change], Settings], adapters: dict[str, AdapterSpec]
) -> None:
    """The one POST there is stands on the page that an officer signs, and a new one needs a signature."""
    before = statement(small(lambda text: text))
    adapters["made-up"] = replace(
        adapters["made-up"], exchanges=lambda _config: ("https://pds.example/xrpc/createSession",)
    )
    now = statement(small(lambda text: text))
    place = "https://pds.example/xrpc/createSession (only to trade a credential for a token)"

    assert f"    at: {place}\n" in now.as_text()
    assert grown(before, now) == (f"source river also reads {place}",)


@pytest.mark.parametrize("change", SHRINKS)
def test_less_needs_nobody(change: Change, small: Callable[[Change], Settings]) -> None:
    """Collecting less, keeping shorter, and what only paces or names things asks for no signature."""
    assert grown(statement(small(lambda text: text)), statement(small(change))) == ()


@pytest.mark.parametrize(("before", "after", "sentences"), SHOWN)
def test_what_was_shown_and_limited_is_compared(
    before: str, after: str, sentences: tuple[str, ...], small: Callable[[Change], Settings]
) -> None:
    """More offices, another plan or permission, longer and more watches are growth; later days and less of anything are not."""

    def said(more: str) -> Statement:
        text = put('keep = "links"', f'keep = "links"\n{more}')
        return statement(small(lambda base: text(base.replace("[[source]]", SECOND))))

    assert grown(said(before), said(after)) == sentences
    assert (said(before).digest == said(after).digest) is (before == after)


def test_a_new_watch_is_told_once_however_many_sources_look_for_it(
    small: Callable[[Change], Settings],
) -> None:
    """It is new for everybody, whether a source names it or looks for all there are."""
    named = put('keep = "links"', 'keep = "links"\nwatches = ["transit"]')
    wider = put('watches = ["transit"]', 'watches = ["transit", "roads"]')

    assert grown(
        statement(small(named)),
        statement(small(lambda text: wider(named(text)).replace("[[source]]", SECOND))),
    ) == ("watch roads is new",)


def test_terms_that_become_stricter_or_laxer_are_told(
    small: Callable[[Change], Settings], with_terms: Callable[..., None]
) -> None:
    """What a release learns of a network's terms counts like any other change: less needs nobody, more a signature."""
    whole = statement(small(lambda text: text))
    with_terms(retention_max_days=7, address="https://terms.example/")
    capped = statement(small(lambda text: text))

    assert grown(whole, capped) == ()
    assert grown(capped, whole) == (
        "source river keeps for 14 days instead of 7",
        "source river takes posts up to 14 days old instead of 7",
    )


def test_a_lock_of_an_older_release_holds_for_what_it_said(
    small: Callable[[Change], Settings],
) -> None:
    """
    A lock from before there were limits and proofs of a source: its digest is still its own, the same configuration starts,
    and everything that is new since needs a signature.
    """
    path = small(lambda text: text).file.with_name("listener.privacy.lock")
    path.write_bytes(OLD_LOCK.read_bytes())
    old = read_lock(path)

    assert old is not None
    assert old.digest == "ed511ae94fd4aab45a91c16cd978c96059d9c61a506c63884521118b22b495b9"
    assert require_accepted(small(lambda text: text), path) == old.statement
    less = small(put('keep = "links"', 'keep = "links"\nretention_days = 3'))
    assert require_accepted(less, path) == statement(less)
    with pytest.raises(NotAccepted, match="source river is also seen by Transit"):
        require_accepted(small(put('keep = "links"', f'keep = "links"\n{ATTESTED}')), path)


def test_another_engine_sends_elsewhere(small: Callable[[Change], Settings]) -> None:
    """A queue that is not a file on this machine is another place, named with its host and without its password."""
    import dataclasses

    from listener.settings import Queue

    settings = small(lambda text: text)
    moved = dataclasses.replace(settings, queue=Queue("nats://listener:hunter2@broker.example:4222/events"))

    assert grown(statement(settings), statement(moved)) == (
        "posts are kept in nats at broker.example instead of a file on this machine (SQLite)",
    )


def test_the_order_of_the_file_does_not_matter(small: Callable[[Change], Settings]) -> None:
    """The digest is that of what is collected, not of how it was written down."""
    one = put('["exampletransit"]', '["exampletransit", "yyc"]')
    other = put('["exampletransit"]', '["yyc", "exampletransit"]')

    assert statement(small(one)).digest == statement(small(other)).digest


def test_the_page_reads_as_what_is_collected(small: Callable[[Change], Settings]) -> None:
    """The text an officer signs, whole."""
    said = statement(
        small(put("[http]\n", '[http]\nhost = "::"\npublic_url = "https://listen.example.org"\n'))
    )

    assert (
        said.as_text()
        == f"""\
PRIVACY STATEMENT of City of Example
Contact: https://www.example.org/listening

Nothing is kept about who wrote a post. Names, handles, e-mail addresses, phone numbers, numbers of
identity, bank accounts and cards, and links to profiles are masked in its text; there are no pseudonyms.
No account is followed.

WHERE WE READ
- river (made-up, public): Pages that a test made up.
    at: https://river.example/feed/
    because: Publishes about city services
    we take posts that a watch below asks for, and keep time, language, hashtags and link, no text
    kept for: 14 days

WHAT WE LISTEN FOR
- transit: #exampletransit, "Example Transit"
    for: Answer riders
    answered for by: Transit customer service
    under: Municipal Government Act
    reviewed by: 2027-06-30; without a review it stops
    kept for: 7 days
Our own accounts: @cityofexample. Only these stay readable in texts.

HOW LONG, AND WHOSE POSTS
- kept for 14 days, then erased; earlier where a source above says so, and where the network says it is gone
- posts are taken if they are at most 14 days old when we first see them, or what a source above says
- we take only posts of people who invited being indexed; #nobot, #noindex in a profile counts as an objection
- a list of people who objected is honoured

WHERE IT GOES
- kept in: a file on this machine (SQLite)
- served to: other machines, at ::
- reached at: https://listen.example.org
- token board may: read
- links that name an account are kept sealed, and shown one at a time at https://listen.example.org/open
    to: nobody: no token may open; each time is noted, without the link
    for as long as the post is held; once it is removed the link is not opened any more, and what could open it is
    destroyed after 14 days, wherever copies of it are
- exported, with a reason that is noted, by who runs commands as the service's user
    into files that are sealed with daily keys of the queue; words are read back only of posts that are still held

Digest: {said.digest}
"""
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text, "- links that name an account are not kept"),
        (
            put("[http]\n", '[http]\npublic_url = "https://listen.example.org"\n'),
            "    to: who is at this machine; each time",
        ),
        (
            put("[http]\n[[http.token]]\n", '[http]\npublic_url = "https://l.example"\n[[http.token]]\n'),
            "shown one at a time at https://l.example/open",
        ),
        (
            lambda text: put("[http]\n", '[http]\npublic_url = "https://l.example"\n')(text).replace(
                '["read"]', '["open"]'
            ),
            "    to: token board, who is at this machine; each time",
        ),
    ],
)
def test_the_page_says_who_may_see_a_link_that_names_an_account(
    small: Callable[[Change], Settings], change: Change, told: str
) -> None:
    """Nobody where there is nowhere to open one; else the tokens that may, and who needs none."""
    assert told in statement(small(change)).as_text()


def test_sealing_starts_with_a_signature_and_an_old_one_keeps_its_digest(
    small: Callable[[Change], Settings],
) -> None:
    """
    A lock of a release that sealed nothing, with the same `public_url`: it is what it was, and the upgrade is told as growth.
    """
    wanted = statement(small(put("[http]\n", '[http]\npublic_url = "https://listen.example.org"\n')))
    old = replace_struct(wanted, sealed_links=UNSET)

    assert b"sealed_links" not in msgspec.json.encode(old)
    assert b'"sealed_links":true' in msgspec.json.encode(wanted)
    assert old.digest != wanted.digest
    assert grown(old, wanted) == (
        "links that name an account are kept, sealed, and can be opened by whoever may: until now they were left out",
    )
    assert grown(wanted, old) == ()


def accepted(settings: Settings) -> Path:
    """The path of a lock in which the settings are accepted."""
    path = lock_path(settings.file)
    write_lock(path, statement(settings), accepted_by="Privacy office", reason="First use", accepted_at=AT)
    return path


def test_a_lock_is_read_back_whole(small: Callable[[Change], Settings]) -> None:
    """Who, why, when (in UTC) and what come back as they were written; nothing else is left in the folder."""
    settings = small(lambda text: text)
    path = lock_path(settings.file)
    said = statement(settings)
    local = AT.astimezone(timezone(timedelta(hours=-7)))

    written = write_lock(path, said, accepted_by=" Privacy office ", reason="First use", accepted_at=local)

    assert path.name == "listener.privacy.lock"
    assert read_lock(path) == written
    assert (written.accepted_by, written.reason, written.accepted_at, written.statement, written.digest) == (
        "Privacy office",
        "First use",
        AT,
        said,
        said.digest,
    )
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "board.token",
        "listener.privacy.lock",
        "listener.toml",
    ]


def test_what_was_accepted_starts(small: Callable[[Change], Settings]) -> None:
    """The accepted configuration, and any that collects less, gives back its statement."""
    settings = small(lambda text: text)
    path = accepted(settings)
    less = small(put('keep = "links"', 'keep = "counts"'))

    assert require_accepted(settings, path) == statement(settings)
    assert require_accepted(less, path) == statement(less)


def test_what_grew_is_refused_with_every_sentence(small: Callable[[Change], Settings]) -> None:
    """The refusal lists all that grew and names the command that accepts it."""
    path = accepted(small(lambda text: text))
    more = small(
        lambda text: text.replace('"links"', '"text"').replace("retention_days = 14", "retention_days = 15")
    )

    with pytest.raises(NotAccepted) as raised:
        require_accepted(more, path)

    assert str(raised.value) == (
        "the configuration goes beyond the accepted privacy statement:\n"
        "- source river keeps text instead of links\n"
        "- posts are kept for 15 days instead of 14\n"
        '`listener check` prints the whole; to accept it, run: listener accept --by "<name or office>" --reason "<why>"'
    )


def test_nothing_starts_before_somebody_accepted(small: Callable[[Change], Settings], tmp_path: Path) -> None:
    """Without a lock the refusal says how to read the statement and how to accept it."""
    with pytest.raises(NotAccepted, match=r"nobody accepted .*\n.*listener accept --by"):
        require_accepted(small(lambda text: text), tmp_path / "none.lock")


def spoilt(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    """The lock with something in it changed by hand."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            lambda lock: lock["statement"].update(retention_days=365),
            "was changed after it was accepted: its digest is that of another statement",
        ),
        (
            lambda lock: lock["statement"]["sources"][0].update(keep="text"),
            "was changed after it was accepted: its digest is that of another statement",
        ),
        (
            lambda lock: lock.update(digest="0" * 64),
            "was changed after it was accepted: its digest is that of another statement",
        ),
        (lambda lock: lock["statement"].update(extra=1), "is no privacy lock of this version"),
        (lambda lock: lock.pop("accepted_by"), "is no privacy lock of this version"),
        (lambda lock: lock.update(version=2), "is no privacy lock of this version"),
    ],
)
def test_a_lock_that_was_changed_is_a_fault(
    change: Callable[[dict[str, object]], object], problem: str, small: Callable[[Change], Settings]
) -> None:
    """A hand in the lock stops the start, whatever it changed."""
    settings = small(lambda text: text)
    path = accepted(settings)
    spoilt(path, change)

    with pytest.raises(ConfigError) as raised:
        require_accepted(settings, path)

    allowed = 'the file as it was written, or a new acceptance: listener accept --by "<name or office>" --reason "<why>"'
    assert raised.value.faults == (Fault(str(path), "(whole file)", problem, allowed=allowed),)


@pytest.mark.parametrize("content", [b"", b"not json", b"\xff\xfe", b"[]", b"{" * 5000, b"[" * 5000])
def test_a_lock_that_is_none_is_a_fault(content: bytes, tmp_path: Path) -> None:
    """Half a file, or another one, is told as such."""
    path = tmp_path / "listener.privacy.lock"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match="is no privacy lock of this version"):
        read_lock(path)


def test_nobody_for_no_reason_accepts_nothing(small: Callable[[Change], Settings], tmp_path: Path) -> None:
    """Name and reason are asked for, both at once, and no file is written."""
    said: Statement = statement(small(lambda text: text))
    path = tmp_path / "x.lock"

    with pytest.raises(ConfigError) as raised:
        write_lock(path, said, accepted_by=" ", reason="", accepted_at=AT)

    assert [(fault.file, fault.key) for fault in raised.value.faults] == [
        ("command line", "--by"),
        ("command line", "--reason"),
    ]
    assert not path.exists()


def test_a_lock_that_cannot_be_written_is_a_fault(
    small: Callable[[Change], Settings], tmp_path: Path
) -> None:
    """A folder that is not there is told with the file that was meant."""
    path = tmp_path / "gone" / "x.lock"

    with pytest.raises(ConfigError) as raised:
        write_lock(path, statement(small(lambda text: text)), accepted_by="a", reason="b", accepted_at=AT)

    assert raised.value.faults == (
        Fault(str(path), "(whole file)", "cannot be written (No such file or directory)"),
    )


LATER, LATEST = AT + timedelta(days=30), AT + timedelta(days=60)
LAKE = '[[source]]\nname = "lake"\nadapter = "made-up"\nrelation = "own"\naddress = "https://l.example"\n[[source]]'


@pytest.mark.parametrize(
    ("then", "now", "sources", "watches"),
    [
        pytest.param("", "", {"river": AT}, {"transit": AT}, id="the same"),
        pytest.param("", LAKE, {"river": AT, "lake": LATEST}, {"transit": AT}, id="a new source"),
        pytest.param(LAKE, LAKE, {"river": AT, "lake": LATER}, {"transit": AT}, id="carried over twice"),
        pytest.param("lake", "", {"river": LATEST}, {"transit": AT}, id="removed and back"),
        pytest.param("", "https://other.example/", {"river": LATEST}, {"transit": AT}, id="another place"),
        pytest.param("", '["yyc"]', {"river": AT}, {"transit": AT}, id="a word in common"),
        pytest.param("", "other words", {"river": AT}, {"transit": LATEST}, id="other words"),
    ],
)
def test_a_lock_remembers_since_when(
    then: str,
    now: str,
    sources: dict[str, datetime],
    watches: dict[str, datetime],
    small: Callable[[Change], Settings],
) -> None:
    """What goes on keeps the day it was first accepted on, from a lock of an older release on; what comes back starts anew."""
    changes: dict[str, Change] = {
        "": lambda text: text,
        LAKE: put("[[source]]", LAKE),
        "lake": put('name = "river"', 'name = "lake"'),
        "https://other.example/": put("https://river.example/feed/", "https://other.example/"),
        '["yyc"]': put('["exampletransit"]', '["yyc"]'),
        "other words": lambda text: text.replace('["exampletransit"]', '["yyc"]').replace(
            "Example Transit", "bus"
        ),
    }
    path = small(lambda text: text).file.with_name("listener.privacy.lock")
    path.write_bytes(OLD_LOCK.read_bytes())
    for change, at in ((changes[then], LATER), (changes[now], LATEST)):
        write_lock(path, statement(small(change)), accepted_by="a", reason="b", accepted_at=at)

    lock = read_lock(path)

    assert lock is not None
    assert (lock.sources_first(), lock.watches_first()) == (sources, watches)
    assert lock.digest == lock.statement.digest


def test_since_when_cannot_lie_after_the_acceptance(small: Callable[[Change], Settings]) -> None:
    """A day that somebody wrote into the lock by hand is never later than the acceptance it stands in."""
    path = small(lambda text: text).file.with_name("listener.privacy.lock")
    write_lock(path, statement(small(lambda text: text)), accepted_by="a", reason="b", accepted_at=AT)
    written = json.loads(path.read_text())
    path.write_text(
        json.dumps(written | {"sources_since": {"river": LATER.isoformat(), "x": AT.isoformat()}})
    )

    lock = read_lock(path)

    assert lock is not None
    assert (lock.sources_first(), lock.watches_first()) == ({"river": AT}, {"transit": AT})
