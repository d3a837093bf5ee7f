"""Whether what settings say of how the server is reached could ever be so: a name that no request can have would refuse
everybody, and nobody would see why. It opens nothing and asks no network.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from remit.domain.errors import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Iterable

_ANY = "*"
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#@\s]+/?")
_ADDRESS = re.compile(r"https?://[^/?#@\s]+(?:/[^?#\s]*)?")


def refuse_unreachable(hosts: Iterable[str], origins: Iterable[str]) -> None:
    """Refuse names of the server and of pages that no request could have."""
    for host in hosts:
        if host != _ANY and not _HOST.fullmatch(host) and not _is_address(host):
            raise InvalidSetting(
                f'server.hosts has "{host}", which is no name of a host.',
                'Write "gate.example.com": no scheme, no port, no path.',
            )
    for origin in origins:
        if origin != _ANY and not _ORIGIN.fullmatch(origin):
            raise InvalidSetting(
                f'server.origins has "{origin}", which is no origin of a page.',
                'Write "https://app.example.com": a scheme, a host, a port if it is another, and no path.',
            )


def refuse_nowhere(setting: str, addresses: Iterable[str]) -> None:
    """Refuse addresses that others are told and that lead nowhere."""
    for address in addresses:
        if address and not _ADDRESS.fullmatch(address):
            raise InvalidSetting(
                f'{setting} has "{address}", which is no address.', 'Write "https://agents.example.com".'
            )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
