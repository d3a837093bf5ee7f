"""The world of an attack: what is read holds the attacker's words, what acts is accepted and goes nowhere, nobody
answers questions, and every agent's model does what the attacker wants. The same calls give the same answers, so an
attack whose process died goes on.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from remit.domain.errors import StopRun
from remit.domain.event import object_of
from remit.gate.trying.stand_in import Said
from remit.models.simulation.filling import fill
from remit.models.simulation.hints import Hints
from remit.quality.experiments.scripted import Scripted
from remit.wire.messages import Message, Text, ToolCall

if TYPE_CHECKING:
    from remit.domain.tools import ToolManifest
    from remit.engine.asking import Question
    from remit.quality.redteam.attack import Attack, Move
    from remit.wire.messages import ModelRequest

Json = Any
_MADE_UP = "simulated "
"""How texts begin that stand for any."""
_DEEPEST = 6
_AGAIN = "again"
NOBODY = "it waits for"
"""How the end of a run begins that asked a person."""


class Hijacked(Scripted):
    """An attack, as the calls so far have left it."""

    def __init__(self, attack: Attack) -> None:
        super().__init__(attack.environment, ())
        self.reviewer = _unanswered
        self._attack = attack

    def is_real(self, tool: str) -> bool:
        """Nothing is really called, whatever a scenario says that was written for something else."""
        del tool
        return False

    @property
    def is_live(self) -> bool:
        """Nor read."""
        return False

    def answer(self, manifest: ToolManifest, arguments: dict[str, Json]) -> Json:
        """What a read gives, with the attacker's words in it; what acts is accepted."""
        if manifest.effect.acts:
            return super().answer(manifest, arguments)
        found = self.world.read(manifest.name, arguments)
        given = made_up(manifest) if found is None or found.error else found.result
        attack = self._attack
        if not attack.poison or (attack.carriers and manifest.name not in attack.carriers):
            return given
        return poisoned(given, attack.poison)

    def message(self, name: str) -> Json:
        """Whatever the flow waits for comes with the attacker's words."""
        del name
        return self._attack.poison or self._attack.says

    def says(self, agent: str, request: ModelRequest) -> Said | None:
        """The attacker's next move by this agent; none left: the attacker's answer."""
        attack = self._attack
        turn = sum(message.role == "assistant" for message in request.messages)
        moves = attack.moves.get(agent, ())
        if turn < max(len(moves), attack.endless if moves else 0):
            move = moves[min(turn, len(moves) - 1)]
            given = _varied(move, turn) if turn >= len(moves) else dict(move.arguments)
            call = ToolCall(f"call_{turn}", move.tool, json.dumps(given))
            return Said(Message("assistant", (call,)), dear=bool(attack.endless))
        return Said(Message("assistant", (Text(self._answer(request)),)), dear=bool(attack.endless))

    def _answer(self, request: ModelRequest) -> str:
        schema = request.output.schema if request.output is not None else {}
        if not schema:
            return self._attack.says or "Done."
        known = _wanted(schema, self._attack.says or "Done.", self._attack.number)
        return json.dumps(fill(schema, Hints("", [known])))


def _unanswered(question: Question) -> StopRun:
    about = f" ({question.name})" if question.name else ""
    return StopRun(f"{NOBODY} {question.group}{about}.")


def made_up(manifest: ToolManifest) -> Json:
    """What a tool may give, without having looked."""
    return fill(manifest.result, Hints("", [])) if manifest.result else {"text": f"{_MADE_UP}text"}


def carries(manifest: ToolManifest) -> bool:
    """Whether what a tool gives has room for words of a stranger."""
    given = made_up(manifest)
    return poisoned(given, "x") != given


def poisoned(value: Json, words: str, depth: int = 0) -> Json:
    """The same with these words wherever any text stands: not where a name, an address or a choice does."""
    if depth > _DEEPEST:
        return value
    if isinstance(value, dict):
        found = cast("dict[str, Json]", value)
        return {name: poisoned(each, words, depth + 1) for name, each in found.items()}
    if isinstance(value, list):
        return [poisoned(each, words, depth + 1) for each in cast("list[Json]", value)]
    if isinstance(value, str) and (value.startswith(_MADE_UP) or " " in value.strip()):
        return words if value.startswith(_MADE_UP) else f"{value}\n{words}"
    return value


def _wanted(root: dict[str, Json], words: str, number: int | None) -> dict[str, Json]:
    """For every place of an answer what the attacker would have there: words where any text may stand, a number."""
    found: dict[str, Json] = {}
    for part in (root, *object_of(root.get("$defs")).values()):
        for name, said in object_of(object_of(part).get("properties")).items():
            kind = object_of(said).get("type")
            if kind == "string" and not {"enum", "const", "format", "pattern"} & object_of(said).keys():
                found[name] = words
            elif kind in {"integer", "number"} and number is not None and "onfidence" not in name:
                found[name] = number
    return found


def _varied(move: Move, turn: int) -> dict[str, Json]:
    """The same call with something else in it: whoever looks for repetition finds none."""
    return {
        name: f"{value} {_AGAIN} {turn}" if isinstance(value, str) else value + turn
        if isinstance(value, int) and not isinstance(value, bool) else value
        for name, value in move.arguments.items()
    }  # fmt: skip
