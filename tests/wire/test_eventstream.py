"""The framing of AWS: read as its own SDK reads it, wherever the bytes are cut, and never trusted."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import Any
from uuid import UUID
from zlib import crc32

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.action_errors import MalformedAnswer
from remit.wire.eventstream import LARGEST_MESSAGE, EventMessage, EventReader

TEXT = st.text(max_size=40)
VALUES = st.one_of(
    TEXT.map(lambda text: (7, struct.pack("!H", len(text.encode())) + text.encode())),
    st.binary(max_size=40).map(lambda data: (6, struct.pack("!H", len(data)) + data)),
    st.booleans().map(lambda value: (0 if value else 1, b"")),
    st.integers(-128, 127).map(lambda value: (2, struct.pack("!b", value))),
    st.integers(-(2**15), 2**15 - 1).map(lambda value: (3, struct.pack("!h", value))),
    st.integers(-(2**31), 2**31 - 1).map(lambda value: (4, struct.pack("!i", value))),
    st.integers(-(2**63), 2**63 - 1).map(lambda value: (5, struct.pack("!q", value))),
    st.integers(0, 2**40).map(lambda value: (8, struct.pack("!Q", value))),
    st.uuids().map(lambda value: (9, value.bytes)),
)
NAMES = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
MESSAGES = st.tuples(st.dictionaries(NAMES, VALUES, max_size=5), st.binary(max_size=300))


def packed(headers: dict[str, tuple[int, bytes]], payload: bytes) -> bytes:
    head = b"".join(
        bytes([len(name)]) + name.encode() + bytes([kind]) + value for name, (kind, value) in headers.items()
    )
    prelude = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack("!I", crc32(prelude)) + head + payload
    return message + struct.pack("!I", crc32(message))


@given(st.lists(MESSAGES, max_size=4), st.integers(1, 64))
def test_it_reads_what_the_sdk_of_aws_reads_however_it_is_cut(
    messages: list[tuple[dict[str, tuple[int, bytes]], bytes]], size: int
) -> None:
    data = b"".join(packed(headers, payload) for headers, payload in messages)
    theirs: Any = EventStreamBuffer()
    theirs.add_data(data)
    expected = [
        EventMessage(
            event.payload,
            {
                name: value
                for name, value in event.headers.items()
                if isinstance(value, str) and messages[at][0][name][0] == 7
            },
        )
        for at, event in enumerate(theirs)
    ]
    reader = EventReader()
    found = [message for at in range(0, len(data), size) for message in reader.feed(data[at : at + size])]
    assert found == expected
    assert reader.empty


@given(MESSAGES, st.data())
def test_one_flipped_bit_is_noticed(
    message: tuple[dict[str, tuple[int, bytes]], bytes], data: st.DataObject
) -> None:
    whole = bytearray(packed(*message))
    at = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[at // 8] ^= 1 << at % 8
    with pytest.raises(MalformedAnswer, match="damaged"):
        EventReader().feed(bytes(whole))


@given(st.binary(min_size=12, max_size=400))
def test_any_bytes_are_a_message_or_damage(data: bytes) -> None:
    reader = EventReader()
    with suppress(MalformedAnswer):
        assert sum(len(message.payload) + 16 for message in reader.feed(data)) <= len(data)


@pytest.mark.parametrize("total", [0, 15, LARGEST_MESSAGE + 1, 2**32 - 1])
def test_a_size_that_cannot_be_is_refused_before_it_is_collected(total: int) -> None:
    prelude = struct.pack("!II", total, 0)
    with pytest.raises(MalformedAnswer, match=f"{total} bytes"):
        EventReader().feed(prelude + struct.pack("!I", crc32(prelude)))


@pytest.mark.parametrize(
    "head", [b"\x05ab", b"\x01a\x63", b"\x01a\x07\x00\xff", b"\x01a\x07\x00\x01\xff", b"\x01a"]
)
def test_headers_that_cannot_be_read_are_damage(head: bytes) -> None:
    prelude = struct.pack("!II", 16 + len(head), len(head))
    message = prelude + struct.pack("!I", crc32(prelude)) + head
    with pytest.raises(MalformedAnswer, match="headers"):
        EventReader().feed(message + struct.pack("!I", crc32(message)))


def test_a_message_that_is_not_complete_waits() -> None:
    reader = EventReader()
    assert reader.feed(packed({"id": (9, UUID(int=7).bytes)}, b"x")[:-1]) == []
    assert not reader.empty
