"""
One aiohttp session that says GET, and POST for the one exchange; and the bounded way to take a body in.

`listener.hear.reader` gives it addresses that the guard has passed; nobody else builds one. httpx's own pool is
quadratic in its connections, and the ready-made bridge keeps cookies and rewrites addresses; hence this one. It
speaks no types of httpx but its errors: making a Request and a Response for each poll would cost as much as the poll.

Invariants: what `listener.hear.guard.parse` made of an address is what is sent, byte for byte; no cookie is kept, no
proxy taken from the environment, no header added but `Host`, nothing sent twice, no redirect followed here; a foreign
error leaves as httpx's own and without an address in it.
"""

from __future__ import annotations

import socket
import ssl
import zlib
from collections.abc import Iterable, Mapping
from typing import Final, NoReturn

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from listener.errors import DocumentRefused, RequestRefused
from listener.hear.dialing import Dialer
from listener.hear.guard import AddressRefused, IPNetwork, socket_factory
from listener.hear.lookup import Lookup
from listener.hear.reads import Meter

KEEP_ALIVE_S: Final = 3.0
"""
Chosen: longer than the spacing between two pages of one reading, and no longer, because a kept TLS connection takes 0.3
MB (measured 2026-11-24, asyncio's buffers); a source asked minutes later connects anew.
"""

SLICE_BYTES: Final = 1_024
"""Fed to the decoder at a time, because it hands back a copy of what it has not come to yet."""

STEP_BYTES: Final = 65_536
"""
Taken from the decoder at a time. Without a bound a bomb of 0.2 MB grew to 251 MB before a cap of 1 MB was noticed.
"""

MEMBERS_MOST: Final = 64
"""Chosen: servers send one gzip member; a body of very many is made to cost time."""

_AUTOMATIC: Final = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")
_GZIP: Final = 16 + zlib.MAX_WBITS
_GZIP_MAGIC: Final = 0x1F

TRANSLATIONS: Final[tuple[tuple[type[Exception], type[httpx.TransportError]], ...]] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ServerTimeoutError, httpx.ReadTimeout),
    (aiohttp.ClientProxyConnectionError, httpx.ProxyError),
    (aiohttp.ClientHttpProxyError, httpx.ProxyError),
    (aiohttp.ClientConnectorError, httpx.ConnectError),  # TLS included
    (aiohttp.ServerFingerprintMismatch, httpx.ConnectError),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError),
    (aiohttp.ClientPayloadError, httpx.RemoteProtocolError),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (aiohttp.ClientConnectionResetError, httpx.ReadError),
    (aiohttp.ClientOSError, httpx.ReadError),
    (aiohttp.ClientConnectionError, httpx.ReadError),
    (aiohttp.UploadAbortedError, httpx.WriteError),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (aiohttp.NonHttpUrlClientError, httpx.UnsupportedProtocol),
    (aiohttp.RedirectClientError, httpx.RemoteProtocolError),
    (TimeoutError, httpx.ReadTimeout),
    (OSError, httpx.NetworkError),
    (UnicodeError, httpx.ConnectError),  # a host name that IDNA cannot encode, from the resolver
)
"""Most specific first. A test walks aiohttp's exceptions and fails on one without a line here."""

_FOREIGN: Final = (aiohttp.ClientError, OSError, UnicodeError)


def translated(error: Exception) -> httpx.TransportError:
    """
    The same failure as httpx tells it; the text is the foreign type's name, because its message may hold an address.
    """
    for foreign, ours in TRANSLATIONS:
        if isinstance(error, foreign):
            return ours(type(error).__name__)
    return httpx.TransportError(type(error).__name__)


def _raise_translated(error: Exception) -> NoReturn:
    """
    Raises:
        RequestRefused: the guard let no address of the host be connected to, or the host is a number in disguise.
        httpx.TransportError: anything else.
    """
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, AddressRefused):
        raise RequestRefused(str(error.os_error)) from None
    if isinstance(error, aiohttp.InvalidURL):
        raise RequestRefused("the host is neither a name nor a plain IP address") from None
    raise translated(error) from None


