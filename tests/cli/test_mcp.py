"""`remit mcp` says which servers are there, what of them waits, and ends with 1 where somebody has to look."""

from __future__ import annotations

import sys

from tests.cli.conftest import Terminal

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


def test_servers_are_listed_and_checked(remit: Terminal) -> None:
    (remit.place / "notes_server.py").write_text(SERVER)
    here = f'[mcp.notes]\ncommand = ["{sys.executable}", "notes_server.py"]\n'
    (remit.place / "tools.toml").write_text(here)
    assert "notes is there" in remit("mcp", "check", code=0).out
    (one,) = remit("mcp", "--json", code=0).json
    assert (one["version"], one["sessions"], one["line"]) == ("2026-07-28", False, "pipes")
    assert (one["tools"], one["passes_on"]) == (["notes_count_notes"], ["prompts"])
    (remit.place / "notes_server.py").write_text(SERVER.replace("how many", "that there are"))
    waits = remit("mcp", "check", code=1).out
    assert "notes_count_notes waits: remit tools notes_count_notes" in waits
    (remit.place / "tools.toml").write_text(
        here + '[mcp.gone]\nurl = "http://127.0.0.1:9/mcp"\nmode = "legacy"\n'
    )
    assert "gone is away" in remit("mcp", "check", "gone", code=1).out
    assert "signed in to without anybody" in remit("mcp", "login", "notes").err
