"""Channels: which release a new run goes to. Sticky: the same key always comes to the same release while shares stay or
grow. Pure arithmetic over what stands in the tables.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.store.database import Row

_PARTS = 2**64


class Channel(StrEnum):
    """A way to a release."""

    STABLE = "stable"
    CANARY = "canary"
    SHADOW = "shadow"
    """Copies of runs go there, and nothing that they do has any effect."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Where a channel leads."""

    channel: Channel
    release: str
    previous: str
    percent: int
    salt: str
    since: int
    by: str


def leads_of(rows: Iterable[Row]) -> dict[Channel, Lead]:
    """The channels of a team as the table has them."""
    leads = (Lead(Channel(row[0]), *row[1:]) for row in rows)
    return {lead.channel: lead for lead in leads}


def place_of(salt: str, key: str) -> float:
    """Where a key lies between 0 and 1: evenly spread, and another place under another salt."""
    digest = hashlib.sha256(f"{salt}\0{key}".encode()).digest()
    return int.from_bytes(digest[:8]) / _PARTS


def chosen(leads: dict[Channel, Lead], key: str) -> Lead | None:
    """By which channel a new run with this key goes; None where nothing is released."""
    stable, canary = leads.get(Channel.STABLE), leads.get(Channel.CANARY)
    if canary is not None and place_of(canary.salt, key) * 100 < canary.percent:
        return canary
    return stable


def is_copied(leads: dict[Channel, Lead], key: str) -> Lead | None:
    """The shadow that also gets a copy of a run with this key, if any."""
    shadow = leads.get(Channel.SHADOW)
    return shadow if shadow is not None and place_of(shadow.salt, key) * 100 < shadow.percent else None
