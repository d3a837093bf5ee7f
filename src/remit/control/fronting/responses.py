"""Responses that clients leave to us: kept, followed, worked on while nobody waits, listed, called off, forgotten.
Every one is an exchange of its own; what providers are sent is always the whole talk, so that any model may go on.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from remit.control.fronting import relays
from remit.control.fronting.background import Job
from remit.control.fronting.repeats import Repeats
from remit.domain.action_errors import ClientGone
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import RemitError
from remit.domain.front_errors import UnknownResponse
from remit.store.answers import Answers, Kept
from remit.wire.inbound import Inbound, object_in, read
from remit.wire.openai_responses import stateful

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from remit.control.fronting.exchanges import Exchange
    from remit.control.fronting.fronts import Fronts
    from remit.control.ground.ground import Ground
    from remit.domain.fronting import Caller
    from remit.engine.execution import Execution
    from remit.gate.relaying.asked import RelayAnswer, Sink
    from remit.store.database import Op
    from remit.wire.openai_responses.stateful import Wish

Json = Any
_DIALECT = "openai_responses"
_UNDER_WAY = frozenset({"queued", "in_progress"})


class Responses:
    """The Responses API, below HTTP."""

    def __init__(self, fronts: Fronts, ground: Ground) -> None:
        self._fronts = fronts
        self._ground = ground
        self._answers = Answers(ground.database, ground.keys, ground.clock)
        self._jobs: dict[str, Job] = {}
        self._repeats = Repeats(ground, fronts)

    # --- one response -----------------------------------------------------------------------------------

    async def create(
        self,
        caller: Caller,
        body: bytes,
        headers: Mapping[str, str],
        sink: Callable[[Inbound, Exchange], Sink],
    ) -> RelayAnswer | Job:
        """Answer a request, or begin to: a job is worked on whether anybody waits or not."""
        plain = object_in(body)
        wish = stateful.wish_of(plain)
        line = await self._line(caller, wish.previous) if wish.previous else []
        inbound = _composed(body, plain, line)
        own: dict[str, Json] = {}
        if wish.store or wish.previous:
            own = {"store": wish.store, "previous_response_id": wish.previous or None}
        more: dict[str, Any] = {"patch": own, "echo": wish.echo | own}
        if wish.store:
            more["keep"] = self._keeper(caller, wish)
        if wish.background:
            return await self._begin(caller, inbound, headers, wish, more)
        return await self._repeats.answer(
            caller, inbound, body, headers, lambda exchange: sink(inbound, exchange), **more
        )

    def _keeper(self, caller: Caller, wish: Wish) -> Callable[[Execution, dict[str, Json]], Sequence[Op]]:
        """What keeps an answer in the commit of its settlement."""

        def keep(execution: Execution, response: dict[str, Json]) -> Sequence[Op]:
            return self._put(execution, caller, wish, response)

        return keep

    def _put(
        self, execution: Execution, caller: Caller, wish: Wish, response: dict[str, Json], frames: str = ""
    ) -> list[Op]:
        identity = str(response.get("id", ""))
        if not identity:
            return []
        kept: dict[str, Json] = {"response": response, "items": wish.items}
        if frames:
            kept["frames"] = frames
        previous = self._place(caller, wish.previous) if wish.previous else ""
        place, status = self._place(caller, identity), str(response.get("status", "completed"))
        return self._answers.put(place, execution.pen.key, execution.row.id, status, kept, previous=previous)

    # --- while nobody waits -----------------------------------------------------------------------------

    async def _begin(
        self, caller: Caller, inbound: Inbound, headers: Mapping[str, str], wish: Wish, more: dict[str, Any]
    ) -> Job:
        job = Job(stream=inbound.stream)
        at = self._ground.clock.now() // MICROSECONDS

        def sink(exchange: Exchange) -> Sink:
            job.follow(exchange)
            return job

        async def first(exchange: Exchange) -> None:
            """Before anything is asked, whoever comes back finds that it was begun."""
            job.identity = f"resp_{exchange.run_id}"
            told = stateful.waiting(job.identity, inbound.model, at, wish, "queued")
            await exchange.durable()
            running = told | {"status": "in_progress"}
            await self._answers.keep(self._put(exchange.execution, caller, wish, running))
            self._jobs[self._place(caller, job.identity)] = job
            job.announce(told)

        def keep(execution: Execution, response: dict[str, Json]) -> Sequence[Op]:
            job.told = response
            return self._put(execution, caller, wish, response)

        async def done(exchange: Exchange) -> None:
            if job.stream:  # as it was said, so that whoever comes back hears the same
                await self._answers.keep(self._put(exchange.execution, caller, wish, job.told, job.text))

        async def failed(exchange: Exchange, wrong: RemitError) -> None:
            status, why = "failed", {"error": {"code": "server_error", "message": wrong.message}}
            if isinstance(wrong, ClientGone):
                status, why = "cancelled", {}
            job.told = stateful.waiting(job.identity, inbound.model, at, wish, status, **why)
            await self._answers.keep(self._put(exchange.execution, caller, wish, job.told, job.text))

        more = more | {"keep": keep, "patch": more["patch"] | {"background": True}}
        more["echo"] = more["echo"] | {"background": True}
        work = relays.relay(
            self._fronts, caller, inbound, headers, sink, relays.Stages(first, failed, done), **more
        )  # fmt: skip
        job.start(work, lambda: self._jobs.pop(self._place(caller, job.identity), None))
        await job.begun
        return job

    def live(self, caller: Caller, identity: str) -> Job | None:
        """The job of this name, while it is worked on here."""
        return self._jobs.get(self._place(caller, identity))

    async def cancel(self, caller: Caller, identity: str) -> dict[str, Json]:
        """Call off what is worked on in the background; what is over stays as it is."""
        kept = await self._kept(caller, identity)
        job = self.live(caller, identity)
        if job is not None:
            await job.call_off()
            kept = await self._kept(caller, identity)
        return await self._as_it_stands(kept)

    # --- what was kept ----------------------------------------------------------------------------------

    async def retrieve(self, caller: Caller, identity: str) -> dict[str, Json]:
        """A kept answer, as far as it has come."""
        return await self._as_it_stands(await self._kept(caller, identity))

    async def frames(self, caller: Caller, identity: str) -> bytes:
        """The stream of a kept answer that is over."""
        kept = await self._kept(caller, identity)
        said = kept.body.get("frames")
        return said.encode() if said else stateful.replayed(await self._as_it_stands(kept))

    async def items(self, caller: Caller, identity: str) -> list[dict[str, Json]]:
        """What was said before the answer, the newest last."""
        line = await self._line(caller, identity)
        said: list[dict[str, Json]] = []
        for items, answer in line[:-1]:
            said += [*items, *(answer.get("output") or [])]
        return stateful.listed([*said, *line[-1][0]], identity.removeprefix("resp_"))

    async def forget(self, caller: Caller, identity: str) -> None:
        """Keep it no longer."""
        kept = await self._kept(caller, identity)
        job = self.live(caller, identity)
        if job is not None:
            await job.call_off()
        await self._answers.drop(kept.id)

    async def close(self) -> None:
        """Call off what nobody waits for: this process is leaving."""
        await asyncio.gather(*(job.call_off() for job in list(self._jobs.values())))

    async def _kept(self, caller: Caller, identity: str) -> Kept:
        kept = await self._answers.get(self._place(caller, identity))
        if kept is None:
            raise _unknown(identity)
        return kept

    async def _line(self, caller: Caller, identity: str) -> list[tuple[list[Json], dict[str, Json]]]:
        line = await self._answers.line(self._place(caller, identity))
        if not line:
            raise _unknown(identity)
        if line[-1].status in _UNDER_WAY:
            raise UnknownResponse(f"the response {identity[:100]} is not complete yet.", "Wait until it is.")
        return [(each.body["items"], each.body["response"]) for each in line]

    async def _as_it_stands(self, kept: Kept) -> dict[str, Json]:
        """What it says of itself, unless whoever worked on it is gone."""
        response: dict[str, Json] = kept.body["response"]
        if kept.status not in _UNDER_WAY or kept.id in self._jobs:
            return response
        rows = await self._ground.database.fetch("runs.get", kept.run)
        if rows and rows[0][-1] is None:
            return response
        lost = {"code": "server_error", "message": "The process that worked on it has gone; ask again."}
        return {**response, "status": "failed", "error": lost}

    def _place(self, caller: Caller, identity: str) -> str:
        """Where an answer stands, for whoever may come back for it: the same agent, for the same person."""
        owner = f"{caller.team}|{caller.agent}|{caller.principal}"
        return self._answers.place("response", owner, identity)


def _composed(
    body: bytes, plain: dict[str, Json], line: Sequence[tuple[list[Json], dict[str, Json]]]
) -> Inbound:
    """What is asked of a model: the whole conversation, without what is left to the server."""
    asked = read(_DIALECT, body)
    sent = asked.with_fields(stateful.upstream_changes(plain, line))
    return sent.encoded_anew("input") if line else sent


def _unknown(identity: str) -> UnknownResponse:
    return UnknownResponse(
        f'there is no response "{identity[:100]}" for this key.', "It was not stored, or has expired."
    )
