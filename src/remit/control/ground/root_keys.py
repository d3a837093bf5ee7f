"""Which keeper a workspace has for its root key, and opening it: a file, a variable, Vault or AWS KMS.

Nothing is started without it, and nothing is made in its place once a database is in use.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol

from remit.domain.errors import InvalidInput, InvalidSetting, WrongKey
from remit.store.key_providers.environment import VARIABLE, KeyVariable
from remit.store.key_providers.file import KeyFile
from remit.store.key_providers.root import RootKey
from remit.store.key_providers.sealed import SealedKey

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from remit.domain.clock import Clock
    from remit.store.database import Database
    from remit.store.key_provider import RootKeeper
    from remit.store.key_providers.sealed import Sealer


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """Where a workspace wants its root key."""

    provider: str = ""
    file: str = ""
    key: str = ""
    address: str = ""
    endpoint: str = ""
    mount: str = ""
    namespace: str = ""
    region: str = ""


class _Settings(Protocol):
    @property
    def keys(self) -> Any: ...


def key_choice(settings: _Settings) -> KeyChoice:
    """What the section `keys` of the settings says."""
    return KeyChoice(**asdict(settings.keys))


def keeper_for(workspace: Path, chosen: KeyChoice, database: Database, clock: Clock) -> RootKeeper:
    """Where the settings say that the root key is; without a word, a variable if it is set, else a file."""
    kind = chosen.provider or ("environment" if os.environ.get(VARIABLE) else "file")
    match kind:
        case "file":
            return KeyFile(workspace / (chosen.file or ".remit/keys/root.key"))
        case "environment":
            return KeyVariable()
        case "vault" | "aws":
            return SealedKey(_sealer(kind, chosen), database, clock)
        case _:
            raise InvalidSetting(
                f'keys.provider is "{kind}", which keeps no root keys.',
                "It is one of file, environment, vault and aws; empty chooses between the first two.",
            )


def key_choice_of(provider: str, said: Mapping[str, str]) -> KeyChoice:
    """A place that somebody names in the words of the settings."""
    known = {spec.name for spec in fields(KeyChoice)} - {"provider"}
    unknown = sorted(set(said) - known)
    if unknown:
        raise InvalidInput(
            f'"{unknown[0]}" says nothing of where a root key is.',
            f"It is one of: {', '.join(sorted(known))}.",
        )
    return KeyChoice(provider, **said)


async def open_root_key(keeper: RootKeeper, *, create: bool) -> RootKey:
    """The root key of a database; a new database is given a new one, a database in use never."""
    found = await keeper.read()
    if found is None and create:
        await keeper.write(RootKey.fresh(), None)
        found = await keeper.read()  # ours, or that of another process that was faster
    if found is None:
        raise WrongKey(
            f"{keeper.place} is missing, and without it nothing in the log can be read.",
            f"Copy it back from where it is kept safe, or name it in {VARIABLE}; sealed ones come with the key backup."
            " If [keys] of remit.toml was changed: put back what it said, and move the key with remit key rotate --to.",
        )
    return found


def _sealer(kind: str, chosen: KeyChoice) -> Sealer:
    if not chosen.key or (kind == "vault" and not chosen.address):
        needs = "keys.key and keys.address" if kind == "vault" else "keys.key"
        raise InvalidSetting(
            f'keys.provider = "{kind}" needs {needs}.', "Name the key that seals the root key, in [keys]."
        )
    if kind == "vault":
        from remit.store.key_providers.vault_transit import TransitSealer

        return TransitSealer(
            chosen.address, chosen.key, os.environ, mount=chosen.mount, namespace=chosen.namespace
        )
    from remit.store.key_providers.aws_kms import KmsSealer

    return KmsSealer(chosen.key, region=chosen.region, endpoint=chosen.endpoint)
