"""Every question of an audit: nothing on a sound installation, and what was planted for it on another."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import anyio
import orjson
import pytest

from listener.audit import RawAudit, layout_check, time_check, verified, written
from listener.audit.findings import Tally
from listener.audit.raw import _BODY, _COLUMNS
from listener.cli import main
from listener.clock import SystemClock
from listener.errors import FileRefused
from listener.events import (
    Cleared,
    Event,
    GapData,
    PostCreated,
    PostData,
    Provenance,
    SourceGap,
    encode_event,
    key_of,
)
from listener.gate.redact import folded_handles
from listener.keys import KeyRing
from listener.queues import open_queue
from listener.queues.base import Commit, SourceState
from listener.secret_files import key_ring
from listener.settings import load, statement, write_lock
from listener.status import Holdings

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ERASE = "erase the post with `listener forget KEY`, and report it as a fault of this program"
AGAIN = "erase the post with `listener forget KEY`; it was let through under other own_handles or an older version"
FOREIGN = "find out who wrote it: this version makes no such thing; restore the database from before"
UPKEEP = "start the daemon where it does not run; else look for `upkeep.failed` in its log"
LEFT = "stop the daemon, start it again, let it erase what waits, and audit once more; what stays is a fault: report it"

CONFIG = """
[organisation]
name = "City of Example"
contact = "https://www.example.org/listening"
country = "CA"
own_handles = ["@cityofexample"]
[[watch]]
name = "streets"
hashtags = ["#potholes"]
purpose = "Answer what residents ask"
owner = "Communications"
legal_authority = "By-law 7"
review_by = 2099-01-01
[[source]]
name = "blogs"
adapter = "feed"
relation = "public"
criterion = "Blogs about the city, whoever writes them"
address = "https://blog.example/feed/"
[privacy]
objections_file = "objections.txt"
"""

NAMES = (
    "files of the data folder are those of the closed list, and nobody else may read them",
    "tables and columns are those of the closed list",
    "events have only the fields that are allowed",
    "stored texts, titles and links name nobody",
    "the bytes of the database and its log hold nobody who is in no living row",
    "nothing outlives its time",
    "the list of objections holds keyed hashes only",
    "the statement was accepted and every watch was reviewed",
)


def post(
    keys: KeyRing, number: int, text: str, *, title: str | None = None, link: str | None = None
) -> Cleared:
    """A post as the gate hands it over, whatever it says."""
    now = SystemClock().now()
    name = keys.name("feed", f"https://blog.example/{number}")
    data = PostData(
        network="feed",
        kind="article",
        text=text,
        title=title,
        lang=None,
        watches=("streets",),
        hashtags=(),
        link=link,
        in_reply_to=None,
        by_us=False,
        addressed=False,
        open_to_reply="unknown",
        observed_at=now,
        masked={},
    )
    key = key_of(name)
    event = PostCreated(
        id=f"{key}.1",
        source="/feed/blogs",
        subject=key,
        time=now,
        expirytime=now + timedelta(days=5),
        data=data,
    )
    return Cleared(event=event, provenance=Provenance(names=(name,)), digest=keys.digest("post", text))


async def _store(folder: Path, posts: Callable[[KeyRing], tuple[Cleared, ...]]) -> None:
    settings = load(folder / "listener.toml", environ={})
    keys = key_ring(settings.privacy.secret_files, create=True)
    clock = SystemClock()
    queue = await open_queue(
        settings.queue.url, base_dir=settings.base_dir, fingerprints=keys.fingerprints, clock=clock
    )
    now = clock.now()
    lease = await queue.lease("blog.example", "node", ttl_s=60, now=now)
    assert lease is not None
    await queue.sealing_key(now.date())
    await queue.commit(
        Commit(
            commit_id="one",
            source="blogs",
            items=posts(keys),
            state=SourceState(cursor=b"", next_due_at=now),
            states={},
            lease=lease,
            at=now,
            keys_until_at=now + timedelta(days=30),
        )
    )
    await queue.aclose()


def sound(keys: KeyRing) -> tuple[Cleared, ...]:
    """What the gate lets through: masked, with our own handle."""
    return (
        post(
            keys,
            1,
            "‹@› asks @cityofexample about #potholes",
            title="Potholes",
            link="https://blog.example/1",
        ),
        post(keys, 2, "no link, no title"),
    )


def installation(
    folder: Path, posts: Callable[[KeyRing], tuple[Cleared, ...]] = sound, *, accepted: bool = True
) -> Path:
    """A configuration, its lock and a store in a folder."""
    config = folder / "listener.toml"
    config.write_text(CONFIG, "utf-8")
    (folder / "objections.txt").write_text("0123456789abcdef" * 2 + "\n", "utf-8")
    anyio.run(_store, folder, posts)
    if accepted:
        settings = load(config, environ={})
        write_lock(
            folder / "listener.privacy.lock",
            statement(settings),
            accepted_by="a test",
            reason="synthetic",
            accepted_at=NOW,
        )
    return config


def audited(
    config: Path, capsys: pytest.CaptureFixture[str], *, code: int
) -> tuple[dict[str, Any], Mapping[str, list[dict[str, Any]]]]:
    """The report, and the findings of each question that found something."""
    with pytest.raises(SystemExit) as ended:
        main(["audit", "--json", "--config", str(config)])
    report = json.loads(capsys.readouterr().out)["report"]
    assert ended.value.code == code
    return report, {check["name"]: check["findings"] for check in report["checks"] if check["findings"]}


def finding(place: str, kind: str, todo: str, *keys: str, count: int = 1) -> dict[str, Any]:
    """As a report tells it."""
    return {"place": place, "kind": kind, "count": count, "todo": todo, "keys": list(keys)}


def test_a_sound_installation_is_clear(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every question is asked, each looks at what there is, none finds anything, and the command ends with 0."""
    report, findings = audited(installation(tmp_path), capsys, code=0)

    assert findings == {}
    assert report["verdict"] == "clear"
    assert report["daemon"] is False
    assert tuple(check["name"] for check in report["checks"]) == NAMES
    looked = {check["name"]: check["looked_at"] for check in report["checks"]}
    assert looked.pop(NAMES[4]) >= 4096
    assert list(looked.values()) == [5, 59, 2, 4, 3, 1, 2]


