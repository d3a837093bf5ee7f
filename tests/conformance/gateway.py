"""Remit in front of the fixture, as the suite sees it: a workspace of its own, a key that is shown for it, one port.

    python -m tests.conformance.gateway FOLDER UPSTREAM [legacy]

The suite shows no key, so the key of an agent is put into its requests on their way in; everything else is as it came.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from remit.control.platform import Platform
from remit.domain.fronting import KeyScope
from remit.server.app import App
from remit.server.checks import Names
from remit.server.mcp.front import endpoints

POLICY = 'permit (principal, action in [Action::"call", Action::"list"], resource);\n'


def lay_out(folder: Path, upstream: str, mode: str) -> None:
    """A workspace whose only tools are those of the fixture, under their own names."""
    (folder / "policies").mkdir(parents=True, exist_ok=True)
    (folder / "policies" / "all.cedar").write_text(POLICY)
    (folder / "remit.toml").write_text("")
    (folder / "tools.toml").write_text(
        f'[mcp.fixture]\nurl = "{upstream}"\nmode = "{mode}"\nname_prefix = ""\npass_on = ["resources", "prompts"]\n'
    )


def keyed(app: Any, key: str) -> Any:
    """The same application, for requests that show no key."""

    async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            shown = (b"authorization", f"Bearer {key}".encode())
            scope = {**scope, "headers": [*scope["headers"], shown]}
        await app(scope, receive, send)

    return answer


async def main() -> None:
    import uvicorn

    folder, upstream = Path(sys.argv[1]), sys.argv[2]
    lay_out(folder, upstream, "legacy" if "legacy" in sys.argv else "2026-07-28")
    async with Platform.open(folder, worker=False) as platform:
        await platform.start_front()
        platform.fronts.start()
        issued = await platform.new_agent_key(KeyScope("suite"))
        app = App(platform, Names.of("127.0.0.1", (), ()))
        fronts = endpoints(platform)
        app.mount(fronts)

        class Announced(uvicorn.Server):
            async def startup(self, sockets: Any = None) -> None:
                await super().startup(sockets)
                sys.stdout.write(f"{self.servers[0].sockets[0].getsockname()[1]}\n")
                sys.stdout.flush()

        config = uvicorn.Config(
            keyed(app, issued.key), host="127.0.0.1", port=0, log_level="critical", lifespan="off"
        )
        try:
            await Announced(config).serve()
        finally:
            await fronts["/mcp"].close()  # type: ignore[attr-defined]


if __name__ == "__main__":
    asyncio.run(main())
