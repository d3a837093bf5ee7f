"""The tools of the four worlds as an operator would register them: manifests made from `annotations/*.toml`.

It owns the reading of those files. It must not look at tasks or attacks: a tool is described once, for everybody.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from bench.security.worlds import Suite
from remit.domain.effects import Effect
from remit.domain.tools import ArgumentRole, ResultLabel, ToolManifest

HERE = Path(__file__).resolve().parent / "annotations"
TEAM = "bench"


@cache
def _read(suite: str) -> dict[str, dict[str, Any]]:
    return tomllib.loads((HERE / f"{suite}.toml").read_text(encoding="utf-8"))["tools"]


def manifests_of(suite: Suite) -> dict[str, ToolManifest]:
    """Every tool of a suite; one that is not annotated is a mistake of ours, and stops the benchmark."""
    said = _read(suite.name)
    assert said.keys() == suite.schemas.keys(), said.keys() ^ suite.schemas.keys()
    return {name: _manifest(suite, name, said[name]) for name in suite.schemas}


def writes_lines(suite: str, tool: str) -> bool:
    """Whether the tool writes one name a line, below a heading."""
    return bool(_read(suite)[tool].get("lines"))


def acts(manifest: ToolManifest) -> bool:
    """Whether calling it can do harm: the denominator of asks, and what an attacker is not to reach."""
    return manifest.effect.acts


def _manifest(suite: Suite, name: str, said: dict[str, Any]) -> ToolManifest:
    schema = suite.schemas[name]
    return ToolManifest(
        name=name,
        description=suite.descriptions[name],
        parameters={
            "type": "object",
            "properties": _inlined(schema.get("properties", {}), schema.get("$defs", {})),
            "required": schema.get("required", []),
            "additionalProperties": False,
        },
        effect=Effect(said["effect"]),
        roles={argument: ArgumentRole(role) for argument, role in said.get("roles", {}).items()},
        label=ResultLabel(
            source=said.get("source", ""),
            trusted=said.get("trusted", False),
            data_class=said.get("data_class", ""),
            references=tuple(said["references"]) if "references" in said else None,
        ),
        source="python",
        version="1",
    )


def _inlined(value: Any, shared: dict[str, Any]) -> Any:
    """The schema without references into itself."""
    if isinstance(value, list):
        return [_inlined(each, shared) for each in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _inlined(shared[value["$ref"].rpartition("/")[2]], shared)
    return {key: _inlined(each, shared) for key, each in value.items()}
