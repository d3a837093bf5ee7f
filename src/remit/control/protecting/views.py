"""What is answered about the protection of data: erasures, holds, receipts, root keys and sweeps, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from remit.control.protecting.retaining import Expired


@dataclass(frozen=True, slots=True)
class LeftFile:
    """A file that was made once and could not be cleaned from here."""

    path: str
    outcome: str
    """`elsewhere` or `failed`."""
    why: str


@dataclass(frozen=True, slots=True)
class Erasure:
    """A deletion that is done."""

    id: str
    keys: list[str]
    counts: dict[str, int] = field(default_factory=dict[str, int])
    """What went with the keys: runs, events in them, blobs, remembered items, reduced events."""
    left: list[LeftFile] = field(default_factory=list[LeftFile])
    receipt: str = ""
    """Signed; one line of JSON."""


@dataclass(frozen=True, slots=True)
class DeletionView:
    """A deletion as a list shows it."""

    id: str
    subject: str
    """Its keyed tag: whoever knows the name can tell whether it is this one."""
    by: str
    started_at: int
    done_at: int | None
    keys: int


@dataclass(frozen=True, slots=True)
class HoldView:
    """A hold that is open."""

    id: str
    subject: str
    """Its name; empty where that cannot be read."""
    reason: str
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """What a receipt says, once its signature holds."""

    receipt: dict[str, Any]
    digest: str
    public_key: str
    pinned: bool
    """Whether the public key was known beforehand; else it is the one that the receipt itself names."""


@dataclass(frozen=True, slots=True)
class RotationView:
    """How far the replacement of the root key came."""

    root: str
    begun: bool
    """Whether this very call made the new one."""
    rewrapped: int
    older: int


@dataclass(frozen=True, slots=True)
class MovedKeyView:
    """Where the root key is kept from now on."""

    before: str
    after: str
    moved: bool
    """Whether this very call put it there."""
    settings: list[str]
    """What has to stand in `remit.toml`."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did."""

    reduced: list[str]
    expired: list[Expired]
    finished: int
