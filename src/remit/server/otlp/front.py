"""What other agents send by OTLP is unpacked and handed to the collector, and they are told
in their own form how much of it was taken. Errors have the status that makes an exporter come again, or give up.
"""

from __future__ import annotations

import asyncio
import logging
from math import ceil
from typing import TYPE_CHECKING

from remit.control.fronting.refusals import told
from remit.control.telemetry import collector_of
from remit.domain.action_errors import ClientGone
from remit.domain.errors import RemitError
from remit.server.faults import WrongMedia, WrongMethod
from remit.server.otlp.unpacking import unpacked
from remit.wire.otlp.answering import MEDIA, MEDIA_OF, accepted, failed

if TYPE_CHECKING:
    from remit.control.platform import Platform
    from remit.server.request import Request
    from remit.wire.otlp.receiving import Form, Signal

_log = logging.getLogger("remit.server")
_TELLING = 500


class OtlpFront:
    """Takes telemetry, whatever the signal."""

    def __init__(self, platform: Platform) -> None:
        self._fronts = platform.fronts
        self._collector = collector_of(platform)

    async def answer(self, signal: Signal, request: Request) -> None:
        """Take a request, and tell its sender how much of it was taken."""
        form = _form(request)
        try:
            status, body = 200, await self._take(signal, form, request)
            headers: list[tuple[bytes, bytes]] = []
        except (asyncio.CancelledError, ClientGone):
            raise
        except Exception as wrong:  # noqa: BLE001 - whatever it is, the sender is told in its own form
            status, headers, body = _failure(form or "json", wrong, request)
        media = (b"content-type", MEDIA_OF[form or "json"].encode())
        await request.reply(status, [media, *headers], body)

    async def _take(self, signal: Signal, form: Form | None, request: Request) -> bytes:
        if request.method != "POST":
            raise WrongMethod(f"{request.path} is asked with POST.")
        if form is None:
            raise WrongMedia("the body is neither protobuf nor JSON.", f"Send one of {', '.join(MEDIA)}.")
        caller, paces = request.caller, self._fronts.paces
        said = request.headers.get("content-length", "")
        self._collector.admit(caller, int(said) if said.isascii() and said.isdecimal() else 0)
        paces.enter(caller.key, caller.pace)
        try:
            packed = await request.body()
            encoding = request.headers.get("content-encoding", "")
            body = unpacked(packed, encoding, self._collector.most)
            received = await self._collector.take(caller, signal, form, body)
        finally:
            paces.leave(caller.key)
        return accepted(signal, form, received.rejected, received.why)


def _form(request: Request) -> Form | None:
    """How the body is written, by its type."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return MEDIA.get("application/x-protobuf" if kind == "application/protobuf" else kind)


def _failure(form: Form, wrong: Exception, request: Request) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """What a sender is told of an error: exporters send again after 429, 502, 503 and 504, and after nothing else."""
    if not isinstance(wrong, RemitError):
        _log.error(
            "%s %s failed: %s: %s", request.id, request.path, type(wrong).__name__, wrong, exc_info=wrong
        )
    error = told(wrong)
    status = 503 if error.status >= _TELLING else error.status
    headers: list[tuple[bytes, bytes]] = []
    if error.retry_after is not None:
        headers.append((b"retry-after", b"%d" % max(1, ceil(error.retry_after))))
    return status, headers, failed(form, status, error.message)
