"""Showing a contract to whoever asked for it, where it puts more at stake than an operator lets pass unseen.

The run waits, as it does for any person; what was agreed to is what stands in the question, byte for byte, and never
what would be compiled by then (S6). A yes may leave less of it, and never more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.approvals import CONTRACT
from remit.domain.contracts import Contract
from remit.domain.errors import Rejected
from remit.domain.event import object_of
from remit.domain.events import WaitOpened
from remit.domain.ids import approval_id
from remit.engine.asking import Question, ask
from remit.policy.provenance.narrowing import narrowed
from remit.policy.provenance.telling import told
from remit.store.database import Op
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.engine.execution import Execution
    from remit.policy.provenance.risk import Risk

_APPROVAL = "approval"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is shown, of whom it is asked."""

    contract: Contract
    risk: Risk
    agent: str = ""
    user: str = ""
    known: bool = False
    """Whether the user is somebody whom the workspace knows, and to whom the question goes by name."""


def was_shown(execution: Execution, place: str) -> bool:
    """Whether somebody was asked about the contract of this place, in this life of the run or in an earlier one."""
    return bool(execution.journal.look(f"{place}/{_APPROVAL}"))


async def agreed(execution: Execution, place: str, asked: Asked) -> Contract:
    """The contract that whoever asked agrees to; raises `Rejected` for a no."""
    path = f"{place}/{_APPROVAL}"
    recorded = execution.journal.look(path)
    opened = next((each.event for each in recorded if isinstance(each.event, WaitOpened)), None)
    value: Any = opened.value if opened is not None else _card(execution, place, asked)
    shown = object_of(value)
    contract = Contract.of(shown["contract"])
    question = Question(
        "human", contract.asks, value, CONTRACT, None, "reject", ops=_terms(execution, path, asked)
    )
    closed = await ask(execution, execution.scope(), path, question, recorded)
    if closed.how != "approved":
        said = f": {closed.comment}" if closed.comment else ""
        raise Rejected(
            f"{closed.by or 'nobody'} did not agree to the contract of {shown.get('agent') or 'the run'}{said}."
        )
    return contract if closed.value == value else narrowed(contract, closed.value)


def _card(execution: Execution, place: str, asked: Asked) -> dict[str, Any]:
    row, plain = execution.row, asked.contract.plain()
    digest = canonical.digest(canonical.plain([row.id, row.generation, place, plain]))
    return {
        "contract": plain, "slots": told(asked.contract), "reads": list(asked.contract.reads),
        "risk": asked.risk.level.name.lower(), "reason": "; ".join(asked.risk.why), "agent": asked.agent,
        "for": asked.user, "digest": digest,
    }  # fmt: skip


def _terms(execution: Execution, path: str, asked: Asked) -> tuple[Op, ...]:
    """It is asked of whoever the run is for, if they are known by name."""
    if not asked.known:
        return ()
    identity = approval_id(f"{execution.row.id}.{execution.row.generation}", path)
    return (Op("approvals.delegate", (identity, asked.contract.asks, asked.user)),)
