"""Remit's contracts, asked directly: the compiler, the ledger and the check, without the gate around them.

It owns the two ways of getting a contract: the *oracle*, which is told which operations the task needs and how often
(so that it bounds the gate), and the *shipped* compiler, which reads the user's words alone. It must not look at
attacks, or at any value of a solution that the user did not write.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Self

from bench.security.annotations import TEAM, acts, manifests_of
from bench.security.worlds import Call, Suite, UserTask
from remit.domain.contracts import AllowedCall, Contract, ContractTemplate
from remit.domain.tools import ToolManifest
from remit.policy.provenance.checking import check
from remit.policy.provenance.compiler import compile_contract
from remit.policy.provenance.ledger import Ledger

MEMORY = ToolManifest("recall", "Something that was remembered.", {"type": "object", "properties": {}})
CHILD = ToolManifest("sub_agent", "What a sub-agent answered.", {"type": "object", "properties": {}})


def oracle_template(suite: Suite, task: UserTask) -> ContractTemplate:
    """Which operations, how often, and which private classes: taken from the solution; never a value of it."""
    manifests = manifests_of(suite)
    gold = task.calls(task.world())
    times = Counter(call.tool for call in gold if acts(manifests[call.tool]))
    reads = {manifests[call.tool].label.data_class for call in gold if not acts(manifests[call.tool])}
    return ContractTemplate(
        calls=tuple(AllowedCall(tool, times=count) for tool, count in times.items()),
        reads=tuple(sorted(filter(None, reads))),
    )


def shipped_template(suite: Suite, task: UserTask) -> ContractTemplate:
    """Nothing but what the user's words ask for."""
    del suite, task
    return ContractTemplate()


TEMPLATES: dict[str, Callable[[Suite, UserTask], ContractTemplate]] = {
    "oracle contract": oracle_template,
    "shipped compiler": shipped_template,
}


class Checked:
    """One run under a contract."""

    def __init__(
        self,
        manifests: dict[str, ToolManifest],
        contract: Contract,
        ledger: Ledger | None = None,
        context: str = "",
    ) -> None:
        self.manifests = manifests
        self.contract = contract
        self.ledger = ledger or Ledger(contract, team=TEAM)
        self.seconds: list[float] = []
        """How long each check took."""
        self.why: list[tuple[Call, Any]] = []
        """What was refused, and the reasons."""
        self._context = context

    @classmethod
    def under(cls, named: str, suite: Suite, task: UserTask, seconds: list[float] | None = None) -> Self:
        """A run of this task under a contract of that kind."""
        manifests = manifests_of(suite)
        made = cls(manifests, compile_contract(task.prompt, TEMPLATES[named](suite, task), manifests))
        made.seconds = made.seconds if seconds is None else seconds
        return made

    def allows(self, call: Call) -> Call | None:
        began = time.thread_time()
        verdict = check(self.contract, self.ledger, self.manifests[call.tool], call.arguments, self._context)
        self.seconds.append(time.thread_time() - began)
        if not verdict.allows:
            self.why.append((call, verdict.reasons))
            return None
        sent = Call(call.tool, verdict.arguments, call.derived)
        if verdict.slot is not None:
            self.ledger.use(verdict.slot, verdict.key)
        return sent

    def saw(self, call: Call, result: Any) -> None:
        self.ledger.saw(
            self.manifests[call.tool], call.arguments, result, f"bench/{call.tool}", self._context
        )

    def recalls(self, values: Any) -> None:
        self.ledger.saw(MEMORY, {}, values, "bench/recall", self._context)

    def hears(self, values: Any) -> None:
        self.ledger.saw(CHILD, {}, values, "bench/sub_agent", self._context)

    def child(self) -> Self:
        self.ledger.child("sub_agent", self._context)
        return type(self)(self.manifests, self.contract, self.ledger, "sub_agent")
