"""`/v1/models`: the names that a key may ask for, in the shape of whichever dialect asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_errors import UnknownRoute
from remit.server.faults import WrongMethod
from remit.server.request import JSON

if TYPE_CHECKING:
    from remit.control.fronting.fronts import Fronts
    from remit.control.fronting.routing import OfferedView
    from remit.server.request import Request

_encode = msgspec.json.Encoder().encode
_AT = 1_767_225_600
_DATE = "2026-01-01T00:00:00Z"
"""When routes were made is nobody's business; a date has to stand there."""
_MOST = 1000


class Models:
    """The list, and one of it."""

    def __init__(self, fronts: Fronts) -> None:
        self._fronts = fronts

    async def all(self, request: Request) -> None:
        """`GET /v1/models`."""
        _check(request)
        found = self._fronts.offered(request.caller)
        if request.dialect == "anthropic":
            body = _page(found, request.query)
        else:
            body = {"object": "list", "data": [_openai(each) for each in found]}
        await request.reply(200, [JSON], _encode(body))

    async def one(self, request: Request) -> None:
        """`GET /v1/models/NAME`."""
        _check(request)
        name = request.path.removeprefix("/v1/models/")
        for each in self._fronts.offered(request.caller):
            if each.name == name:
                shape = _anthropic if request.dialect == "anthropic" else _openai
                await request.reply(200, [JSON], _encode(shape(each)))
                return
        raise UnknownRoute(f'there is no model "{name[:200]}" for this key.', "See: GET /v1/models")


def _check(request: Request) -> None:
    if request.method not in {"GET", "HEAD"}:
        raise WrongMethod("models are asked for with GET.")


def _openai(each: OfferedView) -> dict[str, Any]:
    return {"id": each.name, "object": "model", "created": _AT, "owned_by": "remit"}


def _anthropic(each: OfferedView) -> dict[str, Any]:
    return {"type": "model", "id": each.name, "display_name": each.name, "created_at": _DATE}


def _page(found: list[OfferedView], query: dict[str, str]) -> dict[str, Any]:
    """A page as the Messages API has it: after one id, before another, so many."""
    names = [each.name for each in found]
    after, before = query.get("after_id", ""), query.get("before_id", "")
    first = names.index(after) + 1 if after in names else 0
    last = names.index(before) if before in names else len(names)
    said = query.get("limit", "20")
    limit = min(int(said), _MOST) if said.isascii() and said.isdecimal() and int(said) else 20
    part = found[max(first, last - limit) : last] if before in names else found[first : first + limit]
    more = first + limit < last if before not in names else last - limit > first
    return {
        "data": [_anthropic(each) for each in part], "has_more": more,
        "first_id": part[0].name if part else None, "last_id": part[-1].name if part else None,
    }  # fmt: skip
