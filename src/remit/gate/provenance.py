"""Contracts at the gate: the contract of a run, the ledger folded from its log, and what both say about an action.

A contract is fixed in the log before anything untrusted is read, and read from there ever after. The ledger is a fold
over the events of the run, so a restart, a park of months and a new generation find it as it was. What a contract says
stands in `policy.provenance`; what becomes of an answer, here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import Denied
from remit.domain.action_events import ActionAdmitted, AgentAsked, AgentEnded
from remit.domain.contract_events import ContractFixed
from remit.domain.contracts import Contract, ContractTemplate
from remit.domain.event import object_of
from remit.domain.events import RunCreated, StepClaimed, StepDone
from remit.domain.labels import Integrity, Label, joined
from remit.engine.outside import run_stream
from remit.gate.guards.tokens import restored
from remit.gate.showing import Asked, agreed, was_shown
from remit.gate.steps import MODEL
from remit.policy.provenance.compiler import compile_contract
from remit.policy.provenance.ledger import Ledger
from remit.policy.provenance.risk import is_above, risk_of
from remit.policy.provenance.texts import texts_of
from remit.store.conversations import resolve
from remit.wire.attachment import wordless

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.domain.event import Event
    from remit.domain.tools import ToolManifest
    from remit.engine.execution import Execution
    from remit.policy.provenance.proposal import Proposal
    from remit.store.log import Entry
    from remit.tools.registry import Registry

Json = Any


@dataclass(frozen=True, slots=True)
class Bound:
    """A contract that binds whoever acts, and which asking of a model it is that acts."""

    run: RunContract
    context: str = ""
    """The scope of the ask; empty for the flow's own code."""
    carried: tuple[str, ...] = ()
    """The asks that had in sight what this very call passes on without having read it."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a contract is compiled from: nothing that anybody but its user, author and operator wrote."""

    template: ContractTemplate
    mine: dict[str, Json]
    """The user's own words and values, by parameter."""
    manifests: dict[str, ToolManifest]
    above: Contract | None = None
    """The contract of the run that spawned this one."""

    @property
    def text(self) -> str:
        """The user's words."""
        return "\n".join(texts_of(self.mine))


