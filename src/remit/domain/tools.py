"""A tool as data: what it is called, what it takes, what it does to the world, and how that is taken back.

The manifest is what policy, models, people and the log speak about; its digest changes when any of that does. The
code behind it is nobody's business here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from remit.domain.effects import Backoff, Breaker, Effect

Json = Any


class ArgumentRole(StrEnum):
    """What an argument does with the world; provenance rules are written in these words."""

    DESTINATION = "destination"
    OBJECT = "object"
    CREDENTIAL = "credential"
    AMOUNT = "amount"
    SELECTOR = "selector"
    CONTENT = "content"
    URL = "url"
    CODE = "code"


class SandboxTier(StrEnum):
    """How much isolation code of this tool needs at least, weakest first."""

    NONE = "none"
    PROCESS = "process"
    """A process of its own: no environment, limits on time, memory and files; not a wall."""
    NAMESPACE = "namespace"
    """Kernel namespaces: no network, a file system of its own, no other process in sight."""
    WASM = "wasm"
    VM = "vm"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many calls within so many seconds."""

    calls: int
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class ResultLabel:
    """Where results come from and who may see them, from the manifest, never from the content."""

    source: str = ""
    """A system of record, as in `reads="crm"`; its ids are references."""
    trusted: bool = False
    readers: tuple[str, ...] = ()
    """Who may see them: `team:support`, `provider:anthropic`, `provider:*`, `*`; none: the team and any provider."""
    data_class: str = ""
    references: tuple[str, ...] | None = None
    """The fields whose values count as references; None: the ids of a system of record, none of a stranger's."""


class Undo(StrEnum):
    """How a write is taken back."""

    NONE = "none"
    RESTORE = "restore"
    """Put the image before back, if the image after still stands."""
    INVERSE = "inverse"
    """Call another operation with what the receipt says."""


@dataclass(frozen=True)
class ToolManifest:
    """Everything about a tool but its code."""

    name: str
    description: str
    parameters: dict[str, Json]
    """JSON Schema of an object; `additionalProperties` is false."""
    effect: Effect = Effect.WRITE
    result: dict[str, Json] | None = None
    roles: dict[str, ArgumentRole] = field(default_factory=dict[str, ArgumentRole])
    label: ResultLabel = field(default_factory=ResultLabel)
    timeout: float | None = None
    retry: Backoff | None = None
    rate: Rate | None = None
    breaker: Breaker | None = None
    limit: int | None = None
    keyed: bool = False
    key_ttl: float = 86_400.0
    undo: Undo = Undo.NONE
    best_effort: str = ""
    """Why undo is not exact, in words; empty when it is."""
    reconciles: bool = False
    tier: SandboxTier = SandboxTier.NONE
    owner: str = ""
    secrets: tuple[str, ...] = ()
    source: str = "python"
    """python, openapi:NAME, sql:NAME, mcp:NAME, grpc:NAME, a2a:NAME, builtin."""
    version: str = ""
    """A digest of the code or document behind it, as far as it can be known."""
    hold: float | None = None
    """For how many seconds a call is held back before it is done; None: as the workspace does with such effects."""

    @cached_property
    def digest(self) -> str:
        """The name of exactly this definition; what it does not say is no part of it."""
        said = asdict(self)
        if self.hold is None:
            del said["hold"]
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ObjectImage:
    """One object of the world before and after a write; None where it did not exist."""

    object: str
    """Its name in its system, such as `tickets/4812`."""
    before: Json = None
    after: Json = None
    precondition: str = ""
    """An ETag or row hash of the image after, where the system has one."""


@dataclass(frozen=True, slots=True)
class Performed:
    """What a tool did: its result, and what undo will need."""

    result: Json
    images: tuple[ObjectImage, ...] = ()
    best_effort: str = ""
    """Why undoing this very call is not exact; empty when it is."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A write that took place, as undo finds it in the log."""

    run: str
    path: str
    tool: str
    tool_digest: str
    arguments: dict[str, Json]
    result: Json
    images: tuple[ObjectImage, ...]
    best_effort: str
    key: str
    at: int
    captured: bool = True
    """Whether it is known what the write changed; it may have changed nothing."""
    kind: str = "tool"
    """`tool`, or `memory`: a write to our own memory, which no tool has to take back."""
