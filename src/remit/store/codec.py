"""Events to bytes and back: JSON by msgspec, one decoder per kind, never pickle.

The kind in the envelope is the tag of the union. What no kind or reader claims is an error, never a guess.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from remit.domain.errors import StoreCorrupt, StoreNewer
from remit.domain.event import Event
from remit.domain.kinds import kind_named
from remit.store.readers import OLD_READERS

_ENCODER = msgspec.json.Encoder()

encode_event = _ENCODER.encode


def decode_event(kind: str, body: bytes) -> Event:
    """The event of this kind that `body` holds."""
    decoder = _decoder(kind)
    try:
        if decoder is not None:
            return decoder.decode(body)
        if kind in OLD_READERS:
            shape, upgrade = OLD_READERS[kind]
            return upgrade(msgspec.json.decode(body, type=shape))
    except msgspec.MsgspecError as wrong:
        raise StoreCorrupt(
            f"an event of kind {kind} cannot be read: {wrong}.", "Restore a backup: remit backup --help."
        ) from wrong
    raise StoreNewer(
        f'the log holds an event of kind "{kind}", which this Remit does not know.',
        "It was written by a newer version: upgrade this one.",
    )


@cache
def _decoder(kind: str) -> msgspec.json.Decoder[Any] | None:
    shape = kind_named(kind)
    return None if shape is None else msgspec.json.Decoder(shape)
