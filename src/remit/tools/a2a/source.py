"""`[a2a.NAME]` of tools.toml as a tool: reads the card, and makes one tool of the agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.errors import Retry
from remit.tools.a2a.binding import RemoteBinding, read_card
from remit.tools.a2a.card import card_of, manifest_of
from remit.tools.a2a.line import Answered, Broken
from remit.tools.a2a.settings import read_settings
from remit.tools.tool import Tool
from remit.tools.unreachable import SourceUnreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Json = Any


async def open_a2a(
    name: str, table: dict[str, Json], secret: Callable[[str], Awaitable[str]] | None = None
) -> list[Tool]:
    """The tool of a remote agent."""
    settings = read_settings(name, table)
    headers: dict[str, str] = {}
    if settings.secret and secret is not None:
        headers[settings.header] = f"{settings.prefix}{await secret(settings.secret)}"
    try:
        card = card_of(await read_card(settings, headers), settings)
    except (Retry, Broken, Answered) as wrong:
        raise SourceUnreachable(
            f"{settings.where}: {wrong}.", "See that it runs, or take its section out of tools.toml."
        ) from None
    manifest = manifest_of(card, settings)
    return [Tool(manifest, RemoteBinding(settings, card, manifest), f"{settings.url} (a2a)")]
