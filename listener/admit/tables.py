"""
`[[source]]` tables at the end of listener.toml: what is there stays byte for byte, and the file is whole at every moment.

The new file is written beside the old one, loaded as the daemon would load it, and takes the old one's place only where
it says what it said and the new sources. There is no copy of the old one: nothing of it was changed, and what was added
stands together under a comment with its date.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from listener import settings
from listener.errors import ConfigError, Fault
from listener.events import Relation


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NewSource:
    """
    One table.

    Args:
        name: Not taken.
        adapter: Who reads it.
        relation: Whose it is.
        criterion: Rule by which it is in; None only where it is our own.
        take: None for the default of the relation.
        address: Where it is read.
    """

    name: str
    adapter: str
    relation: Relation
    criterion: str | None
    take: str | None
    address: str


def append(
    config: Path, sources: Sequence[NewSource], *, environ: Mapping[str, str], today: date, by: str
) -> None:
    """
    The sources stand in the configuration, and it loads.

    Args:
        config: Path of the configuration; a symbolic link stays one.
        sources: In this order.
        environ: As the daemon will see it.
        today: For the comment.
        by: The command, for the comment.

    Raises:
        ConfigError: it would not load, would not say what it should, cannot be written, or was changed meanwhile.
            Nothing was changed.
    """
    with _proposed(config, _block(sources, today, by), [each.name for each in sources], environ) as (
        new,
        place,
    ):
        new.replace(place)
        _sync(place.parent)


def rehearse(config: Path, source: NewSource, *, environ: Mapping[str, str]) -> None:
    """
    A source like this one could be appended; nothing is changed.

    Raises:
        ConfigError: as `append`.
    """
    with _proposed(config, _block([source], date.min, "rehearsal"), [source.name], environ):
        pass


def _block(sources: Sequence[NewSource], today: date, by: str) -> str:
    tables = [f"# Added by `{by}` on {today.isoformat()}."]
    for source in sources:
        keys = {
            "name": source.name,
            "adapter": source.adapter,
            "relation": source.relation,
            "criterion": source.criterion,
            "address": source.address,
            "take": source.take,
        }
        lines = [f"{key} = {_toml(value)}" for key, value in keys.items() if value is not None]
        tables.append("\n".join(["[[source]]", *lines, ""]))
    return "\n".join(tables)


def _toml(text: str) -> str:
    """
    A JSON string is one in TOML, but for DEL.
    """
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@contextmanager
def _proposed(
    config: Path, block: str, names: Sequence[str], environ: Mapping[str, str]
) -> Iterator[tuple[Path, Path]]:
    """
    A file beside the configuration that holds it and the block, and loads; gone afterwards, unless it was moved. And
    the place it is for.
    """
    place = config.resolve()
    before = settings.load(config, environ=environ)
    written: list[Path] = []
    try:
        old = place.read_bytes()
        content = _joined(old, block)
        written.append(new := _written_beside(place, content))
        trial = new
        if place.parent != config.absolute().parent:  # a link: relative paths in it start at the link
            written.append(trial := _written_beside(config.absolute(), content))
        _require([*(source.name for source in before.sources), *names], trial, config, environ)
        if place.read_bytes() != old:
            raise _fault(config, "was changed by somebody else meanwhile; nothing was written")
        yield new, place
    except OSError as error:
        raise _fault(config, f"cannot be written ({error.strerror or type(error).__name__})") from error
    finally:
        for each in written:
            each.unlink(missing_ok=True)


def _joined(old: bytes, block: str) -> bytes:
    """
    With the line ends of the file, and one blank line between.
    """
    newline = b"\r\n" if b"\r\n" in old else b"\n"
    gap = b"" if not old or old.endswith(newline * 2) else newline if old.endswith(b"\n") else newline * 2
    return old + gap + block.encode().replace(b"\n", newline)


def _written_beside(place: Path, content: bytes) -> Path:
    """
    A new file with the mode and, where we may, the owner of the one it is for; on disk, not only written.
    """
    like = place.stat()
    descriptor, name = tempfile.mkstemp(prefix=f".{place.name}.", suffix=".new", dir=place.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), stat.S_IMODE(like.st_mode))
            with suppress(PermissionError):
                os.fchown(file.fileno(), like.st_uid, like.st_gid)
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink()
        raise
    return Path(name)


def _require(names: Sequence[str], new: Path, config: Path, environ: Mapping[str, str]) -> None:
    """
    Raises:
        ConfigError: it does not load, or reads other sources: those of an inline list or of the environment.
    """
    try:
        found = [source.name for source in settings.load(new, environ=environ).sources]
    except ConfigError as error:
        raise ConfigError(
            [replace(fault, file=_as_named(fault.file, new, config)) for fault in error.faults]
        ) from None
    if found != list(names):
        raise _fault(config, "would not be read, because sources are set by the environment as well")


def _as_named(file: str, new: Path, config: Path) -> str:
    return f"{config} with what would be added" if file == str(new) else file


def _fault(config: Path, problem: str) -> ConfigError:
    return ConfigError([Fault(str(config), "source", problem)])


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
