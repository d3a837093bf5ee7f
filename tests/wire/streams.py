"""A stream of any dialect, there and back: what tests of all of them do with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.wire.dialect import Dialect
    from remit.wire.messages import StreamEvent


def written(
    dialect: Dialect, events: list[StreamEvent], *, model: str = "", identity: str = "", at: int = 0,
    usage: bool = True,
) -> bytes:  # fmt: skip
    """The bytes that a client is sent."""
    encoder = dialect.stream_encoder(model=model, identity=identity, at=at, usage=usage)
    return b"".join(encoder.feed(event) for event in events)


def read(dialect: Dialect, *pieces: bytes) -> list[StreamEvent]:
    """What a provider's bytes say, wherever they are cut."""
    decoder = dialect.stream_decoder()
    return [event for piece in pieces for event in decoder.feed(piece)] + decoder.close()
