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
REDIRECT = "http://127.0.0.1:4041/callback"
"""Where whoever signs in is sent back to."""
_OAUTH = (
    "grant",
    "client_id",
    "client_secret",
    "issuer",
    "scope",
    "auth_method",
    "client_metadata_url",
    "redirect",
)
_GRANTS = ("authorization_code", "client_credentials")
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
    oauth: dict[str, str] = field(default_factory=dict[str, str])
    """How tokens are had for it, where a secret of ours is not enough."""
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
        if self.oauth:
            return (
                "client_credentials"
                if self.oauth.get("grant") == "client_credentials"
                else "authorization_code"
            )
        return "secret" if self.secrets else "none"

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
        given = [each for each in (self.secret, self.oauth.get("client_secret", "")) if each]
        return tuple(dict.fromkeys([*given, *named]))

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
    elif settings.oauth:
        raise InvalidTool(f"{where} has oauth, and that is for a url.", "Give the process a secret: env = …")
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
    _check_oauth(where, settings)
    if _HEADER.fullmatch(settings.header) is None:
        raise InvalidTool(f'{where} has the header "{settings.header}", which is no name of a header.')
    plain = parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}
    if settings.secret and plain:
        raise InvalidTool(
            f"{where} would send a secret over a line that others can read.", "Use https, or no secret."
        )


def _check_oauth(where: str, settings: McpSettings) -> None:
    oauth = settings.oauth
    if not oauth:
        return
    for key in oauth:
        if key not in _OAUTH:
            raise InvalidTool(f'{where} has "{key}" in oauth.', f"It takes {', '.join(_OAUTH)}.")
    if settings.secret:
        raise InvalidTool(f"{where} has a secret for a header, and oauth.", "Give one of them.")
    if oauth.get("grant", _GRANTS[0]) not in _GRANTS:
        raise InvalidTool(f'{where} has the grant "{oauth["grant"]}".', f"It is one of {', '.join(_GRANTS)}.")
    missing = [key for key in ("client_id", "client_secret", "issuer") if key not in oauth]
    if settings.sign_in == "client_credentials" and missing:
        raise InvalidTool(
            f"{where} is to be a client of its own, and has no {missing[0]} in oauth.",
            "client_secret names a secret; issuer is who gives the tokens, and nobody else is shown the secret.",
        )
