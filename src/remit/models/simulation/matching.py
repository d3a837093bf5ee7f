"""Whether a line of a script file is the one for a scene: every condition that it states has to hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from remit.models.simulation.scene import text_of

if TYPE_CHECKING:
    from remit.models.simulation.scene import Scene

Json = Any
Names = str | list[str]


@dataclass(frozen=True)
class When:
    """Conditions; None: it does not matter."""

    agent: Names | None = None
    route: Names | None = None
    model: Names | None = None
    user: str | None = None
    """A regular expression that is searched in what the user said last."""
    system: str | None = None
    turn: int | None = None
    attempt: int | None = None
    result_of: Names | None = None
    """The tool that answered last."""
    result: Json = None
    """A regular expression in its answer, or a part of its JSON."""
    has_result: bool | None = None
    tools: Names | None = None
    """Tools that must be offered."""
    called: Names | None = None
    """Tools that must have been called."""
    not_called: Names | None = None

    def holds(self, scene: Scene) -> dict[str, str] | None:
        """The groups that `user` found, by number and name; None: it is not the line for this scene."""
        if not (self._is_its_place(scene) and self._is_its_history(scene)):
            return None
        if self.user is None:
            return {}
        found = re.search(self.user, scene.user, re.IGNORECASE | re.DOTALL)
        if found is None:
            return None
        numbered = {str(number): text or "" for number, text in enumerate((found[0], *found.groups()))}
        return numbered | {name: text or "" for name, text in found.groupdict().items()}

    def _is_its_place(self, scene: Scene) -> bool:
        return (
            _one_of(self.agent, scene.agent)
            and _one_of(self.route, scene.route)
            and _one_of(self.model, scene.model)
            and (self.turn is None or self.turn == scene.turn)
            and (self.attempt is None or self.attempt == scene.attempt)
            and (self.system is None or re.search(self.system, scene.system, re.IGNORECASE) is not None)
            and _all_in(self.tools, scene.tool_names)
        )

    def _is_its_history(self, scene: Scene) -> bool:
        if self.called is not None and not _all_in(self.called, scene.called):
            return False
        if self.not_called is not None and any(name in scene.called for name in _listed(self.not_called)):
            return False
        if self.has_result is not None and self.has_result != scene.has_result:
            return False
        if self.result_of is not None and not _one_of(self.result_of, scene.result_of):
            return False
        return self.result is None or _result_is(self.result, scene)


def contains(whole: Json, part: Json) -> bool:
    """Whether every field of `part` stands in `whole` with that value, however deep."""
    if isinstance(part, dict) and isinstance(whole, dict):
        fields = cast("dict[str, Json]", whole)
        return all(
            name in fields and contains(fields[name], item)
            for name, item in cast("dict[str, Json]", part).items()
        )
    return bool(whole == part)


def _result_is(wanted: Json, scene: Scene) -> bool:
    last = scene.last_result
    if last is None:
        return False
    if isinstance(wanted, str):
        return re.search(wanted, text_of(last), re.IGNORECASE | re.DOTALL) is not None
    return contains(scene.result, wanted)


def _one_of(names: Names | None, name: str) -> bool:
    return names is None or name in _listed(names)


def _all_in(names: Names | None, there: tuple[str, ...] | list[str]) -> bool:
    return names is None or all(name in there for name in _listed(names))


def _listed(names: Names) -> list[str]:
    return [names] if isinstance(names, str) else names
