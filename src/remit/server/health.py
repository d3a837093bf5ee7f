"""`/healthz` and `/readyz`: whether the process lives, and whether it takes work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.server.request import JSON

if TYPE_CHECKING:
    from remit.control.platform import Platform
    from remit.server.request import Handler, Request


def handlers(platform: Platform) -> dict[str, Handler]:
    """The two paths."""

    async def alive(request: Request) -> None:
        await request.reply(200, [JSON], b'{"status":"ok"}')

    async def ready(request: Request) -> None:
        good = platform.fronts.serving
        await request.reply(
            200 if good else 503, [JSON], b'{"status":"ok"}' if good else b'{"status":"leaving"}'
        )

    return {"/healthz": alive, "/readyz": ready}
