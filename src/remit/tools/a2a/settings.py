"""`[a2a.NAME]` of tools.toml: which agent, what it is shown, and what asking it does to the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from remit.domain.action_errors import InvalidTool
from remit.domain.effects import Effect
from remit.domain.secret_names import RUN_TOKEN
from remit.tools.tables import FILE, read_table

Json = Any
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class RemoteSettings:
    """One agent of another platform."""

    name: str
    url: str
    """Where it is reached; its card lies below that, or at the root of its host."""
    secret: str = ""
    header: str = "Authorization"
    """The header that carries the secret."""
    prefix: str = "Bearer "
    """What stands before it there."""
    effect: str = "write"
    """What asking it does: read, write or irreversible. Nobody here sees what it does, so it is not read by itself."""
    keyed: bool = False
    """Whether it takes a message of the same id once."""
    run_token: str = ""
    """The id of the key that it shows at our own front doors: each call brings a token that binds what it does there
    to the run which asked it.
    """
    timeout: float = 120.0
    look_again: float = 60.0
    """Seconds after which its card is read anew before a call."""
    owner: str = ""

    @property
    def where(self) -> str:
        """How it is called in sentences."""
        return f"[a2a.{self.name}]"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What the gate gives for a call."""
        token = f"{RUN_TOKEN}{self.run_token}" if self.run_token else ""
        return tuple(name for name in (self.secret, token) if name)

    @property
    def origin(self) -> tuple[str, str]:
        """Scheme and host: what its card may not lead away from."""
        parts = urlsplit(self.url)
        return parts.scheme, parts.netloc.lower()


def read_settings(name: str, table: dict[str, Json]) -> RemoteSettings:
    """Read a section; every key is known and fits, or is refused with a sentence."""
    settings = read_table(RemoteSettings, table, f"[a2a.{name}]", name=name)
    place, parts = f"{FILE}: {settings.where}", urlsplit(settings.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise InvalidTool(
            f'{place} has the url "{settings.url}".',
            "Write an address with http or https, without user or password.",
        )
    if settings.effect not in {choice.value for choice in Effect}:
        choices = ", ".join(choice.value for choice in Effect)
        raise InvalidTool(f'{place} has the effect "{settings.effect}".', f"It is one of {choices}.")
    if settings.secrets and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise InvalidTool(f"{place} would send a secret over a line that others can read.", "Use https.")
    return settings
