"""What was asked of the rules, read back from the log: who wanted to call what, with which arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.action_events import ActionAdmitted, ActionHeld
from remit.domain.decisions import AccessRequest
from remit.domain.event import object_of
from remit.domain.events import Erased, RunContinued, RunCreated, StepClaimed, StepDone, StepFailed
from remit.engine.outside import run_stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from remit.control.running.parts import Parts
    from remit.store.log import Entry

_MOST_RUNS = 100_000
_ACTIONS = (ActionAdmitted, ActionHeld, StepClaimed, StepDone, StepFailed)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it stands in the log."""

    run: str
    path: str
    at: int
    request: AccessRequest | None
    """None: its content is gone, or it was about a tool that is no more."""
    erased: bool = False

    @property
    def place(self) -> str:
        """How people name it."""
        return f"{self.run}/{self.path}"


async def asked_since(parts: Parts, since: int) -> AsyncIterator[Asked]:
    """Every call and every delegation since a time, each once."""
    ground = parts.ground
    rows = await ground.database.fetch("policy.runs", ground.principal.team, since, _MOST_RUNS)
    for (run,) in rows:
        entries, _ = await ground.log.read(run_stream(run), lenient=True)
        for found in asked_in(parts, run, entries):
            if found.at >= since:
                yield found


def asked_in(parts: Parts, run: str, entries: list[Entry]) -> list[Asked]:
    """The requests of one run."""
    gate, by = parts.house.gate.parts, ""
    world, found = gate.world(), dict[str, Asked]()
    for entry in entries:
        event = entry.event
        if isinstance(event, (RunCreated, RunContinued)):
            by = event.by
        elif isinstance(event, Erased) and entry.path and event.kind.startswith(("step.", "action.")):
            found.setdefault(entry.path, Asked(run, entry.path, entry.at, None, erased=True))
        elif isinstance(event, _ACTIONS):
            detail = object_of(event.detail)
            path = entry.path.partition("/approval")[0].partition("/deferred")[0]
            said = _said(event.name, detail)
            if said is None or (path in found and found[path].request is not None):
                continue
            action, resource, arguments = said
            manifest = world.tools.get(resource)
            if action == "call" and manifest is None:
                found[path] = Asked(run, path, entry.at, None)
                continue
            facts: dict[str, Any] = {"digest": manifest.digest} if manifest is not None else {}
            request = AccessRequest(
                by, parts.ground.principal.team, str(detail.get("agent", "")), action, resource,
                facts if action == "call" else {}, arguments, groups=gate.roles.of(by), environment=gate.environment,
            )  # fmt: skip
            found[path] = Asked(run, path, entry.at, request)
    return list(found.values())


def _said(name: str, detail: dict[str, Any]) -> tuple[str, str, dict[str, Any]] | None:
    """Action, resource and arguments as they were asked for, before anybody changed them."""
    if "to" in detail:
        return "delegate", str(detail["to"]), {}
    if "tool_digest" not in detail:
        return None
    edited = object_of(detail.get("edited"))
    given = edited.get("asked", detail.get("arguments"))
    return ("call", name, object_of(given)) if isinstance(given, dict) else None
