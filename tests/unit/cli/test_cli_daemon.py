"""
Commands that talk to a daemon: the real API behind a real socket, the real command in this process.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio
import anyio.from_thread
import pytest

from listener import cli
from listener.cli.client import Where, call, socket_path
from listener.cli.find import ELSEWHERE
from listener.cli.tail import Wanted, followed, pages
from listener.clock import SystemClock
from listener.errors import ConfigError, Fault, ListenerError, NoDaemon, NotAccepted, QueueUnavailable
from listener.events import decode_event
from listener.status import Readiness
from listener.telemetry import Telemetry
from listener.tell.api import Access, Token, build_api
from listener.tell.api.serve import Listening, serve
from tests.fakes.daemon import HELD, RECHECK, VIEW, FakeControl, gone, post, put
from tests.fakes.memory_queue import MemoryQueue

TOKEN = "a-token-for-reading-0123456789"


@dataclass
class Daemon:
    """
    A daemon on a thread of its own, over a queue in memory.
    """

    folder: Path
    control: FakeControl = field(default_factory=FakeControl)
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    where: Listening | None = None

    @property
    def config(self) -> Path:
        return self.folder / "listener.toml"

    @contextmanager
    def running(self) -> Iterator[anyio.from_thread.BlockingPortal]:
        """
        Until the block ends.
        """
        self.folder.joinpath("d").mkdir(exist_ok=True)
        self.config.write_text('data_dir = "d"\n')
        with anyio.from_thread.start_blocking_portal() as portal:
            opened = threading.Event()

            def ready(where: Listening) -> None:
                self.where = where
                opened.set()

            task = portal.start_task_soon(self._serve, ready)
            assert opened.wait(10)
            try:
                yield portal
            finally:
                task.cancel()

    async def _serve(self, ready: Any) -> None:
        def app(access: Access) -> Any:
            return build_api(
                queue=self.queue,
                control=self.control,
                telemetry=Telemetry(),
                clock=SystemClock(),
                access=access,
                version="1",
            )

        token = Token("reader", hashlib.sha256(TOKEN.encode()).hexdigest(), frozenset({"read"}))
        await serve(
            app(Access(door="network", tokens=(token,))),
            app(Access(door="socket")),
            host="127.0.0.1",
            port=0,
            socket_path=self.folder / "d" / "control.sock",
            ready=ready,
        )


@pytest.fixture
def daemon(tmp_path: Path) -> Daemon:
    return Daemon(tmp_path)


def told(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    """
    Exit code, stdout and stderr of a command.
    """
    capsys.readouterr()
    code = 0
    try:
        cli.main([str(word) for word in words])
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def lasting(number: int, **changed: Any) -> Any:
    return post(number, expirytime=None, **changed)


def test_sources(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Off a terminal a table is tab-separated lines; with --json it is what the API says.
    """
    with daemon.running():
        table = told(capsys, "sources", "-c", daemon.config)
        raw = told(capsys, "sources", "-c", daemon.config, "--json")

    assert table == (
        0,
        "source\tnetwork\trelation\tstate\twhy\tdue (UTC)\tlast new (UTC)\tread\tqueued\n"
        "harbour-blog\tfeed\tpublic\twaiting\tdue in 10 minutes\t2026-01-05 12:10:00\tnever\t3\t2\n",
        "",
    )
    assert (raw[0], json.loads(raw[1])[0]["name"]) == (0, VIEW.name)


