"""Opening the sources of tools: some want to see a secret before they say what they offer, and only the gate has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.tools.sources import open_sources, refresh_source

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from remit.gate.secrets.vault import Vault
    from remit.tools.registry import Registry
    from remit.tools.sources import Unopened


async def open_tools(root: Path, registry: Registry, vault: Vault) -> list[Unopened]:
    """Everything that tools.toml names; gives the sources that do not answer."""
    return await open_sources(root, registry, vault.open_provider)


def reopening(root: Path, registry: Registry, vault: Vault) -> Callable[[str], Awaitable[None]]:
    """What opens one source again, as it is now."""

    async def again(source: str) -> None:
        await refresh_source(root, registry, source, vault.open_provider)

    return again
