"""
How commands talk to the daemon: HTTP over its Unix socket, or over TCP with a token, with the standard library only.

Takes paths and bodies from the commands, gives decoded JSON or the lines of a stream; refusals become the errors of
`listener.errors`, so that a command ends the same way whether the daemon or the command itself found the fault.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from listener.errors import (
    ConfigError,
    Fault,
    FileRefused,
    ListenerError,
    NoDaemon,
    NotAccepted,
    QueueFull,
    QueueUnavailable,
)

SOCKET_NAME: Final = "control.sock"
"""In the data folder; listener.settings says the same, and a test compares the two."""

ANSWER_WITHIN_S: Final = 60.0
"""Chosen: erasing on a slow disk takes seconds, never a minute."""
SILENT_MOST_S: Final = 45.0
"""Chosen: three heartbeats of the stream."""


class Refused(ListenerError):
    """
    The daemon said no, in a way that no other error tells. Raised here; caught by the CLI (exit 1).
    """


@dataclass(frozen=True, slots=True, repr=False)
class Where:
    """
    Where the daemon answers.

    Args:
        socket_path: Of the Unix socket; None where `url` is asked.
        url: `http://` or `https://`, host and port.
        token: Sent as a bearer token; None where there is none.
    """

    socket_path: Path | None = None
    url: str | None = None
    token: str | None = None

    def __str__(self) -> str:
        return str(self.socket_path or self.url)


def socket_path(config: Path, environ: Mapping[str, str]) -> Path:
    """
    Where the daemon of this configuration answers. Reads one key and checks nothing else: a fault in the file must
    not cut the operator off from the daemon that runs on the version before it.

    Raises:
        NoDaemon: there is no such file, so there is no telling which daemon is meant.
    """
    chosen = environ.get("LISTENER_DATA_DIR", "")
    if not chosen:
        try:
            document = tomllib.loads(config.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise NoDaemon(
                f"cannot read {config} to find the daemon ({error.strerror}); name it with --config or "
                "LISTENER_CONFIG, or start with `listener init`"
            ) from error
        except ValueError as error:
            raise ConfigError(
                [Fault(str(config), "(whole file)", "is no TOML; `listener check` says where")]
            ) from error
        found = document.get("data_dir", "data")
        chosen = found if isinstance(found, str) else "data"
    return config.absolute().parent / chosen / SOCKET_NAME


def daemon(config: Path) -> Where:
    """
    The daemon of this configuration, on this machine.
    """
    return Where(socket_path=socket_path(config, os.environ))


def call(where: Where, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
    """
    The decoded answer.

    Raises:
        NoDaemon: nothing answers.
        ConfigError, NotAccepted, QueueUnavailable, QueueFull: as the daemon found it.
        Refused: any other refusal.
    """
    with opened(where, method, path, body=body, within_s=ANSWER_WITHIN_S) as answer:
        return json.loads(answer.read())


@contextmanager
def opened(
    where: Where,
    method: str,
    path: str,
    *,
    body: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
    within_s: float,
) -> Iterator[http.client.HTTPResponse]:
    """
    An answer of status 200, its body still unread.

    Args:
        where: Whom to ask.
        method, path, body, headers: What.
        within_s: Longest wait for any byte.

    Raises:
        See `call`.
    """
    connection = _connection(where, within_s)
    try:
        try:
            answer = _ask(connection, where, method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            raise NoDaemon(
                f"no daemon answers on {where} ({_reason(error)}); start it with `listener run`"
            ) from error
        if answer.status != http.HTTPStatus.OK:
            raise _refusal(where, answer)
        yield answer
    finally:
        connection.close()


def _ask(
    connection: http.client.HTTPConnection,
    where: Where,
    method: str,
    path: str,
    body: Mapping[str, object] | None,
    headers: Mapping[str, str] | None,
) -> http.client.HTTPResponse:
    sent = dict(headers or {})
    if where.token is not None:
        sent["Authorization"] = f"Bearer {where.token}"
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        sent["Content-Type"] = "application/json"
    connection.request(method, path, body=data, headers=sent)
    return connection.getresponse()


class _UnixConnection(http.client.HTTPConnection):
    """
    HTTP over a Unix socket.
    """

    def __init__(self, path: Path, within_s: float) -> None:
        super().__init__("localhost", timeout=within_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _connection(where: Where, within_s: float) -> http.client.HTTPConnection:
    if where.socket_path is not None:
        return _UnixConnection(where.socket_path, within_s)
    try:
        parts = urlsplit(where.url or "")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None or parts.scheme not in ("http", "https") or parts.path not in ("", "/"):
        raise ConfigError(
            [Fault("command line", "--url", "is no address of a daemon", allowed="http://127.0.0.1:8080")]
        )
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(host, port, timeout=within_s)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "it took too long" if isinstance(error, TimeoutError) else type(error).__name__


def _refusal(where: Where, answer: http.client.HTTPResponse) -> ListenerError:
    """
    A problem as the error that the daemon met; nothing of it is trusted to be there.
    """
    try:
        problem = json.loads(answer.read(65536))
        slug, detail = str(problem["type"]).rpartition(":")[2], str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return Refused(f"{where} answers with status {answer.status}: is this a listener?")
    match slug:
        case "configuration-refused":
            return ConfigError([_Told(str(fault)) for fault in problem.get("faults", ())])
        case "file-refused":
            return FileRefused(detail)
        case "statement-not-accepted":
            return NotAccepted(detail)
        case "queue-unavailable":
            return QueueUnavailable(detail)
        case "queue-full":
            return QueueFull(detail)
    if answer.status == http.HTTPStatus.UNAUTHORIZED:
        detail += " Give one with --token-file or LISTENER_TOKEN."
    return Refused(f"{where} refuses: {detail}")


class _Told(Fault):
    """
    A fault as the daemon worded it.
    """

    def __init__(self, text: str) -> None:
        super().__init__(file="", key="", problem=text)

    def __str__(self) -> str:
        return self.problem
