"""Why something may not be done, or not without a person: the rule and where it stands, the argument it looked at, and
where the value of that came from, as far as anybody can say. It decides nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import msgspec

from remit.domain.action_errors import Denied
from remit.domain.decisions import Outcome
from remit.policy.provenance.parsers import known

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.domain.decisions import AccessRequest, Decision, Reason
    from remit.gate.actor import Actor
    from remit.policy.provenance.ledger import Ledger

Json = Any
_RENAMED = "argument_"
"""What stands before an argument in rules whose own name means something else there."""
_SHOWN = 3


def denied(request: AccessRequest, decision: Decision) -> Denied:
    """A no that says which rule, what it is about, where that came from, and what can be done instead."""
    reason = decision.reasons[0] if decision.reasons else None
    what = f"{request.action} {request.resource}"
    if request.action == "memory":
        what = f"use the memory {request.resource} ({request.context.get('operation')})"
    because = f": {reason.text or reason.rule}" if reason is not None else ""
    where = f" ({', '.join(_told(reason))})" if reason is not None and any(_told(reason)) else ""
    wrong = Denied(
        f"{request.agent or request.user} may not {what}{because}{where}.",
        " ".join(reason.remedies) if reason is not None else "",
    )
    wrong.detail = {"reasons": msgspec.to_builtins(decision.reasons), "policy": decision.policy[:16]}
    return wrong


def sourced(
    decision: Decision, actor: Actor, asked: Mapping[str, Json], sent: Mapping[str, Json], editor: str
) -> Decision:
    """The same answer; each reason that is about arguments says where their values came from."""
    if decision.outcome is Outcome.ALLOW or not decision.reasons:
        return decision
    found = tuple(
        replace(reason, source=_sources(reason, actor, asked, sent, editor))
        if reason.argument and not reason.source
        else reason
        for reason in decision.reasons
    )
    return replace(decision, reasons=found)


def _told(reason: Reason) -> list[str]:
    about = f"{reason.argument}: {reason.source}" if reason.argument and reason.source else reason.source
    return [each for each in (reason.place, about) if each]


def _sources(
    reason: Reason, actor: Actor, asked: Mapping[str, Json], sent: Mapping[str, Json], editor: str
) -> str:
    names = reason.argument.split(", ")
    found = {name: _source(name, actor, asked, sent, editor) for name in names}
    if len(set(found.values())) == 1:
        return found[names[0]]
    return "; ".join(f"{name} is {said}" for name, said in found.items())


def _source(name: str, actor: Actor, asked: Mapping[str, Json], sent: Mapping[str, Json], editor: str) -> str:
    if name not in sent:
        name = name.removeprefix(_RENAMED)
    if name not in sent:
        return "left out, so the tool's default"
    ledgers = [(bound.run.ledger, bound.context) for bound in actor.bounds if not bound.run.absent]
    if asked.get(name) != sent[name] and (editor or not ledgers):
        return f"changed by {editor or 'a rule'}"
    if not actor.agent and not ledgers:
        return "from the code of the flow"
    for ledger, context in reversed(ledgers):  # the closest one knows most
        said = _in_ledger(ledger, context, sent[name])
        if said:
            return said
    return f"written by the model of {actor.agent}" if actor.agent else "from the code of the flow"


def _in_ledger(ledger: Ledger, context: str, value: Json) -> str:
    """What the run has seen tells of a value: the user's word, a directory's, or whoever's text was in sight."""
    values = [known(each) for each in (cast("list[Json]", value) if isinstance(value, list) else [value])]
    if values and all(ledger.literal(each) is not None for each in values):
        return "as the user wrote it"
    members = [ledger.reference(each) for each in values]
    if members and all(member is not None for member in members):
        return f"from {', '.join(sorted({member[0] for member in members if member is not None}))}, which is trusted"
    sources = ledger.visible(context).sources[-_SHOWN:]
    return f"from text that nobody vouches for: {', '.join(sources)}" if sources else ""
