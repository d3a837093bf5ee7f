"""Checking policies without starting on them: every rule that does not fit, every rule that decides nothing, and golden
decisions, which say in examples what the rules are meant to answer.

Pure: it is handed the folder, the world and the examples as plain values, and says what it found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from cedarpy import pst

from remit.domain.action_errors import InvalidPolicy
from remit.domain.decisions import AccessRequest, Decision, Outcome
from remit.policy.authority import Authority
from remit.policy.cedar import Entity, Node
from remit.policy.checks import actions_of, problems
from remit.policy.entities import tool_node
from remit.policy.loading import read_rules
from remit.policy.rules import Rule, Treatment, nearest
from remit.policy.schema import ACTIONS
from remit.policy.scopes import matches
from remit.policy.world import World

Json = Any

_KEYS = ("example", "user", "agent", "groups", "environment", "with", "facts", "expect", "by", *ACTIONS)
_MODEL = {"provider": "", "region": "", "retention": "", "simulated": False}


@dataclass(frozen=True, slots=True)
class PolicyFinding:
    """One thing that is wrong, or does nothing."""

    kind: str
    """`away` (a source of tools that does not answer), `broken`, `dead` or `example`."""
    message: str


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """What a check found."""

    rules: int
    examples: int
    digest: str
    """Of the policy, if it can be read."""
    findings: tuple[PolicyFinding, ...]


def check(folder: Path, world: World, examples: Json, environment: str = "dev") -> PolicyReport:
    """Everything there is to say about the policies in `folder`."""
    try:
        rules = read_rules(folder)
    except InvalidPolicy as wrong:
        return PolicyReport(0, 0, "", (PolicyFinding("broken", wrong.message),))
    broken = tuple(PolicyFinding("broken", wrong.message) for wrong in problems(rules, world))
    if broken:
        return PolicyReport(len(rules), 0, "", broken)
    authority = Authority.load(folder, world)
    cases = _cases(examples)
    findings = [PolicyFinding("dead", sentence) for sentence in dead_rules(rules, world)]
    for name, case in cases:
        wrong = _disagreement(authority, world, case, environment)
        if wrong:
            findings.append(PolicyFinding("example", f'examples.yaml: "{name}" {wrong}.'))
    return PolicyReport(len(rules), len(cases), authority.digest, tuple(findings))


@dataclass(frozen=True, slots=True)
class Tried:
    """One golden decision, and how the rules answer otherwise, if they do."""

    example: str
    problem: str = ""


def tried(folder: Path, world: World, examples: Json, environment: str = "dev") -> tuple[Tried, ...]:
    """Every golden decision held against the rules; raises `InvalidPolicy` for rules that cannot be read."""
    authority = Authority.load(folder, world)
    return tuple(
        Tried(name, _disagreement(authority, world, case, environment)) for name, case in _cases(examples)
    )


# --- rules that decide nothing ------------------------------------------------------------------------------


def dead_rules(rules: tuple[Rule, ...], world: World) -> Iterator[str]:
    """A sentence for each rule that changes no answer, whatever its conditions say."""
    deeds = {rule.name: frozenset(_deeds(rule, world)) for rule in rules}
    always_denied = _union(
        deeds[rule.name] for rule in rules if rule.treatment is Treatment.DENY and not rule.statement.clauses
    )
    permitted = _union(deeds[rule.name] for rule in rules if rule.treatment is Treatment.PERMIT)
    seen: dict[object, Rule] = {}
    for rule in rules:
        about, twin = deeds[rule.name], seen.setdefault(_meaning(rule), rule)
        if twin is not rule:
            yield f"{rule.place} says the same as {twin.place}."
        elif not about:
            yield f"{rule.place} is about nothing that this workspace has."
        elif rule.treatment is not Treatment.DENY and about <= always_denied:
            yield f"{rule.place} decides nothing: all that it is about is forbidden without a condition."
        elif rule.treatment not in {Treatment.PERMIT, Treatment.DENY} and not about & permitted:
            yield f"{rule.place} decides nothing: no rule permits what it is about."


def _deeds(rule: Rule, world: World) -> Iterator[tuple[str, Entity, Entity]]:
    """Who could do what here, as far as the scope of the rule goes."""
    askers = [node.entity for node in _askers(rule, world) if matches(rule.statement.principal, node)]
    for action in sorted(actions_of(rule.statement)):
        for resource in _resources(rule, world, action):
            if matches(rule.statement.resource, resource):
                yield from ((action, asker, resource.entity) for asker in askers)


def _askers(rule: Rule, world: World) -> Iterator[Node]:
    team = Entity("Team", world.team)
    roles = _named(rule, "Role") if world.roles is None else world.roles
    users = (_named(rule, "User") | {"somebody"}) if world.users is None else world.users
    yield Node(team, {})
    for user in sorted(users):
        yield Node(Entity("User", user), {}, (team, *(Entity("Role", role) for role in sorted(roles))))
    for agent in sorted(world.agents or {"something"}):
        yield Node(Entity("Agent", agent), {}, (team,))
    for other in sorted(world.teams - {world.team}):
        yield Node(Entity("Team", other), {})


def _resources(rule: Rule, world: World, action: str) -> Iterator[Node]:
    for kind in ACTIONS[action]:
        if kind == "Tool" and world.tools:
            yield from (tool_node(manifest, world.team) for _, manifest in sorted(world.tools.items()))
        elif kind == "Agent" and world.agents:
            team = Entity("Team", world.team)
            yield from (Node(Entity(kind, name), {}, (team,)) for name in sorted(world.agents))
        elif kind == "Model" and world.models is not None:
            yield from (Node(Entity(kind, name), {}) for name in sorted(world.models))
        else:
            names = _named(rule, kind) | {"something"}  # nobody keeps a list, or it is still empty
            parents = (Entity("Team", world.team),) if kind in {"Run", "Tool", "Agent"} else ()
            yield from (Node(Entity(kind, name), {}, parents) for name in sorted(names))


def _named(rule: Rule, kind: str) -> frozenset[str]:
    return frozenset(uid.id for uid in pst.entity_uids(rule.statement) if str(uid.type) == kind)


def _meaning(rule: Rule) -> object:
    statement = replace(rule.statement, id="", annotations=pst.FrozenMap())
    return (repr(statement), rule.treatment, rule.group, rule.redacts, rule.clamps, rule.until)


def _union(sets: Iterator[frozenset[tuple[str, Entity, Entity]]]) -> frozenset[tuple[str, Entity, Entity]]:
    return frozenset[tuple[str, Entity, Entity]]().union(*sets)


# --- golden decisions ---------------------------------------------------------------------------------------


def _cases(examples: Json) -> list[tuple[str, Mapping[str, Json]]]:
    if examples is None:
        return []
    if not isinstance(examples, list):
        raise _meaningless("it is no list; write examples below each other, each with a dash")
    found: list[tuple[str, Mapping[str, Json]]] = []
    for number, each in enumerate(cast("list[Json]", examples), 1):
        if not isinstance(each, dict):
            raise _meaningless(f"example {number} is not a table")
        case = cast("dict[str, Json]", each)
        name = str(case.get("example", f"example {number}"))
        _check_case(name, case)
        found.append((name, case))
    return found


def _check_case(name: str, case: Mapping[str, Json]) -> None:
    for key in case:
        if key not in _KEYS:
            raise _meaningless(f'"{name}" has "{key}", which means nothing{nearest(key, _KEYS)}')
    if len(case.keys() & ACTIONS.keys()) != 1:
        raise _meaningless(f'"{name}" needs exactly one of {", ".join(ACTIONS)}')
    if case.get("expect") not in set(Outcome):
        raise _meaningless(f'"{name}" needs expect: {", ".join(Outcome)}')


def _meaningless(why: str) -> InvalidPolicy:
    return InvalidPolicy(
        f"policies/examples.yaml: {why}.", "What an example can say: docs/reference/policy.md"
    )


def _disagreement(authority: Authority, world: World, case: Mapping[str, Json], environment: str) -> str:
    """How the rules answer otherwise than an example says; empty if they do not."""
    decision = authority.decide(_request(world, case, environment))
    if decision.outcome != case["expect"]:
        return f"expects {case['expect']}, and the answer is {decision.outcome.value}{_because(decision)}"
    rules = [reason.rule for reason in decision.reasons]
    if "by" in case and case["by"] not in rules:
        return f"expects {case['expect']} by {case['by']}, and it is by {', '.join(rules) or 'no rule'}"
    return ""


def _request(world: World, case: Mapping[str, Json], environment: str) -> AccessRequest:
    action = next(each for each in ACTIONS if each in case)
    resource = str(case[action])
    facts = dict(cast("dict[str, Json]", case.get("facts") or {}))
    if resource in world.tools:
        facts.setdefault("digest", world.tools[resource].digest)
    if action == "model":
        facts = _MODEL | facts
    return AccessRequest(
        str(case.get("user", "somebody")), world.team, str(case.get("agent", "")), action, resource, facts,
        cast("dict[str, Json]", case.get("with") or {}),
        tuple(map(str, cast("list[Json]", case.get("groups") or []))), str(case.get("environment", environment)),
    )  # fmt: skip


def _because(decision: Decision) -> str:
    if not decision.reasons:
        return ""
    first = decision.reasons[0]
    return f" ({first.place}: {first.text})" if first.place else f" ({first.text})"
