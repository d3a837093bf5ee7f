"""Anchors by their address, as settings name them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from remit.domain.errors import InvalidSetting
from remit.store.anchors.file import FileAnchor
from remit.store.anchors.s3 import S3Anchor
from remit.store.anchors.syslog import SyslogAnchor

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from urllib.parse import SplitResult

    from remit.store.anchor import Anchor

TOKEN = "REMIT_ANCHOR_TOKEN"  # noqa: S105 - the name of a variable
_SYSLOG_PORT = 514
_S3_OPTIONS = frozenset({"region", "endpoint", "lock_days"})


def open_anchors(addresses: Iterable[str], folder: Path, token: str = "") -> list[Anchor]:
    """The anchors of these addresses; relative files lie below `folder`. Nothing is contacted yet."""
    found = [_open(address, folder, token) for address in addresses]
    names = [anchor.name for anchor in found]
    if len(set(names)) < len(names):
        raise InvalidSetting("audit.anchors names the same anchor twice.", "Name each one once.")
    return found


def _open(address: str, folder: Path, token: str) -> Anchor:
    if address.startswith("file:") and address != "file:":
        return FileAnchor(folder / address.removeprefix("file:").removeprefix("//"))
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise _unknown(address) from None
    match parts.scheme:
        case "http" | "https" if parts.hostname:
            from remit.store.anchors.webhook import (
                WebhookAnchor,  # an HTTP client is loaded where one is named
            )

            return WebhookAnchor(address, token)
        case "syslog+udp" | "syslog+tcp" if parts.hostname:
            way = "udp" if parts.scheme.endswith("udp") else "tcp"
            return SyslogAnchor(parts.hostname, port or _SYSLOG_PORT, way)
        case "s3" if parts.hostname:
            return _bucket(address, parts)
        case _:
            raise _unknown(address)


def _bucket(address: str, parts: SplitResult) -> Anchor:
    options = dict(parse_qsl(parts.query))
    days = options.get("lock_days", "0")
    if options.keys() - _S3_OPTIONS or not days.isdecimal():
        raise _unknown(address)
    region, endpoint = options.get("region", ""), options.get("endpoint", "")
    return S3Anchor(parts.netloc, parts.path, region=region, endpoint=endpoint, lock_days=int(days))


def _unknown(address: str) -> InvalidSetting:
    shown = address.partition("?")[0][:80]
    return InvalidSetting(
        f'audit.anchors: "{shown}" is no anchor.',
        "It takes file:PATH, https://…, syslog+udp://HOST:PORT, syslog+tcp://HOST:PORT or s3://BUCKET/PREFIX.",
    )
