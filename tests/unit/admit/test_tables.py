"""
Tables appended to a configuration: nothing that is there moves, and the file is whole or untouched.
"""

from __future__ import annotations

import resource
import stat
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from listener import settings
from listener.admit.tables import NewSource, append, rehearse
from listener.errors import ConfigError
from tests.fakes.sites import CONFIG, configured

TODAY = date(2026, 11, 24)


def source(name: str = "north", **changed: Any) -> NewSource:
    """
    A new one.
    """
    fields: dict[str, Any] = {
        "name": name,
        "adapter": "feed",
        "relation": "public",
        "criterion": "Blogs about the city",
        "take": None,
        "address": f"https://{name}.example/feed",
        **changed,
    }
    return NewSource(**fields)


def add(config: Path, *sources: NewSource, environ: Mapping[str, str] | None = None) -> None:
    append(config, sources, environ=environ or {}, today=TODAY, by="listener feeds add")


def test_what_is_there_stays(tmp_path: Path) -> None:
    """
    The old file is the beginning of the new one, byte for byte; the rest is one comment and the tables.
    """
    config = configured(tmp_path)
    before = config.read_text()

    add(config, source(), source("south", criterion='The "fair" rule \\ of\nall', take="all", relation="own"))

    assert config.read_text() == (
        before
        + """
# Added by `listener feeds add` on 2026-11-24.
[[source]]
name = "north"
adapter = "feed"
relation = "public"
criterion = "Blogs about the city"
address = "https://north.example/feed"

[[source]]
name = "south"
adapter = "feed"
relation = "own"
criterion = "The \\"fair\\" rule \\\\ of\\nall"
address = "https://south.example/feed"
take = "all"
"""
    )
    loaded = settings.load(config, environ={})
    assert [each.name for each in loaded.sources] == ["river", "north", "south"]
    assert loaded.sources[2].criterion == 'The "fair" rule \\ of\nall'
    assert sorted(path.name for path in tmp_path.iterdir()) == ["listener.toml"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (CONFIG.rstrip("\n"), CONFIG + "\n#"),
        (CONFIG + "\n", CONFIG + "\n#"),
        (CONFIG.replace("\n", "\r\n"), (CONFIG + "\n#").replace("\n", "\r\n")),
        ("\ufeff" + CONFIG, "\ufeff" + CONFIG + "\n#"),
    ],
    ids=["no end", "blank line", "windows", "mark"],
)
def test_line_ends_are_those_of_the_file(tmp_path: Path, old: str, new: str) -> None:
    """
    One blank line between old and new, whatever the file ends with.
    """
    config = tmp_path / "listener.toml"
    config.write_bytes(old.replace("ADDRESS", "https://river.example/").encode())

    add(config, source())

    assert config.read_bytes().startswith(new.replace("ADDRESS", "https://river.example/").encode())
    assert (b"\r\n[[source]]" in config.read_bytes()) == ("\r\n" in old)


def test_mode_and_links_stay(tmp_path: Path) -> None:
    """
    A file that only its owner may read stays so, and a link stays a link to the file that is changed.
    """
    real = tmp_path / "real"
    real.mkdir()
    configured(real).chmod(0o640)
    config = tmp_path / "listener.toml"
    config.symlink_to(real / "listener.toml")

    add(config, source())

    assert config.is_symlink()
    assert stat.S_IMODE((real / "listener.toml").stat().st_mode) == 0o640
    assert [each.name for each in settings.load(config, environ={}).sources] == ["river", "north"]
    assert sorted(path.name for path in (*tmp_path.iterdir(), *real.iterdir())) == [
        "listener.toml",
        "listener.toml",
        "real",
    ]


@pytest.mark.parametrize(
    ("text", "environ", "new", "said"),
    [
        (CONFIG, {}, source(criterion=" "), "source[1].criterion: is empty"),
        (CONFIG, {}, source(criterion=None), "source[1].criterion: is missing"),
        (CONFIG, {}, source("river"), "source[1].name: is taken"),
        (
            CONFIG,
            {},
            source(address="https://social.example/@somebody.rss"),
            "source[1].address: reads one account",
        ),
        (CONFIG + "[", {}, source(), "is not TOML"),
        (CONFIG.replace('country = "CA"', 'country = "XX"'), {}, source(), "organisation.country"),
    ],
)
def test_what_would_not_load_changes_nothing(
    tmp_path: Path, text: str, environ: dict[str, str], new: NewSource, said: str
) -> None:
    """
    The fault is told as `check` would, and neither the file nor its folder is another than before.
    """
    config = tmp_path / "listener.toml"
    config.write_text(text.replace("ADDRESS", "https://river.example/"))
    before = config.read_bytes()

    for rehearsed in (False, True):
        with pytest.raises(ConfigError) as told:
            rehearse(config, new, environ=environ) if rehearsed else add(config, new, environ=environ)

        assert said in str(told.value)
        assert (config.read_bytes(), len(list(tmp_path.iterdir()))) == (before, 1)


INLINE = CONFIG.split("[[source]]")[0].replace(
    'data_dir = "data"\n',
    'data_dir = "data"\nsource = [{name="a", adapter="feed", relation="own", address="https://a.example/"}]\n',
)


def test_an_inline_list_cannot_be_added_to(tmp_path: Path) -> None:
    """
    TOML forbids it; the fault says that the file as it would be is meant.
    """
    config = tmp_path / "listener.toml"
    config.write_text(INLINE)
    assert len(settings.load(config, environ={}).sources) == 1

    with pytest.raises(ConfigError, match=r"with what would be added: .*is not TOML"):
        add(config, source())

    assert config.read_text() == INLINE


ONE = '{"name": "a", "adapter": "feed", "relation": "own", "address": "https://a.example/"}'


@pytest.mark.parametrize("environ", [{"LISTENER_SOURCE": f"[{ONE}]"}, {"LISTENER_SOURCE__1": ONE}])
def test_sources_from_the_environment(tmp_path: Path, environ: dict[str, str]) -> None:
    """
    Where variables set the list or the place in it, the file's new source would not be read: refused, with the reason.
    """
    config = configured(tmp_path)
    assert settings.load(config, environ=environ).sources[-1].name == "a"

    with pytest.raises(ConfigError, match="sources are set by the environment"):
        add(config, source(), environ=environ)


def test_a_rehearsal_changes_nothing(tmp_path: Path) -> None:
    """
    Not even the time of the file.
    """
    config = configured(tmp_path)
    before = config.stat()

    rehearse(config, source(), environ={})

    assert (config.stat().st_mtime_ns, config.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_disk_that_takes_nothing(tmp_path: Path) -> None:
    """
    Told as the operator knows it; the old file is there, and nothing beside it.
    """
    config = configured(tmp_path)
    before = config.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    try:
        with pytest.raises(ConfigError, match=r"cannot be written .File too large."):
            add(config, source())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert (config.read_bytes(), len(list(tmp_path.iterdir()))) == (before, 1)
