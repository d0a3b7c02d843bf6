"""
Frames that come compressed, back to JSON. Used by `jetstream` where a dictionary is configured.

Jetstream compresses each message by itself, with a dictionary of its own (id 1612007021) without which a frame cannot be
read. A frame may claim any size: what is larger than a message may be is refused before it is unpacked.

Source: bluesky-social/jetstream, internal/subscribe/compress.go, read 2026-11-24.
"""

from __future__ import annotations

from typing import Final

import anyio
import zstandard

from listener.errors import SourceUnavailable

DICTIONARY_ID: Final = 1_612_007_021
_UNKNOWN: Final = -1


class Unzip:
    """
    Args:
        dictionary: The bytes of the dictionary.
        most_bytes: Of one message.

    Raises:
        SourceUnavailable: it is another dictionary, or none.
    """

    __slots__ = ("_decompress", "_most")

    def __init__(self, dictionary: bytes, *, most_bytes: int) -> None:
        try:
            read = zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_FULLDICT)
            self._decompress = zstandard.ZstdDecompressor(dict_data=read, max_window_size=2**27).decompress
        except (zstandard.ZstdError, ValueError, MemoryError):
            raise SourceUnavailable("zstd_dictionary: the file holds no dictionary") from None
        if read.dict_id() != DICTIONARY_ID:
            raise SourceUnavailable("zstd_dictionary: the file holds another dictionary than Jetstream's")
        self._most = most_bytes

    def __call__(self, frame: bytes) -> bytes | None:
        """
        The message; the frame itself where it is not compressed; None where it cannot be read or is too large.
        """
        if frame[:1] == b"{":
            return frame
        try:
            size = zstandard.frame_content_size(frame)
            if size > self._most:
                return None
            return self._decompress(frame, max_output_size=self._most if size == _UNKNOWN else 0)
        except (zstandard.ZstdError, MemoryError):
            return None


async def unzip_from(file: str, *, most_bytes: int) -> Unzip:
    """
    The dictionary of a file.

    Raises:
        SourceUnavailable: it cannot be read, or is none of Jetstream's.
    """
    try:
        held = await anyio.Path(file).read_bytes()
    except OSError as error:
        raise SourceUnavailable(f"zstd_dictionary: the file cannot be read ({error.strerror})") from None
    return Unzip(held, most_bytes=most_bytes)
