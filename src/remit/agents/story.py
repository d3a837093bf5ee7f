"""The story of a long ask: what earlier generations of its run came to, so that the next one starts afresh.

A run whose body is one agent continues as a new generation by itself once its journal is long (S16): same id, same
budgets, the conversation as it stands, and what was used so far.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from remit.agents.talk import Talk
from remit.domain.budgets import Amount
from remit.domain.conversation import Conversation
from remit.wire.messages import Message, Text, message_to_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.gate.actor import Actor
    from remit.gate.budgeting.budgets import BudgetBook
    from remit.wire.attachment import Attachment

LONG_EVENTS = 2_000
_EVENTS_PER_ACTION = 2
LONG_BYTES = 8 * 1024 * 1024
_QUESTION = 1
"""Where the question stands in every conversation, behind the instructions."""


@dataclass(frozen=True)
class Story:
    """What happened so far, as plain JSON."""

    messages: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    steps: int = 0
    used: dict[str, int] = field(default_factory=dict[str, int])
    until: int | None = None
    """When the time of the ask is up."""
    sealed: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """The sealed texts of earlier generations."""

    def talk(self, attached: Sequence[Attachment] = ()) -> Talk:
        """The conversation as the last generation left it; what is attached to its question is kept beside it."""
        said = [msgspec.convert(message, Message) for message in self.messages]
        if attached:
            asked = said[_QUESTION]
            said[_QUESTION] = Message(asked.role, (*asked.parts, *(each.part for each in attached)))
        return Talk((), Conversation()).add(*said)

    def charge(self, budgets: BudgetBook, actor: Actor) -> None:
        """What earlier generations used counts."""
        if self.used:
            for account in actor.accounts:
                budgets.charge(account, Amount(**self.used))

    @classmethod
    def of(
        cls, talk: Talk, steps: int, used: Amount, until: int | None, sealed: dict[str, list[str]]
    ) -> Story:
        """What the next generation has to know of this one."""
        amounts = {"money": used.money, "tokens": used.tokens, "steps": used.steps, "calls": used.calls}
        said = list(talk.messages)
        said[_QUESTION] = Message(said[_QUESTION].role, (Text(said[_QUESTION].text),))
        return cls([message_to_plain(message) for message in said], steps, amounts, until, sealed)


def is_long(actions: int, size: int) -> bool:
    """Whether a new generation is due; counted by what the ask did, so that a replay comes to the same place."""
    return actions * _EVENTS_PER_ACTION >= LONG_EVENTS or size >= LONG_BYTES
