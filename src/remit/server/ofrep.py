"""`/ofrep/v1`: our feature flags for OpenFeature providers, by the protocol that they have in common. It takes any
key of the workspace; evaluating a flag changes nothing.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from remit.server.faults import WrongMethod
from remit.wire.ofrep import (
    FLAG_NOT_FOUND,
    PATH,
    TARGETING_KEY_MISSING,
    answer,
    encode,
    failure,
    read_context,
)

if TYPE_CHECKING:
    from remit.control.platform import Platform
    from remit.domain.flags import Flag
    from remit.server.request import Handler, Request

Json = Any
_JSON = (b"content-type", b"application/json")
_WRONG = {
    "PARSE_ERROR": 'the body is no JSON of the form {"context": {"targetingKey": …}}.',
    TARGETING_KEY_MISSING: "a flag that holds for a share of keys needs one: context.targetingKey.",
}


def handlers(platform: Platform) -> dict[str, Handler]:
    """One flag, and all of them."""

    async def one(request: Request) -> None:
        key = await _asked(request)
        name = unquote(request.path.removeprefix(f"{PATH}/"))
        found = {flag.name: flag for flag in await platform.flags.list()}.get(name)
        if isinstance(key, dict):
            await request.reply(400, [_JSON], encode({"key": name, **key}))
        elif found is None:
            said = failure(FLAG_NOT_FOUND, f"there is no flag {name}.", name)
            await request.reply(404, [_JSON], encode(said))
        elif not key and 0 < found.percent < 100:  # noqa: PLR2004 - a share of the keys
            said = failure(TARGETING_KEY_MISSING, _WRONG[TARGETING_KEY_MISSING], name)
            await request.reply(400, [_JSON], encode(said))
        else:
            await request.reply(200, [_JSON], encode(_told(found, key)))

    async def every(request: Request) -> None:
        key = await _asked(request)
        if isinstance(key, dict):
            await request.reply(400, [_JSON], encode(key))
            return
        said = encode({"flags": [_told(flag, key) for flag in await platform.flags.list()]})
        tag = f'"{hashlib.sha256(said).hexdigest()[:32]}"'.encode()
        if request.headers.get("if-none-match", "").encode() == tag:
            await request.reply(304, [(b"etag", tag)])
        else:
            await request.reply(200, [_JSON, (b"etag", tag)], said)

    return {PATH: every, f"{PATH}/": one}


async def _asked(request: Request) -> str | dict[str, Json]:
    """The targeting key of a request, or what is wrong with it."""
    if request.method != "POST":
        raise WrongMethod("flags are asked for with POST.")
    context = read_context(await request.body())
    return failure(context.wrong, _WRONG[context.wrong]) if context.wrong else context.key


def _told(flag: Flag, key: str) -> dict[str, Json]:
    picked = flag.pick(key)
    about: dict[str, Json] = (
        {"kind": flag.kind.value, "target": flag.target} if flag.target else {"kind": "value"}
    )
    return answer(flag.name, picked.value, picked.reason, picked.variant, about)
