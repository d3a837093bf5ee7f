"""An anchor in somebody's syslog (RFC 5424), by UDP or TCP: the signed note of each checkpoint, without heads, so that
it fits into a datagram. UDP tells nobody whether it arrived.
"""

from __future__ import annotations

import asyncio
import os
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from remit.domain.evidence_errors import AnchorUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.store.anchor import AnchorRecord

_SECONDS = 5.0
_LOG_AUDIT_NOTICE = 13 * 8 + 5


class SyslogAnchor:
    """Implements `Anchor`."""

    def __init__(self, host: str, port: int, transport: Literal["udp", "tcp"]) -> None:
        self._host = host
        self._port = port
        self._transport = transport

    @property
    def name(self) -> str:
        """The receiver."""
        return f"syslog+{self._transport}://{self._host}:{self._port}"

    async def write(self, records: Sequence[AnchorRecord]) -> None:
        """Send one message for each."""
        messages = [self._message(record) for record in records]
        try:
            if self._transport == "udp":
                await asyncio.wait_for(asyncio.to_thread(self._send, messages), _SECONDS)
            else:
                await asyncio.wait_for(self._stream(messages), _SECONDS)
        except (TimeoutError, OSError) as wrong:
            raise AnchorUnavailable(
                f"the anchor {self.name} cannot be reached: {type(wrong).__name__}.",
                "Look at the receiver; what is missing is sent once it answers.",
            ) from wrong

    async def newest(self) -> str | None:
        """What was sent cannot be asked for."""
        return None

    async def close(self) -> None:
        """Nothing stays open: a receiver that was restarted must not swallow what is sent into the old connection."""

    def _message(self, record: AnchorRecord) -> bytes:
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        head = f"<{_LOG_AUDIT_NOTICE}>1 {moment} {socket.gethostname()} remit {os.getpid()} checkpoint - "
        return head.encode() + record.short

    def _send(self, messages: list[bytes]) -> None:
        kind = socket.SOCK_DGRAM
        family, _, _, _, address = socket.getaddrinfo(self._host, self._port, type=kind)[0]
        with socket.socket(family, kind) as door:
            door.connect(address)  # so that a receiver that is not there may say so
            for message in messages:
                door.send(message)

    async def _stream(self, messages: list[bytes]) -> None:
        """With the length before each message (RFC 6587), and closed by us, so that everything was taken."""
        _, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.writelines(f"{len(message)} ".encode() + message for message in messages)
            await writer.drain()
            writer.write_eof()
        finally:
            writer.close()
            await writer.wait_closed()
