"""`[mcp.NAME]` of tools.toml: which server, what it is given, and how much of what it says is believed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from remit.domain.action_errors import InvalidTool
from remit.domain.effects import Effect
from remit.tools.mcp.naming import tool_name
from remit.tools.tables import FILE, read_table

Json = Any

_SECRET = "secret:"  # noqa: S105 - how a secret is referred to, not one
_MODES = ("auto", "legacy", "2026-07-28")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass(frozen=True)
class McpSettings:
    """One server of a workspace."""

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    cwd: str = ""
    env: dict[str, str] = field(default_factory=dict[str, str])
    """What its process is given; `secret:NAME` stands for a secret."""
    inherit: tuple[str, ...] = ()
    """Variables of Remit's own environment that it may have too; PATH it always has."""
    secret: str = ""
    header: str = "Authorization"
    """The header that carries the secret."""
    prefix: str = "Bearer "
    """What stands before it there."""
    mode: str = "auto"
    name_prefix: str = ""
    only: tuple[str, ...] = ()
    """Names as the server gives them, `*` allowed; empty: all."""
    skip: tuple[str, ...] = ()
    effects: dict[str, str] = field(default_factory=dict[str, str])
    trust_annotations: bool = False
    keyed: tuple[str, ...] = ()
    """Tools that honour the idempotency key."""
    timeout: float = 60.0
    look_again: float = 60.0
    """Seconds after which its definitions are read anew before a call."""
    owner: str = ""
    pass_on: tuple[str, ...] = ()
    """`resources`, `prompts`: kept ready even while the server has none; else, what it has when it is opened."""

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return self.url or self.command[0]

    @property
    def sign_in(self) -> str:
        """How we show who we are."""
        return "secret" if self.secret or self.secrets else "none"

    def channel(self, kind: str) -> str:
        """What the tool is called by which its resources or its prompts are reached."""
        return tool_name(f"{self.name}_", kind)

    @property
    def where(self) -> str:
        """How it is called in sentences."""
        return f"[mcp.{self.name}]"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets that it is given."""
        named = [value.removeprefix(_SECRET) for value in self.env.values() if value.startswith(_SECRET)]
        return tuple(dict.fromkeys([*([self.secret] if self.secret else []), *named]))

    def environment(self, values: dict[str, str]) -> dict[str, str]:
        """What its process is given, with the secrets in place."""
        return {
            name: values[value.removeprefix(_SECRET)] if value.startswith(_SECRET) else value
            for name, value in self.env.items()
        }


def read_settings(name: str, table: dict[str, Json]) -> McpSettings:
    """Read a section; every key is known and fits, or is refused with a sentence."""
    settings = read_table(McpSettings, {"name_prefix": f"{name}_", **table}, f"[mcp.{name}]", name=name)
    _check_whole(f"{FILE}: {settings.where}", settings)
    return settings


def _check_whole(where: str, settings: McpSettings) -> None:
    if bool(settings.command) == bool(settings.url):
        raise InvalidTool(
            f"{where} needs either a command to start, or the url of a server that runs.",
            'Write command = ["npx", "server"], or url = "https://…/mcp".',
        )
    if settings.url:
        _check_url(where, settings)
    elif settings.secret:
        raise InvalidTool(
            f"{where} has a secret for a header, and a command has no headers.",
            f'Give it to the process: env = {{ TOKEN = "{_SECRET}{settings.secret}" }}.',
        )
    if settings.mode not in _MODES:
        raise InvalidTool(f'{where} has the mode "{settings.mode}".', f"It is one of {', '.join(_MODES)}.")
    for kind in settings.pass_on:
        if kind not in {"resources", "prompts"}:
            raise InvalidTool(f'{where} passes on "{kind}".', "There are resources and prompts.")
    for tool, effect in settings.effects.items():
        if effect not in {choice.value for choice in Effect}:
            choices = ", ".join(choice.value for choice in Effect)
            raise InvalidTool(f'{where} gives {tool} the effect "{effect}".', f"It is one of {choices}.")


def _check_url(where: str, settings: McpSettings) -> None:
    parts = urlsplit(settings.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise InvalidTool(
            f'{where} has the url "{settings.url}".',
            "Write an address with http or https, without user or password.",
        )
    if settings.env or settings.inherit or settings.cwd:
        raise InvalidTool(f"{where} has a url, and env, inherit and cwd are for a command.")
    if _HEADER.fullmatch(settings.header) is None:
        raise InvalidTool(f'{where} has the header "{settings.header}", which is no name of a header.')
    plain = parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}
    if settings.secret and plain:
        raise InvalidTool(
            f"{where} would send a secret over a line that others can read.", "Use https, or no secret."
        )
