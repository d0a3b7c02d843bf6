"""
The door in front of every operation: who may pass, what every answer carries, and what is written down about it.

Takes ASGI requests from `serve.py`, gives those that may pass to the routes of `app.py`. Every refusal and every
fault below ends here as a problem, so that nothing reaches a server's own error page or log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from listener.clock import Clock
from listener.errors import ConfigError, FileRefused, NotAccepted, QueueError, QueueFull
from listener.telemetry import Telemetry, place_of
from listener.tell.api.access import Access, Refused, refusal
from listener.tell.api.access import Scope as TokenScope
from listener.tell.api.operations import Operation
from listener.tell.api.problems import Refusal, answer

SECURITY_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""
On every answer. There are no CORS headers: no page of another origin may read anything here. A page has a policy of its own,
which allows its style by hash.
"""


class DoorKeeper:
    """
    ASGI middleware.

    Args:
        app: What lies behind.
        access: Rules of this door.
        operations: Every operation there is; what is not among them is refused.
        telemetry: Told of every answer, by route pattern and status.
        clock: For the duration.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: Access,
        operations: tuple[Operation, ...],
        telemetry: Telemetry,
        clock: Clock,
    ) -> None:
        self._app = app
        self._access = access
        self._telemetry = telemetry
        self._clock = clock
        self._by_path: dict[str, dict[str, Operation]] = {}
        for operation in operations:
            self._by_path.setdefault(operation.path, {})[operation.method] = operation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("only HTTP comes to this door")
        started = self._clock.monotonic()
        status = 0

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._pass(scope, receive, send_guarded)
        except ClientDisconnect:
            status = status or 499  # nginx's number for a client that left; never sent
        except Exception as error:  # noqa: BLE001 - whatever fails below, the answer is ours and tells nothing
            if status:
                self._report(_root(error))
            else:
                await answer(self._as_refusal(_root(error)))(scope, receive, send_guarded)
        finally:
            route = self._route(scope["path"])
            self._telemetry.api_answered(
                route=route or "unknown", status=status, seconds=self._clock.monotonic() - started
            )

    def _route(self, path: str) -> str:
        """
        The path as the table has it, its last part unnamed where it varies; empty where there is none.
        """
        above, _, last = path.rpartition("/")
        varied = f"{above}/{{token}}" if last else path
        return next((each for each in (path, varied) if each in self._by_path), "")

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        methods = self._by_path.get(self._route(scope["path"]), {})
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        operation = methods.get(method)
        refused = refusal(
            self._access,
            single(Headers(scope=scope)),
            scope=_needed(operation),
            changes=method != "GET",
        )
        if refused is not None:
            raise _refused(refused)
        if not methods:
            raise Refusal(404, "no-such-route", "GET /openapi.json lists what there is.")
        if operation is None:
            allow = ", ".join(sorted(methods))
            raise Refusal(405, "wrong-method", f"Allowed here: {allow}.", headers={"allow": allow})
        await self._app(scope, receive, send)

    def _as_refusal(self, error: Exception) -> Refusal:
        match error:
            case Refusal():
                return error
            case ConfigError():
                return Refusal(
                    409,
                    "configuration-refused",
                    "The running configuration goes on.",
                    faults=tuple(map(str, error.faults)),
                )
            case FileRefused():
                return Refusal(400, "file-refused", str(error))
            case NotAccepted():
                return Refusal(409, "statement-not-accepted", str(error))
            case QueueFull():
                return Refusal(507, "queue-full", str(error))
            case QueueError():
                return Refusal(503, "queue-unavailable", str(error), headers={"retry-after": "30"})
            case HTTPException():
                return Refusal(error.status_code, "fault", "See the status.")
        self._report(error)
        return Refusal(500, "fault", "This is our fault; the log says where, by type and place.")

    def _report(self, error: Exception) -> None:
        self._telemetry.daemon_fault(
            error=type(error).__name__, at=place_of(error), hint="one request failed; the daemon goes on"
        )


def _needed(operation: Operation | None) -> TokenScope | None:
    """
    What a header has to open; where nothing is, nobody is told so who may not read. A form is judged by what answers it.
    """
    if operation is None:
        return "read"
    return None if operation.form else operation.scope


def single(headers: Headers) -> Mapping[str, str]:
    """
    Each header once, the values of a repeated one joined, so that a second one cannot hide behind the first.
    """
    return {name: ", ".join(headers.getlist(name)) for name in headers}


def _refused(refused: Refused) -> Refusal:
    challenge = {"www-authenticate": 'Bearer realm="listener"'} if refused.status == 401 else None
    return Refusal(refused.status, refused.slug, refused.detail, headers=challenge)


def _root(error: Exception) -> Exception:
    """
    The one error inside a task group's.
    """
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