class _Names(AbstractResolver):
    """
    `Lookup` as the connector asks for it.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(hostname=host, host=address[0], port=port, family=kind, proto=proto, flags=flags)
            for kind, _, proto, _, address in await self._lookup.addresses(host, port, family)
            if kind == socket.AF_INET or not address[3]  # one with a zone is link-local: never read
        ]

    async def close(self) -> None:
        """
        Nothing: whoever made the lookup closes it.
        """


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """
    Client middleware that lets no connection error of aiohttp reach its session, which would send the request a
    second time, without a slot.
    """
    try:
        return await send(request)
    except _FOREIGN as error:
        _raise_translated(error)


class Transport:
    """
    GET and POST over one session of its own, and a dialer for what stays open. To be built inside the running loop; closed with `aclose`.

    Args:
        allow: Networks that may be connected to although they are not global.
        tls: How servers are verified; None: with the system's authorities.
        resolver: Instead of the system's.

    Raises:
        ValueError: `tls` does not verify.
    """

    def __init__(
        self,
        *,
        allow: Iterable[IPNetwork] = (),
        tls: ssl.SSLContext | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        if tls is not None and not (tls.check_hostname and tls.verify_mode is ssl.CERT_REQUIRED):
            raise ValueError(
                "servers are always verified: the TLS context must require certificates and names"
            )
        self._lookup = Lookup() if resolver is None else None
        names = resolver if self._lookup is None else _Names(self._lookup)
        assert names is not None
        self._tls = tls
        self.dialer = Dialer(allow, names)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,  # pace limits, per host and in all
                ssl=tls or True,
                resolver=names,
                socket_factory=socket_factory(allow),
                keepalive_timeout=KEEP_ALIVE_S,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_AUTOMATIC,
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=None
            ),  # the reader's deadline is the only clock
            middlewares=(_once,),
        )

    async def get(self, url: URL, headers: Mapping[str, str]) -> Answer:
        """
        The head of the answer; its body is raw (still encoded), and it must be released.

        Args:
            url: As `listener.hear.guard.parse` made it.
            headers: All that is said beside `Host`.

        Raises:
            httpx.TransportError: no head came.
            RequestRefused: the address guard refused every address of the host.
        """
        try:
            return Answer(await self._session.get(url, headers=headers, allow_redirects=False))
        except _FOREIGN as error:
            _raise_translated(error)

    async def post(self, url: URL, headers: Mapping[str, str], body: bytes) -> Answer:
        """
        The same for the one exchange.
        """
        try:
            sent = self._session.post(url, headers=headers, data=body, allow_redirects=False)
            return Answer(await sent)
        except _FOREIGN as error:
            _raise_translated(error)

    @property
    def tls(self) -> ssl.SSLContext:
        """
        How servers are verified on a line that was dialled.
        """
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    async def aclose(self) -> None:
        """
        Every connection is closed.
        """
        await self._session.close()
        if self._lookup is not None:
            self._lookup.close()


class Answer:
    """
    The head of an answer, and the way to its raw body.
    """

    __slots__ = ("_answer", "headers", "status")

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer
        self.status: int = answer.status
        self.headers: tuple[tuple[bytes, bytes], ...] = answer.raw_headers

    def said(self, name: bytes) -> str:
        """
        Every value of a header, joined; empty where it was not sent.

        Args:
            name: In lower case.
        """
        return ", ".join(value.decode("latin-1") for key, value in self.headers if key.lower() == name)

    async def piece(self) -> bytes:
        """
        The next piece of the raw body; empty at its end.

        Raises:
            httpx.TransportError: the wire broke.
        """
        try:
            return await self._answer.content.readany()
        except _FOREIGN as error:
            raise translated(error) from None

    def release(self) -> None:
        """
        Let go of it. Before the end of the body the connection is closed; after it, or where there is no body, it goes
        back to the pool. Does not wait: safe while being cancelled.
        """
        self._answer.release()


class Gunzip:
    """
    Undoes gzip within a bound, a small slice at a time.

    Args:
        most_bytes: Decoded bytes after which the document is refused.
        source: Name of the source, for messages.
    """

    __slots__ = ("_decoder", "_ended", "_members", "_most_bytes", "_pieces", "_size", "_source")

    def __init__(self, most_bytes: int, *, source: str) -> None:
        self._most_bytes = most_bytes
        self._source = source
        self._pieces: list[bytes] = []
        self._size = 0
        self._members = 1
        self._ended = False
        self._decoder = zlib.decompressobj(_GZIP)

    def feed(self, piece: bytes) -> None:
        """
        Take some of the wire.

        Raises:
            DocumentRefused: `too_large` or `bad_encoding`.
            httpx.DecodingError: not gzip.
        """
        for start in range(0, len(piece), SLICE_BYTES):
            self._slice(piece[start : start + SLICE_BYTES])

    def _slice(self, left: bytes) -> None:
        while left and not self._ended:
            if self._decoder.eof:
                self._next_member(left)
                continue
            try:
                decoded = self._decoder.decompress(left, STEP_BYTES)
            except zlib.error:
                raise httpx.DecodingError("zlib.error") from None
            self._size += len(decoded)
            if self._size > self._most_bytes:
                raise too_large(self._source, self._most_bytes)
            self._pieces.append(decoded)
            left = (
                self._decoder.unconsumed_tail or self._decoder.unused_data
            )  # the latter only at a member's end

    def _next_member(self, left: bytes) -> None:
        """
        Padding after the last member is ignored, as every decompressor does.
        """
        if left[0] != _GZIP_MAGIC:
            self._ended = True
            return
        self._members += 1
        if self._members > MEMBERS_MOST:
            raise DocumentRefused(
                f"{self._source}: the answer is compressed in very many parts", reason="bad_encoding"
            )
        self._decoder = zlib.decompressobj(_GZIP)

    def finish(self) -> bytes:
        """
        The whole document.

        Raises:
            httpx.DecodingError: the wire ended early.
        """
        if not self._decoder.eof:
            raise httpx.DecodingError("truncated")
        return b"".join(self._pieces)


def too_large(source: str, most_bytes: int) -> DocumentRefused:
    """
    What is said of a document over the cap.
    """
    return DocumentRefused(
        f"{source}: the answer is larger than {most_bytes} bytes; raise the limit if that is right",
        reason="too_large",
    )


async def body_within(
    answer: Answer, *, wire_bytes: int, body_bytes: int, source: str, meter: Meter | None = None
) -> bytes:
    """
    The decoded body of a raw answer.

    Args:
        answer: As `Transport` gave it.
        wire_bytes: Most that is taken off the wire.
        body_bytes: Most that it may decode to.
        source: Name of the source, for messages.
        meter: Told of what came off the wire.

    Raises:
        DocumentRefused: `too_large` (declared or actual) or `bad_encoding` (one that was not offered).
        httpx.DecodingError: said to be gzip and is not, or not wholly.
        httpx.TransportError: the wire broke.
    """
    encoding = answer.said(b"content-encoding").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise DocumentRefused(
            f"{source}: the answer is encoded in a way that was not offered", reason="bad_encoding"
        )
    most_bytes = wire_bytes if "gzip" in encoding else min(wire_bytes, body_bytes)
    declared = answer.said(b"content-length")
    if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > most_bytes):
        raise too_large(source, most_bytes)
    pieces: list[bytes] = []
    gunzip = Gunzip(body_bytes, source=source) if "gzip" in encoding else None
    read_bytes = 0
    while piece := await answer.piece():
        read_bytes += len(piece)
        if meter is not None:
            meter.bytes += len(piece)
        if read_bytes > most_bytes:
            raise too_large(source, most_bytes)
        if gunzip is None:
            pieces.append(piece)
        else:
            gunzip.feed(piece)
    if gunzip is None or read_bytes == 0:
        return b"".join(pieces)
    return gunzip.finish()
