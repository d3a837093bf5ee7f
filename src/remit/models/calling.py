"""One logical call to a model: candidates in order, each asked as often as makes sense, until one answers.

Every attempt has permission of the health book, a credential of its own, a deadline, and leaves a record, because
each may be billed. It holds no key, chooses no model and knows no price. What was handed on of a stream is never
repeated without saying so.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from remit.domain.action_errors import (
    ContextTooLong,
    ModelFailed,
    ModelRefused,
    NoRoute,
    ProviderDown,
    StreamCut,
)
from remit.domain.clock import MICROSECONDS, SystemClock, sleep_until
from remit.domain.errors import Refused
from remit.engine.retry import delay
from remit.models.attempt import AlwaysHealthy, Attempt, Latency, Reset
from remit.models.attempting import Underway
from remit.models.failures import with_trouble
from remit.models.hedging import Race
from remit.models.plan import Answered, NoWitness
from remit.models.provider import ModelCall, Trouble, trouble_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from remit.domain.clock import Clock
    from remit.models.attempt import Health
    from remit.models.attempting import Deliver
    from remit.models.plan import CallPlan, Candidate, CredentialFor, OnEvent, Witness
    from remit.wire.messages import ModelResponse, StreamEvent


_RANDOM = random.SystemRandom()


class Calls:
    """Makes logical calls."""

    def __init__(
        self,
        credential_for: CredentialFor,
        *,
        health: Health | None = None,
        clock: Clock | None = None,
        spread: Callable[[], float] = _RANDOM.random,
    ) -> None:
        self.credential_for = credential_for
        self.health = health or AlwaysHealthy()
        self.clock = clock or SystemClock()
        self.spread = spread

    def perform(
        self,
        plan: CallPlan,
        call: ModelCall,
        *,
        on_event: OnEvent | None = None,
        witness: Witness | None = None,
    ) -> Coroutine[Any, Any, Answered]:
        """The answer. Streams if the request asks for a stream. Raises the failure that tells most, with `attempts`."""
        return _Journey(self, plan, call, on_event or _unheard, witness or NoWitness()).go()


class _Unable(Exception):
    """This candidate cannot be asked now; nothing was sent."""


class _Journey:
    """One logical call under way."""

    def __init__(
        self, calls: Calls, plan: CallPlan, call: ModelCall, on_event: OnEvent, witness: Witness
    ) -> None:
        self._calls = calls
        self._clock = calls.clock
        self._plan = plan
        self._call = call
        self._on_event = on_event
        self._witness = witness
        self._began = calls.clock.boot()
        self._numbers = 0
        self._attempts: list[Attempt] = []
        self._failures: list[ModelFailed | Refused] = []
        self._delivered = False

    async def go(self) -> Answered:
        """From candidate to candidate."""
        candidates = self._plan.candidates
        for place, candidate in enumerate(candidates):
            if self._is_worth_asking(candidate):
                answered = await self._ask(candidate, candidates[place + 1 :])
                if answered is not None:
                    return answered
        raise self._verdict()

    async def _ask(self, candidate: Candidate, behind: tuple[Candidate, ...]) -> Answered | None:
        """Its answer, after as many attempts as make sense; None: the next candidate's turn."""
        tries = 0
        while True:
            tries += 1
            try:
                attempt = await self._open(candidate)
                if self._delivered:
                    await self._announce(attempt)
                if attempt.number == 1 and self._plan.hedge is not None:
                    attempt, response = await self._race(attempt, behind, self._plan.hedge)
                else:
                    response = await self._run(attempt, self._deliver)
                return self._answered(attempt, response)
            except _Unable:
                return None
            except ModelFailed as wrong:
                failure = wrong
            if self._is_final(failure):
                raise self._verdict(failure)
            wait = self._wait_before_again(failure, tries, behind)
            if wait is None:
                return None
            await sleep_until(self._clock, self._clock.now() + int(wait * MICROSECONDS))

    async def _race(
        self, attempt: Underway, behind: tuple[Candidate, ...], hedge: float
    ) -> tuple[Underway, ModelResponse]:
        """Two attempts side by side, if there is a second candidate."""
        second = next(filter(self._is_worth_asking, behind), None)
        if second is None:
            return attempt, await self._run(attempt, self._deliver)
        race = Race(self._run, self._abandon, self._deliver, self._clock)
        return await race.between(attempt, partial(self._open_beside, second), hedge)

    async def _announce(self, attempt: Underway) -> None:
        """Tell whoever was shown something that it is void."""
        self._delivered = False
        try:
            await self._on_event(attempt.number, Reset(attempt.number, self._failures[-1].code))
        except BaseException as wrong:
            self._close(attempt, wrong)
            raise

    async def _open(self, candidate: Candidate, *, hedge: bool = False) -> Underway:
        """Permission, account and credential for one attempt."""
        wanted = self._clock.boot() if self._numbers else self._began
        permission = self._calls.health.admit(candidate.model)
        self._numbers += 1
        if permission is None:
            self._note_resting(candidate)
            raise _Unable
        attempt = Underway(self._numbers, candidate, permission, self._clock, wanted, hedge=hedge)
        try:
            await self._witness.opened(attempt.number, candidate)
        except BaseException:
            self._calls.health.done(permission, "released", attempt.latency())
            raise
        try:
            attempt.credential = await self._calls.credential_for(candidate.provider.name)
        except BaseException as wrong:
            self._close(attempt, wrong)
            if isinstance(wrong, Refused):
                raise _Unable from None
            raise
        return attempt

    async def _open_beside(self, candidate: Candidate) -> Underway | None:
        """A second attempt beside the first, if it can be made: a luxury, whose want is no failure of the call."""
        try:
            return await self._open(candidate, hedge=True)
        except (_Unable, Refused):
            return None

    async def _run(self, attempt: Underway, deliver: Deliver) -> ModelResponse:
        """Make the attempt, and note what became of it."""
        try:
            response = await attempt.perform(self._fitted(attempt), deliver)
        except BaseException as wrong:
            self._close(attempt, wrong)
            if isinstance(wrong, Refused):
                raise _Unable from None  # no form for this request in that dialect, say; another may have one
            raise
        self._close(attempt, None)
        return response

    def _fitted(self, attempt: Underway) -> ModelCall:
        """The call as this provider gets it."""
        candidate, deadlines = attempt.candidate, attempt.candidate.deadlines or self._call.deadlines
        call, seconds = self._call, self._plan.seconds
        if seconds is not None and (attempt.number > 1 or seconds < deadlines.total):
            deadlines = replace(deadlines, total=min(deadlines.total, self._seconds_left() or 0.0))
        request = msgspec.structs.replace(call.request, model=candidate.upstream or candidate.model)
        return ModelCall(
            request,
            attempt.credential,
            deadlines,
            call.headers,
            call.key,
            call.run,
            call.agent,
            call.route,
            call.path,
        )

    async def _deliver(self, attempt: Underway, event: StreamEvent) -> None:
        attempt.delivered = self._delivered = True
        await self._on_event(attempt.number, event)

    def _abandon(self, attempt: Underway) -> None:
        if not attempt.over:
            self._close(attempt, asyncio.CancelledError())

    def _close(self, attempt: Underway, wrong: BaseException | None) -> None:
        attempt.over = True
        record, health = attempt.closed(wrong)
        retry_after = None
        if isinstance(wrong, (ModelFailed, Refused)):
            self._failures.append(wrong)
            retry_after = trouble_of(wrong).retry_after if isinstance(wrong, ModelFailed) else None
        self._calls.health.done(attempt.permission, health, record.latency, retry_after)
        self._attempts.append(record)
        self._witness.closed(record)

    def _note_resting(self, candidate: Candidate) -> None:
        now = self._clock.now()
        self._attempts.append(
            Attempt(
                self._numbers, candidate.model, candidate.provider.name, "skipped", "resting",
                started=now, ended=now, sent=False,
            )
        )  # fmt: skip

    # --- what now -----------------------------------------------------------------------------------------------

    def _is_worth_asking(self, candidate: Candidate) -> bool:
        """Whether there is time and an attempt left, and the conversation may fit."""
        left = self._seconds_left() if self._numbers else self._plan.seconds
        if self._numbers >= self._plan.most_attempts or (left is not None and left <= 0):
            return False
        if not self._failures:
            return True
        too_long = [wrong for wrong in self._failures if isinstance(wrong, ContextTooLong)]
        return not too_long or candidate.window > self._widest_tried()

    def _widest_tried(self) -> int:
        tried = {attempt.model for attempt in self._attempts if attempt.code == ContextTooLong.code}
        return max(each.window for each in self._plan.candidates if each.model in tried)

    def _is_final(self, failure: ModelFailed) -> bool:
        """Whether nobody else is to be asked: the answer is no, or a part of it is out and must stay."""
        return isinstance(failure, ModelRefused) or self._is_out()

    def _is_out(self) -> bool:
        """Whether something was handed on that cannot be taken back."""
        plan = self._plan
        return self._delivered and (not plan.reset or (plan.shown is not None and plan.shown()))

    def _wait_before_again(
        self, failure: ModelFailed, tries: int, behind: tuple[Candidate, ...]
    ) -> float | None:
        """Seconds until this candidate is asked again; None if it is not."""
        trouble, retry = trouble_of(failure), self._plan.retry
        if not trouble.retryable or tries >= retry.attempts or self._numbers >= self._plan.most_attempts:
            return None
        wait = delay(retry, tries, self._calls.spread())
        if trouble.retry_after is not None:
            # a little later than asked for, so that a fleet does not come back in one step
            wait = trouble.retry_after + self._calls.spread() * retry.first
        another = any(self._is_worth_asking(each) for each in behind)
        if another and trouble.kind == "timeout":
            return None  # it was waited for once
        left = self._seconds_left()
        limit = self._plan.fallback_after if another else self._plan.patience
        return None if wait > limit or (left is not None and wait >= left) else wait

    def _seconds_left(self) -> float | None:
        if self._plan.seconds is None:
            return None
        return self._plan.seconds - (self._clock.boot() - self._began) / MICROSECONDS

    # --- the end --------------------------------------------------------------------------------------------------

    def _answered(self, attempt: Underway, response: ModelResponse) -> Answered:
        contact = self._began if attempt.contact is None else attempt.contact
        first = None if attempt.first is None else attempt.first - contact
        latency = Latency(contact - self._began, first, attempt.ended - self._began)
        provider = attempt.candidate.provider
        return Answered(
            response, attempt.candidate.model, provider.name, self._in_order(), latency, provider.simulated
        )

    def _in_order(self) -> tuple[Attempt, ...]:
        attempts = self._attempts
        return tuple(attempts if len(attempts) == 1 else sorted(attempts, key=lambda attempt: attempt.number))

    def _verdict(self, final: ModelFailed | None = None) -> ModelFailed | Refused:
        """The failure that tells most, with every attempt that led to it."""
        failure = final or self._most_telling()
        if self._is_out() and not isinstance(failure, StreamCut | Refused):
            failure = with_trouble(StreamCut(failure.message, failure.hint), trouble_of(failure))
        hint = "\n".join(filter(None, (failure.hint, self._tried())))
        told = type(failure)(failure.message, hint)
        if isinstance(told, ModelFailed) and isinstance(failure, ModelFailed):
            told.attempts = self._in_order()
            with_trouble(told, trouble_of(failure))
        return told

    def _most_telling(self) -> ModelFailed | Refused:
        if not self._plan.candidates:
            return NoRoute("no model may serve this request.", "See what excluded each one: remit models.")
        for wrong in self._failures:
            if isinstance(wrong, ContextTooLong):
                return wrong  # whoever asked can do something about it
        of_models = [wrong for wrong in self._failures if isinstance(wrong, ModelFailed)]
        if of_models or self._failures:
            return (of_models or self._failures)[-1]
        if self._attempts:
            resting = ProviderDown(
                "every model that may serve this request failed lately and rests for a while."
            )
            return with_trouble(resting, Trouble(kind="resting", sent=False))
        late = ProviderDown(f"no model was asked: the {self._plan.seconds or 0:g} s for the call were over.")
        return with_trouble(late, Trouble(kind="timeout", retryable=False, sent=False))

    def _tried(self) -> str:
        """Who was asked, and what each said; nothing if that is in the message already."""
        said = Counter((each.model, each.provider, each.code) for each in self._in_order())
        if said.total() <= 1:
            return ""
        parts = (
            f"{model} at {provider} ({code or 'cancelled'}{f', {times} times' if times > 1 else ''})"
            for (model, provider, code), times in said.items()
        )
        return f"Tried: {', '.join(parts)}."


async def _unheard(number: int, event: StreamEvent | Reset) -> None:
    """Nobody listens; the answer is put together all the same."""
