"""Authority: may this user and this agent do this, with these arguments? A pure answer, with reasons.

It reads the policies of a workspace once, refuses to start on one it cannot read, and answers from memory where it
can. It knows no clock, no database and no budget: what depends on those is asked elsewhere, when the action is
claimed (S22).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from remit.domain.decisions import AccessRequest, Decision, Outcome
from remit.policy.answers import answer, is_settled, may_be_shown, unjudged
from remit.policy.arguments import Unfit
from remit.policy.checks import Ready, checked
from remit.policy.entities import FACTS, Unknown, scene_of
from remit.policy.loading import digest_of, read_files, rules_of
from remit.policy.memo import Memo
from remit.policy.rules import Rule
from remit.policy.schema import shared_vocabulary
from remit.policy.slices import Compiler, Matched, Slice, Values
from remit.policy.world import World

Json = Any

_SLICES = 4096
_ANSWERS = 65_536
_LONG = 1024
"""Values beyond this are judged each time: remembering them would cost more than judging them."""
_ROUNDS = 3
"""How often changed arguments are judged again before it counts as a rule that contradicts itself."""
_NO_FACTS: tuple[str, ...] = ()
_NOWHERE = Path("policies")
"""What rules that come from no folder say where they stand."""


class _Rulebook:
    """One reading of the policies, with everything that was found out by it."""

    def __init__(self, rules: tuple[Ready, ...], world: World, version: str = "") -> None:
        self.rules = rules
        self.world = world
        self.version = version
        self.digest = _digest(rules, world)
        self.compiler = Compiler(rules, world)
        self.slices: Memo[tuple[Json, ...], Slice] = Memo(_SLICES)
        self.answers: Memo[tuple[Slice, Values], tuple[Matched, Decision | None]] = Memo(_ANSWERS)


class Authority:
    """The policies of one workspace, ready to answer."""

    def __init__(
        self, folder: Path, rules: tuple[Ready, ...], world: World, files: Mapping[str, str] | None = None
    ) -> None:
        self._folder = folder
        self._files = files
        self.counts: Callable[[Rule, World], bool] | None = None
        """Which rules say anything where code of another time is executed; None: all do, and must fit."""
        self._book = _Rulebook(rules, world, digest_of(files) if files is not None else "")

    @classmethod
    def load(cls, folder: Path, world: World) -> Authority:
        """Read `folder` (`policies/` of the workspace); raises `InvalidPolicy` with file and line."""
        return cls.of(read_files(folder), world, folder)

    @classmethod
    def of(cls, files: Mapping[str, str], world: World, folder: Path = _NOWHERE) -> Authority:
        """Rules that were read already, perhaps long ago."""
        return cls(folder, checked(rules_of(files, folder.name), world), world, files)

    @property
    def version(self) -> str:
        """Names exactly the texts of the rules, whatever they are held against."""
        return self._book.version

    @property
    def folder(self) -> Path:
        """Where they were read from."""
        return self._folder

    @property
    def files(self) -> Mapping[str, str]:
        """The rules, word for word."""
        return self._files or {}

    @property
    def rules(self) -> tuple[Ready, ...]:
        """The rules, ready to be evaluated."""
        return self._book.rules

    @property
    def world(self) -> World:
        """What they were held against."""
        return self._book.world

    @property
    def digest(self) -> str:
        """Names exactly these rules and this schema; stands in every decision."""
        return self._book.digest

    def decide(self, request: AccessRequest, at: int = 0, agreed: Collection[str] = ()) -> Decision:
        """The answer.

        `at` is the wall time, looked at by `@defer` alone: a deferral that is over no longer counts. `agreed` names
        the rules (`requirement.rule`) to which a person has agreed for exactly this action; if another rule asks, too,
        that one is the next answer. For a tool, `request.facts["digest"]` says which version is meant and everything
        else is taken from the world; for a model all of `provider, region, retention, simulated` are needed. Never
        raises for a request, however strange: what cannot be judged is denied.
        """
        book = self._book
        try:
            piece = self._slice(book, request, request.action)
            if request.action == "list":
                return self._listed(book, piece, request)
            return piece.settled or _judge(book, piece, request, at, agreed)
        except (Unknown, Unfit) as wrong:
            return unjudged(str(wrong).rstrip("."), book.digest)
        except Exception as wrong:  # noqa: BLE001 - whatever the reason, nobody has permitted it
            return unjudged(f"the request cannot be judged ({type(wrong).__name__}: {wrong})", book.digest)

    def visible(self, request: AccessRequest, tools: Iterable[str]) -> tuple[str, ...]:
        """Of these tools, those that the asking user and agent may be shown: a call is not surely denied, and no
        rule forbids to list it. Action, resource, facts and context of the request are not looked at.
        """
        known = self._book.world.tools
        shown: list[str] = []
        for name in tools:
            if name in known:
                facts = {"digest": known[name].digest}
                asked = replace(request, action="list", resource=name, facts=facts, context={})
                if self.decide(asked).outcome is Outcome.ALLOW:
                    shown.append(name)
        return tuple(shown)

    def reload(self, world: World | None = None) -> bool:
        """Read the folder again (for another world, if one is given); whether anything changed.

        Raises `InvalidPolicy` and keeps answering by the old rules if the new ones cannot be read.
        """
        return self._turn(read_files(self._folder), world or self._book.world)

    def know(self, world: World) -> bool:
        """The same rules in another world; whether anything changed. Raises `InvalidPolicy` as `reload` does."""
        return self._turn(self.files, world)

    def adopt(self, files: Mapping[str, str]) -> bool:
        """Other rules in the same world; whether anything changed. Raises `InvalidPolicy` as `reload` does."""
        return self._turn(files, self._book.world)

    def _turn(self, files: Mapping[str, str], world: World) -> bool:
        said, counts = rules_of(files, self._folder.name), self.counts
        rules = checked(said if counts is None else [rule for rule in said if counts(rule, world)], world)
        book = _Rulebook(rules, world, digest_of(files))
        changed = (book.digest, book.world) != (self._book.digest, self._book.world)
        if changed:
            self._book, self._files = book, files
        return changed

    def _slice(self, book: _Rulebook, request: AccessRequest, action: str) -> Slice:
        facts = tuple(map(request.facts.get, FACTS.get(action, _NO_FACTS)))
        key = (
            action, request.resource, request.user, request.team, request.agent, request.groups,
            request.environment, *facts,
        )  # fmt: skip
        found = book.slices.get(key)
        if found is None:
            found = Slice(book.compiler, scene_of(request, book.world), action, request.environment)
            book.slices.keep(key, found)
        return found

    def _listed(self, book: _Rulebook, piece: Slice, request: AccessRequest) -> Decision:
        """Listing asks the rules about calling: what nobody could call is not shown."""
        called = self._slice(book, request, "call")
        allowed = may_be_shown(book.rules, called.possible, piece.still, request)
        if allowed:
            return Decision(Outcome.ALLOW, policy=book.digest)
        return unjudged(f"{request.resource} is not shown to whom it is surely denied", book.digest)


def _judge(
    book: _Rulebook, piece: Slice, request: AccessRequest, at: int, agreed: Collection[str]
) -> Decision:
    """The answer for the arguments as they will be: changed ones are judged again, as what they then are."""
    context: Mapping[str, Json] = request.context
    first = _judged_once(book, piece, request, context, at, agreed)
    if not first.changes:
        return first
    changes: dict[str, Json] = {}
    decision = first
    for _ in range(_ROUNDS):
        changes |= decision.changes
        context = {**context, **decision.changes}
        decision = _judged_once(book, piece, request, context, at, agreed)
        if not decision.changes:
            break
    if decision.changes:
        return unjudged("the rules that change its arguments contradict each other", book.digest)
    if decision.outcome is Outcome.ALLOW:
        return replace(first, outcome=Outcome.MODIFY, requirement=None, until=None, changes=changes)
    return decision if decision.outcome is Outcome.DENY else replace(decision, changes=changes)


def _judged_once(
    book: _Rulebook, piece: Slice, request: AccessRequest, context: Mapping[str, Json], at: int,
    agreed: Collection[str],
) -> Decision:  # fmt: skip
    values = piece.values(context)
    key = (piece, values)
    found = book.answers.get(key)
    if found is None:
        matched = piece.match(values)
        settled = is_settled(book.rules, matched, request)
        found = (matched, answer(book.rules, matched, request, {}, book.digest) if settled else None)
        if not piece.reads:
            piece.settled = found[1]  # nothing of any call is looked at
        elif _is_short(values):
            book.answers.keep(key, found)
    matched, plain = found
    return plain or answer(book.rules, matched, request, context, book.digest, at, agreed)


def _is_short(values: Values) -> bool:
    return sum(len(value) for value in values if isinstance(value, str | tuple)) <= _LONG  # pyright: ignore[reportUnknownArgumentType]


def _digest(rules: tuple[Ready, ...], world: World) -> str:
    said = [shared_vocabulary(world.tools).text]
    said += [f"{name} {tool.digest}" for name, tool in sorted(world.tools.items())]
    said += [f"{each.rule.place}\n{each.rule.text}" for each in rules]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
