"""The way out for tools that fetch from addresses they are told: only hosts on a list, only over HTTP, and never to an
address inside.

The address that is checked is the one that is connected to: names are looked up once, here, so that an answer which
changes in between (DNS rebinding) changes nothing. It performs no request and knows no tool.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from remit.domain.action_errors import EgressRefused, InvalidTool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

_IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

ANY_PORT = -1
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)
_LONGEST = 4_096

_REFUSED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/128", "::1/128", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7",
        "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
"""Networks that are nobody's on the internet: named one by one, because what `is_global` means changes with Python."""

_GLOBAL = ipaddress.IPv6Network("2000::/3")
_EMBEDDING = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
)
"""IPv6 networks that carry an IPv4 address, and how many bits stand to the right of it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of an allow-list: `example.com`, `*.example.com`, `example.com:8443`, `https://example.com`; with
    `:*`, every port.
    """

    host: str
    port: int | None = None
    scheme: str = ""

    def covers(self, url: URL) -> bool:
        """Whether an address falls under it; without a port, the usual one of the scheme is meant."""
        host = host_of(url)
        if self.host.startswith("*."):
            fits = host.endswith(self.host[1:]) and host != self.host[2:]
        else:
            fits = host == self.host
        if not fits or self.scheme not in {"", url.scheme}:
            return False
        return self.port == ANY_PORT or url.port == (self.port or _PORTS.get(url.scheme))


