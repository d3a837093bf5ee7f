"""One call held against the contracts that bind whoever makes it: what is sent, what is asked, what is noted.

Every contract has to allow it. A violation that a person may look past becomes a question that no standing grant
answers; the slot is used in the commit of the claim (S20), and what the runtime picked has to stand still (S24).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from remit.domain.action_errors import Denied
from remit.domain.decisions import Decision, Outcome, Requirement
from remit.gate.provenance import spent
from remit.policy.provenance.checking import check
from remit.policy.provenance.selectors import stands

if TYPE_CHECKING:
    from remit.domain.tools import ToolManifest
    from remit.engine.execution import Execution
    from remit.gate.provenance import Bound
    from remit.policy.provenance.checking import Verdict
    from remit.tools.registry import Registry
    from remit.tools.tool import Tool

Json = Any
RULE = "contract:"
"""What the rules of contracts begin with, where a decision names them."""


class Reader(Protocol):
    """Reaches other tools while a call is on its way."""

    async def read(self, tool: Tool, arguments: dict[str, Any]) -> Any:
        """What another tool says."""
        ...


class Bounds:
    """What the contracts of an actor say about one call."""

    def __init__(self, bounds: tuple[Bound, ...]) -> None:
        self._bounds = bounds
        self._verdicts: list[tuple[Bound, Verdict]] = []

    def bind(
        self, manifest: ToolManifest, arguments: dict[str, Json], place: tuple[Execution, str] | None
    ) -> dict[str, Json]:
        """Hold the call against every contract; gives the arguments in the trusted sources' own writing.

        A call that is attempted again, perhaps by another life of the run, has its slot already.
        """
        self._verdicts = []
        for bound in self._bounds:
            if bound.run.absent:
                continue
            again = bound.run.claimed.get(place[1]) if place is not None else None
            verdict = check(
                bound.run.contract, bound.run.ledger, manifest, arguments, bound.context, again, bound.carried
            )
            self._verdicts.append((bound, verdict))
            arguments = verdict.arguments if verdict.allows else arguments
        return arguments

    def combined(self, decision: Decision, agreed: dict[str, str]) -> Decision:
        """What authority and contracts say together: a no is a no, then a question, then a yes."""
        if decision.outcome is Outcome.DENY:
            return decision
        for bound, verdict in self._verdicts:
            rule = f"{RULE}{verdict.reasons[0].rule}" if verdict.reasons else ""
            if verdict.allows or rule in agreed:
                continue
            contract = bound.run.contract
            if contract.on_violation == "deny":
                return Decision(Outcome.DENY, verdict.reasons, policy=decision.policy)
            said = "; ".join(reason.text for reason in verdict.reasons)
            asked = Requirement(contract.asks, rule, f"not in the contract: {said}", violation=True)
            # what a rule changes is changed before somebody is asked: they agree to what will be done
            return Decision(Outcome.ASK, verdict.reasons, asked, decision.changes, policy=decision.policy)
        return decision

    def claim(self, place: tuple[Execution, str] | None, tool: str) -> None:
        """Use the slots; whoever comes second to the last of one is refused."""
        path = place[1] if place is not None else ""
        for bound, verdict in self._verdicts:
            if verdict.slot is not None and not bound.run.free(path, verdict.slot):
                raise spent(tool)
        for bound, verdict in self._verdicts:
            if verdict.slot is not None:
                bound.run.use(path, verdict.slot, verdict.key)

    async def look_again(self, registry: Registry, reach: Reader) -> None:
        """What the runtime picked has to be what it would pick now (S24)."""
        for _, verdict in self._verdicts:
            picked = verdict.precondition
            tool = registry.find(picked.table.tool) if picked is not None else None
            if picked is None:
                continue
            if tool is None or not stands(picked, await reach.read(tool, picked.table.arguments)):
                raise Denied(
                    f"what was the {picked.selector.how} has changed since it was looked up.",
                    "Look it up again.",
                )

    def saw(
        self,
        manifest: ToolManifest,
        arguments: dict[str, Json],
        result: Json,
        place: tuple[Execution, str] | None,
    ) -> None:
        """It took place, and this came of it."""
        for bound in self._bounds:
            path = place[1] if place is not None else ""
            bound.run.ledger.saw(manifest, arguments, result, path, bound.context)

    def facts(self) -> dict[str, Json]:
        """Which slots are used, and how each argument is labelled: a part of every detail and of every card (S21)."""
        found = [
            {
                "at": bound.run.place, "digest": bound.run.contract.digest[:16], "slot": verdict.slot,
                "key": verdict.key,
                "labels": {name: label.plain() for name, label in verdict.labels.items()},
            }
            for bound, verdict in self._verdicts
            if verdict.slot is not None
        ]  # fmt: skip
        return {"contracts": found} if found else {}

    def card(self) -> dict[str, Json]:
        """What a person sees of it: the contract, and where each argument comes from."""
        if not self._verdicts:
            return {}
        labels = {name: label for _, verdict in self._verdicts for name, label in verdict.labels.items()}
        return {
            "contract": [bound.run.contract.digest[:16] for bound, _ in self._verdicts],
            "labels": {
                name: f"{label.integrity.letter} {', '.join(label.sources[-2:])}" for name, label in labels.items()
            },
        }  # fmt: skip


NO_BOUNDS = Bounds(())
"""What nobody bound; every action that is under no contract has it."""