class RunContract:
    """The contract of a flow, or of one asking of an agent, with what was seen and done under it."""

    def __init__(
        self, template: ContractTemplate | None, registry: Registry, tools: frozenset[str] | None, place: str = "",
        floor: ContractTemplate | None = None, question: Json = None, show_above: str = "",
    ) -> None:  # fmt: skip
        self._template = template
        """None: that of a run's parent, if it has one."""
        self.place = f"{place}/contract" if place else "contract"
        self._scope = place
        self._registry = registry
        self._tools = tools
        """The tools that it is about; None: all of the workspace."""
        self._floor = floor
        self._question = question
        self._show_above = show_above
        self._material: Material | None = None
        self._fixing = asyncio.Lock()
        self.proposal: Proposal | None = None
        """What a model proposes for it, if one was asked."""
        self.claimed: dict[str, int] = {}
        """The slot that the call at each place has used."""
        self.ledger = Ledger(Contract())
        self.ready = False
        self.absent = False
        """Whether there is no contract after all: the parent has none."""

    @property
    def contract(self) -> Contract:
        """What may be done."""
        return self.ledger.contract

    async def fix(self, execution: Execution) -> None:
        """Read the contract from the log, or fix it there; before anything is done under it."""
        async with self._fixing:  # branches that begin at once have one contract, and one ledger
            if not self.ready:
                await self._fix(execution)

    def is_fixed(self, execution: Execution) -> bool:
        """Whether it stands in the log of this generation."""
        return self.ready or _fixed_in(execution.journal.entries, self.place) is not None

    async def _fix(self, execution: Execution) -> None:
        entries = execution.journal.entries
        fixed = _fixed_in(entries, self.place)
        if fixed is None and execution.row.generation > 1:
            with execution.on_ground():
                whole, _ = await execution.services.log.read(run_stream(execution.row.id), lenient=True)
            earlier = _fixed_in(whole, self.place)
            if earlier is not None:
                self._fold(earlier, whole, execution.row.team)
                self._note(execution)
                return
        if fixed is not None:
            was_shown(execution, self.place)
            self._fold(fixed, entries, execution.row.team)
            return
        await self._make(execution)

    async def material(self, execution: Execution) -> Material | None:
        """What it is compiled from; None if there is nothing to compile."""
        if self._material is None:
            above = await self._above(execution)
            if self._template is None and above is None:
                return None
            template = self._template or _nothing_but_reads(above)
            self._material = Material(
                template, await self._words(execution, template),
                {
                    tool.name: tool.manifest
                    for tool in self._registry
                    if self._tools is None or tool.name in self._tools
                },
                above,
            )  # fmt: skip
        return self._material

    async def _words(self, execution: Execution, template: ContractTemplate) -> dict[str, Json]:
        """The words that the run was started with; no agent's and no other run's words count."""
        created = execution.journal.created
        mine = execution.row.generation == 1 and not execution.flow.foreign
        own = mine and await _spawner(execution) is None
        with execution.on_ground():
            given = await resolve(created.input, execution.services.database, execution.services.keys)
        return {
            name: wordless(value)
            for name, value in object_of(given).items()
            if own and name not in template.untrusted and name not in execution.flow.internal
        }

    async def _make(self, execution: Execution) -> None:
        """Compile it, and let whoever asked agree to it where that is demanded."""
        material = await self.material(execution)
        if material is None:
            self.ready = self.absent = True
            return
        template, mine, above = material.template, material.mine, material.above
        contract = compile_contract(
            material.text, template, material.manifests, mine, self._floor, self.proposal
        )
        if above is not None:  # a child does nothing that its parent could not do
            contract = replace(
                contract, slots=tuple(each for each in contract.slots if each.tool in above.by_tool)
            )
        attended, known = await _behind(execution)
        if not contract.on_violation:
            contract = replace(contract, on_violation="ask" if attended else "deny")
        contract = await self._shown(execution, material, contract, attended=attended, known=known)
        self.ledger = Ledger(contract, execution.row.team)
        if (self._scope and self._question not in mine.values()) or execution.flow.foreign:
            self.ledger.sees(_somebodys(execution.row.team), self._scope)
        self._note(execution)

    async def _shown(
        self, execution: Execution, material: Material, contract: Contract, *, attended: bool, known: bool
    ) -> Contract:
        """The contract as it was agreed to; what an author listed was agreed to when it was written."""
        risk = risk_of(contract, material.manifests)
        due = material.template.narrows and is_above(risk, self._show_above)
        if not due and not was_shown(execution, self.place):
            return contract
        if not attended:
            raise Denied(
                f"the contract puts much at stake ({'; '.join(risk.why)}), and nobody is there to agree to it.",
                "List the calls in the contract, or let a person start the run.",
            )
        agent, user = self._scope.rpartition("/")[2], execution.journal.created.by
        return await agreed(execution, self.place, Asked(contract, risk, agent, user, known))

    @staticmethod
    async def _above(execution: Execution) -> Contract | None:
        """The contract of the run that spawned this one."""
        parent = await _spawner(execution)
        if parent is None:
            return None
        with execution.on_ground():
            entries, _ = await execution.services.log.read(run_stream(parent), lenient=True)
        fixed = _fixed_in(entries, "contract")
        return Contract.of(fixed.event.contract) if fixed and isinstance(fixed.event, ContractFixed) else None

    def _note(self, execution: Execution) -> None:
        self.ready = True
        if not execution.dry:
            contract = self.contract
            event = ContractFixed(contract.plain(), contract.digest, self.ledger.plain())
            execution.note(event, self.place)

    # --- the fold -------------------------------------------------------------------------------------

    def _fold(self, fixed: Entry, entries: Iterable[Entry], team: str) -> None:
        """What the log says was seen and done since the contract was fixed."""
        event = fixed.event
        assert isinstance(event, ContractFixed)  # noqa: S101 - it was looked for
        contract = Contract.of(event.contract)
        self.ledger = Ledger.of(contract, event.ledger) if event.ledger else Ledger(contract, team)
        arguments: dict[str, dict[str, Json]] = {}
        asked: list[str] = []
        for entry in entries:
            if entry.seq < fixed.seq or not self._covers(entry.path):
                continue
            self._take(entry, arguments, asked)
        self.ready = True

    def _take(self, entry: Entry, arguments: dict[str, dict[str, Json]], asked: list[str]) -> None:
        event, path = entry.event, entry.path
        context = max((each for each in asked if path.startswith(f"{each}/")), key=len, default=self._scope)
        match event:
            case AgentAsked():
                self.ledger.child(path, context)
                asked.append(path)
            case AgentEnded():
                self.returned(path, context, typed=bool(object_of(event.detail).get("typed")))
            case ActionAdmitted() | StepClaimed():
                detail = object_of(event.detail)
                arguments[path] = object_of(detail.get("arguments"))
                self._use_again(path, detail)
            case StepDone():
                self._done(event, path, context, arguments)
            case _:
                pass

    def _done(self, event: StepDone, path: str, context: str, arguments: dict[str, dict[str, Json]]) -> None:
        detail = object_of(event.detail)
        self._use_again(path, detail)
        if event.name == MODEL.name and "provider" in detail:
            self.ledger.answered(f"provider:{detail['provider']}", context)
        tool = self._registry.find(event.name)
        if "label" not in detail:
            return
        if str(object_of(detail["label"]).get("source", "")).startswith("memory:"):
            self.ledger.sees(Label.of(detail["label"]), context)
        elif tool is not None:
            given = object_of(object_of(detail.get("edited")).get("arguments") or detail.get("arguments"))
            result = restored(event.result, object_of(detail.get("tokens")))
            self.ledger.saw(tool.manifest, given or arguments.get(path, {}), result, path, context)
        else:
            self.ledger.sees(Label(), context)  # a tool that nobody knows any more: its label is lost

    def _use_again(self, path: str, detail: dict[str, Json]) -> None:
        for used in detail.get("contracts") or ():
            if object_of(used).get("at") == self.place and path not in self.claimed:
                self.use(path, used["slot"], used["key"])

    def _covers(self, path: str) -> bool:
        return not self._scope or path.startswith(f"{self._scope}/")

    # --- what happens ---------------------------------------------------------------------------------

    def free(self, path: str, slot: int) -> bool:
        """Whether a slot may be used here: it is this place's already, or nobody has taken the last of it."""
        return path in self.claimed or self.ledger.used[slot] < self.contract.slots[slot].times

    def use(self, path: str, slot: int, key: str) -> None:
        """The call at this place uses a slot: once, however often it is attempted."""
        if path not in self.claimed:
            self.claimed[path] = slot
            self.ledger.use(slot, key)

    def returned(self, inner: str, outer: str, *, typed: bool) -> None:
        """An agent answered whoever asked it: what it had in sight is in the answer, unless that holds data alone."""
        if not typed:
            self.ledger.sees(self.ledger.visible(inner), outer)


