"""Real answers, recorded once and played back in tests: a provider around another one.

A cassette is a file of JSON lines. It holds requests and answers, streams event by event, and no key: a request is
known by the digest of what was asked, headers and credential are never written, and a key that stands in a text is
taken out of it. In playback nothing is contacted, and a request that was never recorded is an error that says so.
"""

from __future__ import annotations

import difflib
import hashlib
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from remit.domain.action_errors import InvalidDocument, ProviderRefused
from remit.models.failures import with_trouble
from remit.models.listening import listening
from remit.models.provider import Trouble
from remit.models.redaction import secrets_of, without
from remit.wire.assembly import assemble
from remit.wire.messages import Failed, Finished, ModelRequest, ModelResponse, PartDone, Started, StreamEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from remit.models.provider import ModelCall, Provider

Mode = Literal["record", "replay", "auto"]
VERSION = 1
ABSENT = "absent"
"""The kind of a credential that is not there; a cassette may answer without."""


class Take(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line: what was asked, and what came."""

    version: int
    digest: str
    request: ModelRequest
    answer: ModelResponse | None = None
    events: tuple[StreamEvent, ...] = ()


class Tape:
    """What stands on a cassette, and how far it was played; several providers may share one."""

    def __init__(self, path: Path, mode: Mode = "replay") -> None:
        self.path = path
        self.mode = mode
        self.takes: dict[str, list[Take]] = defaultdict(list)
        self._played: Counter[str] = Counter()
        if mode == "record":
            _write(path, b"")
        elif mode == "replay" or path.exists():
            for take in _read(path):
                self.takes[take.digest].append(take)

    def next(self, asked: ModelRequest) -> Take | None:
        """The same request asked again gets the next answer that it got then."""
        if self.mode == "record":
            return None
        name = digest(asked)
        place = self._played[name]
        self._played[name] += 1
        takes = self.takes.get(name, [])
        return takes[place] if place < len(takes) else None

    def add(self, line: bytes) -> None:
        """One take more at the end."""
        _write(self.path, line + b"\n", more=True)


class Tapes:
    """The tapes that are open, by file: whoever shares a file shares how far it was played."""

    def __init__(self) -> None:
        self._open: dict[tuple[Path, Mode], Tape] = {}

    def of(self, path: Path, mode: Mode) -> Tape:
        """The tape of a file."""
        found = self._open.get((path, mode))
        if found is None:
            found = self._open[path, mode] = Tape(path, mode)
        return found


class Cassette:
    """A provider that remembers: `record` starts the file anew, `replay` only reads it, `auto` adds what is missing."""

    def __init__(self, path: Path | Tape, provider: Provider | None = None, mode: Mode = "replay") -> None:
        self._tape = path if isinstance(path, Tape) else Tape(path, mode)
        self._provider = provider
        if provider is None and self._tape.mode != "replay":
            raise ValueError("recording needs a provider to record")

    @property
    def name(self) -> str:
        """The name of the provider behind it."""
        return self._provider.name if self._provider is not None else self._tape.path.stem

    @property
    def dialect(self) -> str:
        """The dialect of the provider behind it."""
        return self._provider.dialect if self._provider is not None else ""

    @property
    def simulated(self) -> bool:
        """An answer out of a file is no answer of today, and is labelled."""
        return self._tape.mode != "record" or (self._provider is not None and self._provider.simulated)

    async def complete(self, call: ModelCall) -> ModelResponse:
        """The recorded answer, or a real one that is recorded now."""
        asked = _asked(call, stream=False)
        take = self._tape.next(asked)
        if take is not None and take.answer is not None:
            return take.answer
        answer = await self._source(asked, call).complete(call)
        self._keep(asked, secrets_of(call.credential), answer, ())
        return answer

    async def stream(self, call: ModelCall) -> AsyncIterator[StreamEvent]:
        """The recorded events, or real ones; a stream that failed or was left is not recorded."""
        asked = _asked(call, stream=True)
        take = self._tape.next(asked)
        if take is not None and take.events:
            for event in take.events:
                yield event
            return
        heard: list[StreamEvent] = []
        async with listening(self._source(asked, call).stream(call)) as source:
            async for event in source:
                heard.append(event)
                yield event
        if any(isinstance(event, Finished) for event in heard) and not isinstance(heard[-1], Failed):
            self._keep(asked, secrets_of(call.credential), None, tuple(heard))

    async def close(self) -> None:
        """Let go of the provider behind it."""
        if self._provider is not None:
            await self._provider.close()

    def _source(self, asked: ModelRequest, call: ModelCall) -> Provider:
        closed = call.credential.kind == ABSENT
        if self._provider is not None and self._tape.mode != "replay" and not closed:
            return self._provider
        raise with_trouble(self._missing(asked, closed=closed), Trouble(retryable=False, sent=False))

    def _keep(
        self,
        asked: ModelRequest,
        secrets: tuple[str, ...],
        answer: ModelResponse | None,
        events: tuple[StreamEvent, ...],
    ) -> None:
        take = Take(VERSION, digest(asked), asked, answer, _unspelt(events, secrets))
        plain = _without(msgspec.to_builtins(take), secrets) if secrets else take
        self._tape.add(msgspec.json.encode(plain))

    def _missing(self, asked: ModelRequest, *, closed: bool) -> ProviderRefused:
        takes = self._tape.takes
        times = len(takes.get(digest(asked), []))
        if times:
            what = f"it holds {times} answers to this request, and {times + 1} were wanted"
        elif not takes:
            what = "it is empty"
        else:
            what = f"it holds no such request; {_difference(asked, takes)}"
        return ProviderRefused(
            f"the cassette {self._tape.path.name} cannot answer: {what}.",
            f"Record it: {self.name} needs its key for that."
            if closed
            else 'Record it with a real provider: cassette_mode = "auto".',
        )


def digest(request: ModelRequest) -> str:
    """The name of exactly this request."""
    return hashlib.sha256(msgspec.json.encode(request, order="deterministic")).hexdigest()[:32]


def _asked(call: ModelCall, *, stream: bool) -> ModelRequest:
    """The request without keys in it, on both sides of a recording: else a new key would be a new request."""
    request, secrets = msgspec.structs.replace(call.request, stream=stream), secrets_of(call.credential)
    if not secrets:
        return request
    return msgspec.convert(_without(msgspec.to_builtins(request), secrets), ModelRequest)


def _unspelt(events: tuple[StreamEvent, ...], secrets: tuple[str, ...]) -> tuple[StreamEvent, ...]:
    """The events; whole parts instead of pieces, if the pieces together spell a key."""
    message = assemble(events).message
    plain = msgspec.to_builtins(message)
    if _without(plain, secrets) == plain:
        return events
    parts = (PartDone(index, part) for index, part in enumerate(message.parts))
    opening = (event for event in events if isinstance(event, Started))
    return (*opening, *parts, *(event for event in events if isinstance(event, Finished)))


def _without(value: Any, secrets: tuple[str, ...]) -> Any:
    match value:
        case str():
            return without(value, secrets)
        case dict():
            return {without(str(name), secrets): _without(each, secrets) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case tuple():
            return tuple(_without(each, secrets) for each in value)  # pyright: ignore[reportUnknownVariableType]
        case list():
            return [_without(each, secrets) for each in value]  # pyright: ignore[reportUnknownVariableType]
        case _:
            return value


def _write(path: Path, content: bytes, *, more: bool = False) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab" if more else "wb") as file:
            file.write(content)
    except OSError as wrong:
        raise InvalidDocument(f"the cassette {path.name} cannot be written: {wrong.strerror}.") from None


def _read(path: Path) -> list[Take]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as wrong:
        raise InvalidDocument(f"the cassette {path.name} cannot be read: {wrong.strerror}.") from None
    found: list[Take] = []
    for number, line in enumerate(lines, 1):
        try:
            take = msgspec.json.decode(line, type=Take)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise InvalidDocument(
                f"the cassette {path.name} is damaged in line {number}.",
                "Record it anew, or remove the line.",
            ) from None
        if take.version != VERSION:
            raise InvalidDocument(
                f"the cassette {path.name} has version {take.version}, and this Remit reads {VERSION}.",
                "Record it anew.",
            )
        found.append(take)
    return found


def _difference(asked: ModelRequest, takes: dict[str, list[Take]]) -> str:
    """Where the most similar recorded request differs."""
    wanted = _shown(asked)
    known = [_shown(take[0].request) for take in takes.values()]
    nearest = max(
        known, key=lambda each: difflib.SequenceMatcher(None, each[-_COMPARED:], wanted[-_COMPARED:]).ratio()
    )
    place = next(
        (at for at, (one, other) in enumerate(zip(nearest, wanted, strict=False)) if one != other), 0
    )
    start = max(0, place - 20)
    return f"the nearest one says …{nearest[start : place + 40]}… and this one …{wanted[start : place + 40]}…"


_COMPARED = 2000


def _shown(request: ModelRequest) -> str:
    return msgspec.json.encode(request, order="deterministic").decode()
