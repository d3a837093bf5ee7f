"""Contracts at the gate: the contract of a run, the ledger folded from its log, and what both say about an action.

A contract is fixed in the log before anything untrusted is read, and read from there ever after. The ledger is a fold
over the events of the run, so a restart, a park of months and a new generation find it as it was. What a contract says
stands in `policy.provenance`; what becomes of an answer, here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import Denied
from remit.domain.action_events import ActionAdmitted, AgentAsked, AgentEnded
from remit.domain.contract_events import ContractFixed
from remit.domain.contracts import Contract, ContractTemplate
from remit.domain.decisions import Outcome, Reason
from remit.domain.event import object_of
from remit.domain.events import StepClaimed, StepDone
from remit.domain.labels import Integrity, Label, joined
from remit.engine.outside import run_stream
from remit.gate.guards.tokens import restored
from remit.policy.provenance.compiler import compile_contract
from remit.policy.provenance.ledger import Ledger
from remit.policy.provenance.texts import texts_of
from remit.store.conversations import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.domain.decisions import Decision
    from remit.engine.execution import Execution
    from remit.store.log import Entry
    from remit.tools.registry import Registry

Json = Any


@dataclass(frozen=True, slots=True)
class Bound:
    """A contract that binds whoever acts, and which asking of a model it is that acts."""

    run: RunContract
    context: str = ""
    """The scope of the ask; empty for the flow's own code."""


class RunContract:
    """The contract of a flow, or of one asking of an agent, with what was seen and done under it."""

    def __init__(
        self, template: ContractTemplate | None, registry: Registry, tools: frozenset[str] | None, place: str = "",
        floor: ContractTemplate | None = None, question: Json = None,
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
        if self.ready:
            return
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
            self._fold(fixed, entries, execution.row.team)
            return
        await self._make(execution)

    async def _make(self, execution: Execution) -> None:
        """Compile it from the words that the run was started with; no agent's and no other run's words count."""
        above = await self._above(execution)
        if self._template is None and above is None:
            self.ready = self.absent = True
            return
        template = self._template or _nothing_but_reads(above)
        created = execution.journal.created
        own = execution.row.parent is None and execution.row.generation == 1
        with execution.on_ground():
            given = await resolve(created.input, execution.services.database, execution.services.keys)
        mine = {
            name: value for name, value in object_of(given).items() if own and name not in template.untrusted
        }
        manifests = {
            tool.name: tool.manifest
            for tool in self._registry
            if self._tools is None or tool.name in self._tools
        }
        contract = compile_contract("\n".join(texts_of(mine)), template, manifests, mine, self._floor)
        if above is not None:  # a child does nothing that its parent could not do
            contract = replace(
                contract, slots=tuple(each for each in contract.slots if each.tool in above.by_tool)
            )
        if not contract.on_violation:
            contract = replace(contract, on_violation="ask" if await _is_attended(execution) else "deny")
        self.ledger = Ledger(contract, execution.row.team)
        if self._scope and self._question not in mine.values():
            self.ledger.sees(_somebodys(execution.row.team), self._scope)
        self._note(execution)

    @staticmethod
    async def _above(execution: Execution) -> Contract | None:
        """The contract of the run that spawned this one."""
        if execution.row.parent is None:
            return None
        with execution.on_ground():
            entries, _ = await execution.services.log.read(run_stream(execution.row.parent), lenient=True)
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


def hide_from(bounds: tuple[Bound, ...], provider: str) -> str:
    """Why a provider may not be told what is in sight; empty if it may."""
    reader = f"provider:{provider}"
    for bound in bounds:
        if bound.run.absent:
            continue
        visible = bound.run.ledger.visible(bound.context)
        if not visible.may_see(reader):
            return f"{reader} may not read what {', '.join(visible.sources[-2:]) or 'was recalled'} gave"
    return ""


def no_reader(decision: Decision, why: str) -> Decision:
    """A model of a provider that may not read what is in sight is no model for this."""
    remedies = (
        "Use a route with a provider that may read it.",
        "Declare the provider as a reader of the tool.",
    )
    return replace(
        decision, outcome=Outcome.DENY, reasons=(Reason("contract:not_a_reader", "", why, remedies=remedies),)
    )


def recalled(bounds: tuple[Bound, ...], label: Label) -> None:
    """Memory gave something back, and it carries its label (F)."""
    for bound in bounds:
        bound.run.ledger.sees(label, bound.context)


def remembered(bounds: tuple[Bound, ...], label: Label) -> Label:
    """What a model keeps is for nobody who may not read what it had in sight."""
    return joined((label, *(bound.run.ledger.visible(bound.context) for bound in bounds)))


def _nothing_but_reads(above: Contract | None) -> ContractTemplate:
    """For the child of a run under contract that declares none: it may look at what its parent may, and do nothing."""
    if above is None:
        return ContractTemplate(calls=(), reads=())
    return ContractTemplate(calls=(), reads=above.reads, on_violation=above.on_violation, asks=above.asks)


async def _is_attended(execution: Execution) -> bool:
    """Whether a person stands behind the run: a clock and a service have nobody who waits to be asked."""
    by = execution.journal.created.by
    if by.startswith("schedule:"):
        return False
    with execution.on_ground():
        known = await execution.services.database.fetch("people.get", execution.row.team, by)
    return all(kind != "service" for _, _, kind, *_ in known)


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
