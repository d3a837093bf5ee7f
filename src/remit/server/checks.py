"""Whether a request came to us at all: by a host under which we are known, from a page that may call, with one
length, and no wish to change the protocol. Pages of strangers reach servers on a person's own machine by such tricks.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remit.server.faults import ForeignHost, RequestFault, UpgradeRefused

if TYPE_CHECKING:
    from remit.server.request import Request

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PORT = re.compile(r"(:\d{0,5})?")
_ONCE = frozenset(
    {
        b"host", b"content-length", b"transfer-encoding", b"content-type", b"content-encoding", b"origin",
        b"authorization", b"x-api-key", b"x-goog-api-key", b"api-key", b"x-remit-run-token", b"idempotency-key",
        b"mcp-session-id", b"mcp-protocol-version", b"mcp-method", b"mcp-name",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """Under which names the server is reached, and by which pages."""

    hosts: frozenset[str] = frozenset()
    """Beside the loopback names; `*` is any."""
    origins: frozenset[str] = frozenset()
    addresses: bool = False
    """Whether it listens beyond this machine, so that any address (no name) is as good as another."""
    _good: dict[str, bool] = field(default_factory=dict[str, bool])

    @classmethod
    def of(cls, host: str, hosts: tuple[str, ...], origins: tuple[str, ...]) -> Names:
        """What follows from the settings."""
        said = frozenset(name.lower() for name in (*hosts, host) if name)
        return cls(said, frozenset(origin.lower().rstrip("/") for origin in origins), host not in _LOOPBACK)

    def knows(self, host: str) -> bool:
        """Whether this is one of our names."""
        found = self._good.get(host)
        if found is None:
            found = self._look(_name_of(host.lower()))
            if len(self._good) < _REMEMBERED:
                self._good[host] = found
        return found

    def lets(self, origin: str) -> bool:
        """Whether a page of this origin may call."""
        origin = origin.lower().rstrip("/")
        if origin in self.origins or "*" in self.origins:
            return True
        _, _, host = origin.partition("://")
        return _name_of(host) in _LOOPBACK

    def _look(self, name: str) -> bool:
        if name in _LOOPBACK or name in self.hosts or "*" in self.hosts:
            return True
        return self.addresses and _is_address(name)


_REMEMBERED = 1000


def check(request: Request, names: Names) -> None:
    """Raise what is wrong with it, if anything is."""
    _check_single(request)
    headers = request.headers
    host = headers.get("host", "")
    if not names.knows(host):
        raise ForeignHost(
            "this server is not reached under that host.", "Add the name to server.hosts in remit.toml."
        )
    origin = headers.get("origin", "")
    if origin and not names.lets(origin):
        raise ForeignHost("that page may not call this server.", "Add it to server.origins in remit.toml.")
    if (
        "upgrade" in headers.get("connection", "").lower()
        and headers.get("upgrade", "").lower() == "websocket"
    ):
        raise UpgradeRefused(
            "WebSocket is not spoken here.", "Ask over HTTP; streams are server-sent events."
        )


def _check_single(request: Request) -> None:
    """What two servers could read differently is refused by both."""
    raw = request.scope["headers"]
    if len(request.headers) != len(raw):
        seen: set[bytes] = set()
        for name, _ in raw:
            if name in seen and name in _ONCE:
                raise RequestFault(f"the header {name.decode('latin-1')} stands there twice.")
            seen.add(name)
    if "transfer-encoding" in request.headers and "content-length" in request.headers:
        raise RequestFault("the request has two lengths.", "Send Content-Length or Transfer-Encoding.")


def _name_of(host: str) -> str:
    """A host without its port; nothing of one that is followed by anything else."""
    if host.startswith("["):
        name, closed, rest = host[1:].partition("]")
        return name if closed and _PORT.fullmatch(rest) else ""
    name, colon, port = host.partition(":")
    return name if _PORT.fullmatch(colon + port) else ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
