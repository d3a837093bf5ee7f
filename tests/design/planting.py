"""What faults are planted in: a small workspace in which everything is in order, and pieces to write others with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from remit.quality.design.findings import FaultKind

HERE = "  # fault"
"""Stands in the line that a finding has to name."""

HEADER = (
    "from dataclasses import dataclass\nfrom enum import Enum\nfrom typing import Any, Literal\n"
    "from remit import (Agent, Budget, Edge, Fallback, Graph, Node, Run, StepFailed, allow, bind, contract, flow, "
    "patterns, step, tool)\n"
)
LOOK = '''
@tool(effect="read")
async def look(url: str) -> str:
    """Read a page that somebody wrote."""
    return ""
'''
KNOW = '''
@tool(effect="read", trusted=True)
async def know(id: int) -> str:
    """Look into our own list."""
    return ""
'''
NOTE = '''
@tool(effect="write", undo="restore", object="notes/{id}")
async def note(id: int, text: str) -> str:
    """Write a note."""
    return text

@note.before
async def note_before(id: int, **_: Any) -> str:
    return ""

@note.restore
async def note_back(image: str) -> None: ...
'''
WIRE = '''
@tool(effect="irreversible")
async def wire(order: str, amount: int) -> str:
    """Send money."""
    return order
'''
ORDINARY = {
    "policies/main.cedar": '@id("all") permit (principal, action, resource);\n',
    "prompts/any.md": "Judge by what you are given, and by nothing else.\n",
    "models.toml": '[routes.fast]\nmodels = ["sim-fast"]\nfallbacks = ["sim-strong"]\n',
    "design.toml": '[flows."*"]\nwrong = "said"\noverride = "said"\nwithin = "said"\nwho = "said"\np95 = "1h"\n',
}
"""Every question is answered here; what is planted is a fault all the same."""
ASKS = '@id("ask") @ask("leads") @within("4h") @reason("money") forbid (principal, action == Action::"call", '


@dataclass(frozen=True)
class Planted:
    """One fault, and what makes its twin clean."""

    kind: FaultKind
    name: str
    code: str
    mend: tuple[str, str] = ("", "")
    """In the code: this instead of that."""
    files: dict[str, str] = field(default_factory=dict[str, str])
    mended: dict[str, str] = field(default_factory=dict[str, str])
    """Files that are otherwise in the twin."""

    def write(self, root: Path, *, clean: bool) -> set[str]:
        """The workspace in a folder; gives the places that have to be named."""
        old, new = self.mend
        assert old in self.code, self.name
        code = self.code.replace(old, new) if clean else self.code
        files = {
            **ORDINARY,
            **self.files,
            **(self.mended if clean else {}),
            "flows/planted.py": HEADER + code,
        }
        for name, text in files.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        return {
            f"{name}:{number}"
            for name, text in files.items()
            for number, line in enumerate(text.splitlines(), 1)
            if HERE in line
        }


def agent(
    name: str,
    more: str = "",
    output: str = "",
    budget: str = "usd=0.01, steps=4, seconds=20",
    fault: str = "",
) -> str:
    """An agent as somebody would write it; with `fault`, in a line that has to be named."""
    said = f", output={output}" if output else ""
    return (
        f'\n{name} = Agent("{name}", prompt="prompts/any.md", budget=Budget({budget}){said}{more}){fault}\n'
    )


def flow_of(body: str, given: str = "text: str", name: str = "chain") -> str:
    """A flow of one statement."""
    return f"\n@flow\nasync def {name}(run: Run, {given}) -> Any:\n    {body}\n"


def table(name: str, *lines: str, fault: str = "") -> str:
    """A table of a TOML file."""
    return "\n".join([f"[{name}]{fault}", *lines, ""])
