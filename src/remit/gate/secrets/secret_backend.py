"""Where secrets are kept: the contract that every back end implements.

Only the vault asks a back end. It gives the value as it stands now; it caches nothing, checks no right, and names a
secret in its errors, never a value.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from remit.domain.action_errors import SecretUnavailable


class SecretBackend(Protocol):
    """One place."""

    async def read(self, name: str) -> str:
        """The value under this name, or `SecretUnavailable` with what to do."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """A back end as `secrets.toml` describes it."""

    name: str
    kind: str
    options: dict[str, str] = field(default_factory=dict[str, str])


def split_field(name: str) -> tuple[str, str]:
    """`path/of/secret#field` as its two parts."""
    path, _, inner = name.partition("#")
    return path, inner


def field_of(text: str, inner: str, what: str) -> str:
    """One field of a secret that is a JSON object; the whole text if no field is meant."""
    if not inner:
        return text
    try:
        value: object = json.loads(text)
    except ValueError:
        value = None
    found = cast("dict[str, Any]", value).get(inner) if isinstance(value, dict) else None
    if not isinstance(found, str | int):
        raise SecretUnavailable(
            f'{what} has no field "{inner}".', "See what stands after the # in secrets.toml."
        )
    return str(found)


def missing_extra(extra: str, what: str) -> SecretUnavailable:
    """The library of a back end is not installed."""
    return SecretUnavailable(
        f"{what} needs a library that is not installed.", f'Install it: pip install "remit[{extra}]".'
    )
