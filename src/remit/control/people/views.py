"""What is answered about people and keys: plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class PersonView:
    """A user or a service."""

    id: str
    kind: Literal["user", "service"]
    active: bool
    roles: list[str]
    created_at: int
    created_by: str
    keys: int
    """How many keys open something."""


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key without its secret."""

    id: str
    person: str
    roles: list[str]
    """What it is limited to; empty: all that its owner may do."""
    label: str
    state: Literal["living", "expired", "revoked"]
    created_at: int
    created_by: str
    expires_at: int | None
    scope: dict[str, Any] | None = None
    """What the key of an agent is limited to: agent, routes, tools, budget, pace."""


@dataclass(frozen=True, slots=True)
class NewKeyView:
    """A key as it is shown once."""

    id: str
    person: str
    roles: list[str]
    expires_at: int | None
    key: str
    scope: dict[str, Any] | None = None
