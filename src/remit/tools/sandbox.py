"""A sandbox: a place where code that a model wrote may run. This is the contract that every tier implements.

A tier promises what docs/reference/sandbox.md says of it, or refuses with `IsolationMissing`; it never does with
less than it promises. It knows nothing of tools, models or policy: text goes in, text comes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.tools import SandboxTier


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """How much code may use before it is ended."""

    seconds: float = 10.0
    """On the clock and on the processor."""
    memory: int = 256 * 1024 * 1024
    """Bytes of address space; what the interpreter itself needs (some 30 MB) counts."""
    scratch: int = 16 * 1024 * 1024
    """Bytes of the largest file; of all files together where the folder lies in memory."""
    output: int = 64 * 1024
    """Bytes that are kept of what is printed, of each of the two streams."""


class Ending(StrEnum):
    """How it came to its end."""

    DONE = "done"
    FAILED = "failed"
    """It ended itself with an error, or was ended because it took more memory than it may."""
    TIMED_OUT = "timed out"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of code that ran."""

    ending: Ending
    exit: int
    """The exit status; negative: the signal that ended it."""
    output: str
    errors: str
    cut: bool = False
    """More was printed than is kept."""


@dataclass(frozen=True, slots=True)
class Probed:
    """Whether this machine has what a tier needs, found out by trying."""

    tier: SandboxTier
    missing: str = ""
    """What is missing, in words; empty: nothing."""
    remedy: str = ""

    @property
    def works(self) -> bool:
        """Whether code may be run in it."""
        return not self.missing


class Sandbox(Protocol):
    """One tier on this machine."""

    tier: SandboxTier

    async def probe(self) -> Probed:
        """Try whether isolation is what it has to be; once, and the answer is kept."""
        ...

    async def run(self, code: str, data: str, limits: SandboxLimits, shown: Sequence[str] = ()) -> Outcome:
        """Run Python code; `data` is what it reads from its standard input, `shown` are files and folders that it may
        read beside the interpreter's own. Raises `IsolationMissing`.
        """
        ...
