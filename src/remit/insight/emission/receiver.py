"""The other end: a collector or a store that takes OTLP over HTTP. It says whether a message was taken, shall come
again later, or will never be taken; what to do about that is for whoever sends.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from remit.domain.errors import Infrastructure, InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aiohttp

_SECONDS = 10.0
_TAKEN = range(200, 300)
_LATER = frozenset({408, 429, 502, 503, 504})
"""What the protocol says is worth another try."""
_LONGEST_PAUSE = 300.0
_MOST_OF_ANSWER = 65_536


class Signal(StrEnum):
    """What is sent."""

    TRACES = "traces"
    LOGS = "logs"
    METRICS = "metrics"


class Unreceived(Infrastructure):
    """A receiver did not take what was sent; it is sent again."""

    code = "otel_unreceived"
    pause: float = 0.0
    """Seconds for which the receiver asked to be left alone."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a receiver said of one message."""

    whole: bool
    """Whether it took the message at all; if not, it never will."""
    why: str = ""


def headers_of(said: str) -> dict[str, str]:
    """Headers as OTEL_EXPORTER_OTLP_HEADERS has them: `key=value,key=value`, values percent-encoded."""
    found: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in said.split(","))):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise InvalidSetting(
                "OTEL_EXPORTER_OTLP_HEADERS is not a list of headers.",
                "Write key=value, separated by commas, such as: api-key=…",
            )
        found[key.strip().lower()] = unquote(value.strip())
    return found


class Receiver:
    """A receiver at an address."""

    def __init__(self, endpoint: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(endpoint)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidSetting(
                f'otel.endpoint "{endpoint}" is no address.', "Write one such as http://localhost:4318"
            )
        self._endpoint = endpoint.rstrip("/")
        self.name = f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"
        self._headers = {
            **headers, "content-type": "application/x-protobuf", "content-encoding": "gzip",
        }  # fmt: skip
        self._session: aiohttp.ClientSession | None = None

    async def send(self, signal: Signal, body: bytes) -> Taken:
        """Send one message; raises `Unreceived` if it has to come again."""
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS))
        try:
            async with self._session.post(
                f"{self._endpoint}/v1/{signal}", data=gzip.compress(body, 1), headers=self._headers,
                allow_redirects=False,
            ) as answer:  # fmt: skip
                said = await answer.content.read(_MOST_OF_ANSWER)
                return self._read(signal, answer.status, answer.headers.get("retry-after", ""), said)
        except (TimeoutError, aiohttp.ClientError, OSError) as wrong:
            raise self._unreceived(signal, type(wrong).__name__) from wrong

    async def close(self) -> None:
        """Close the connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _read(self, signal: Signal, status: int, pause: str, said: bytes) -> Taken:
        if status in _TAKEN:
            return Taken(whole=True, why=_partly(signal, said))
        if status in _LATER:
            wrong = self._unreceived(signal, f"it answers {status}")
            wrong.pause = min(float(pause), _LONGEST_PAUSE) if pause.isdecimal() else 0.0
            raise wrong
        return Taken(whole=False, why=f"it answers {status}")

    def _unreceived(self, signal: Signal, why: str) -> Unreceived:
        return Unreceived(
            f"{self.name} does not take {signal}: {why}.",
            "Look at otel.endpoint and OTEL_EXPORTER_OTLP_HEADERS; what is missing is sent once it answers.",
        )


def _partly(signal: Signal, said: bytes) -> str:
    """What it did not take of a message that it took; empty if there is nothing of the kind."""
    answer = _answer(signal)
    try:
        answer.ParseFromString(said)
    except ValueError:  # protobuf's own error is one: an answer in other words than ours refuses nothing
        return ""
    rest = answer.partial_success
    count = int(getattr(rest, _REJECTED[signal]))
    return f"{count} were refused: {rest.error_message[:200]}" if count else ""


def _answer(signal: Signal) -> Any:
    """An empty answer of the protocol; its messages are loaded only where something is sent."""
    module = import_module(f"opentelemetry.proto.collector.{_PARTS[signal]}.v1.{_PARTS[signal]}_service_pb2")
    return getattr(module, f"Export{_PARTS[signal].capitalize()}ServiceResponse")()


_PARTS = {Signal.TRACES: "trace", Signal.LOGS: "logs", Signal.METRICS: "metrics"}
_REJECTED = {
    Signal.TRACES: "rejected_spans", Signal.LOGS: "rejected_log_records", Signal.METRICS: "rejected_data_points",
}  # fmt: skip
