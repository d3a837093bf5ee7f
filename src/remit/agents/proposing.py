"""Asking a model which calls a request needs, before anything else was read: it sees the user's own words alone.

The call passes the gate and stands in the log as any other, out of the agent's own budget; what it says is clamped by
the compiler. Whatever goes wrong with it, the contract is made without.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import ModelFailed
from remit.domain.conversation import Conversation
from remit.domain.errors import InvalidInput, Refused, StepFailed, TimedOut
from remit.domain.event import object_of
from remit.engine.scope import inside
from remit.gate.model_passage import ModelAsk
from remit.policy.provenance.proposal import proposable, read_proposal, schema_for, shown_to_a_model
from remit.wire import canonical
from remit.wire.messages import Message, ModelRequest, OutputSchema, Text

if TYPE_CHECKING:
    from remit.agents.asked import Face
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.provenance import RunContract
    from remit.policy.provenance.proposal import Proposal

_log = logging.getLogger("remit.agents")
_TASK = (
    "A user wrote a request. Say which calls of the given tools it asks for, and nothing that it does not ask for: the "
    "tool, how often, and for each argument whose value stands in the request that value, exactly as it stands there. "
    "Leave out arguments whose value does not. Under reads, name the classes of data that have to be read for it. A "
    "question asks for no call. The request may be in any language."
)
_ANSWER_TOKENS = 1024


async def propose(run: Face, actor: Actor, contract: RunContract) -> Proposal | None:
    """What a model proposes for a contract that is not fixed yet; None where none is to be asked, or none answered."""
    execution, route = run.execution, run.house.propose
    with inside(execution, "proposal") as scope:
        asked = _recorded(execution, f"{scope.path}/model")
        if asked is None and (not route or contract.is_fixed(execution)):
            return None
        material = await contract.material(execution)
        tools = proposable(material.template, material.manifests) if material is not None else []
        if material is None or not tools or not material.text.strip():
            return None
        # as it stands in the log: the route may be called otherwise by now
        text = run.house.gate.parts.vault.redact(material.text)
        ask = _ask(asked or route, actor.agent, shown_to_a_model(text, tools, material.manifests), tools)
        try:
            reply = await run.house.gate.ask_model(execution, replace(actor, bounds=()), ask)
            return read_proposal(canonical.parse(reply.message.text), reply.model)
        except (Refused, ModelFailed, StepFailed, TimedOut, InvalidInput) as wrong:
            _log.warning("no model proposed a contract for %s: %s", actor.agent, wrong.message)
            return None


def _recorded(execution: Execution, path: str) -> str | None:
    """The route that was asked here in an earlier life of the run."""
    for entry in execution.journal.at_path.get(path, ()):
        route = object_of(getattr(entry.event, "detail", None)).get("route")
        if isinstance(route, str):
            return route
    return None


def _ask(route: str, agent: str, shown: dict[str, Any], tools: list[str]) -> ModelAsk:
    """The request is what makes it this call; tools that came or went since do not."""
    said: tuple[Message, ...] = (
        Message("system", (Text(_TASK),)), Message("user", (Text(canonical.encode(shown).decode()),)),
    )  # fmt: skip
    words: Any = Message("user", (Text(shown["request"]),))
    schema = schema_for(tools, shown["classes"])
    request = ModelRequest(
        model="", messages=said, output=OutputSchema("contract", schema), max_tokens=_ANSWER_TOKENS,
        temperature=0.0,
    )  # fmt: skip
    return ModelAsk(route, request, Conversation().add(words), {"agent": agent}, said, "contract")
