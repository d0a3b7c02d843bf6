"""
`listener feeds` as it is typed: real sites on loopback, a real listener.toml, and a terminal where one is looked at.
"""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from listener import cli, settings
from listener.testing.canary import Canary
from tests.fakes.loopback import Said, answer
from tests.fakes.sites import configured, feed, page, robots, sites

ROOT = Path(cli.__file__).parents[2]
RULE = "Blogs of associations in the city's register"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """
    A command in this process: exit code, stdout, stderr.
    """

    def told(*words: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = 0
        try:
            cli.main(["feeds", *map(str, words)])
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return told


def opml(folder: Path, *addresses: str, text: str = "x") -> Path:
    """
    A list whose first feed stands on line 2.
    """
    file = folder / "blogs.opml"
    lines = [f'<outline text="{text}" title="{text}" xmlUrl="{each}"/>' for each in addresses]
    file.write_text("\n".join(["<opml><body>", *lines, "</body></opml>"]), "utf-8")
    return file


def on_a_terminal(*words: str | Path, cwd: Path, typed: bytes = b"") -> tuple[int, str]:
    """
    A command in a process of its own whose every stream is a terminal: exit code and what was to be seen.
    """
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "listener.cli", "feeds", *map(str, words)],
        stdin=child,
        stdout=child,
        stderr=child,
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "TERM": "xterm", "COLUMNS": "200"},
    )
    os.close(child)
    if typed:
        os.write(parent, typed)
    seen = b""
    while True:
        try:
            seen += os.read(parent, 65536)
        except OSError:  # the other end is closed
            break
    os.close(parent)
    return process.wait(30), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())


def test_find_shows_what_a_page_offers(run: Run, tmp_path: Path) -> None:
    """
    Candidates best first, what is configured marked, a person's feed by its host alone; no title off a terminal.
    """
    with sites(
        {1: {"/": page("/comments/feed", "/author/ada/feed/", "/feed", title="Ada Secret")}, 2: {"/": page()}}
    ) as there:
        config = configured(tmp_path, there.at(1, "/feed"))
        before = config.read_bytes()
        table = run("find", there.at(1), there.at(2), "nonsense", "-c", config)
        raw = run("find", there.at(1), there.at(2), "nonsense", "-c", config, "--json")
        one = run("find", there.at(1), "-c", config)

    host, shown, other = there.at(1)[:-1], "http://127.0.0.1", "http://127.0.0.2"
    assert table == (
        1,
        "address\tfeed\tkind\tstanding\n"
        f"{shown}/\t{host}/feed\tfeed\tconfigured\n"
        f"{shown}/\t{shown}/…\tfeed\tnot allowed\n"
        f"{shown}/\t{host}/comments/feed\tcomments\tnew\n"
        f"{other}/\t\t\tno feed found\n"
        "(no address)\t\t\tnot a web address\n",
        "",
    )
    assert (raw[0], json.loads(raw[1])) == (
        1,
        [
            {
                "line": 1,
                "host": f"{shown}/",
                "verdict": None,
                "feeds": [
                    {"address": f"{host}/feed", "kind": "feed", "standing": "configured"},
                    {"address": f"{shown}/…", "kind": "feed", "standing": "not_allowed"},
                    {"address": f"{host}/comments/feed", "kind": "comments", "standing": "new"},
                ],
            },
            {"line": 2, "host": f"{other}/", "verdict": "no_feed", "feeds": []},
            {"line": 3, "host": "(no address)", "verdict": "not_an_address", "feeds": []},
        ],
    )
    assert (one[0], config.read_bytes()) == (0, before)


def test_find_shows_titles_on_a_terminal(tmp_path: Path) -> None:
    """
    The operator sees what the page calls its feeds, without anything that steers the terminal.
    """
    with sites({1: {"/": page("/feed", title="Ada\x1b]0;x\x07 Secret")}}) as there:
        code, seen = on_a_terminal("find", there.at(1), "-c", configured(tmp_path), cwd=tmp_path)

    assert code == 0
    assert "Ada]0;x Secret" in seen


