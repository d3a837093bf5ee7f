"""`python_run`: runs Python that a model wrote, in a sandbox of the tier that the operator chose, or not at all.

Behind the walls of `namespace` nothing of the machine can be changed, so there it is a read. In tier `process` the
file system may be within reach, so there it counts as a write.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.effects import Effect
from remit.domain.errors import ToolFailed
from remit.domain.tools import ArgumentRole, Performed, ResultLabel, SandboxTier, ToolManifest
from remit.tools.reading import ReadOnly
from remit.tools.sandbox import Ending, SandboxLimits
from remit.tools.sandboxes.choosing import sandbox_of
from remit.tools.tool import Tool

if TYPE_CHECKING:
    from remit.tools.binding import ToolContext
    from remit.tools.sandbox import Outcome, Sandbox

Json = Any

_GRACE = 15.0
"""Beside the time that the code has: for starting, for ending, and for the trial before the first time."""
_TOLD = 2_000
_LONGEST = 200_000
_MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class PythonOptions:
    """`[builtin.python]` of tools.toml."""

    tier: SandboxTier = SandboxTier.NAMESPACE
    seconds: float = 10.0
    memory_mb: int = 256
    scratch_mb: int = 16
    largest: int = 64 * 1024
    """Bytes that are kept of what is printed."""


class PythonRunBinding(ReadOnly):
    """Behind `python_run`."""

    def __init__(self, sandbox: Sandbox, limits: SandboxLimits) -> None:
        self._sandbox = sandbox
        self._limits = limits

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Run it; what it raised is told."""
        del context
        data = json.dumps(arguments.get("data"))
        outcome = await self._sandbox.run(arguments["code"], data, self._limits)
        if outcome.ending is not Ending.DONE:
            raise ToolFailed(_said(outcome, self._limits))
        found: dict[str, Json] = {"output": outcome.output}
        if outcome.errors:
            found["errors"] = outcome.errors
        if outcome.cut:
            found["cut"] = f"more was printed; {self._limits.output:,} bytes are kept"
        return Performed(found)


def python_tools(options: PythonOptions, sandbox: Sandbox | None = None) -> list[Tool]:
    """The tool."""
    limits = SandboxLimits(
        options.seconds, options.memory_mb * _MEGABYTE, options.scratch_mb * _MEGABYTE, options.largest
    )
    manifest = ToolManifest(
        name="python_run",
        description=(
            "Runs a Python 3 script and gives what it prints. It has the standard library, an empty folder to work "
            f"in, {options.seconds:g} s and {options.memory_mb} MB; no network, no packages, no other program. "
            "data, if given, is JSON on its standard input: json.load(sys.stdin)."
        ),
        parameters={
            "type": "object",
            "properties": {
                "code": {"type": "string", "maxLength": _LONGEST, "description": "The script; print the result."},
                "data": {"description": "What the script works on, as JSON."},
            },
            "required": ["code"],
            "additionalProperties": False,
        },
        effect=Effect.WRITE if options.tier is SandboxTier.PROCESS else Effect.READ,
        roles={"code": ArgumentRole.CODE, "data": ArgumentRole.CONTENT}, label=ResultLabel(source="sandbox"),
        timeout=options.seconds + _GRACE, tier=options.tier, source="builtin",
    )  # fmt: skip
    binding = PythonRunBinding(sandbox or sandbox_of(options.tier), limits)
    return [Tool(manifest, binding, "tools.toml [builtin.python]")]


def _said(outcome: Outcome, limits: SandboxLimits) -> str:
    printed = f" It had printed: {outcome.output[-_TOLD:]}" if outcome.output else ""
    if outcome.ending is Ending.TIMED_OUT:
        return f"the script was not done after {limits.seconds:g} s, and was ended.{printed}"
    if outcome.exit < 0:
        return f"the script was ended by signal {-outcome.exit}.{printed}"
    return f"the script ended with status {outcome.exit}: {outcome.errors[-_TOLD:].strip()}{printed}"
