"""`remit mcp` says which servers are there, what of them waits, and ends with 1 where somebody has to look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal, plain_environment
from tests.warm import Warm

SERVER = '''
import sys
from mcp.server.mcpserver import MCPServer
app = MCPServer("notes")
@app.tool()
def count_notes() -> int:
    """Says how many notes there are."""
    return 3
@app.prompt()
def greet() -> str:
    """A greeting."""
    return "hello"
app.run("stdio")
'''
BOTH = (
    "remit.cli.main", "remit.cli.commands.mcp", "remit.control.inventory.mcp_servers", "remit.control.platform",
    "remit.tools.mcp.source", "remit.store.databases.sqlite", "mcp.server.mcpserver", "mcp.client.stdio",
)  # fmt: skip
"""The command and the server both start with the SDK, which takes longer to import than everything else here."""


@pytest.fixture
def with_sdk() -> Iterator[Warm]:
    with closing(Warm(*BOTH)) as found:
        yield found


def test_servers_are_listed_and_checked(with_sdk: Warm, tmp_path: Path) -> None:
    with ExitStack() as stack:
        remit = Terminal(tmp_path, plain_environment(), stack, with_sdk)
        (tmp_path / "remit.toml").write_text("")
        (tmp_path / "notes_server.py").write_text(SERVER)
        here = f'[mcp.notes]\ncommand = ["{with_sdk.shims / "warm-python"}", "notes_server.py"]\n'
        (tmp_path / "tools.toml").write_text(here)
        (one,) = remit("mcp", "check", "--json", code=0).json
        assert (one["version"], one["sessions"], one["line"]) == ("2026-07-28", False, "pipes")
        assert (one["tools"], one["passes_on"]) == (["notes_count_notes"], ["prompts"])
        (tmp_path / "notes_server.py").write_text(SERVER.replace("how many", "that there are"))
        (tmp_path / "tools.toml").write_text(
            here + '[mcp.gone]\nurl = "http://127.0.0.1:9/mcp"\nmode = "legacy"\n'
        )
        waits = remit("mcp", "check", code=1).out
        assert "notes is there" in waits
        assert "notes_count_notes waits: remit tools notes_count_notes" in waits
        assert "gone is away" in waits
        assert "signed in to without anybody" in remit("mcp", "login", "notes").err
