"""Answers that are given again to whoever asks the very same, where an operator wants that of a route (S32).

The name of an answer covers everything that could make it another one: the request, the models of the route, the rules
that let it pass, the team, and who may read what was in sight. Whoever asks while the same is being answered waits for
that. What is kept lies under the key of the run that was answered, so it goes with that key.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from remit.store.answers import Answers
from remit.wire.messages import ModelRequest, ModelResponse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from remit.engine.execution import Execution
    from remit.store.database import Op

_SECOND = 1_000_000
_REFUSING = ("no-store", "no-cache")


class Cached(Struct, frozen=True):
    """An answer that may be given again."""

    response: ModelResponse
    model: str
    provider: str
    cost: int
    """Micro-dollars that it took."""


class Flight:
    """Somebody is being answered; others wait for that."""

    def __init__(self) -> None:
        self.landed: asyncio.Future[Cached | None] = asyncio.get_running_loop().create_future()
        self.answer: Cached | None = None


class AnswerCache:
    """The answers of this process that are on their way, and those that are kept."""

    def __init__(self) -> None:
        self._flights: dict[str, Flight] = {}

    @staticmethod
    def name(request: ModelRequest, *about: Any) -> str:
        """Names one answer; `about` is everything else that it depends on."""
        extra = {name: value for name, value in request.extra.items() if name != "stream_options"}
        asked = msgspec.structs.replace(request, stream=False, model="", extra=extra)
        said = msgspec.json.encode([asked, *about], order="sorted")
        return hashlib.blake2b(said, digest_size=24).hexdigest()

    @staticmethod
    def may_serve(request: ModelRequest, headers: dict[str, str]) -> bool:
        """Whether such a request may get an answer that somebody else got: none that acts, rolls dice or forbids it."""
        said = headers.get("cache-control", "").lower()
        return not (
            request.tools or request.choices != 1 or (request.temperature or 0) > 0
            or any(word in said for word in _REFUSING)
        )  # fmt: skip

    @asynccontextmanager
    async def flight(self, name: str) -> AsyncGenerator[Flight]:
        """Alone with this name; whoever came before may have brought the answer along (`answer`)."""
        while (before := self._flights.get(name)) is not None:
            brought = await asyncio.shield(before.landed)
            if brought is not None:
                own = Flight()
                own.answer = brought
                yield own
                return
        flight = self._flights[name] = Flight()
        try:
            yield flight
        finally:
            del self._flights[name]
            flight.landed.set_result(flight.answer)

    async def find(self, execution: Execution, owner: str, name: str) -> Cached | None:
        """The answer of this name, if one is kept."""
        answers = _answers(execution)
        with execution.on_ground():
            kept = await answers.get(answers.place("cache", owner, name), "cache")
        return None if kept is None else msgspec.convert(kept.body, Cached)

    def keep(self, execution: Execution, owner: str, name: str, answer: Cached, seconds: int) -> Sequence[Op]:
        """What keeps an answer for so long, to be committed with its settlement."""
        answers = _answers(execution)
        place, run, body = answers.place("cache", owner, name), execution.row.id, msgspec.to_builtins(answer)
        return answers.put(
            place, execution.pen.key, run, "completed", body, kind="cache", lasts=seconds * _SECOND
        )


def _answers(execution: Execution) -> Answers:
    services = execution.services
    return Answers(services.database, services.keys, services.clock)
