"""A web server in this process: the application with all its fronts, on one socket, until it is told to stop. What is
under way is finished then, nothing new is taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any

import uvicorn

from remit.control.fronting.reaching import refuse_unreachable
from remit.domain.errors import InvalidSetting
from remit.server import health, metrics, ofrep, openapi
from remit.server.app import App
from remit.server.checks import Names
from remit.server.gateway.endpoints import handlers
from remit.server.mcp.front import endpoints as mcp_endpoints
from remit.server.mounting import task_fronts
from remit.server.otlp.endpoints import handlers as otlp_handlers
from remit.server.protocol import Protocol
from remit.server.streaming import Pulse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from remit.control.platform import Platform
    from remit.control.sections import ServerSettings

_BACKLOG = 2048
_MOST_UNSENT = 32 * 1024
"""Bytes that the kernel takes before they can be sent; by itself it takes megabytes for a reader that stopped."""


class Server(uvicorn.Server):
    """One that leaves signals to the process it runs in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Whoever started it decides when it ends."""
        yield


@contextlib.asynccontextmanager
async def serving(platform: Platform, chosen: ServerSettings, drain: float = 25.0) -> AsyncGenerator[str]:
    """Serve until the block ends; gives the address."""
    refuse_unreachable(chosen.hosts, chosen.origins)
    pulse = Pulse(chosen.keep_alive_seconds)
    app = App(platform, Names.of(chosen.host, chosen.hosts, chosen.origins), chosen.body_bytes)
    app.serve({**handlers(platform, pulse), **otlp_handlers(platform), **ofrep.handlers(platform)})
    open_to_all = health.handlers(platform) | openapi.handlers()
    app.serve(open_to_all | metrics.handlers(platform, everybody=chosen.open_metrics), open=True)
    apps = {**task_fronts(platform), **mcp_endpoints(platform)}
    app.mount(apps)
    listening = _listen(chosen.host, chosen.port)
    config = uvicorn.Config(
        app, http=Protocol, ws="none", lifespan="off", access_log=False, log_config=None, log_level="error",
        server_header=False, proxy_headers=False, date_header=False, timeout_graceful_shutdown=int(drain) or 1,
        timeout_keep_alive=75, backlog=_BACKLOG,
    )  # fmt: skip
    server = Server(config)
    platform.fronts.start()
    pulse.start()
    task = asyncio.get_running_loop().create_task(server.serve([listening]))
    try:
        host, port = listening.getsockname()[:2]
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        platform.fronts.leaving = True
        for each in apps.values():
            if (close := getattr(each, "close", None)) is not None:
                await close()  # what streams without an end is ended first, or nobody would wait it out
        server.should_exit = True
        await task
        pulse.stop()


def _listen(host: str, port: int) -> socket.socket:
    """The socket, or one sentence on why there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):  # every connection has it from here
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _MOST_UNSENT)
    try:
        found.bind((host, port))
        found.listen(_BACKLOG)
    except OSError as wrong:
        found.close()
        raise InvalidSetting(
            f"the server cannot listen on {host}:{port}: {(wrong.strerror or str(wrong)).lower()}.",
            "Choose another: [server] port = … in remit.toml.",
        ) from None
    found.setblocking(False)
    return found
