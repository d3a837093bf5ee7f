"""Slices: of all rules those whose scope matches one scene, split into what is settled for good and what the arguments
of each call decide.

Rules that read no argument are evaluated once for a scene. The others are evaluated for each new set of the values
that they read, and remembered by exactly these (S22). A condition that does not look at the principal is asked once,
not once for each of team, user and agent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import cedarpy

from remit.domain.decisions import Decision
from remit.policy.arguments import Argument, Kind, Unfit, convert
from remit.policy.cedar import Conditions, Entity, Held, context_of, entities_of
from remit.policy.checks import Ready
from remit.policy.entities import Scene
from remit.policy.expressions import floor_of
from remit.policy.rules import Treatment
from remit.policy.schema import OF_ACTIONS, Vocabulary, vocabulary_of
from remit.policy.scopes import matches, matches_action
from remit.policy.world import World

Json = Any
Values = tuple[Json, ...]


class Carried(NamedTuple):
    """One value that a slice reads: where it is found, and how it is carried over."""

    key: str
    parameter: str
    kind: Kind
    up: bool = True
    default: Json = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Matched:
    """Which rules apply: the permits of each asker, and everything that forbids, by number."""

    permits: tuple[frozenset[int], ...]
    forbids: frozenset[int]
    errors: tuple[str, ...] = ()


class Compiler:
    """Makes what slices share: compiled conditions and schemas, each once."""

    def __init__(self, rules: Sequence[Ready], world: World) -> None:
        self.rules = rules
        self._world = world
        self._conditions: dict[tuple[int, ...], Conditions] = {}
        self._schemas: dict[str, cedarpy.Schema] = {}

    def conditions(self, chosen: Iterable[int]) -> Conditions | None:
        """The conditions of these rules; None if there are none."""
        key = tuple(chosen)
        if key and key not in self._conditions:
            self._conditions[key] = Conditions(self.rules, key)
        return self._conditions.get(key)

    def arguments(self, action: str, tool: str) -> dict[str, Argument]:
        """What the context of this action has, beside the environment."""
        if action == "call":
            return dict(vocabulary_of(self._world.tools[tool]).arguments)
        return {
            name: Argument(name, name, kind, present=True)
            for name, kind in OF_ACTIONS.get(action, {}).items()
        }

    def schema(self, tool: str) -> cedarpy.Schema:
        """What requests about this tool are validated against."""
        if tool not in self._schemas:
            manifest = self._world.tools.get(tool)
            known = vocabulary_of(manifest) if manifest is not None else Vocabulary({}, {})
            # whole numbers, too, where a rule is about several tools, and the argument of another is a fraction
            floors = {n for rule in self.rules for n in known.arguments if floor_of(n) in rule.carries}
            self._schemas[tool] = known.evaluation(floors)
        return self._schemas[tool]


class Slice:
    """The rules about one scene, ready for its calls."""

    def __init__(self, compiler: Compiler, scene: Scene, action: str, environment: str) -> None:
        self._scene = scene
        self._action = Entity("Action", action)
        self._rules = compiler.rules
        about = [n for n, rule in enumerate(compiler.rules) if _is_about(rule, scene, action)]
        self._applies = tuple(
            frozenset(n for n in about if matches(self._rules[n].rule.statement.principal, asker))
            for asker in scene.askers
        )
        about = [n for n in about if any(n in applies for applies in self._applies)]
        self.moving = frozenset(n for n in about if self._rules[n].arguments)
        """The rules that look at arguments."""
        tool = scene.resource.entity.id if scene.resource.entity.type == "Tool" else ""
        self.reads = _carried(compiler.arguments(action, tool), self._rules, about)
        place = {"environment": {"type": "Environment", "id": environment}}
        looked_at = any("environment" in self._rules[n].carries for n in self.moving)
        self._context: Mapping[str, Json] = place if looked_at else {}
        self._schema = compiler.schema(tool)
        self._entities = entities_of(scene.nodes, self._schema)
        moving, still = self.moving, [n for n in about if n not in self.moving]
        self._moving = _Parts.of(compiler, sorted(moving))
        self.still = self._matched(*self._evaluate(_Parts.of(compiler, still), place))
        """What holds whatever the arguments are."""
        self.settled: Decision | None = None
        """The answer to every call, once somebody found that there is only one."""

    def values(self, context: Mapping[str, Json]) -> Values:
        """Of a call's context exactly what the rules read; raises `Unfit` for what they cannot look at."""
        found: list[Json] = []
        for each in self.reads:
            value = context.get(each.parameter)
            if value is None:
                value = each.default
            try:
                found.append(None if value is None else convert(each.kind, value, up=each.up))
            except Unfit as wrong:
                raise Unfit(f"{each.name} {wrong}") from None
        return tuple(found)

    def match(self, values: Values) -> Matched:
        """Which rules hold for these values."""
        if not self.moving:
            return self.still
        context = dict(self._context)
        for each, value in zip(self.reads, values, strict=True):
            if value is not None:
                context[each.key] = value
        moved = self._matched(*self._evaluate(self._moving, context))
        still = self.still
        return Matched(
            tuple(a | b for a, b in zip(still.permits, moved.permits, strict=True)),
            still.forbids | moved.forbids, still.errors + moved.errors,
        )  # fmt: skip

    @property
    def possible(self) -> Matched:
        """What may hold for some arguments: every permit that looks at them counts, and no forbid that does."""
        permits = tuple(
            still | {n for n in applies & self.moving if self._is_permit(n)}
            for still, applies in zip(self.still.permits, self._applies, strict=True)
        )
        return replace(self.still, permits=permits)

    def _evaluate(
        self, parts: _Parts, context: Mapping[str, Json]
    ) -> tuple[tuple[frozenset[int], ...], tuple[str, ...]]:
        """The rules that hold for each asker, and what could not be evaluated."""
        text = context_of(context)
        everyone = self._ask(parts.common, self._scene.askers[0].entity, text)
        each = [self._ask(parts.personal, asker.entity, text) for asker in self._scene.askers]
        holding = tuple(
            (everyone.rules | own.rules) & applies for own, applies in zip(each, self._applies, strict=True)
        )
        return holding, everyone.errors + tuple(error for own in each for error in own.errors)

    def _ask(self, conditions: Conditions | None, principal: Entity, context: str) -> Held:
        if conditions is None:
            return Held(frozenset())
        resource = self._scene.resource.entity
        return conditions.holding(principal, self._action, resource, context, self._entities, self._schema)

    def _matched(self, holding: tuple[frozenset[int], ...], errors: tuple[str, ...]) -> Matched:
        permits = tuple(frozenset(n for n in held if self._is_permit(n)) for held in holding)
        return Matched(permits, frozenset[int]().union(*holding).difference(*permits), errors)

    def _is_permit(self, n: int) -> bool:
        return self._rules[n].rule.treatment is Treatment.PERMIT


class _Parts(NamedTuple):
    """Conditions that are the same for everybody, and those that look at who asks."""

    common: Conditions | None
    personal: Conditions | None

    @classmethod
    def of(cls, compiler: Compiler, chosen: Sequence[int]) -> _Parts:
        personal = [n for n in chosen if compiler.rules[n].personal]
        return cls(compiler.conditions(n for n in chosen if n not in personal), compiler.conditions(personal))


def _is_about(rule: Ready, scene: Scene, action: str) -> bool:
    statement = rule.rule.statement
    return matches_action(statement, action) and matches(statement.resource, scene.resource)


def _carried(
    arguments: Mapping[str, Argument], rules: Sequence[Ready], about: Iterable[int]
) -> tuple[Carried, ...]:
    """The values that the conditions read."""
    wanted = {key for n in about for key in rules[n].arguments}
    found: list[Carried] = []
    for name, argument in arguments.items():
        if name in wanted:
            found.append(
                Carried(name, argument.parameter, argument.kind, default=argument.default, name=name)
            )
        if floor_of(name) in wanted:
            found.append(Carried(
                floor_of(name), argument.parameter, argument.kind, up=False, default=argument.default, name=name
            ))  # fmt: skip
    return tuple(found)
