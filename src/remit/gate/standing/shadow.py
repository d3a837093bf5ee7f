"""Rules that are only tried: what they would have answered, beside every decision, and where it differs. Nothing of it
is enforced, and nobody waits for it: requests are put aside in memory and judged in a task of their own.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from remit.domain.action_errors import InvalidPolicy
from remit.domain.errors import RemitError
from remit.domain.policy_events import ShadowDiffered
from remit.engine.outside import shared_event, team_stream
from remit.store.database import Commit, Conflict

if TYPE_CHECKING:
    from collections.abc import Collection

    from remit.domain.clock import Clock
    from remit.domain.decisions import AccessRequest, Decision
    from remit.policy.authority import Authority
    from remit.store.database import Database
    from remit.store.keys import KeyRing

_MOST = 4096
"""Decisions that may wait; beyond, the oldest are dropped and counted."""
_KINDS = 256
"""Different differences that are told at once."""


class _Seen(NamedTuple):
    request: AccessRequest
    answer: str
    policy: str
    run: str
    agreed: tuple[str, ...]


class Shadow:
    """One set of rules on trial."""

    def __init__(
        self, authority: Authority, enforced: Authority, database: Database, keys: KeyRing, clock: Clock, team: str
    ) -> None:  # fmt: skip
        self.authority = authority
        self._enforced = enforced
        self._database, self._keys, self._clock, self._team = database, keys, clock, team
        self._waiting: deque[_Seen] = deque(maxlen=_MOST)
        self._task: asyncio.Task[None] | None = None
        self.judged = 0
        """How many decisions were looked at."""

    def beside(self, request: AccessRequest, decision: Decision, run: str, agreed: Collection[str]) -> None:
        """Put a decision aside; it costs an append."""
        self._waiting.append(_Seen(request, decision.outcome.value, decision.policy, run, tuple(agreed)))
        if self._task is None or self._task.done():
            with suppress(RuntimeError):  # nobody runs a loop here: it is judged with the next one
                self._task = asyncio.get_running_loop().create_task(self._judge())

    async def settle(self) -> None:
        """Judge what waits; for the end of a process."""
        if self._task is not None:
            await self._task
        if self._waiting:
            await self._judge()

    async def _judge(self) -> None:
        differences: Counter[ShadowDiffered] = Counter()
        if self.authority.world is not self._enforced.world:
            with suppress(InvalidPolicy):  # then tools that are new are unknown to it, and it says so
                self.authority.know(self._enforced.world)
        while self._waiting and len(differences) < _KINDS:
            seen = self._waiting.popleft()
            other = self.authority.decide(seen.request, self._clock.now(), seen.agreed)
            self.judged += 1
            if other.outcome.value != seen.answer:
                reason = other.reasons[0] if other.reasons else None
                rule = (reason.rule or reason.text) if reason is not None else ""
                differences[ShadowDiffered(
                    self.authority.version[:16], seen.policy[:16], seen.run, seen.request.action,
                    seen.request.resource, seen.request.agent, seen.answer, other.outcome.value, rule,
                )] += 1  # fmt: skip
            if not self.judged % 32:
                await asyncio.sleep(0)  # runs go first
        with suppress(RemitError, Conflict):  # what cannot be told of a trial stops nobody
            await self._tell(differences)

    async def _tell(self, differences: Counter[ShadowDiffered]) -> None:
        if not differences:
            return
        now, stream = self._clock.now(), team_stream(self._team)
        key = await self._keys.team_key(self._team, now)
        told = [
            shared_event(stream, self._team, key, _times(event, count), now)
            for event, count in differences.items()
        ]
        await self._database.submit(Commit(shared=told))


def _times(event: ShadowDiffered, count: int) -> ShadowDiffered:
    return ShadowDiffered(
        event.shadow, event.policy, event.run, event.action, event.resource, event.agent,
        event.answer, event.other, event.rule, count,
    )  # fmt: skip
