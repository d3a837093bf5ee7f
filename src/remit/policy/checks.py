"""Holding rules against the world: every name exists, every condition has a type, every annotation can be carried out.

What a typing error would turn into a rule that never applies is refused here, at the start, with file and line: an
unknown tool, a guard on an argument that nobody has, a word that an attribute never is.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace

from cedarpy import pst

from remit.domain.action_errors import InvalidPolicy
from remit.domain.decisions import Reason
from remit.policy.arguments import RESERVED, Kind
from remit.policy.expressions import (
    Inexact,
    attributes,
    bare_context,
    comparisons,
    mentions,
    reads,
    with_exact_fractions,
)
from remit.policy.memo import Memo
from remit.policy.rules import Rule, Treatment, invalid, nearest
from remit.policy.schema import (
    ACTIONS,
    AREAS,
    ENVIRONMENTS,
    OF_ACTIONS,
    WORDS,
    Vocabulary,
    shared_vocabulary,
    statement_named,
    vocabulary_of,
)
from remit.policy.world import World

_RESOURCE_ATTRIBUTES = frozenset(
    {"name", "team", "digest", "effect", "source", "owner", "tier", "undoable"}
    | {"provider", "region", "retention", "simulated", "scope", "own"}
    | {"kind", "group", "rule", "agent", "mine"}
)
_PRINCIPAL_ATTRIBUTES = frozenset({"name", "team"})
_ADDRESS = re.compile(r"\[?policy0\]?|for policy `policy0`[,:] ?")
_NO_PLACE = re.compile(r"unable to find an applicable action")
_ATTRIBUTE = re.compile(r"attribute `(?P<name>[^`]*)`.*not found")


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule that fits the world, with its conditions as they are evaluated."""

    rule: Rule
    condition: pst.Template
    """A permit for anybody and anything, under the rule's conditions, with exact fractions."""
    carries: frozenset[str]
    """What of the context the evaluation reads, roundings included."""
    personal: bool
    """Whether the conditions look at the principal."""
    reason: Reason
    """What it says when it decides."""

    @property
    def names_action(self) -> bool:
        """Whether it is about certain actions rather than all."""
        return not isinstance(self.rule.statement.action, pst.ScopeAny)

    @property
    def arguments(self) -> frozenset[str]:
        """What it reads that differs from call to call."""
        return self.carries - RESERVED


_CHECKED: Memo[Hashable, tuple[Ready, ...]] = Memo(32)
"""What fits a world fits it whenever that is asked, and saying so takes ten milliseconds."""


def checked(rules: Iterable[Rule], world: World) -> tuple[Ready, ...]:
    """The rules, ready to be evaluated; raises `InvalidPolicy` for the first that does not fit the world."""
    given = tuple(rules)
    key = (given, _name_of(world))
    found = _CHECKED.get(key)
    if found is None:
        shared = shared_vocabulary(world.tools)
        found = tuple(_ready(rule, world, shared) for rule in given)
        _CHECKED.keep(key, found)
    return found


def problems(rules: Iterable[Rule], world: World) -> Iterator[InvalidPolicy]:
    """All that do not fit, for who wants to see them at once."""
    shared = shared_vocabulary(world.tools)
    for rule in rules:
        try:
            _ready(rule, world, shared)
        except InvalidPolicy as wrong:
            yield wrong


def _name_of(world: World) -> Hashable:
    """Everything of a world that rules are held against."""
    tools = tuple(sorted((name, tool.digest) for name, tool in world.tools.items()))
    return world.team, tools, world.agents, world.teams, world.models, world.users, world.roles


def _ready(rule: Rule, world: World, shared: Vocabulary) -> Ready:
    _check_names(rule, world)
    statement, actions = rule.statement, actions_of(rule.statement)
    manifest = world.tools.get(only_tool(statement))
    vocabulary = vocabulary_of(manifest) if manifest is not None else shared
    if bare_context(statement):
        raise invalid(f"{rule.place} uses context as a whole; name the argument that it means.")
    _check_attributes(rule, actions, vocabulary)
    _check_types(rule, vocabulary)
    _check_words(rule, vocabulary)
    _check_changes(rule, actions, vocabulary)
    try:
        exact = with_exact_fractions(statement, vocabulary.fractions)
    except Inexact as fraction:
        raise invalid(
            f"{rule.place} uses {fraction}, which can be a fraction, where it would be rounded; "
            "compare it directly with a whole number."
        ) from None
    condition = replace(
        exact, id=rule.name, effect="permit", annotations=pst.FrozenMap(),
        principal=pst.ScopeAny(), action=pst.ScopeAny(), resource=pst.ScopeAny(),
    )  # fmt: skip
    named = sorted(reads(statement) - RESERVED)
    reason = Reason(
        rule.name, rule.place, rule.reason or sentence(rule), ", ".join(named),
        remedies=(rule.remedy,) if rule.remedy else (),
    )  # fmt: skip
    return Ready(rule, condition, reads(exact), mentions(exact, "principal"), reason)


def sentence(rule: Rule) -> str:
    """What a rule says that says nothing of its own."""
    return {
        Treatment.PERMIT: "a rule permits it",
        Treatment.DENY: "a rule forbids it",
        Treatment.ASK: f"{rule.group} has to agree",
        Treatment.MODIFY: "a rule changes its arguments",
        Treatment.DEFER: "not yet",
    }[rule.treatment]