def test_people_in_stored_posts_are_found_and_not_quoted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A handle, an e-mail address and a profile that the gate should not have let through are counted, with the post's key."""
    keys: list[str] = []

    def planted(ring: KeyRing) -> tuple[Cleared, ...]:
        items = (
            post(ring, 1, "ask @robin_ellery or robin@ellery.example", title="by @robin_ellery"),
            post(ring, 2, "a link", link="https://mastodon.social/@robin_ellery"),
        )
        keys.extend(item.key for item in items)
        return items

    report, findings = audited(installation(tmp_path, planted), capsys, code=1)

    assert findings == {
        NAMES[3]: [
            finding("link of a post", "an address that may name a person", AGAIN, keys[1]),
            finding("text of a post", "email", AGAIN, keys[0]),
            finding("text of a post", "handle", AGAIN, keys[0]),
            finding("title of a post", "handle", AGAIN, keys[0]),
        ]
    }
    assert "robin" not in json.dumps(report).lower()


def test_what_is_in_the_database_and_should_not_be_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table, a column, an event with an author, a body past its end, an old key and bytes that no event holds."""
    config = installation(tmp_path)
    with sqlite3.connect(tmp_path / "data" / "queue.sqlite") as base:
        base.execute("CREATE TABLE robin_ellery (a, b)")
        base.execute("ALTER TABLE source ADD COLUMN robin")
        base.execute("INSERT INTO sealing (day, key) VALUES (1, x'00')")
        (line,) = base.execute("SELECT body FROM log WHERE seq = 1").fetchone()
        event = json.loads(line)
        event["data"]["author"] = "Robin"
        base.execute("UPDATE log SET body = ? WHERE seq = 1", (json.dumps(event).encode(),))
        base.execute("UPDATE log SET expiry = 1 WHERE seq = 2")
        base.execute(
            "UPDATE source SET memo = ?", (b"left over from a page: @robin_ellery, robin@ellery.example",)
        )
    base.close()

    report, findings = audited(config, capsys, code=1)

    assert findings == {
        NAMES[1]: [
            finding("table source", "an unknown column", FOREIGN),
            finding("the database", "an unknown table", FOREIGN),
        ],
        NAMES[2]: [finding("an event", "a field for a person", ERASE, event["subject"])],
        NAMES[4]: [
            finding("bytes of the database", "an account's sign", LEFT),
            finding("bytes of the database", "an e-mail address", LEFT),
        ],
        NAMES[5]: [
            finding("erasures", "waiting for more than two hours", UPKEEP),
            finding("keys of days", "older than the retention", UPKEEP),
            finding("stored bodies", "past their end", UPKEEP),
        ],
    }
    assert "robin" not in json.dumps(report).lower()


def test_files_objections_and_the_statement_are_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file named after somebody, a readable database, a folder others write, a name among the hashes, nothing signed, a late review; the log takes the mode of its database."""
    config = installation(tmp_path, accepted=False)
    config.write_text(CONFIG.replace("2099", "2020"), "utf-8")
    data = tmp_path / "data"
    (data / "robin.txt").write_text("robin", "utf-8")
    (data / "queue.sqlite").chmod(0o644)
    data.chmod(0o777)
    (tmp_path / "objections.txt").write_text("# Robin asked\nrobin\n" + "ab" * 16 + "\n", "utf-8")

    report, findings = audited(config, capsys, code=1)

    take = "take the line out; `listener object` adds people"
    assert findings == {
        NAMES[0]: [
            finding("a secret or the database", "others may read it", "chmod 600 the file", count=2),
            finding("the data folder", "an unknown file", "find out whose it is, and take it away"),
            finding("the data folder", "others may write", "chmod 700 the folder"),
        ],
        NAMES[6]: [
            finding("the list of objections", "a comment", take),
            finding("the list of objections", "no keyed hash", take),
        ],
        NAMES[7]: [
            finding(
                "the privacy statement",
                "not accepted as it stands",
                "`listener check`, then `listener accept`",
            ),
            finding("watches", "past their review", "review them; `listener check` names them"),
        ],
    }
    assert "robin" not in json.dumps(report).lower()