def test_add_appends_the_first_feed(run: Run, tmp_path: Path) -> None:
    """
    The source stands in the configuration under its rule, loads, and the next steps are told.
    """
    with sites({1: {"/": page("/comments/feed", "/feed")}}) as there:
        config = configured(tmp_path)
        code, out, err = run("add", there.at(1), "--criterion", RULE, "-c", config)

    added = settings.load(config, environ={}).sources[1]
    assert (code, out) == (
        0,
        f"line\tverdict\twhere\tsource\tnote\n1\tadded\t{there.at(1, '/feed')}\t127-0-0-1\t\n",
    )
    assert err.splitlines()[1].endswith(": 1 added")
    assert err.splitlines()[2] == "robots.txt: asked of 1 sites; what is named as a feed is read without it"
    assert err.splitlines()[3].startswith("next: `listener check`, then `listener accept`")
    assert (added.name, added.relation, added.criterion, added.take) == (
        "127-0-0-1",
        "public",
        RULE,
        "matching",
    )
    assert added.config.address == there.at(1, "/feed")


def test_add_own_needs_no_rule(run: Run, tmp_path: Path) -> None:
    """
    The organisation's own site is there because it is its own; options reach the table.
    """
    with sites({1: {"/robots.txt": robots("Disallow: /"), "/feed": feed()}}) as there:
        config = configured(tmp_path)
        refused = run("add", there.at(1, "/feed"), "--relation", "own", "-c", config, "--json")
        code, out, _ = run(
            "add",
            there.at(1, "/feed"),
            "--as-feed",
            "--relation",
            "own",
            "--take",
            "matching",
            "-c",
            config,
            "--json",
        )

    added = settings.load(config, environ={}).sources[1]
    assert (refused[0], json.loads(refused[1])["counts"]) == (1, {"robots": 1})
    assert json.loads(refused[1])["lines"][0]["note"] == "if it is the feed itself, add it with --as-feed"
    assert (code, added.relation, added.criterion, added.take) == (0, "own", None, "matching")
    told = json.loads(out)
    assert told.pop("took_s") < 30
    assert told == {
        "lines": [
            {
                "line": 1,
                "verdict": "added",
                "where": there.at(1, "/feed"),
                "source": "127-0-0-1",
                "note": None,
            }
        ],
        "counts": {"added": 1},
        "written": True,
        "interrupted": False,
        "robots_asked": 0,
    }


def test_import_gives_every_line_a_verdict(run: Run, tmp_path: Path) -> None:
    """
    Lines by their number, each host's alone where nothing was added, in the order of the list.
    """
    with sites({1: {"/feed": feed(), "/none": page()}, 2: {"/feed": feed()}}) as there:
        config = configured(tmp_path, there.at(1, "/configured"))
        addresses = [
            there.at(1, "/feed"),
            there.at(1, "/configured"),
            "https://social.example/@ada.rss",
            there.at(1, "/none?key=secret"),
            there.at(2, "/feed"),
            there.at(1, "/feed"),
            "ada@mail.example",
        ]
        code, out, _ = run("import", opml(tmp_path, *addresses), "--criterion", RULE, "-c", config)

    host = "http://127.0.0.1"
    assert code == 1
    assert [line.split("\t") for line in out.splitlines()[1:]] == [
        ["2", "added", addresses[0], "127-0-0-1", ""],
        ["3", "already there", f"{host}/…", "", ""],
        ["4", "not allowed: watches a person", "https://social.example/…", "", ""],
        ["5", "nothing there any more", f"{host}/…", "", "answers 404"],
        ["6", "added", addresses[4], "127-0-0-2", ""],
        ["7", "duplicate in this list", f"{host}/…", "", ""],
        ["8", "not a web address", "(no address)", "", ""],
    ]
    assert [source.name for source in settings.load(config, environ={}).sources] == [
        "river",
        "127-0-0-1",
        "127-0-0-2",
    ]