class Egress:
    """What may be reached."""

    def __init__(
        self, allow: Sequence[str], private: Sequence[str] = (),
        lookup: Callable[[str, int], Awaitable[Sequence[str]]] | None = None,
    ) -> None:  # fmt: skip
        """`private` names hosts that may lie inside, such as a service on this machine; they are allowed as well."""
        self._private = [read_rule(text) for text in private]
        self._allow = [*(read_rule(text) for text in allow), *self._private]
        self._lookup = lookup or _look_up

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts on the list, for people and models."""
        return tuple(
            dict.fromkeys(
                f"{rule.host}:{rule.port}" if (rule.port or 0) > 0 else rule.host for rule in self._allow
            )
        )

    def check(self, address: str | URL) -> URL:
        """The address as it will be requested, or `EgressRefused`."""
        url = _parsed(address)
        if not any(rule.covers(url) for rule in self._allow):
            where = f"{host_of(url)}:{url.port}" if url.port != _PORTS.get(url.scheme) else host_of(url)
            raise EgressRefused(
                f"{where} is not on the list of hosts that may be reached.",
                f"There are: {', '.join(self.hosts) or 'none'}.",
            )
        literal = _as_address(url.host or "")
        if literal is not None and not self.may_be_inside(url):
            _refuse_inside(url.host or "", literal)
        return url

    def connector(self, url: URL) -> TCPConnector:
        """Connections to this address alone, each to an IP address that was checked."""
        inside = self.may_be_inside(url)

        def make(info: tuple[Any, ...]) -> socket.socket:
            family, kind, protocol, _, address = info
            if not inside:
                _refuse_inside(host_of(url), ipaddress.ip_address(str(address[0]).partition("%")[0]))
            made = socket.socket(family, kind, protocol)
            made.setblocking(False)
            return made

        resolver = _Resolver(self._lookup, inside=inside)
        return TCPConnector(
            resolver=resolver, use_dns_cache=False, force_close=True, limit=1, socket_factory=make,
        )  # fmt: skip

    def may_be_inside(self, url: URL) -> bool:
        """Whether this host was named as one that may lie inside."""
        return any(rule.covers(url) for rule in self._private)


class _Resolver(AbstractResolver):
    """Looks names up, and refuses a name of which any address is inside."""

    def __init__(self, lookup: Callable[[str, int], Awaitable[Sequence[str]]], *, inside: bool) -> None:
        self._lookup = lookup
        self._inside = inside

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host, all of them checked."""
        del family
        found: list[ResolveResult] = []
        for text in await self._lookup(host, port):
            address = ipaddress.ip_address(text.partition("%")[0])
            if not self._inside:
                _refuse_inside(host, address)
            kind = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - IPv4
            found.append(
                ResolveResult(
                    hostname=host, host=str(address), port=port, family=kind, proto=0,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
            )  # fmt: skip
        if not found:
            raise OSError(f"{host} has no address")
        return found

    async def close(self) -> None:
        """Nothing is held open."""


def read_rule(text: str) -> Rule:
    """An entry of an allow-list, or `InvalidTool`."""
    scheme, _, rest = text.strip().lower().rpartition("://")
    rest = rest.removesuffix("/")
    host, colon, port = rest.rpartition(":") if not rest.endswith("]") else (rest, "", "")
    if not colon:
        host, port = rest, ""
    if not host.isascii():
        host = _encoded(host)
    bare = host.removeprefix("[").removesuffix("]")
    literal = _as_address(bare)
    named = _HOST.fullmatch(host) is not None and host not in {"*", "*."}
    if (
        scheme not in {"", *_PORTS}
        or (colon and not (port.isdecimal() or port == "*"))
        or (literal is None and not named)
    ):
        raise InvalidTool(
            f'"{text}" names no host that could be allowed.',
            'Write "example.com", "*.example.com", "example.com:8443" or "https://example.com"; no path.',
        )
    chosen = ANY_PORT if port == "*" else int(port) if port else None
    return Rule(str(literal) if literal is not None else host, chosen, scheme)


def _encoded(host: str) -> str:
    """A name in other letters as it travels; what cannot travel matches no rule."""
    star = "*." if host.startswith("*.") else ""
    try:
        return star + (URL(f"http://{host.removeprefix('*.')}").raw_host or "")
    except ValueError:
        return ""


def is_inside(address: _IpAddress) -> bool:
    """Whether an address is not one of the open internet, in whatever clothes it comes."""
    if any(address.version == network.version and address in network for network in _REFUSED):
        return True
    if isinstance(address, ipaddress.IPv4Address):
        return not address.is_global
    for network, shift in _EMBEDDING:
        if address in network:
            return is_inside(ipaddress.IPv4Address(int(address) >> shift & 0xFFFFFFFF))
    return address not in _GLOBAL or not address.is_global


def host_of(url: URL) -> str:
    """The host of an address as it is compared: without the dot at its end."""
    host = (url.raw_host or "").lower().removesuffix(".")
    literal = _as_address(host)
    return str(literal) if literal is not None else host


def _parsed(address: str | URL) -> URL:
    text = str(address)
    if len(text) > _LONGEST or not text.isprintable() or "\\" in text or " " in text:
        raise EgressRefused("this is no web address.", "Write one such as https://example.com/page.")
    try:
        url = URL(text)
        port = url.port
    except ValueError as wrong:
        raise EgressRefused(f"this is no web address: {wrong}.") from None
    if url.scheme not in _PORTS or not url.host or port is None:
        raise EgressRefused(
            f'"{url.scheme or text[:50]}" is no way out; there are only http and https.',
            "Write the whole address.",
        )
    if url.user is not None or url.password is not None:
        raise EgressRefused("an address with a name or password in it is not fetched.", "Leave them out.")
    if "%" in url.host or _looks_like_a_number(url.host):
        raise EgressRefused(
            f'"{url.host}" is not how a host is written.', "Write its name, or its address in full."
        )
    return url.with_fragment(None)


def _looks_like_a_number(host: str) -> bool:
    """`2130706433`, `0x7f.1`, `0177.0.0.1`: addresses in forms that systems read in different ways."""
    if ":" in host:
        return False
    parts = host.removesuffix(".").split(".")
    if _NUMBER.fullmatch(parts[-1]) is None:
        return False
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return True
    return False


def _as_address(text: str) -> _IpAddress | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _refuse_inside(host: str, address: _IpAddress) -> None:
    if is_inside(address):
        raise EgressRefused(
            f"{host} leads to {address}, which is not on the open internet.",
            "A host inside has to be named as one: private = [...] in tools.toml.",
        )


async def _look_up(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))
