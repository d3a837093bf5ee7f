"""Frames survive any cut: between the bytes of a character, of a line end, of a mark; large ones in linear time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.action_errors import MalformedAnswer
from remit.wire.sse import Frame, FrameReader, comment, frame
from tests.wire.strategies import chunks, texts

LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def read(*pieces: bytes) -> list[Frame]:
    reader = FrameReader()
    found = [one for piece in pieces for one in reader.feed(piece)]
    return found + reader.close()


def one_line(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(st.lists(st.tuples(texts(0), st.from_regex("[a-z_.]{0,12}", fullmatch=True)), max_size=5), st.data())
def test_what_is_written_is_read_wherever_it_is_cut(
    frames: list[tuple[str, str]], data: st.DataObject
) -> None:
    written = b"".join(
        frame(text, event) + data.draw(st.sampled_from([b"", comment("ping")])) for text, event in frames
    )
    found = [one for one in read(*data.draw(st.composite(chunks)(written))) if not one.comment]
    assert found == [Frame(one_line(text), event) for text, event in frames]


@given(st.lists(texts(1, 10), min_size=1, max_size=4), LINE_ENDS, st.data())
def test_every_line_end_means_the_same(words: list[str], end: str, data: st.DataObject) -> None:
    lines = [line for word in words for line in one_line(word).split("\n")]
    written = "".join([*(f"data: {line}{end}" for line in lines), "event: said", end, end]).encode()
    assert read(*data.draw(st.composite(chunks)(written))) == [Frame("\n".join(lines), "said")]


def test_every_single_byte_may_come_alone() -> None:
    written = (
        b"\xef\xbb\xbf: hello\r\n\r\n" + "id: 7\r\ndata: Zürich 🏔\r\ndata: 東京\r\n\r\ndata:x\r\r".encode()
    )
    whole = [Frame(comment="hello"), Frame("Zürich 🏔\n東京", id="7"), Frame("x")]
    assert read(written) == whole
    assert read(*(bytes([byte]) for byte in written)) == whole


def test_a_return_at_the_end_of_a_chunk_ends_the_line_at_once() -> None:
    reader = FrameReader()
    assert reader.feed(b"data: x\r\r") == [Frame("x")]
    assert reader.feed(b"\ndata: y\n\n") == [Frame("y")]


def test_fields_nobody_knows_and_values_that_make_no_sense_are_ignored() -> None:
    odd = b"retry: soon\nretry: 99999999999999999999\nid: a\0b\nnonsense\ncolour: red\ndata: x\n\n"
    assert read(odd) == [Frame("x")]
    assert read(b"retry: 250\n\n") == [Frame(retry=250)]


def test_one_space_belongs_to_the_field_the_next_to_the_text() -> None:
    assert read(b"data:  x\n\n", b"data:y\n\n") == [Frame(" x"), Frame("y")]


def test_bytes_that_are_no_text_do_not_stop_the_stream() -> None:
    assert read(b"data: a\xff\xfeb\n\ndata: c\n\n") == [Frame("a\ufffd\ufffdb"), Frame("c")]


def test_the_rest_is_given_at_the_end() -> None:
    assert read(b"data: [DONE]") == [Frame("[DONE]")]
    assert read(b"data: [DONE]\n") == [Frame("[DONE]")]
    assert read(b"", b"\n\n\r\n") == []


def test_a_frame_of_a_megabyte_costs_what_its_bytes_cost() -> None:
    text = "a" * 1_000_000
    written = frame(text)
    began = time.thread_time()
    assert read(*(written[at : at + 16] for at in range(0, len(written), 16))) == [Frame(text)]
    assert read(*(b"data: b\n" for _ in range(100_000)), b"\n")[0].data.count("b") == 100_000
    assert time.thread_time() - began < 5, "reading grows faster than the frame does"


def test_a_hundred_thousand_frames_leave_nothing_behind() -> None:
    reader = FrameReader(largest=1000)
    piece = frame("x" * 10) * 1000
    assert sum(len(reader.feed(piece)) for _ in range(100)) == 100_000
    assert reader.close() == []


@pytest.mark.parametrize("piece", [b"data: aaaaaaaa", b"data: aaaaaaaa\n", b": aaaaaaa\n"])
def test_a_frame_that_never_ends_is_given_up(piece: bytes) -> None:
    reader = FrameReader(largest=10_000)
    for _ in range(600):
        reader.feed(piece)
    with pytest.raises(MalformedAnswer, match="without ending a frame"):
        reader.feed(piece * 1000)


def test_a_name_cannot_smuggle_a_field_in() -> None:
    assert read(frame("x", "a\ndata: y", "b\r\nevent: z")) == [Frame("x", "a data: y", "b event: z")]
    assert read(comment("a\n\ndata: y")) == [Frame(comment="a\n\ndata: y")]
