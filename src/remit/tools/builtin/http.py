"""`http_fetch`: reads a page or an API of a host on the list. It changes nothing, and gives a stranger's text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remit.domain.effects import Backoff, Effect
from remit.domain.tools import ArgumentRole, Performed, ResultLabel, ToolManifest
from remit.tools.builtin.fetching import FetchLimits, fetch
from remit.tools.egress import Egress, read_rule
from remit.tools.reading import ReadOnly
from remit.tools.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from yarl import URL

    from remit.tools.binding import ToolContext

Json = Any

_GRACE = 5.0


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """`[builtin.http]` of tools.toml."""

    allow: tuple[str, ...] = ()
    """Hosts that may be reached."""
    private: tuple[str, ...] = ()
    """Hosts that may be reached although they are not on the open internet."""
    credentials: dict[str, str] = field(default_factory=dict[str, str])
    """For a host, the name of the secret that is sent to it as a bearer token."""
    largest: int = 1024 * 1024
    seconds: float = 20.0


class HttpBinding(ReadOnly):
    """Implements `Binding` for `http_fetch`."""

    def __init__(
        self, options: HttpOptions, lookup: Callable[[str, int], Awaitable[Sequence[str]]] | None = None
    ) -> None:
        self._egress = Egress(options.allow, options.private, lookup)
        self._credentials = [(read_rule(host), secret) for host, secret in options.credentials.items()]
        self._limits = FetchLimits(options.largest, options.seconds)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts on the list."""
        return self._egress.hosts

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Fetch."""

        async def credential(url: URL) -> str | None:
            return await self.credential(url, context)

        return Performed(await fetch(arguments["url"], self._egress, self._limits, credential))

    async def credential(self, url: URL, context: ToolContext) -> str | None:
        """The token for a host; never over a line that others can read."""
        if context.secret is None or not (url.scheme == "https" or self._egress.may_be_inside(url)):
            return None
        for rule, name in self._credentials:
            if rule.covers(url):
                return await context.secret(name)
        return None


def http_tools(
    options: HttpOptions, lookup: Callable[[str, int], Awaitable[Sequence[str]]] | None = None
) -> list[Tool]:
    """The tool."""
    binding = HttpBinding(options, lookup)
    manifest = ToolManifest(
        name="http_fetch",
        description=(
            "Reads what stands at a web address, by GET. "
            f"Hosts that can be reached: {', '.join(binding.hosts) or 'none'}. "
            "Gives status, content type and text (or base64 of what is no text)."
        ),
        parameters={
            "type": "object",
            "properties": {"url": {"type": "string", "description": "The whole address, http or https."}},
            "required": ["url"],
            "additionalProperties": False,
        },
        effect=Effect.READ, roles={"url": ArgumentRole.URL}, label=ResultLabel(source="web"),
        timeout=options.seconds + _GRACE, retry=Backoff(attempts=2),
        secrets=tuple(dict.fromkeys(options.credentials.values())), source="builtin",
    )  # fmt: skip
    return [Tool(manifest, binding, "tools.toml [builtin.http]")]
