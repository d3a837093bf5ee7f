"""`/metrics`: how things stand, for Prometheus. It takes the key of a person or a service; the key of an agent opens no
numbers about others. A workspace may tell anybody who reaches the port.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.exposing.figures import CONTENT_TYPE, Figures
from remit.domain.front_errors import KeyScoped
from remit.server.credentials import secret_of
from remit.server.faults import WrongMethod

if TYPE_CHECKING:
    from remit.control.platform import Platform
    from remit.server.request import Handler, Request

PATH = "/metrics"
_TYPE = (b"content-type", CONTENT_TYPE.encode())


def handlers(platform: Platform, *, everybody: bool) -> dict[str, Handler]:
    """The one path, which looks at keys itself."""
    figures = Figures(platform.ground, platform.reporting.declared)

    async def told(request: Request) -> None:
        if request.method not in {"GET", "HEAD"}:
            raise WrongMethod("metrics are asked for with GET.")
        if not everybody:
            await _check(platform, request)
        text = await figures.text(platform.fronts.under_way)
        await request.reply(200, [_TYPE], b"" if request.method == "HEAD" else text.encode())

    return {PATH: told}


async def _check(platform: Platform, request: Request) -> None:
    caller = await platform.fronts.caller(secret_of(request.headers))
    if caller.agent or caller.routes is not None or caller.tools is not None:
        raise KeyScoped(
            "the key is one of an agent, and metrics are about all of them.",
            "Show the key of a person or a service: remit key new",
        )