def entering(bounds: tuple[Bound, ...], scope: str) -> tuple[Bound, ...]:
    """The same contracts for an agent that begins to act here."""
    return tuple(replace(bound, context=scope) for bound in bounds)


def begin(inner: tuple[Bound, ...], outer: tuple[Bound, ...]) -> None:
    """An agent begins with what the one that lets it act has in sight."""
    for bound, above in zip(inner, outer, strict=False):
        bound.run.ledger.child(bound.context, above.context)


def left(inner: tuple[Bound, ...], outer: tuple[Bound, ...], *, typed: bool) -> None:
    """An agent has answered."""
    for bound, above in zip(inner, outer, strict=False):
        bound.run.returned(bound.context, above.context, typed=typed)


async def fix(bounds: tuple[Bound, ...], execution: Execution) -> None:
    """Have every contract in the log before anything is done under it."""
    for bound in bounds:
        if not bound.run.ready:
            await bound.run.fix(execution)


def recalled(bounds: tuple[Bound, ...], label: Label) -> None:
    """Memory gave something back, and it carries its label (F)."""
    for bound in bounds:
        bound.run.ledger.sees(label, bound.context)


def remembered(bounds: tuple[Bound, ...], label: Label) -> Label:
    """What a model keeps is for nobody who may not read what it had in sight."""
    return joined((label, *(bound.run.ledger.visible(bound.context) for bound in bounds)))


async def _spawner(execution: Execution) -> str | None:
    """The run that spawned this one; of a fork, the one that spawned what it goes on from: a fork may do no more."""
    created: Event = execution.journal.created
    parent = execution.row.parent
    while parent is None and isinstance(created, RunCreated) and created.forked_from:
        with execution.on_ground():
            created = (await execution.services.log.read_one(run_stream(created.forked_from), 1)).event
        parent = created.parent if isinstance(created, RunCreated) else None
    return parent


def _nothing_but_reads(above: Contract | None) -> ContractTemplate:
    """For the child of a run under contract that declares none: it may look at what its parent may, and do nothing."""
    if above is None:
        return ContractTemplate(calls=(), reads=())
    return ContractTemplate(calls=(), reads=above.reads, on_violation=above.on_violation, asks=above.asks)


async def _behind(execution: Execution) -> tuple[bool, bool]:
    """Whether a person stands behind the run, and whether the workspace knows them: a clock and a service have nobody
    who waits to be asked.
    """
    by = execution.journal.created.by
    if by.startswith("schedule:"):
        return False, False
    with execution.on_ground():
        known = await execution.services.database.fetch("people.get", execution.row.team, by)
    return all(kind != "service" for _, _, kind, *_ in known), bool(known)


def _fixed_in(entries: Iterable[Entry], place: str) -> Entry | None:
    found: Entry | None = None
    for entry in entries:
        if entry.path == place and isinstance(entry.event, ContractFixed):
            found = entry
    return found


def _somebodys(team: str) -> Label:
    """What an agent is asked in words that are not the user's: the team's own, and nobody knows whose before."""
    return Label(Integrity.UNTRUSTED, frozenset({f"team:{team}", "provider:*"}), ("question",))


def spent(tool: str) -> Denied:
    """Two branches wanted the last call of a slot."""
    wrong = Denied(
        f"{tool} was not called: another branch used the last call that the contract has.",
        "Go on without it.",
    )
    wrong.detail = {"reasons": [{"rule": "slot_spent"}]}
    return wrong
