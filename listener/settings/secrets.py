"""
Secrets: never in the configuration file, always in a file of their own or in the environment.

Takes tables from `loading` and gives them back with the text of their secret files filled in. A key that holds a
secret (pydantic's `SecretStr`) has a companion that names a file: `token` has `token_file`, `value` has `file`. A
variable for the key itself wins over the file.

The deployment's own secrets (`privacy.secret_files`, see `listener.secret_files`) and the list of objections are read
by whoever runs the daemon, so that a configuration can be checked on a machine that has neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any, Final

from listener.errors import ConfigError, Fault
from listener.events import Name
from listener.keys import NAME_BYTES
from listener.settings.environment import variable_name
from listener.settings.faults import Origins, Path
from listener.settings.shapes import Schema, properties, secret_keys
from listener.settings.shown import SECRET

_MAX_FILE_BYTES: Final = 64 * 1024
"""Chosen: no token is longer; a larger file is the wrong one."""


def file_key(key: str) -> str:
    """
    The key that names the file of a secret.
    """
    return "file" if key == "value" else f"{key}_file"


def opened(
    table: Mapping[str, Any], schema: Schema, *, path: Path, folder: FilePath, origins: Origins
) -> tuple[dict[str, Any], list[Fault], frozenset[Path]]:
    """
    The table as its model wants it, with each secret in place.

    Args:
        table: As written.
        schema: JSON schema of the model that will check it.
        path: Where it stands in the document.
        folder: What relative file names are relative to.
        origins: Learns which file a secret came from.

    Returns:
        The table, what went wrong, and the places about which the model should keep silent.
    """
    filled = dict(table)
    faults: list[Fault] = []
    for key in secret_keys(schema):
        named = None if file_key(key) in properties(schema) else filled.pop(file_key(key), None)
        if key in filled and not origins.from_environment((*path, key)):
            faults.append(_inline(path, key, origins))
        elif key not in filled and named is not None:
            origins.aliases[*path, key] = (*path, file_key(key))
            text = _read(named, folder)
            if isinstance(text, str):
                filled[key] = text
            else:
                faults.append(
                    origins.fault((*path, file_key(key)), text[0], allowed="a file that holds the secret")
                )
        elif key not in filled and key in schema.get("required", ()):
            faults.append(origins.fault((*path, key), "is missing", allowed=_ways(path, key)))
    return (
        filled,
        faults,
        frozenset((*path, key) for key in secret_keys(schema) if _told(faults, path, key, origins)),
    )


def _inline(path: Path, key: str, origins: Origins) -> Fault:
    return origins.fault(
        (*path, key),
        "is a secret, and secrets do not stand in this file",
        found=SECRET,
        allowed=_ways(path, key),
    )


def _ways(path: Path, key: str) -> str:
    return f'{file_key(key)} = "<path>" here, or {variable_name((*path, key))} in the environment'


def _told(faults: Sequence[Fault], path: Path, key: str, origins: Origins) -> bool:
    return any((fault.file, fault.key) == origins.place((*path, key)) for fault in faults)


def _read(named: Any, folder: FilePath) -> str | tuple[str]:
    """
    The text of a secret file, or what is wrong with it.
    """
    if not isinstance(named, str) or not named:
        return ("is not a path",)
    try:
        with (folder / named).open("rb") as file:
            raw = file.read(_MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        return (f"cannot be read ({_why(error)})",)
    if len(raw) > _MAX_FILE_BYTES:
        return ("is too large for a secret",)
    try:
        return raw.decode().strip() or ("is an empty file",)
    except UnicodeDecodeError:
        return ("is no text file",)


def _why(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


# -------------------------------------------------------------------------------------------------- objections


def read_objections(file: FilePath | None) -> frozenset[Name]:
    """
    The HMACs of `privacy.objections_file`, as `listener.gate.consent` makes them; blank lines and lines that start with # are passed over.

    Raises:
        ConfigError: unreadable, or one fault per line that is no HMAC. An objection that cannot be read must not be
            passed over in silence.
    """
    if file is None:
        return frozenset()
    key = "privacy.objections_file"
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise ConfigError([Fault(str(file), key, f"cannot be read ({_why(error)})")]) from None
    stated = {number: line.strip() for number, line in enumerate(lines, 1)}
    stated = {number: line for number, line in stated.items() if line and not line.startswith("#")}
    allowed = f"an HMAC in hex, {2 * NAME_BYTES} characters"
    wrong = [number for number, line in stated.items() if len(_hex(line)) != NAME_BYTES]
    if wrong:
        raise ConfigError(
            [Fault(str(file), f"line {line}", "is no objection", SECRET, allowed) for line in wrong]
        )
    return frozenset(Name(bytes.fromhex(line)) for line in stated.values())


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
