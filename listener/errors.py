"""
Every error this service raises, and the exit code each one ends a command with.

    ListenerError                 1
    ├─ ConfigError                2   the operator must edit something; carries every fault at once
    ├─ NotAccepted                3   the privacy statement grew and nobody signed for it
    ├─ QueueError                 4   we cannot keep our promise
    │  ├─ QueueUnavailable            cannot be opened, verified or trusted: the process stops
    │  ├─ QueueFull                   no room: intake pauses, the rest goes on
    │  └─ LeaseLost                   somebody else owns the source now: the page is dropped, unread
    ├─ CannotListen               5   port or socket in use, or not ours to open
    ├─ NoDaemon                   6   a command needs the daemon and none answers
    ├─ UnknownSource              1   a command names a source that is not configured
    ├─ SourceError                    one source; never reaches another
    │  ├─ SourceUnavailable           try again with back-off
    │  ├─ RateLimited                 carries wait_s; honoured, not counted as a failure
    │  │  └─ BudgetSpent              what a request may cost is not there; also raised by adapters whose network says so
    │  ├─ AccessDenied                do not hammer; park the source, tell the operator
    │  ├─ RequestRefused              our own guard said no: the address is outside what was declared
    │  └─ DocumentRefused             the answer cannot be read; carries a reason from a closed set
    ├─ PageHeld                       a page waits, because consent in it cannot be read now; no failure of anybody
    ├─ SealBroken                     a sealed value that no living key opens
    └─ FileRefused                1   a file is no export or report of ours, or was altered since

Messages say what failed, on what, and what to do next. They never hold a payload, a token, a handle, or the
query of an address, because they end up in logs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class ListenerError(Exception):
    """
    The root. Raised by nobody as such; caught by the CLI, which prints the message and exits with `exit_code`.
    """

    exit_code: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One thing wrong with a configuration, told so that it can be mended without reading the code.

    Args:
        file: The file (or `environment`) it stands in, as the operator named it.
        key: Dotted path of the key, list items by number: `source[2].address`.
        found: What stands there, already safe to print (a secret is shown as `(secret)`); None where it is missing.
        problem: What is wrong, as a sentence without a full stop.
        allowed: What would be accepted; None where `problem` says it all.
        nearest: The spelling that was probably meant; None where nothing is near.
    """

    file: str
    key: str
    problem: str
    found: str | None = None
    allowed: str | None = None
    nearest: str | None = None

    def __str__(self) -> str:
        parts = [f"{self.file}: {self.key}: {self.problem}"]
        if self.found is not None:
            parts.append(f"found {self.found}")
        if self.allowed is not None:
            parts.append(f"allowed: {self.allowed}")
        if self.nearest is not None:
            parts.append(f"did you mean {self.nearest}?")
        return "; ".join(parts)


class ConfigError(ListenerError):
    """
    The operator must edit something. Raised by settings; caught by the CLI (exit 2) and by reload (which keeps
    the running configuration).
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class NotAccepted(ListenerError):
    """
    The configuration collects more, keeps longer or sends elsewhere than the accepted privacy statement.
    Raised by settings.lock; caught by the CLI (exit 3) and by reload (which keeps the running configuration).
    """

    exit_code: ClassVar[int] = 3


class QueueError(ListenerError):
    """
    The queue cannot keep its promise. Subclasses say whether that ends the process.
    """

    exit_code: ClassVar[int] = 4


class QueueUnavailable(QueueError):
    """
    Cannot be opened, verified or trusted (unreadable, locked, newer schema, foreign secret, corrupt).
    Raised by engines; caught by app, which stops the process, and by the CLI (exit 4).
    """


class QueueFull(QueueError):
    """
    No room for another commit. Raised by engines; caught by intake, which pauses until a commit succeeds again.
    """


class LeaseLost(QueueError):
    """
    The lease named in a commit is no longer ours. Raised by engines from inside the commit, of which nothing
    was kept; caught by intake, which forgets the page and the source until it holds the lease again.
    """


class CannotListen(ListenerError):
    """
    A port or socket is in use or forbidden. Raised by app at start; caught by the CLI (exit 5).
    """

    exit_code: ClassVar[int] = 5


class NoDaemon(ListenerError):
    """
    A command needs the running daemon and none answers on the control socket. Caught by the CLI (exit 6).
    """

    exit_code: ClassVar[int] = 6


class UnknownSource(ListenerError):
    """
    A command names a source that the configuration in force does not have. Raised by intake, caught by whoever
    asked.
    """


class SourceError(ListenerError):
    """
    Something about one source. Raised by the reader and by adapters; caught by intake, which schedules the
    source again and leaves every other source alone.
    """


class SourceUnavailable(SourceError):
    """
    No usable answer: connection, TLS, deadline, 5xx. Tried again with back-off.

    Args:
        message: What failed on what.
        status: Of the answer, where there was one.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


class RateLimited(SourceError):
    """
    The server asked for a pause.

    Args:
        message: What was asked of whom.
        wait_s: Seconds from now; None where the server named none.
    """

    def __init__(self, message: str, *, wait_s: float | None) -> None:
        self.wait_s = wait_s
        super().__init__(message)


class BudgetSpent(RateLimited):
    """
    What a credential may spend does not cover the request. Raised by the reader before a byte leaves, and by adapters
    whose network says that a quota, a cap or a credit is used up; caught by adapters that have a cheaper question, else
    by intake like any pause.

    Args:
        message: What is spent, of which source.
        budget: Its name, as the adapter declares it.
        wait_s: Seconds until enough is there again; None until its window turns.
        code: Why the network says so, where somebody has to do something: a word that `AdapterSpec.meanings` explains.
    """

    def __init__(self, message: str, *, budget: str, wait_s: float | None, code: str | None = None) -> None:
        self.budget, self.code = budget, code
        super().__init__(message, wait_s=wait_s)


class AccessDenied(SourceError):
    """
    401 or 403, or a credential that was refused. Not hammered: asked again once a day.

    Args:
        message: What was refused by whom.
        code: From the adapter's closed set, where it knows what an operator could do; see `AdapterSpec.meanings`.
    """

    def __init__(self, message: str, *, code: str | None = None) -> None:
        self.code = code
        super().__init__(message)


class RequestRefused(SourceError):
    """
    Our own guard refused to send or to follow: method, host, path, scheme, private address, downgrade.
    Raised by the reader before a byte leaves.
    """


class DocumentRefused(SourceError):
    """
    An answer that cannot be read as what the source should be.

    Args:
        reason: From the adapter's closed set, such as `not_a_feed`, `not_well_formed`, `too_large`.
        message: What failed and what to do; never a piece of the document.
    """

    def __init__(self, message: str, *, reason: str) -> None:
        self.reason = reason
        super().__init__(message)


class PageHeld(ListenerError):
    """
    A page waits, because whether somebody in it wants to be read cannot be looked up now. Raised by keeping, through the
    `send` of a stream also into its adapter, which lets it pass; caught by intake, which reads again from the cursor
    before that page. Counts as no failure of the source.
    """


class SealBroken(ListenerError):
    """
    A sealed value that no living key opens: its day's key was destroyed, or it was altered.
    Raised by keys; caught by whoever asked, who treats the value as gone.
    """


class FileRefused(ListenerError):
    """
    A file that was handed to a command is no export or report of this version, or not as it was written. Raised by
    listener.export and listener.audit; caught by the door of the API, which tells it, and by the CLI (exit 1).
    """