# ------------------------------------------------------------------------------------------------------- parts


def held(**other: Any) -> Holdings:
    """A store of which only the named things are told."""
    told: dict[str, Any] = {
        "layout": {},
        "sealing_days": (),
        "overdue": 0,
        "posts": 0,
        "keys": 0,
        "oldest_body_at": None,
        "erasures_pending": 0,
        "erasures_since_at": None,
    }
    return Holdings(**told | other)


def test_ages_are_measured_against_the_retention() -> None:
    """What is as old as upkeep allows is clear; older bodies and erasures, and keys of the past and the future, are found."""
    retention, hour = timedelta(days=30), timedelta(hours=1)
    young = held(
        sealing_days=(NOW.date() - retention, NOW.date()),
        oldest_body_at=NOW - retention - hour,
        erasures_pending=4,
        erasures_since_at=NOW - hour,
    )
    old = held(
        sealing_days=(NOW.date() - retention - timedelta(days=1), NOW.date() + timedelta(days=2)),
        oldest_body_at=NOW - retention - 3 * hour,
        erasures_pending=4,
        erasures_since_at=NOW - 3 * hour,
    )

    found = time_check(old, now=NOW, retention=retention)
    assert time_check(young, now=NOW, retention=retention).findings == ()
    assert [(one.place, one.kind, one.count) for one in found.findings] == [
        ("erasures", "waiting for more than two hours", 4),
        ("keys of days", "of a day to come", 1),
        ("keys of days", "older than the retention", 1),
        ("the oldest body", "older than the retention", 1),
    ]
    assert layout_check(held(layout={"meta": ("name", "value")})).looked_at == 3


@pytest.mark.parametrize("ahead", [0, 100, (1 << 20) - 12, (1 << 20) - 3, (1 << 20) + 5])
def test_bytes_are_searched_across_the_edges_of_what_is_read_at_once(tmp_path: Path, ahead: int) -> None:
    """A sign is found wherever it lies, whole; one in a living row, one of ours and one in bytes that are no text are not."""
    file = tmp_path / "base"
    text = b"somebody wrote @robin_ellery and @living_row and @cityofexample about it"
    file.write_bytes(b"\x00" * ahead + text + b"\x80\xff\x90@random\x00\xff" + b"\x00" * 300)
    raw = RawAudit([file, tmp_path / "missing"], own=folded_handles(["@cityofexample"]))

    raw.search()
    raw.living(b'{"text":"@living_row said"}')
    check = raw.check()

    assert check.looked_at == file.stat().st_size
    assert [(one.kind, one.count) for one in check.findings] == [("an account's sign", 1)]