def actions_of(statement: pst.Template) -> frozenset[str]:
    """The actions that a rule is about."""
    match statement.action:
        case pst.ActionEq(entity):
            return frozenset({entity.id})
        case pst.ActionIn(entities):
            return frozenset(entity.id for entity in entities)
        case _:
            return frozenset(ACTIONS)


def only_tool(statement: pst.Template) -> str:
    """The one tool that a rule is about, or nothing."""
    match statement.resource:
        case pst.ScopeEq(pst.EntityUid(kind, name)) | pst.ScopeIn(pst.EntityUid(kind, name)) if (
            str(kind) == "Tool"
        ):
            return name
        case pst.ScopeIsIn(_, pst.EntityUid(kind, name)) if str(kind) == "Tool":
            return name
        case _:
            return ""


# --- names --------------------------------------------------------------------------------------------------


def _check_names(rule: Rule, world: World) -> None:
    known = _known_names(world)
    for uid in sorted(pst.entity_uids(rule.statement), key=str):
        kind = str(uid.type)
        if kind not in known:
            raise invalid(f"{_line_of(rule, uid)} names {uid}; there is no {kind}{nearest(kind, known)}.")
        names, why = known[kind]
        if names is not None and uid.id not in names:
            raise invalid(f"{_line_of(rule, uid)} names {uid}, which {why}{nearest(uid.id, names)}.")


def _known_names(world: World) -> dict[str, tuple[frozenset[str] | None, str]]:
    missing = "this workspace does not have"
    return {
        "Tool": (frozenset(world.tools), "no agent in this workspace has"),
        "Agent": (world.agents, missing),
        "Team": (world.teams | {world.team}, missing),
        "Model": (world.models, "no provider of this workspace has"),
        "User": (world.users, missing),
        "Role": (world.roles, missing),
        "Action": (frozenset(ACTIONS), "is no action"),
        "Environment": (frozenset(ENVIRONMENTS), "is no environment"),
        "Memory": (None, ""),
        "Host": (None, ""),
        "LocalTool": (None, ""),
        "Run": (None, ""),
        "Approval": (None, ""),
        "Policy": (None, ""),
        "Area": (frozenset(AREAS), "is nothing that can be administered"),
    }


def _line_of(rule: Rule, uid: pst.EntityUid) -> str:
    """The file and line where a rule names something."""
    file, _, line = rule.place.rpartition(":")
    found = re.search(rf'{re.escape(str(uid.type))}\s*::\s*"{re.escape(uid.id)}"', rule.text)
    return f"{file}:{int(line) + rule.text.count(chr(10), 0, found.start())}" if found else rule.place


# --- conditions ---------------------------------------------------------------------------------------------


def _check_attributes(rule: Rule, actions: frozenset[str], vocabulary: Vocabulary) -> None:
    """A guard such as `context has amout` has a type, and would switch its rule off without a word."""
    context = {*RESERVED, *(name for action in actions for name in OF_ACTIONS.get(action, {}))}
    if "call" in actions:
        context |= set(vocabulary.arguments)
    known = {"context": context, "resource": _RESOURCE_ATTRIBUTES, "principal": _PRINCIPAL_ATTRIBUTES}
    for owner, name in sorted(attributes(rule.statement)):
        if name in known.get(owner, {name}):
            continue
        if owner == "context" and "call" in actions and name in vocabulary.hidden:
            raise invalid(f"{rule.place} reads context.{name}: {vocabulary.hidden[name]}.")
        raise invalid(f"{rule.place} reads {owner}.{name}, which nothing has{nearest(name, known[owner])}.")


def _check_types(rule: Rule, vocabulary: Vocabulary) -> None:
    said = statement_named(vocabulary.schema, rule.statement)
    if not said:
        return
    first = next((each for each in said if not _NO_PLACE.search(each)), said[0])
    sentence = _ADDRESS.sub("", first).strip().rstrip(".")
    unknown = _ATTRIBUTE.search(sentence)
    near = nearest(unknown["name"], vocabulary.arguments) if unknown else ""
    raise invalid(f"{rule.place} does not fit the schema: {sentence}{near}.")


def _check_words(rule: Rule, vocabulary: Vocabulary) -> None:
    for (owner, name), text in comparisons(rule.statement):
        argument = vocabulary.arguments.get(name) if owner == "context" else None
        words = frozenset(argument.choices) if argument else WORDS.get(name)
        if words and text not in words:
            raise invalid(f'{rule.place} compares {owner}.{name} with "{text}"{nearest(text, words)}.')


# --- annotations --------------------------------------------------------------------------------------------


def _check_changes(rule: Rule, actions: frozenset[str], vocabulary: Vocabulary) -> None:
    if rule.treatment is not Treatment.MODIFY:
        return
    if actions != frozenset({"call"}):
        raise invalid(f'{rule.place} changes arguments; only action == Action::"call" has any.')
    for name in sorted(rule.changes):
        argument = vocabulary.arguments.get(name)
        if argument is None:
            why = vocabulary.hidden.get(name, f"nothing has it{nearest(name, vocabulary.arguments)}")
            raise invalid(f'{rule.place} changes "{name}": {why}.')
        if name in rule.redacts and (argument.kind is not Kind.TEXT or argument.choices):
            raise invalid(f'{rule.place} redacts "{name}", which is no free text.')
        if name not in rule.redacts and argument.kind not in {Kind.LONG, Kind.FRACTION}:
            raise invalid(f'{rule.place} clamps "{name}", which is no number.')
