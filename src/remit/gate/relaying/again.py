"""Whether the answer to a request may be given again, and what it is called: what a hit and what a new answer come to
for the settlement. Where answers are kept, others know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.domain.budgets import Amount
from remit.gate.answer_cache import AnswerCache, Cached
from remit.gate.models import Asked

if TYPE_CHECKING:
    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.gate.relaying.asked import RelayAsk


@dataclass(frozen=True, slots=True)
class Again:
    """An answer that may be given again."""

    name: str
    seconds: int

    @classmethod
    def of(cls, parts: GateParts, actor: Actor, relay: RelayAsk, policy: str) -> Again | None:
        """None where the route wants no such thing, or the request allows none."""
        route = parts.models.configuration.route(relay.route)
        request = relay.inbound.request
        if not route.cache_seconds or not AnswerCache.may_serve(request, relay.headers):
            return None
        readers: list[list[str] | None] = []
        for bound in actor.bounds:
            found = bound.run.ledger.visible(bound.context).readers
            readers.append(None if found is None else sorted(found))
        about = (
            relay.route, route.candidates, policy, parts.authority.digest, actor.team, readers, relay.data_class,
            parts.environment,
        )  # fmt: skip
        return cls(AnswerCache.name(request, *about), route.cache_seconds)

    def cached(self, asked: Asked) -> Cached | None:
        """A new answer, if it is one that may be given again: whole, and nobody's request to act."""
        answer = asked.answer
        if answer is None or answer.finish != "stop" or answer.message.tool_calls:
            return None
        cost = sum(each.money for each in asked.used)
        return Cached(answer, asked.model, str(asked.detail.get("provider", "")), cost)

    def asked(self, found: Cached, book: str) -> Asked:
        """What a hit comes to: nothing was used, and what that saved is told."""
        detail = {
            "used": {"money": 0, "tokens": 0, "steps": 0}, "book": book, "cached": True, "avoided": found.cost,
            "model": found.model, "provider": found.provider,
        }  # fmt: skip
        return Asked((Amount(),), detail, found.model, found.response)
