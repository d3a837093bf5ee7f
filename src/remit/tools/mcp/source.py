"""`[mcp.NAME]` of tools.toml as tools: connects, reads what the server offers, and makes a tool of each; one more
stands for its resources, and one for its prompts, where it has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import InvalidTool, SecretUnavailable
from remit.domain.errors import Retry
from remit.tools.mcp.binding import McpBinding
from remit.tools.mcp.channels import ChannelBinding, channel, kinds_of
from remit.tools.mcp.offers import manifest_of
from remit.tools.mcp.server import Server
from remit.tools.mcp.settings import read_settings
from remit.tools.tool import Tool
from remit.tools.unreachable import SourceUnreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    from remit.tools.mcp.offers import Offer
    from remit.tools.mcp.settings import McpSettings

Json = Any


async def open_mcp(
    name: str, table: dict[str, Json], workspace: Path, secret: Callable[[str], Awaitable[str]] | None = None
) -> list[Tool]:
    """The tools of a server. `secret` gives what the server wants to see before it says what it offers."""
    settings = read_settings(name, table)
    server = Server(settings, workspace)
    try:
        secrets = await _secrets(settings, secret)
        offers = await server.offers(secrets)
        tools = [_tool(server, offer) for offer in offers]
        async with server.connected(secrets) as held:
            tools += [channel(server, kind) for kind in await kinds_of(server, held)]
        _refuse_unknown_names(settings, {offer.name for offer in offers})
    except Retry as wrong:
        await server.close()
        raise SourceUnreachable(
            str(wrong), "Start the server, or take its section out of tools.toml."
        ) from None
    except BaseException:
        await server.close()
        raise
    return tools


def servers_of(tools: Iterable[Tool]) -> dict[str, Server]:
    """The servers behind tools, by the names that they have in the workspace."""
    found: dict[str, Server] = {}
    for tool in tools:
        if isinstance(tool.binding, (McpBinding, ChannelBinding)):
            found[tool.binding.server.settings.name] = tool.binding.server
    return found


def _tool(server: Server, offer: Offer) -> Tool:
    manifest = manifest_of(offer, server.settings)
    return Tool(manifest, McpBinding(server, offer, manifest), f"{server.settings.place} ({offer.name})")


async def _secrets(settings: McpSettings, secret: Callable[[str], Awaitable[str]] | None) -> dict[str, str]:
    if settings.secrets and secret is None:
        raise SecretUnavailable(
            f"{settings.where} needs {', '.join(settings.secrets)} to say what it offers, and nobody gives it here."
        )
    return {name: await secret(name) for name in settings.secrets} if secret is not None else {}


def _refuse_unknown_names(settings: McpSettings, offered: set[str]) -> None:
    """A word about a tool that is not there is a slip of the pen, and may have been meant to make one safer."""
    for key, names in (("effects", settings.effects), ("keyed", settings.keyed)):
        for name in names:
            if name not in offered:
                raise InvalidTool(
                    f"{settings.where} names {name} in {key}, and the server does not offer it.",
                    f"It offers {', '.join(sorted(offered)) or 'nothing'}.",
                )