def test_sources_that_are_asked_again(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """
    They have a second table: how many posts are stored, whether the clock can be kept, what is in the way; with --json it
    stands with its source.
    """
    daemon.control.rechecked = (RECHECK, replace(RECHECK, name="of another"))
    with daemon.running():
        table = told(capsys, "sources", "-c", daemon.config)
        raw = told(capsys, "sources", "-c", daemon.config, "--json")

    assert table[1].split("\n\n")[1] == (
        "re-check of\tstored\toverdue\teach within\ta round takes\tnext (UTC)\ttrouble\n"
        "harbour-blog\t1200\t3\t7 d\t8.1 d\t2026-01-05 12:10:00\t200 posts beyond the clock\n"
    )
    assert [view["recheck"]["stored"] for view in json.loads(raw[1])] == [1200]


def test_the_last_reads_of_one_source(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A name shows its reads below the table, newest first; a name nobody configured ends the command.
    """
    with daemon.running():
        shown = told(capsys, "sources", "harbour-blog", "-c", daemon.config)
        unknown = told(capsys, "sources", "harbor-blog", "-c", daemon.config)

    assert shown[1].split("\n\n")[1] == (
        "reads of harbour-blog\tstatus\tbytes\tnew\tnote\n"
        "2026-01-05 12:00:00\t200\t5120\t2\t\n"
        "2026-01-05 11:00:00\t304\t0\t0\tunchanged\n"
    )
    assert (unknown[0], unknown[1]) == (1, "")


def test_a_silent_source_and_what_another_choice_would_mean(
    daemon: Daemon, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Since when a source is silent stands behind its reason; with its reads, what the other consent mode would have done.
    """
    daemon.control.views = (
        replace(VIEW, silent_since=VIEW.last_read_at, other_withheld=4, other_let_through=1),
    )
    with daemon.running():
        shown = told(capsys, "sources", VIEW.name, "-c", daemon.config)

    first, second = shown[1].split("\n\n")
    assert first.splitlines()[1].split("\t")[4] == "due in 10 minutes (silent since 2026-01-05 12:00:00)"
    assert second.splitlines()[0] == (
        "the other `privacy.consent` would have withheld 4 of the posts that passed, and let through 1 of those withheld, "
        "repeats included"
    )


def test_poll(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """
    It says when the source will be read and why then; without validators only where somebody confirms it (P7).
    """
    with daemon.running():
        done = told(capsys, "poll", "harbour-blog", "-c", daemon.config)
        alone = told(capsys, "poll", "harbour-blog", "--unconditional", "-c", daemon.config)
        forced = told(capsys, "poll", "harbour-blog", "--unconditional", "-y", "-c", daemon.config, "--json")
        back = told(capsys, "poll", "harbour-blog", "--configured", "--mended", "-c", daemon.config)

    line = "harbour-blog: due 2026-01-05 12:03:00 UTC: it was asked less than 15 min ago\n"
    assert (done, back) == ((0, line, ""), (0, line, ""))
    assert alone == (1, "", "listener: nobody is there to confirm; add --yes\n")
    assert json.loads(forced[1]) == {
        "due_at": "2026-01-05T12:03:00Z",
        "reason": "it was asked less than 15 min ago",
    }
    assert daemon.control.asked == [
        ("poll", "harbour-blog unconditional=False come_back=False mended=False"),
        ("poll", "harbour-blog unconditional=True come_back=False mended=False"),
        ("poll", "harbour-blog unconditional=False come_back=True mended=True"),
    ]


def test_find(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Find asks for exactly the link, says until when, and ends with 1 where nothing is held.
    """
    with daemon.running():
        found = told(capsys, "find", "https://blog.example/1", "-c", daemon.config)
        daemon.control.held = ()
        missing = told(capsys, "find", "x", "-c", daemon.config)
        raw = told(capsys, "find", "x", "-c", daemon.config, "--json")

    assert found[0] == 0
    assert found[1].splitlines()[1].split("\t") == [
        HELD.key,
        "live",
        "/feed/harbour-blog",
        "2026-02-04 12:00:00",
        "2026-02-04 12:00:00",
        "yes",
    ]
    assert missing == (1, f"nothing is held under that link; {ELSEWHERE}\n", "")
    assert raw == (1, "[]\n", "")
    assert daemon.control.asked == [("find", "https://blog.example/1"), ("find", "x"), ("find", "x")]


def test_forget(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Forget needs a yes from somebody, and then says what it did.
    """
    with daemon.running():
        unasked = told(capsys, "forget", "x", "-c", daemon.config)
        asked = list(daemon.control.asked)
        done = told(capsys, "forget", "x", "-c", daemon.config, "--yes")
        raw = told(capsys, "forget", "x", "-c", daemon.config, "--yes", "--json")

    assert unasked == (1, "", "listener: nobody is there to confirm; add --yes\n")
    assert asked == []
    assert done == (0, "erased 1 post; from now on the link is refused\n", "")
    assert json.loads(raw[1]) == {"keys": [HELD.key], "erased": True}


def test_reload(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A reload tells what came of it; a refusal ends the command as if it had found the fault itself.
    """
    with daemon.running():
        done = told(capsys, "reload", "-c", daemon.config)
        daemon.control.failure = ConfigError([Fault("listener.toml", "watch[0].name", "is missing")])
        faulty = told(capsys, "reload", "-c", daemon.config)
        daemon.control.failure = NotAccepted("keeps longer")
        unsigned = told(capsys, "reload", "-c", daemon.config)
        daemon.control.failure = QueueUnavailable("locked")
        locked = told(capsys, "reload", "-c", daemon.config)

    assert done == (0, "applied: 1 added\n", "")
    assert faulty == (2, "", "listener: listener.toml: watch[0].name: is missing\n")
    assert unsigned == (3, "", "listener: keeps longer\n")
    assert locked == (4, "", "listener: locked\n")


def test_healthcheck(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Healthy is 0 and silent; anything else is 1, whatever is in the way.
    """
    daemon.control.ready = Readiness(ready=False, reasons=("the queue has no room",))
    with daemon.running():
        alive = told(capsys, "healthcheck", "-c", daemon.config)
        unready = told(capsys, "healthcheck", "--ready", "-c", daemon.config)
    dead = told(capsys, "healthcheck", "-c", daemon.config)
    nowhere = told(capsys, "healthcheck", "-c", daemon.folder / "none.toml")

    assert alive == (0, "", "")
    assert (unready[0], "status 503" in unready[2]) == (1, True)
    assert (dead[0], "no daemon answers" in dead[2]) == (1, True)
    assert nowhere[0] == 1


def test_no_daemon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Without a daemon a command that needs one ends with 6 and says how to start it.
    """
    (tmp_path / "listener.toml").write_text("")
    for words in (("sources",), ("reload",), ("tail",)):
        code, out, err = told(capsys, *words, "-c", tmp_path / "listener.toml")

        assert (code, out) == (6, "")
        assert err == (
            f"listener: no daemon answers on {tmp_path}/data/control.sock (No such file or directory); start it "
            "with `listener run`\n"
        )


def test_tail_of_what_is_there(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Off a terminal each event is one JSON line that says what the queue holds; filters are the API's.
    """
    with daemon.running() as portal:
        portal.call(put, daemon.queue, lasting(1), lasting(2, watches=("transit",)))
        everything = told(capsys, "tail", "--no-follow", "--since", "start", "-c", daemon.config)
        chosen = told(
            capsys, "tail", "--no-follow", "--since", "start", "--watch", "transit", "-c", daemon.config
        )
        later = told(capsys, "tail", "--no-follow", "--since", "m1-1", "-c", daemon.config)
        wrong = told(capsys, "tail", "--no-follow", "--network", "nowhere", "-c", daemon.config)

    events = [decode_event(line.encode()) for line in everything[1].splitlines()]
    assert [int(event.subject, 16) for event in events] == [1, 2]
    assert chosen[1] == later[1] == everything[1].splitlines(keepends=True)[1]
    assert (wrong[0], wrong[2].endswith("refuses: network takes one of feed.\n")) == (1, True)


def test_tail_pages(daemon: Daemon) -> None:
    """
    More than one page is read to its end.
    """
    with daemon.running() as portal:
        portal.call(put, daemon.queue, *(lasting(number) for number in range(1, 901)))
        portal.call(put, daemon.queue, *(lasting(number) for number in range(901, 1201)))
        where = Where(socket_path=daemon.folder / "d" / "control.sock")
        lines = list(pages(where, Wanted((), "start")))

    assert [int(json.loads(line)["subject"], 16) for line in lines] == list(range(1, 1201))


def test_tail_goes_on_after_a_lost_connection(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """
    When the daemon restarts, the tail waits longer each time and goes on after the last event it showed.
    """
    where = Where(socket_path=daemon.folder / "d" / "control.sock")
    waits: list[float] = []
    with daemon.running() as portal:
        portal.call(put, daemon.queue, lasting(1), lasting(2))
        lines = followed(where, Wanted((), "start"), pause=lambda wait_s: _resume(daemon, waits, wait_s))
        first = [json.loads(next(lines))["id"] for _ in range(2)]
    third = json.loads(next(lines))
    lines.close()
    daemon_stack.pop().__exit__(None, None, None)

    assert [int(one.partition(".")[0], 16) for one in first] == [1, 2]
    assert int(third["subject"], 16) == 3
    assert waits == [1.0, 2.0, 4.0]
    assert "trying again in 4 s" in capsys.readouterr().err


daemon_stack: list[Any] = []


def _resume(daemon: Daemon, waits: list[float], wait_s: float) -> None:
    """
    Instead of sleeping: at the third pause the daemon is there again, with one more post.
    """
    waits.append(wait_s)
    if len(waits) == 3:
        running = daemon.running()
        daemon_stack.append(running)
        portal = running.__enter__()
        portal.call(put, daemon.queue, lasting(3))


def test_tail_over_tcp(daemon: Daemon, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """
    Over TCP a token is read from a file and never shown; without it the refusal says what to give.
    """
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN + "\n")
    with daemon.running() as portal:
        portal.call(put, daemon.queue, lasting(1))
        assert daemon.where is not None
        ask = ("tail", "--no-follow", "--since", "start", "--url", daemon.where.address)
        good = told(capsys, *ask, "--token-file", token_file)
        bare = told(capsys, *ask)
        token_file.write_text("canary-wrong")
        wrong = told(capsys, *ask, "--token-file", token_file)
        missing = told(capsys, *ask, "--token-file", tmp_path / "none")
        nonsense = told(capsys, "tail", "--url", "ftp://x")

    assert (good[0], len(good[1].splitlines())) == (0, 1)
    assert (bare[0], "Give one with --token-file or LISTENER_TOKEN." in bare[2]) == (1, True)
    assert (wrong[0], "canary" in wrong[2]) == (1, False)
    assert (missing[0], "--token-file" in missing[2]) == (2, True)
    assert (nonsense[0], "is no address of a daemon" in nonsense[2]) == (2, True)


def test_not_a_listener(tmp_path: Path) -> None:
    """
    Something else on the port is told as such, whatever it answers.
    """
    import http.server

    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Silent."""

    with http.server.HTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(ListenerError) as caught:
            call(Where(url=url), "GET", "/v1/sources")
        thread.join()

    assert str(caught.value) == f"{url} answers with status 404: is this a listener?"


def test_socket_path(tmp_path: Path) -> None:
    """
    The socket is found with a configuration that is otherwise wrong, relative to it; the environment wins.
    """
    config = tmp_path / "listener.toml"
    config.write_text('data_dir = "state"\nnonsense = 1\n')

    assert socket_path(config, {}) == tmp_path / "state" / "control.sock"
    assert socket_path(config, {"LISTENER_DATA_DIR": "/srv/data"}) == Path("/srv/data/control.sock")
    assert socket_path(config, {"LISTENER_DATA_DIR": ""}) == tmp_path / "state" / "control.sock"
    config.write_text("nonsense")
    with pytest.raises(ConfigError):
        socket_path(config, {})
    with pytest.raises(NoDaemon):
        socket_path(tmp_path / "none.toml", {})


def test_removal_is_one_line(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A removal reaches the tail as it reaches every consumer: without a word of the post.
    """
    with daemon.running() as portal:
        portal.call(put, daemon.queue, lasting(1, text="canary-words"))

        async def remove() -> None:
            await put(daemon.queue, gone(1), commit_id="removal")

        portal.call(remove)
        code, out, _ = told(capsys, "tail", "--no-follow", "--since", "start", "-c", daemon.config)

    assert code == 0
    assert json.loads(out)["type"] == "listener.post.removed"
    assert "canary" not in out
