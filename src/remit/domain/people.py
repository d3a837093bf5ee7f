"""People and their keys: who may act, in which roles, by which key, and for how long. Nouns only: where they are kept,
and what a role allows, is not known here.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from remit.domain.fronting import KeyScope

ADMIN, OPERATOR, DEVELOPER, REVIEWER, AUDITOR = ROLES = (
    "admin",
    "operator",
    "developer",
    "reviewer",
    "auditor",
)
"""The roles that rules of a new workspace know; any other word is a group of one's own."""
RESERVED = frozenset({"owner", "policy", "boot", "nobody", "system"})
"""Names under which Remit itself acts."""
KEY_PREFIX = "rk_"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_KEY = re.compile(r"rk_(?P<id>[0-9a-z]{10})_(?P<secret>[A-Za-z0-9_-]{43})")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, or a service, that may act for a team."""

    id: str
    team: str
    kind: Literal["user", "service"]
    active: bool
    roles: tuple[str, ...]
    """Roles and groups, sorted."""
    created_at: int
    created_by: str

    @property
    def groups(self) -> frozenset[str]:
        """The groups whose questions are this person's."""
        return groups_of(self.roles)


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key, without its secret."""

    id: str
    team: str
    person: str
    roles: tuple[str, ...]
    """The roles that it is limited to; none: all that its owner has."""
    label: str
    created_at: int
    created_by: str
    expires_at: int | None
    revoked_at: int | None
    revoked_by: str
    scope: KeyScope | None = None
    """What it is limited to where it is the key of an agent, which opens the front doors and nothing else."""

    def lives(self, now: int) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def narrows(self, roles: tuple[str, ...]) -> frozenset[str]:
        """Of these roles, those that count when this key is shown."""
        return frozenset(roles) & frozenset(self.roles) if self.roles else frozenset(roles)


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key as it is shown once: `rk_ID_SECRET`."""

    id: str
    secret: str

    @property
    def text(self) -> str:
        """What its owner keeps."""
        return f"{KEY_PREFIX}{self.id}_{self.secret}"

    @property
    def tagged(self) -> str:
        """What is hashed, under the root key of the workspace."""
        return f"access-key|{self.id}|{self.secret}"


def new_key() -> KeyText:
    """A key that nobody can guess."""
    return KeyText("".join(secrets.choice(_ALPHABET) for _ in range(10)), secrets.token_urlsafe(32))


def read_key(text: str) -> KeyText | None:
    """A key as it was typed; None if it is none."""
    match = _KEY.fullmatch(text.strip())
    return KeyText(match["id"], match["secret"]) if match else None


def same_digest(one: str, other: str) -> bool:
    """Whether two digests are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def is_person_name(name: str) -> bool:
    """Whether somebody can be called so."""
    return _NAME.fullmatch(name) is not None and name not in RESERVED


def is_group_name(name: str) -> bool:
    """Whether a role or a group can be called so."""
    return _GROUP.fullmatch(name) is not None


def groups_of(roles: frozenset[str] | tuple[str, ...]) -> frozenset[str]:
    """The groups that roles stand for: each its own, and `operators` for `operator`, as questions name them."""
    return frozenset(roles) | {f"{role}s" for role in roles if role in ROLES}
