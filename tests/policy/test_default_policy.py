"""What a new workspace starts with: small, readable, and safe where it matters."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from remit.domain.decisions import AccessRequest
from remit.policy.authority import Authority
from remit.policy.checking import check
from remit.policy.world import World
from tests.policy.worlds import READ, REFUND, WIPE, policies, said, world

TEMPLATES = files("remit.control.workspace").joinpath("templates")
DEFAULT = TEMPLATES.joinpath("default.cedar").read_text("utf-8")
MODEL = {"provider": "p", "region": "eu", "retention": "none", "simulated": True}


@pytest.mark.parametrize(
    ("team", "action", "resource", "environment", "answer"),
    [
        ("support", "call", "get_ticket", "prod", ("allow", ["own-tools"])),
        ("support", "call", "refund", "prod", ("allow", ["own-tools"])),
        ("support", "call", "wipe", "dev", ("ask", ["irreversible"])),
        ("sales", "call", "get_ticket", "dev", ("deny", ["", ""])),
        ("support", "undo", "refund", "prod", ("allow", ["own-tools"])),
        ("sales", "undo", "refund", "prod", ("deny", ["", ""])),
        ("support", "model", "m", "stage", ("allow", ["models"])),
        ("support", "model", "m", "prod", ("deny", ["no-pretending"])),
        ("support", "delegate", "critic", "prod", ("allow", ["own-agents"])),
        ("support", "memory", "user:lea", "prod", ("allow", ["own-memory"])),
        ("support", "memory", "user:bob", "prod", ("deny", ["", ""])),
        ("support", "egress", "evil.example", "dev", ("deny", ["", ""])),
    ],
)
def test_what_it_answers(
    team: str, action: str, resource: str, environment: str, answer: tuple[str, list[str]], tmp_path: Path
) -> None:
    tools = {tool.name: tool for tool in (READ, REFUND, WIPE)}
    facts = {"digest": tools[resource].digest} if resource in tools else MODEL
    decided = Authority.load(policies(tmp_path, DEFAULT), world(*tools.values()))
    request = AccessRequest(
        "lea", team, "triage", action, resource, facts, {"amount": 1, "id": 1}, (), environment
    )
    assert said(decided.decide(request)) == answer


@pytest.mark.parametrize("team", ["default", "any other"])
def test_it_fits_an_empty_workspace_of_any_team_and_agrees_with_its_examples(
    team: str, tmp_path: Path
) -> None:
    examples = yaml.safe_load(TEMPLATES.joinpath("examples.yaml").read_text("utf-8"))
    report = check(policies(tmp_path, DEFAULT), World(team, models=frozenset({"sim-1"})), examples)
    assert report.findings == ()
    assert report.examples >= 4
