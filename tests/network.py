"""The ban on networks: while it is on, this process reaches loopback and unix sockets and nothing else, and
looks up no other host's name. It hears of every call from the interpreter itself, so no import order and no
private reference to a socket function gets around it. Child processes and an event loop written in C are out
of its sight.
"""

from __future__ import annotations

import ipaddress
import sys
from typing import cast

_CONTACTS = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})
_LOOKUPS = frozenset(
    {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
)


class NetworkBanned(RuntimeError):
    """A test tried to leave this machine; not an OSError, so that no retry of the code under test swallows
    it.
    """


def ban_network() -> None:
    """Switch the ban on for the rest of this process; the interpreter offers no way to switch it off."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event in _CONTACTS:
        host = _host(arguments[1])
    elif event in _LOOKUPS:
        host = _host(arguments[0], bare=True)
    else:
        return
    if not _is_here(host):
        raise NetworkBanned(f"{event} to {host!r}: tests reach loopback and unix sockets only.")


def _host(address: object, *, bare: bool = False) -> object:
    """An internet address is a tuple that begins with its host, a unix socket's is a path; a look-up may be
    given the bare name.
    """
    if isinstance(address, tuple):
        return cast("tuple[object, ...]", address)[0]
    return address if bare else None


def _is_here(host: object) -> bool:
    """No host is a unix socket, or a look-up for this machine. An empty one is every interface: refused."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host is None or host == "localhost":
        return True
    if not isinstance(host, str):
        return False
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
