"""What the tests of policy are written with: tools, a world, policy files, and requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from remit.domain.decisions import AccessRequest, Decision
from remit.domain.effects import Effect
from remit.domain.tools import ToolManifest
from remit.policy.authority import Authority
from remit.policy.world import World

Json = Any
ALLOW_ALL = "permit (principal, action, resource);\n"


def tool(name: str, required: str = "", effect: str = "write", **properties: Json) -> ToolManifest:
    """A tool with these parameters; those named in `required` are."""
    parameters = {
        "type": "object", "properties": properties, "required": required.split(), "additionalProperties": False,
    }  # fmt: skip
    return ToolManifest(name, f"what {name} does", parameters, Effect(effect))


REFUND = tool(
    "refund", "amount", amount={"type": "integer"}, note={"type": "string"},
    status={"type": "string", "enum": ["open", "solved"]},
)  # fmt: skip
READ = tool("get_ticket", "id", "read", id={"type": "integer"})
TRANSFER = tool("transfer", "amount iban", amount={"type": "number"}, iban={"type": "string"})
WIPE = tool("wipe", effect="irreversible")


def world(*tools: ToolManifest, **more: Json) -> World:
    chosen = tools or (REFUND, READ, TRANSFER, WIPE)
    return World("support", {each.name: each for each in chosen}, frozenset({"triage", "critic"}), **more)


def policies(folder: Path, text: str = "", **files: str) -> Path:
    """A folder `policies` with these files."""
    place = folder / "policies"
    place.mkdir(exist_ok=True)
    written = {"main": text, **files} if text else files
    for name, content in written.items():
        (place / f"{name}.cedar").write_text(content)
    return place


def authority(folder: Path, text: str, *tools: ToolManifest, **more: Json) -> Authority:
    return Authority.load(policies(folder, text), world(*tools, **more))


def call(
    manifest: ToolManifest, /, *, user: str = "lea", agent: str = "triage", **arguments: Json
) -> AccessRequest:
    """A call of a tool in its accepted version."""
    return AccessRequest(
        user, "support", agent, "call", manifest.name, {"digest": manifest.digest}, arguments
    )


def said(decision: Decision) -> tuple[str, list[str]]:
    """The outcome, and the rules that made it."""
    return decision.outcome.value, [reason.rule for reason in decision.reasons]
