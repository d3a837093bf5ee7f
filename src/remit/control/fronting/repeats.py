"""Requests that named themselves with an idempotency key: each is made once, and whoever sends it again is given the
same answer, from memory while it is there, else as the log has it. One that failed can be made again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import msgspec

from remit.control.fronting.relays import relay
from remit.control.runs.inspection import find
from remit.domain.action_errors import ClientGone
from remit.domain.errors import RemitError
from remit.domain.event import object_of
from remit.domain.events import StepDone
from remit.domain.front_errors import KeyConflict
from remit.engine.outside import run_stream
from remit.gate.model_passage import ModelAnswer
from remit.gate.relaying.asked import RelayAnswer
from remit.gate.relaying.outlet import parts_of
from remit.store.conversations import refers, resolve
from remit.store.database import Commit, Conflict, Op
from remit.wire.dialects import dialect as dialect_named
from remit.wire.messages import ModelResponse, Started

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from remit.control.fronting.exchanges import Exchange
    from remit.control.fronting.fronts import Fronts, Named
    from remit.control.ground.ground import Ground
    from remit.domain.fronting import Caller
    from remit.gate.relaying.asked import Sink
    from remit.wire.inbound import Inbound

_MOST_BYTES = 64 * 1024 * 1024
_LARGEST = 4 * 1024 * 1024
_EACH = 2048
"""Bytes that remembering costs beside the answer: short answers are many."""
_STREAM = "text/event-stream; charset=utf-8"
_PREFIXES = {"openai_chat": "chatcmpl-", "anthropic": "msg_"}


class _Kept:
    """One request, and its answer once there is one."""

    __slots__ = ("digest", "given", "size")

    def __init__(self, digest: str) -> None:
        self.digest = digest
        self.given: asyncio.Future[RelayAnswer | RemitError | None] = (
            asyncio.get_running_loop().create_future()
        )
        self.size = 0


class Repeats:
    """The named requests of this process, and those of others by the log."""

    def __init__(self, ground: Ground, fronts: Fronts) -> None:
        self._ground = ground
        self._fronts = fronts
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._size = 0

    async def answer(
        self, caller: Caller, inbound: Inbound, body: bytes, headers: Mapping[str, str],
        sink: Callable[[Exchange], Sink], **more: Any,
    ) -> RelayAnswer:  # fmt: skip
        """Answer one request; `sink` is how the client of this exchange is reached. `more` is for the ask."""
        fronts = self._fronts
        if not caller.attribution.idempotency_key:
            return await relay(fronts, caller, inbound, headers, sink, **more)

        async def make(named: Named) -> RelayAnswer:
            frames: list[bytes] = []

            def noting(exchange: Exchange) -> Sink:
                return _Noting(sink(exchange), frames)

            found = await relay(fronts, caller, inbound, headers, noting, named=named, **more)
            return msgspec.structs.replace(found, body=b"".join(frames)) if frames else found

        return await self._once(caller, inbound, body, make)

    async def _once(
        self, caller: Caller, inbound: Inbound, body: bytes, make: Callable[[Named], Awaitable[RelayAnswer]]
    ) -> RelayAnswer:
        """The answer: of this request if it is the first of its name, else of that one."""
        name = caller.attribution.idempotency_key
        whose = f"{len(caller.principal)}:{caller.principal}|{len(caller.run)}:{caller.run}"
        tag = self._ground.keys.tag(f"request|{caller.team}|{caller.key}|{whose}|{name}")
        digest = hashlib.blake2b(body, digest_size=16, key=inbound.dialect.encode()).hexdigest()
        while (known := self._kept.get(tag)) is not None:
            _check(known.digest, digest)
            found = await asyncio.shield(known.given)
            if isinstance(found, RemitError):
                raise found  # it was the very same request; who sends it anew may try anew
            if found is not None:
                if tag in self._kept:
                    self._kept.move_to_end(tag)
                return _again(found)
        mine = self._kept[tag] = _Kept(digest)
        try:
            answer = await self._elsewhere(tag, digest, inbound) or await self._made(tag, digest, make)
        except BaseException as wrong:
            del self._kept[tag]
            left = isinstance(wrong, ClientGone)  # who is still there goes on where somebody left
            mine.given.set_result(wrong if isinstance(wrong, RemitError) and not left else None)
            raise
        self._remember(tag, mine, answer)
        return answer

    async def _made(
        self, tag: str, digest: str, make: Callable[[Named], Awaitable[RelayAnswer]]
    ) -> RelayAnswer:
        try:
            return await make((tag, digest))
        except Conflict:
            raise KeyConflict(
                "the same request is under way in another process.", "Ask again later."
            ) from None
        except Exception:
            await self._forget(tag)
            raise

    async def _forget(self, tag: str) -> None:
        await self._ground.database.submit(Commit(ops=[Op("exchanges.drop", (tag,))]))

    def _remember(self, tag: str, mine: _Kept, answer: RelayAnswer) -> None:
        mine.size = len(answer.body) + _EACH
        mine.given.set_result(answer)
        if mine.size > _LARGEST or (answer.stream and not answer.body):
            self._kept.pop(tag, None)  # the log has it
            return
        self._size += mine.size
        while self._size > _MOST_BYTES:
            oldest = next((each for each, kept in self._kept.items() if kept.given.done()), "")
            if not oldest:
                return
            self._size -= self._kept.pop(oldest).size

    # --- as the log has it ----------------------------------------------------------------------------

    async def _elsewhere(self, tag: str, digest: str, inbound: Inbound) -> RelayAnswer | None:
        """The answer that was given in another life of this process, or by another one; None if there was no such
        request.
        """
        rows = await self._ground.database.fetch("exchanges.get", tag)
        if not rows or rows[0][1] != "request":
            return None
        run, _, known, _ = rows[0]
        _check(known, digest)
        row = await find(self._ground.database, run)
        if inbound.dialect == "openai_responses" and row.status.ended:
            raise KeyConflict(
                "this request was answered, and its answer is no longer at hand.",
                "A response that was stored is still there: GET /v1/responses/ID.",
            )
        answer = await self._recorded(run)
        if answer is None and row.status.ended:
            raise KeyConflict(
                "the answer to this request is lost, and nobody knows what its provider made of it.",
                "Send it again under another idempotency key.",
            )
        if answer is None:
            raise KeyConflict("the same request is under way in another process.", "Ask again later.")
        return _again(_written(answer, inbound, run, row.created_at // 1_000_000))

    async def _recorded(self, run: str) -> ModelAnswer | None:
        ground = self._ground
        entries, _ = await ground.log.read(run_stream(run))
        for entry in entries:
            event = entry.event
            if isinstance(event, StepDone) and event.name == "model":
                value: Any = event.result
                if refers(value):
                    value = await resolve(value, ground.database, ground.keys)
                return ModelAnswer.of(object_of(value))
        return None


class _Noting:
    """A client whose stream is noted, for whoever sends the same request again."""

    def __init__(self, inner: Sink, frames: list[bytes]) -> None:
        self._inner, self._frames = inner, frames

    @property
    def gone(self) -> asyncio.Future[RemitError | None]:
        """Done when nobody waits any more."""
        return self._inner.gone

    async def begin(self, headers: Mapping[str, str], upstream: int) -> None:
        """The stream begins."""
        await self._inner.begin(headers, upstream)

    async def write(self, frames: bytes) -> None:
        """Whole frames."""
        self._frames.append(frames)
        await self._inner.write(frames)


def _written(answer: ModelAnswer, inbound: Inbound, run: str, at: int) -> RelayAnswer:
    """The answer in the words of the client, whole or as the stream that it would be."""
    run = f"{_PREFIXES.get(inbound.dialect, '')}{run}"
    response = ModelResponse(answer.model, answer.message, answer.finish, answer.usage, run)
    dialect = dialect_named(inbound.dialect)
    if not inbound.stream:
        return RelayAnswer(
            False, msgspec.json.encode(dialect.encode_response(response, at=at)), model=answer.model
        )
    encoder = dialect.stream_encoder(model=answer.model, identity=run, at=at, usage=inbound.wants_usage)
    events = [Started(run, answer.model), *parts_of(response)]
    return RelayAnswer(True, b"".join(encoder.feed(event) for event in events), model=answer.model)


def _again(answer: RelayAnswer) -> RelayAnswer:
    """The same as one piece, said to be a repetition."""
    headers = {**answer.headers, "idempotent-replayed": "true"}
    if answer.stream:
        headers["content-type"] = _STREAM
    return msgspec.structs.replace(answer, stream=False, headers=headers, upstream=0)


def _check(known: str, digest: str) -> None:
    if known != digest:
        raise KeyConflict(
            "this idempotency key was used for another request.", "Use each for one request only."
        )
