"""
`listener export` and `listener unseal`: files, with the queue itself and with a daemon behind them.
"""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from listener.clock import SystemClock
from listener.errors import FileRefused
from listener.queues import open_queue
from listener.secret_files import key_ring
from listener.settings import load
from listener.status import Unsealed
from tests.fakes.daemon import name, post, put
from tests.unit.cli.test_cli_daemon import Daemon, daemon, told

__all__ = ["daemon"]

TOML = """
[organisation]
name = "Town"
contact = "hello@town.example"
country = "CA"
[[watch]]
name = "river"
hashtags = ["river"]
purpose = "Flood notices"
owner = "Communications"
legal_authority = "Municipal Government Act, s. 3"
review_by = 2099-01-01
[[source]]
name = "harbour-blog"
adapter = "feed"
relation = "public"
criterion = "Blogs about the city"
address = "https://blog.example/feed/"
"""


async def filled(config: Path) -> None:
    """A queue with two posts of today."""
    now = load(config, environ={})
    keys = key_ring(now.privacy.secret_files, create=True)
    clock = SystemClock()
    queue = await open_queue(
        now.queue.url, base_dir=now.base_dir, fingerprints=keys.fingerprints, clock=clock
    )
    ends = clock.now() + timedelta(days=20)
    await put(queue, post(1, "a heron", expirytime=ends), post(2, "ice", expirytime=ends))
    await queue.aclose()


def test_what_was_exported_is_read_back_without_a_daemon(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is its owner's alone and never overwritten; words come back as they were; both uses are noted on stderr."""
    config, out = tmp_path / "listener.toml", tmp_path / "river.export"
    config.write_text(TOML)
    anyio.run(filled, config)
    asked = ("export", "--reason", "request 17", "--watch", "river", "--out", out, "-c", config)

    written = told(capsys, *asked)
    again = told(capsys, *asked)
    read = told(capsys, "unseal", out, "-c", config)
    raw = told(capsys, "unseal", out, "-c", config, "--json")
    out.write_bytes(
        out.read_bytes().replace(b'"mark":"', b'"mark":"A', 2).replace(b'"mark":"A', b'"mark":"', 1)
    )
    altered = told(capsys, "unseal", out, "-c", config)
    whole = out.read_bytes()
    out.write_bytes(b"".join(whole.splitlines(keepends=True)[:1] + whole.splitlines(keepends=True)[2:]))
    missing = told(capsys, "unseal", out, "-c", config)
    out.write_bytes(whole[:-20])
    short = told(capsys, "unseal", out, "-c", config)

    assert written[:2] == (0, f"2 events sealed into {out}; read it with `listener unseal`\n")
    assert json.loads(written[2])["reason"] == "request 17"
    assert again[0] == 2
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.glob("*export*")] == ["river.export"]
    assert [word in read[1] for word in ("a heron", "ice", "2 events: 2 live")] == [True] * 3
    lines = [json.loads(line) for line in raw[1].splitlines()]
    assert [(one["line"], one["state"], one["key"], one["event"]["data"]["text"]) for one in lines] == [
        (0, "live", name(1).hex(), "a heron"),
        (1, "live", name(2).hex(), "ice"),
    ]
    assert (altered[0], "1 of the lines" in altered[2]) == (1, True)
    assert "line 0  not what was written here\n" in altered[1]
    assert (missing[:2], "are missing" in missing[2]) == ((1, ""), True)
    assert (short[:2], "cut short" in short[2]) == ((1, ""), True)


@pytest.mark.parametrize(
    "words",
    [
        ("--reason", " "),
        ("--reason", "x", "--watch", "rivr"),
        ("--reason", "x", "--since", "2026-01-01"),
        ("--reason", "x", "--since", "soon"),
        ("--reason", "x", "--by", ""),
        (),
    ],
)
def test_what_cannot_be_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """Without a reason, of an unknown watch, or since no time there is no file, and nothing of one is left."""
    config = tmp_path / "listener.toml"
    config.write_text(TOML)
    anyio.run(filled, config)

    code, _, _ = told(capsys, "export", *words, "--out", tmp_path / "x.export", "-c", config)

    assert code == 2
    assert list(tmp_path.glob("*export*")) == []


def test_a_daemon_is_asked(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """Its lines become the file; one that breaks off leaves none; what it says of lines is shown, and its refusal ends with 1."""
    out = daemon.folder / "river.export"
    head, end = b'{"head":{}}\n', b'{"end":{"count":2,"left_out":1,"days":[]}}\n'
    daemon.control.exported = (head, b"one\n", b"two\n", end)
    daemon.control.unsealed = (
        Unsealed(state="removed", key="ab" * 16, type="listener.post.created"),
        Unsealed(state="sealed"),
    )
    with daemon.running():
        words = ("--by", "Records", "--since", "2026-01-05T12:00:00+00:00", "--out", out, "-c", daemon.config)
        written = told(capsys, "export", "--reason", "request 17", "--watch", "river", *words)
        asked = daemon.control.asked[-1]
        read = told(capsys, "unseal", out, "-c", daemon.config)
        lines = daemon.control.asked[-1]
        daemon.control.exported = (head, b"one\n")
        broken = told(capsys, "export", "--reason", "x", "--out", daemon.folder / "y", "-c", daemon.config)
        daemon.control.failure = FileRefused("none of ours")
        refused = told(capsys, "unseal", out, "-c", daemon.config)

    assert written == (
        0,
        f"2 events sealed into {out}; read it with `listener unseal`\n"
        "1 event left out: over within a day, before any key is\n",
        "",
    )
    assert out.read_bytes() == head + b"one\ntwo\n" + end
    assert asked == (
        "export",
        "ExportAsk(reason='request 17', watches=('river',), "
        "since_at=datetime.datetime(2026, 1, 5, 12, 0, tzinfo=datetime.timezone.utc), by='Records')",
    )
    assert lines == ("unseal", f"{head.decode().strip()} {end.decode().strip()} 0 ('one', 'two')")
    assert read == (
        0,
        f"{'ab' * 16}  removed since\nline 1  the key of its day was destroyed\n2 events: 1 removed, 1 sealed\n",
        "",
    )
    assert (broken[0], (daemon.folder / "y").exists()) == (1, False)
    assert (refused[0], "none of ours" in refused[2]) == (1, True)