def test_import_twice_changes_nothing(run: Run, tmp_path: Path) -> None:
    """
    The second time everything is there already: exit 0, no request, and the file as it was.
    """
    with sites({1: {"/feed": feed()}}) as there:
        config, file = configured(tmp_path), opml(tmp_path, there.at(1, "/feed"))
        first = run("import", file, "--criterion", RULE, "-c", config)
        before = config.read_bytes()
        second = run("import", file, "--criterion", RULE, "-c", config)

        assert (first[0], second[0], config.read_bytes()) == (0, 0, before)
        assert second[2].splitlines()[-1] == "nothing was written"
        assert there.asked(1) == ["/feed"]


def test_a_dry_run_looks_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    """
    Needs no rule, tells what would be added, and leaves the file alone.
    """
    with sites({1: {"/feed": feed()}}) as there:
        config = configured(tmp_path)
        before = config.read_bytes()
        code, out, err = run("import", opml(tmp_path, there.at(1, "/feed")), "--dry-run", "-c", config)

    assert (code, config.read_bytes()) == (0, before)
    assert f"2\tcan be added\t{there.at(1, '/feed')}\t127-0-0-1" in out
    assert err.splitlines()[-1] == "dry run: nothing was written"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "command line: --criterion: is missing, and a public source is read under a published rule"),
        (("--criterion", " "), "source[1].criterion: is empty"),
    ],
)
def test_without_a_rule_nobody_is_asked(run: Run, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """
    Off a terminal a public import needs its rule from the command line, and a rule that is none is refused, before any
    request.
    """
    with sites({1: {"/feed": feed()}}) as there:
        config = configured(tmp_path)
        before = config.read_bytes()
        code, out, err = run("import", opml(tmp_path, there.at(1, "/feed")), *words, "-c", config)

        assert (code, out, config.read_bytes(), there.asked(1)) == (2, "", before, [])
        assert said in err


def test_a_broken_configuration_is_told_and_nothing_asked(run: Run, tmp_path: Path) -> None:
    """
    The usual faults, exit 2, no request, no byte changed.
    """
    with sites({1: {"/feed": feed()}}) as there:
        config = configured(tmp_path)
        config.write_text(config.read_text().replace("hashtags", "hashtag"))
        before = config.read_bytes()
        for words in (
            ("add", there.at(1)),
            ("find", there.at(1)),
            ("import", opml(tmp_path, there.at(1))),
            ("export",),
        ):
            code, out, err = run(*words, "-c", config)

            assert (code, out, config.read_bytes()) == (2, "", before)
            assert "watch[0].hashtag: is not a key" in err
        assert there.asked(1) == []


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read (No such file"), (b"<html>", "is no OPML")]
)
def test_a_list_that_is_none(run: Run, tmp_path: Path, content: bytes | None, said: str) -> None:
    """
    Told by its name and why, exit 2.
    """
    file = tmp_path / "blogs.opml"
    if content is not None:
        file.write_bytes(content)

    code, _, err = run("import", file, "--criterion", RULE, "-c", configured(tmp_path))

    assert code == 2
    assert err.startswith(f"listener: {file}: (whole file): {said}")


def test_the_rule_is_asked_for_once_on_a_terminal(tmp_path: Path) -> None:
    """
    One question for the whole list, a bar while it works, and the rule at every source.
    """
    with sites({n: {"/feed": feed()} for n in (1, 2, 3)}) as there:
        config = configured(tmp_path)
        file = opml(tmp_path, *(there.at(n, "/feed") for n in (1, 2, 3)))
        code, seen = on_a_terminal("import", file, "-c", config, cwd=tmp_path, typed=RULE.encode() + b"\n")

    assert code == 0, seen
    assert seen.count("Published rule by which these are read") == 1
    assert "3/3" in seen
    assert [source.criterion for source in settings.load(config, environ={}).sources[1:]] == [RULE] * 3


def test_an_interruption_keeps_what_was_answered(tmp_path: Path) -> None:
    """
    Ctrl-C while one host is silent: what was answered is written, the rest says that it was not asked, exit 130.
    """

    async def silent(_: Any) -> None:
        import anyio

        await anyio.sleep_forever()

    with sites({1: {"/feed": feed()}, 2: {"/feed": silent}}) as there:
        config = configured(tmp_path)
        file = opml(tmp_path, there.at(1, "/feed"), there.at(2, "/feed"), there.at(2, "/later"))
        process = subprocess.Popen(
            [
                sys.executable,
                "-P",
                "-m",
                "listener.cli",
                "feeds",
                "import",
                file,
                "--criterion",
                RULE,
                "--json",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PATH": ""},
            # Whoever runs the tests in the background has the signal ignored, and so would this process.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        until = time.monotonic() + 30
        while not (there.asked(1) and there.asked(2)) and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.5)  # the first answer is on its way
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)

    told = json.loads(out)
    assert (process.returncode, err) == (130, b"")
    assert [line["verdict"] for line in told["lines"]] == ["added", "interrupted", "interrupted"]
    assert (told["written"], told["interrupted"]) == (True, True)
    assert [source.name for source in settings.load(config, environ={}).sources] == ["river", "127-0-0-1"]


def test_export_is_what_import_reads(run: Run, tmp_path: Path) -> None:
    """
    What leaves can come in elsewhere; a file that is there is never overwritten.
    """
    address = "https://river.example/feed/?a=1&b=2"
    config, file = configured(tmp_path, address), tmp_path / "out.opml"
    code, out, _ = run("export", "-c", config)
    written = run("export", "-c", config, "--output", file)
    again = run("export", "-c", config, "--output", file)
    seen = run("import", file, "--criterion", RULE, "-c", config, "--json")

    assert code == 0
    assert '<outline type="rss" text="river" xmlUrl="https://river.example/feed/?a=1&amp;b=2"/>' in out
    assert (written[:2], file.read_text()) == ((0, f"wrote 1 feeds to {file}\n"), out)
    assert (again[0], "cannot be written (File exists)" in again[2]) == (2, True)
    assert (seen[0], json.loads(seen[1])["counts"]) == (0, {"already_there": 1})


def test_no_person_of_a_page_or_list_stays_or_leaves(run: Run, tmp_path: Path) -> None:
    """
    Names in titles, texts, pages, error pages and headers reach neither the configuration nor anything a program reads.
    """
    canary = Canary(seed=4)
    title, name, said = (
        canary.person(label).name for label in ("title of a link", "title of an outline", "error page")
    )
    header, handle = canary.trace("header"), canary.trace("handle in a refused address")
    pages: dict[str, Said] = {
        "/": page("/feed", "/author/" + handle + "/feed/", title=title, body=f"<p>{title}"),
        "/gone": answer(404, said.encode()),
        "/broken": answer(500, said.encode(), x_author=header),
        "/moved": answer(302, location=f"http://127.0.0.1:1/@{handle}"),
    }
    with sites({number: {path: said} for number, (path, said) in enumerate(pages.items(), 1)}) as there:
        config = configured(tmp_path)
        addresses = [there.at(number, path) for number, path in enumerate(pages, 1)]
        addresses.append(f"https://social.example/@{handle}")
        file = opml(tmp_path, *addresses, text=name)
        wire = {
            "list": file.read_bytes(),
            "pages": b"".join(one for one in pages.values() if isinstance(one, bytes)),
        }
        told = {
            f"{number} {stream}": text.encode()
            for number, words in enumerate(
                [
                    ("find", *addresses),
                    ("find", *addresses, "--json"),
                    ("import", file, "--criterion", RULE, "--dry-run"),
                    ("import", file, "--criterion", RULE, "--json"),
                    ("add", *addresses, "--criterion", RULE),
                    ("export",),
                ]
            )
            for stream, text in zip(("out", "err"), run(*words, "-c", config)[1:], strict=True)
        }
        told["config"] = config.read_bytes()

    assert set(canary.missing(wire)) == {
        marker.label
        for marker in canary.markers
        if marker.label.split(": ")[-1]
        in ("handle", "e-mail", "profile", "avatar", "phone", "account id", "bio")
    }
    assert canary.search(told) == ()
    assert len(settings.load(config, environ={}).sources) == 2
