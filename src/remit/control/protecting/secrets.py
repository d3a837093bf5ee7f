"""Which secrets there are, who names them, and whether they can be had; never what they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from remit.control.authority.duties import require
from remit.domain.action_errors import SecretUnavailable
from remit.domain.clock import SystemClock
from remit.domain.errors import InvalidInput
from remit.domain.protection_events import SecretSet
from remit.gate.secrets.redactor import SHORTEST
from remit.gate.secrets.secrets_file import FILE, MintedSecret, SecretsFile, StoredSecret, read_secrets
from remit.gate.secrets.vault import Vault
from remit.store.database import Commit
from remit.store.telling import told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from remit.control.ground.ground import Ground

PER_USER = "{user}"


@dataclass(frozen=True, slots=True)
class SecretView:
    """One secret, without its value."""

    name: str
    kind: str
    """Of its back end, or of the token that it is."""
    backend: str
    place: str
    """Its name there."""
    used_by: tuple[str, ...] = ()
    state: Literal["", "there", "missing", "per user"] = ""
    """Whether it can be had; empty if nobody tried."""
    why: str = ""


async def secrets(
    workspace: Path, environment: str, used_by: Mapping[str, Sequence[str]], *, resolve: bool = False
) -> list[SecretView]:
    """Every secret that is described or named by somebody; with `resolve`, each back end is asked for each."""
    file = read_secrets(workspace, environment)
    inside = file.names()
    names = sorted({*file.secrets, *used_by, *inside})
    found = [_view(name, file, (*used_by.get(name, ()), *inside.get(name, ()))) for name in names]
    if not resolve:
        return found
    vault = Vault(file, workspace, SystemClock())
    try:
        return [await _tried(vault, each) for each in found]
    finally:
        await vault.close()


async def set_secret(ground: Ground, name: str, value: str) -> SecretView:
    """Keep a value under the name of a secret whose back end is a folder; the log says who did it, and not what."""
    await require(ground, "admin", "keys", f"set the secret {name}")
    file = read_secrets(ground.workspace, ground.environment)
    secret = file.secrets.get(name)
    if not isinstance(secret, StoredSecret) or file.backends[secret.backend].kind != "file":
        raise InvalidInput(
            f'"{name}" is no secret of {FILE} that a folder keeps, and only those can be set here.',
            f'Describe it: [secrets.{name}] with backend = the name of a [backends.…] of kind "file". What Vault or a'
            " cloud keeps is set there.",
        )
    if len(value) < SHORTEST:
        raise InvalidInput(
            f"the value has fewer than {SHORTEST} characters, and could not be kept out of sight.",
            "Give a longer one.",
        )
    vault = Vault(file, ground.workspace, ground.clock)
    await vault.put(secret, value)
    await vault.close()
    event = SecretSet(name, secret.backend, ground.principal.id)
    await ground.database.submit(Commit(shared=[await told(ground.keys, event, ground.clock.now())]))
    return _view(name, file, ())


def _view(name: str, file: SecretsFile, used_by: tuple[str, ...]) -> SecretView:
    secret = file.secrets.get(name) or StoredSecret(name, "env", name)
    if isinstance(secret, MintedSecret):
        return SecretView(name, secret.kind, "", secret.options["token_url"], used_by)
    return SecretView(name, file.backends[secret.backend].kind, secret.backend, secret.at, used_by)


async def _tried(vault: Vault, view: SecretView) -> SecretView:
    said = (view.name, view.kind, view.backend, view.place, view.used_by)
    if PER_USER in view.place:
        return SecretView(*said, "per user", "which value it is, a run's user decides")
    try:
        await vault.probe(view.name)
    except SecretUnavailable as wrong:
        return SecretView(*said, "missing", vault.redact(wrong.message))
    return SecretView(*said, "there")
