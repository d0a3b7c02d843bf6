"""
Compressed frames, with a dictionary made for the test that bears Jetstream's number.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import zstandard

from adapters.bluesky.sieve import Said, Sieve
from adapters.bluesky.zstd import DICTIONARY_ID, Unzip, unzip_from
from listener.errors import SourceUnavailable
from listener.events import Rejected
from listener.testing.canned import EverythingInteresting
from tests.adapters.bluesky.frames import commit, uri

MOST = 100_000


def dictionary(dict_id: int = DICTIONARY_ID) -> bytes:
    samples: list[bytes | bytearray | memoryview] = [
        commit(number, at_s=number * 7.3) for number in range(400)
    ]
    return zstandard.train_dictionary(4096, samples, dict_id=dict_id).as_bytes()


DICTIONARY = dictionary()


def packed(frame: bytes, *, sized: bool = True) -> bytes:
    held = zstandard.ZstdCompressionDict(DICTIONARY)
    return zstandard.ZstdCompressor(dict_data=held, write_content_size=sized).compress(frame)


@pytest.mark.parametrize("sized", [True, False])
def test_frames_are_unpacked_with_the_dictionary(sized: bool) -> None:
    """A binary frame becomes the JSON it was, whether it states its size or not; one that is JSON already stays."""
    unzip = Unzip(DICTIONARY, most_bytes=MOST)
    sifted = Sieve(EverythingInteresting(), own=frozenset(), unzip=unzip).sift(
        [packed(commit(1), sized=sized), commit(2)]
    )

    assert [event.post.native for event in sifted.events if isinstance(event, Said)] == [uri(1), uri(2)]


@pytest.mark.parametrize(
    "frame",
    [
        b"", b"\x28\xb5\x2f\xfd", b"nonsense", packed(commit(1))[:-5],
        zstandard.ZstdCompressor(dict_data=zstandard.ZstdCompressionDict(dictionary(7))).compress(commit(1)),
        packed(b"{" + b" " * MOST), packed(b"{" + b" " * MOST, sized=False),
    ],
)  # fmt: skip
def test_a_frame_that_cannot_be_unpacked_is_rejected(frame: bytes) -> None:
    """Cut, of another dictionary, or a bomb: it is counted, and the next is read."""
    sieve = Sieve(EverythingInteresting(), own=frozenset(), unzip=Unzip(DICTIONARY, most_bytes=MOST))
    events = sieve.sift([frame, packed(commit(2))]).events

    assert events[0] == Rejected("unreadable_item")
    assert isinstance(events[1], Said)


@pytest.mark.parametrize("held", [b"", b"nonsense", dictionary(7), b"\x37\xa4\x30\xec" + b"\0" * 9])
def test_only_jetstreams_dictionary_is_taken(held: bytes) -> None:
    """Another one would read no frame at all, and the source would be deaf without a word."""
    with pytest.raises(SourceUnavailable, match="zstd_dictionary"):
        Unzip(held, most_bytes=MOST)


@pytest.mark.anyio
async def test_the_dictionary_is_read_from_its_file(tmp_path: Path) -> None:
    """A file that is not there is told by its key, not by its path."""
    file = tmp_path / "jetstream.zdict"
    with pytest.raises(SourceUnavailable, match="zstd_dictionary: the file cannot be read") as caught:
        await unzip_from(str(file), most_bytes=MOST)
    file.write_bytes(DICTIONARY)

    assert str(tmp_path) not in str(caught.value)
    assert (await unzip_from(str(file), most_bytes=MOST))(packed(commit(1))) == commit(1)
