"""What a model says in a trial whose world has its words: it stands in the log as an answer of the route that would
have been asked, nobody is contacted, and guards, budgets and limits see it as any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from remit.domain.budgets import Amount
from remit.gate.models import Asked
from remit.gate.trying.stand_in import stand_in_of
from remit.wire.messages import Message, ModelResponse

if TYPE_CHECKING:
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.models import Plan
    from remit.gate.trying.stand_in import Recalled

SCRIPTED = "scripted"
"""The model that answers where a world has the words."""


def spoken(execution: Execution, actor: Actor, plan: Plan, purpose: str, digest: str) -> Asked | None:
    """The answer that this world has for a turn of an agent, or to this very call; None: the model of the route is
    asked.
    """
    world = stand_in_of(execution)
    if world is not None and plan.candidates:
        recalled = world.recalls(digest, plan.candidates[0].model)
        if recalled is not None:
            return _recalled(recalled)
    said = world.says(actor.agent, plan.request) if world is not None and not purpose else None
    if said is None:
        return None
    used = plan.most if said.dear else Amount(steps=1)
    answer = ModelResponse(SCRIPTED, said.message, "tools" if said.message.tool_calls else "stop")
    detail = {
        "used": {"money": used.money, "tokens": used.tokens, "steps": 1},
        "model": SCRIPTED,
        "simulated": True,
    }
    return Asked((used,), detail, SCRIPTED, answer, simulated=True)


def _recalled(recalled: Recalled) -> Asked:
    plain, used = recalled.plain, Amount(steps=1)
    answer = ModelResponse(recalled.model, msgspec.convert(plain["message"], Message), plain["finish"])
    detail = {
        "used": {"money": 0, "tokens": 0, "steps": 1},
        "model": recalled.model,
        "recalled": {"money": recalled.money},
    }
    return Asked((used,), detail, recalled.model, answer)
