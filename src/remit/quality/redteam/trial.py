"""Judging an attempt without making it: the same authority, the same contracts, no tool, no model, no log.

It folds what a scenario saw into a ledger, as the gate does from the journal, and asks what the gate would ask. It
must not perform anything: it is given manifests, never bindings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.decisions import AccessRequest, Outcome
from remit.domain.labels import UNKNOWN
from remit.policy.provenance.checking import check
from remit.policy.provenance.compiler import compile_contract
from remit.policy.provenance.ledger import Ledger
from remit.policy.provenance.roles import is_consequential
from remit.quality.redteam.scenario import Judged, Mode, Reach

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.domain.contracts import ContractTemplate
    from remit.domain.decisions import Decision, Reason
    from remit.domain.tools import ToolManifest
    from remit.policy.authority import Authority
    from remit.quality.redteam.scenario import Attempt, Scenario

Json = Any
_REACH = {Outcome.ALLOW: Reach.ALLOWED, Outcome.MODIFY: Reach.ALLOWED, Outcome.DENY: Reach.DENIED}


@dataclass(frozen=True, slots=True)
class Court:
    """Whom an attempt is put to."""

    authority: Authority
    manifests: Mapping[str, ToolManifest]
    team: str
    environment: str = "dev"
    floor: ContractTemplate | None = None
    """What the operator allows at most, whatever an author declares."""
    groups: tuple[str, ...] = ()


class Trial:
    """One scenario, ready for its attempts."""

    def __init__(self, court: Court, scenario: Scenario) -> None:
        self.court = court
        self.scenario = scenario
        self.bounds = tuple(_Bound(court, scenario, template) for template in scenario.templates)
        """The contracts that bind it; all must allow."""

    @property
    def seen(self) -> tuple[Ledger, ...]:
        """What was seen under each contract, with nothing used up."""
        return tuple(bound.fresh for bound in self.bounds)

    def judge(self, attempt: Attempt) -> Judged:
        """What would become of it: a no from anybody is a no, a question from anybody a question."""
        answers = [bound.judge(attempt) for bound in self.bounds]
        return min((self._by_rules(attempt), *answers), key=lambda each: each.reach.weight)

    def _by_rules(self, attempt: Attempt) -> Judged:
        manifest, scenario, court = self.court.manifests[attempt.tool], self.scenario, self.court
        decision = court.authority.decide(
            AccessRequest(
                scenario.user, court.team, attempt.by or scenario.agent, "call", attempt.tool,
                {"digest": manifest.digest}, attempt.arguments, court.groups, court.environment,
            )
        )  # fmt: skip
        return _of_decision(decision)


class _Bound:
    """One contract, and what a run has seen under it: folded as the gate folds it from the log."""

    def __init__(self, court: Court, scenario: Scenario, template: ContractTemplate) -> None:
        names = {sink.tool for sink in scenario.sinks} | {seen.tool for seen in scenario.calls}
        known = {name: court.manifests[name] for name in sorted(names) if name in court.manifests}
        self._manifests = court.manifests
        self._contract = compile_contract(scenario.text, template, known, scenario.given, court.floor)
        self.fresh = self._fold(court, scenario, done=False)
        """With nothing used up."""
        self._finished = self._fold(court, scenario, done=True)

    def judge(self, attempt: Attempt) -> Judged:
        """What the contract says."""
        ledger = self._finished if attempt.mode is Mode.APPEND else self.fresh
        context = ""
        if attempt.mode is Mode.MEMORY:
            context = "memory"
            ledger.sees(UNKNOWN, context)
        elif attempt.by:
            context = attempt.by
            ledger.child(context)
        manifest = self._manifests[attempt.tool]
        verdict = check(self._contract, ledger, manifest, attempt.arguments, context)
        if verdict.allows:
            return Judged(Reach.ALLOWED, text="the contract has a place for it")
        reach = Reach.DENIED if self._contract.on_violation == "deny" else Reach.ASKED
        return _of_reasons(reach, verdict.reasons)

    def _fold(self, court: Court, scenario: Scenario, *, done: bool) -> Ledger:
        ledger = Ledger(self._contract, court.team)
        for seen in scenario.calls:
            manifest = court.manifests.get(seen.tool)
            if manifest is None or (is_consequential(manifest) and not done):
                continue
            if is_consequential(manifest):
                verdict = check(self._contract, ledger, manifest, seen.arguments)
                if verdict.slot is not None:
                    ledger.use(verdict.slot, verdict.key)
            ledger.saw(manifest, seen.arguments, seen.result, f"{scenario.name}/{seen.tool}")
        return ledger


def _of_decision(decision: Decision) -> Judged:
    reach = _REACH.get(decision.outcome, Reach.ASKED)
    return _of_reasons(reach, decision.reasons)


def _of_reasons(reach: Reach, reasons: tuple[Reason, ...]) -> Judged:
    if not reasons:
        return Judged(reach)
    first = reasons[0]
    return Judged(reach, first.rule, first.place, first.text, first.argument, first.remedies)
