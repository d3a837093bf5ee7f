"""The sentence model of a workspace: an embeddings model behind one of its routes. It is asked through the gate, as
whoever searches, in a run of its own, which says what was asked, by whom and what it cost; the texts stay where they
stand in the log.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from operator import mul
from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import MalformedAnswer
from remit.domain.fronting import Attribution, Caller
from remit.policy.data_classes import capture_rules
from remit.wire import embeddings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.control.ground.ground import Ground
    from remit.control.sections import SearchSettings, Settings
    from remit.domain.errors import RemitError

Vector = list[float]
Ask = Callable[..., Awaitable[Any]]
"""What asks a model through the gate: `aside` of the front doors."""
PURPOSE = "remit search"
_LONGEST = 4_000
"""Letters of a text that are compared."""


class Sentences:
    """Asks for vectors."""

    def __init__(self, ground: Ground, ask: Ask, chosen: SearchSettings, barred: frozenset[str]) -> None:
        """`barred` are the classes of data that no run may hold whose texts are shown to the model."""
        self._ground = ground
        self._ask = ask
        self.route = chosen.route
        self.most = chosen.texts
        self.learns = chosen.learn
        self.barred = barred

    async def vectors(self, texts: Sequence[str]) -> tuple[list[Vector], str]:
        """One for each text, and which model made them."""
        asked = {"model": self.route, "input": [text[:_LONGEST] for text in texts]}
        inbound, wish = embeddings.read(json.dumps(asked).encode("utf-8", "replace"))
        who = self._ground.principal
        caller = Caller("", who.id, who.team, attribution=Attribution(purpose=PURPOSE))
        answer: Any = await self._ask(caller, inbound, {}, _Listener, wish, kept=False)
        found = [_vector(each) for each in _data(answer.body)]
        if len(found) != len(texts) or len({len(each) for each in found}) != 1:
            raise MalformedAnswer(f"{answer.model} answered {len(texts)} texts with {len(found)} vectors.")
        return found, str(answer.model)


def sentences_of(ground: Ground, ask: Ask, chosen: Settings) -> Sentences:
    """The model that the settings name; what the rules for classes of data keep here is not shown to it."""
    modes = capture_rules(chosen.capture.classes, chosen.workspace.environment)
    barred = frozenset(name for name, mode in modes.items() if mode != "keep")
    return Sentences(ground, ask, chosen.search, barred)


def likeness(one: Vector, other: Vector) -> float:
    """1 for the same direction, 0 for nothing in common."""
    size = math.sqrt(_product(one, one) * _product(other, other))
    return _product(one, other) / size if size else 0.0


def _product(one: Vector, other: Vector) -> float:
    return sum(map(mul, one, other))


class _Listener:
    """Who waits for the answer as a whole."""

    def __init__(self, exchange: Any) -> None:
        self._exchange = exchange

    @property
    def gone(self) -> asyncio.Future[RemitError | None]:
        """Done when nobody waits any more."""
        return self._exchange.over

    async def begin(self, headers: Mapping[str, str], upstream: int) -> None:
        """Nothing is streamed."""

    async def write(self, frames: bytes) -> None:
        """Nothing is streamed."""


def _data(body: bytes) -> list[Any]:
    said = cast("dict[str, Any]", json.loads(body))
    return [each["embedding"] for each in sorted(said["data"], key=lambda each: int(each["index"]))]


def _vector(said: Any) -> Vector:
    numbers = [float(each) for each in cast("list[Any]", said)] if isinstance(said, list) else []
    if not numbers or not all(map(math.isfinite, numbers)):
        raise MalformedAnswer("an embedding is no list of numbers.")
    return numbers
