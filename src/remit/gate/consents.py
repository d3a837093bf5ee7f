"""Consents: what somebody agreed to, by whom and for exactly which action; and grants, which agree in advance.

A consent counts for the terms of the rule that asked and for the card as it was shown (S21). It is used once, in the
commit of the claim (S20). A grant answers an ask and nothing else: no denial, no broken bound, nothing that needs
several people; and only while whoever gave it might still agree themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.approvals import Bound, GrantTerms
from remit.domain.decisions import AccessRequest, Outcome
from remit.domain.errors import Shredded
from remit.domain.people import groups_of
from remit.domain.people_errors import ApprovalConsumed
from remit.domain.people_events import GrantMade, GrantUsed
from remit.engine.outside import shared_event, team_stream
from remit.store.database import Commit, Conflict, Op

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.domain.decisions import Requirement
    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.gate.parts import GateParts

REFUSED = "consent"
"""Below the path of an action that the log did not let pass, because its consent does not stand any more."""


@dataclass(frozen=True, slots=True)
class Consent:
    """Somebody agreed to one rule's question about one action."""

    terms: str
    card: str
    """What was agreed to, by digest."""
    by: str
    approval: str = ""
    grant: str = ""

    @property
    def name(self) -> str:
        """What the log calls it."""
        return self.approval or self.grant


class Uses:
    """Which consents the attempts of one action have used, in this life of the run and in earlier ones."""

    def __init__(self) -> None:
        self._count: dict[str, int] = {}

    def ops(self, consents: Iterable[Consent], now: int) -> Iterator[Op]:
        """What is committed with a claim; an attempt that repeats an earlier one uses no grant again."""
        for consent in consents:
            before = self._count.get(consent.name, 0)
            if consent.approval:
                yield Op("consents.use_approval", (consent.approval, before), one=True)
            elif consent.grant and not before:
                yield Op("consents.use_grant", (consent.grant, now), one=True)
            self._count[consent.name] = before + 1

    def take_up(self, names: Iterable[str]) -> None:
        """An earlier attempt used these."""
        for name in names:
            self._count[name] = self._count.get(name, 0) + 1

    @property
    def grants(self) -> list[str]:
        """The grants among them."""
        return [name for name in self._count if name.startswith("g-")]

    def of(self, name: str) -> int:
        """How often a consent was used."""
        return self._count.get(name, 0)


def is_refused(execution: Execution, call: Placed) -> bool:
    """Whether the log refused this action a moment ago for the sake of its consents."""
    return f"{call.path}/{REFUSED}" in execution.refused


async def check_standing(execution: Execution, approval: str, used: int) -> None:
    """Raise `ApprovalConsumed` if a consent that was given does not stand any more."""
    with execution.on_ground():
        rows = await execution.services.database.fetch("approvals.get", approval)
    if not rows or rows[0][10] != "approved" or rows[0][16] != used:
        raise ApprovalConsumed(
            f"the consent {approval} was used already, or was taken back.", "Ask for the action again."
        )


async def find_grant(
    parts: GateParts, execution: Execution, request: AccessRequest, asked: Requirement, uses: Uses
) -> Consent | None:
    """A grant that covers exactly this call, given by somebody who may still agree to it; its terms are left open.

    An attempt that repeats an earlier one goes on under the grant that it has used.
    """
    if request.action != "call" or asked.violation or asked.quorum > 1:
        return None
    services, now = execution.services, execution.now()
    with execution.on_ground():
        by = parts.time.latest()
        again = [await services.database.fetch("grants.again", name, by) for name in uses.grants]
        rows = [row for found in again for row in found]
        rows += await services.database.fetch("grants.living", request.team, request.resource, by)
        for row in rows:
            try:
                made = (await services.log.read_one(row[8], row[9])).event
            except Shredded:
                continue  # nobody can say any more what it covers
            covered = isinstance(made, GrantMade) and terms_of_grant(made).covers(
                request.resource, request.agent, execution.row.id, request.context
            )
            if covered and may_agree(parts, row[11], request, asked, now):
                return Consent("", "", f"{row[11]} (grant {row[0]})", grant=row[0])
    return None


def may_agree(parts: GateParts, person: str, request: AccessRequest, asked: Requirement, now: int) -> bool:
    """Whether somebody could agree to this very action now; in a workspace without users its owner can."""
    roles = parts.roles
    if not roles.any:
        return True
    if not roles.knows(person) or roles.is_disabled(person) or person == request.user:
        return False
    own = roles.of(person)
    facts: dict[str, Any] = {
        "kind": "approval", "group": asked.group, "rule": asked.rule, "agent": request.agent,
        "mine": asked.group in groups_of(own),
    }  # fmt: skip
    may = AccessRequest(
        person, request.team, "", "approve", request.resource, facts, groups=own, environment=request.environment
    )  # fmt: skip
    return parts.authority.decide(may, now).outcome is Outcome.ALLOW


async def use_now(parts: GateParts, execution: Execution, grant: str, path: str) -> bool:
    """Use a grant for what has no claim, before it happens; False if it is used up by now."""
    services, row, now = execution.services, execution.row, execution.now()
    with execution.on_ground():
        key = await services.keys.team_key(row.team, now)
        event = shared_event(team_stream(row.team), row.team, key, GrantUsed(grant, row.id, path), now)
        try:
            use = Op("consents.use_grant", (grant, parts.time.latest()), one=True)
            await services.database.submit(Commit(ops=[use], shared=[event]))
        except Conflict:
            return False
    return True


def terms_of_grant(made: GrantMade) -> GrantTerms:
    """What a grant covers, as its event says."""
    bounds = tuple(Bound(argument, operator, value) for argument, operator, value in made.bounds or ())
    return GrantTerms(made.tool, made.agent, made.run, bounds)