def test_random_columns_beside_readable_ones_are_nobody(tmp_path: Path) -> None:
    """A sign in the random bytes between a row's source and its body is nobody's; one in the body, or in what is left of it, is."""
    body = b'{"type":"listener.post.created","id":"81","data":{"text":"'
    before, behind = b"\x06d\x8flistener.post.created/feed/comments-4", b'and more of it"}}'
    file = tmp_path / "base"
    found = []
    for row in (
        before + b"tu\xb0\xd7\x01=@du" + body + behind,
        before + b"=@du\xd7" + body + behind,
        before + b"=@du" + body + behind,
        before + b"\xd7\x01=@du" + body + b"by @robin_ellery " + behind,
        b"\x00by @robin_ellery in the rest of a body" + behind,
        b"\x00see listener.example/about, by @robin_ellery" + behind,
    ):
        file.write_bytes(b"\x00" * 400 + row + b"\x00" * 400)
        raw = RawAudit([file], own=frozenset())
        raw.search()
        found.append(sum(one.count for one in raw.check().findings))

    assert found == [0, 0, 0, 1, 1, 1]


def test_a_stored_event_begins_where_the_search_takes_its_body_to_begin() -> None:
    """Of every kind of event: else what is left of a body would be taken for random columns."""
    gap = GapData(network="feed", start_at=None, end_at=NOW, cause="outage", suspected=True)
    told = SourceGap(id="1", source="/feed/a", subject="a", time=NOW, data=gap)

    assert encode_event(told).startswith(b'{"type":"listener.source.gap"')
    assert encode_event(told).startswith(_BODY)
    assert all(_COLUMNS.search(f"{shape.__struct_config__.tag}/feed/a".encode()) for shape in get_args(Event))


def test_a_report_is_refused_unless_it_is_as_this_installation_wrote_it() -> None:
    """Under its secret, or an older one of the ring, it is read; one byte more, another value or another secret is refused."""
    ours, theirs, rotated = KeyRing([b"a" * 32]), KeyRing([b"b" * 32]), KeyRing([b"c" * 32, b"a" * 32])
    tally = Tally("a question")
    tally.looked_at = 7
    tally.found("a place", "a kind", todo="this", key="0" * 32)
    tally.found("a place", "a kind", todo="this", key="robin")
    content = written([tally.check()], keys=ours, at=NOW, version="1", daemon=True, statement=None)
    file = orjson.loads(content)
    changed = dict(file, report=dict(file["report"], verdict="clear"))

    report = verified(content, rotated)
    assert (report.verdict, report.at, report.checks[0].found) == ("found", "2026-11-25T12:00:00Z", 2)
    assert report.checks[0].findings[0].keys == ("0" * 32,)
    assert content == orjson.dumps(file, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
    for refused, ring, why in (
        (content + b" ", ours, "was altered"),
        (orjson.dumps(changed, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE), ours, "was altered"),
        (content, theirs, "another installation"),
        (b"{}", ours, "no audit report"),
        (b"\xff", ours, "no audit report"),
    ):
        with pytest.raises(FileRefused, match=why):
            verified(refused, ring)


def test_the_command_writes_a_report_and_tells_an_altered_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--out writes what --verify accepts; with one figure changed the command ends with 1."""
    config, out = installation(tmp_path), tmp_path / "audit.json"
    codes = []
    for words in (["--out"], ["--verify"]):
        with pytest.raises(SystemExit) as ended:
            main(["audit", *words, str(out), "--config", str(config)])
        codes.append(ended.value.code)
    shown = capsys.readouterr().out
    out.write_bytes(out.read_bytes().replace(b'"looked_at":59', b'"looked_at":60'))
    with pytest.raises(SystemExit) as ended:
        main(["audit", "--verify", str(out), "--config", str(config)])

    assert codes == [0, 0]
    assert "as it was written, by this installation, at 20" in shown
    assert ended.value.code == 1
    assert capsys.readouterr().err == "listener: this report was altered after it was signed\n"
