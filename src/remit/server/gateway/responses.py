"""`/v1/responses` and what is below it: answers that clients may leave, come back for, call off and forget. What they
are stands in `control`; here are paths, pages and streams.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import msgspec

from remit.control.fronting.background import Job
from remit.control.fronting.refusals import in_band
from remit.control.fronting.responses import Responses
from remit.domain.errors import RemitError
from remit.domain.front_errors import UnknownResponse
from remit.server.faults import WrongMethod
from remit.server.gateway.exchanging import check_json, connected, send
from remit.server.guarding import while_good
from remit.server.request import JSON
from remit.server.streaming import ALIVE, STREAM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from remit.control.platform import Platform
    from remit.server.request import Handler, Request
    from remit.server.streaming import Pulse

_encode = msgspec.json.Encoder().encode
_PATH = "/v1/responses/"
_NUMBER = re.compile(rb'"sequence_number"\s*:\s*(\d+)')
_MOST, _USUAL, _DIGITS = 100, 20, 18


class Responding:
    """The paths."""

    def __init__(self, platform: Platform, pulse: Pulse) -> None:
        self._fronts = platform.fronts
        self._responses = Responses(platform.fronts, platform.ground)
        self._pulse = pulse
        platform.fronts.closing.append(self._responses.close)

    async def all(self, request: Request) -> None:
        """`POST /v1/responses`; whoever wants a socket is told that there is none."""
        if "websocket" in request.headers.get("upgrade", "").lower():
            told = {"message": "Responses are not served over WebSocket; use POST, and stream if you like."}
            body = {
                "error": {**told, "type": "invalid_request_error", "param": None, "code": "upgrade_required"}
            }
            await request.reply(
                426, [JSON, (b"upgrade", b"HTTP/1.1"), (b"x-should-retry", b"false")], _encode(body)
            )
            return
        check_json(request)
        body = await request.body()
        with connected(request, self._pulse) as sink:
            answer = await self._responses.create(request.caller, body, request.headers, sink)
        if not isinstance(answer, Job):
            await send(request, answer)
        elif answer.stream:
            await self._tell(request, answer.heard(self._pulse.every), -1)
        else:
            await request.reply(200, [JSON], _encode(answer.begun.result()))

    async def below(self, request: Request) -> None:
        """`/v1/responses/ID`, `…/cancel` and `…/input_items`."""
        identity, _, what = request.path.removeprefix(_PATH).partition("/")
        match request.method, what:
            case "GET" | "HEAD", "":
                await self._retrieve(request, identity)
            case "GET" | "HEAD", "input_items":
                found = await self._responses.items(request.caller, identity)
                await request.reply(200, [JSON], _encode(_page(found, request.query)))
            case "DELETE", "":
                await self._responses.forget(request.caller, identity)
                told = {"id": identity, "object": "response", "deleted": True}
                await request.reply(200, [JSON], _encode(told))
            case "POST", "cancel":
                told = await self._responses.cancel(request.caller, identity)
                await request.reply(200, [JSON], _encode(told))
            case _, "" | "cancel" | "input_items":
                raise WrongMethod(f"{request.path} is not asked with {request.method}.")
            case _:
                raise UnknownResponse(
                    f'a response has no "{what[:100]}".', "There are cancel and input_items."
                )

    async def _retrieve(self, request: Request, identity: str) -> None:
        query = request.query
        if query.get("stream", "").lower() not in {"true", "1"}:
            await request.reply(
                200, [JSON], _encode(await self._responses.retrieve(request.caller, identity))
            )
            return
        after = query.get("starting_after", "")
        job = self._responses.live(request.caller, identity)
        frames = (
            job.heard(self._pulse.every)
            if job is not None
            else _at_once(await self._responses.frames(request.caller, identity))
        )
        await self._tell(request, frames, _whole(after, -1))

    async def _tell(self, request: Request, said: AsyncIterator[bytes], after: int) -> None:
        """Frames behind a number, as they come, while the key is good; a client that leaves has heard enough."""
        await request.begin(200, STREAM)
        telling = asyncio.ensure_future(_write(request, said, after))
        left: list[bool] = []
        request.watch(lambda: left.append(telling.cancel()))
        try:
            await while_good(self._fronts, request.caller.key, telling)
        except RemitError as wrong:
            await request.write(in_band(request.dialect, wrong))
        except asyncio.CancelledError:
            if not left:
                raise
            return
        await request.finish()


async def _at_once(frames: bytes) -> AsyncIterator[bytes]:
    yield frames


async def _write(request: Request, said: AsyncIterator[bytes], after: int) -> None:
    async for frames in said:
        if not frames:
            await request.write(ALIVE)
        behind = [each for each in frames.split(b"\n\n") if each and _number(each) > after]
        if behind:
            await request.write(b"\n\n".join((*behind, b"")))


def _number(frame: bytes) -> int:
    found = _NUMBER.search(frame)
    return int(found[1]) if found else 0


def _whole(said: str, otherwise: int) -> int:
    """A number that somebody wrote; digits of other scripts are none."""
    return int(said) if said.isascii() and said.isdecimal() and len(said) < _DIGITS else otherwise


def _page(items: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    """A page of a list as OpenAI pages; the newest first unless somebody asks otherwise."""
    ordered = items if query.get("order") == "asc" else items[::-1]
    names = [str(item["id"]) for item in ordered]
    after, said = query.get("after", ""), query.get("limit", "")
    first = names.index(after) + 1 if after in names else 0
    limit = min(_whole(said, 0) or _USUAL, _MOST)
    part = ordered[first : first + limit]
    return {
        "object": "list", "data": part, "has_more": first + limit < len(ordered),
        "first_id": part[0]["id"] if part else None, "last_id": part[-1]["id"] if part else None,
    }  # fmt: skip


def handlers(platform: Platform, pulse: Pulse) -> dict[str, Handler]:
    """The paths, and who answers them."""
    made = Responding(platform, pulse)
    return {"/v1/responses": made.all, _PATH: made.below}
