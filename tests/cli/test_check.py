"""`remit check` says of a workspace that does not run yet what would be wrong with it, and changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit.control import settings
from remit.control.upkeep.settled import refusals
from tests.cli.conftest import Terminal

AGENTS = """
from typing import Literal
from remit import Agent, Budget, tool

@tool(effect="read", secrets=["CRM_TOKEN"])
async def look(id: int) -> str:
    \"\"\"Look.\"\"\"
    return "x"

triage = Agent("triage", prompt="prompts/triage.md", tools=[look, "http_fetch"], budget=Budget(seconds=60))
"""
POLICY = '@id("all") permit (principal, action, resource);\n'


@pytest.fixture
def place(remit: Terminal) -> Path:
    """A workspace in which everything is right."""
    for name, text in {
        "agents/desk.py": AGENTS,
        "prompts/triage.md": "Triage.",
        "policies/main.cedar": POLICY,
        "tools.toml": '[builtin.http]\nallow = ["example.org"]\n',
        "budgets.toml": "[flows.order]\ncalls = 3\n[agents.triage]\nusd = 1\n",
    }.items():
        file = remit.place / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    remit.environment["CRM_TOKEN"] = "crm-token-of-the-test"
    return remit.place


def problems(remit: Terminal, code: int) -> list[dict[str, Any]]:
    return remit("check", "--json", code=code).json["problems"]


def test_a_workspace_in_order_is_counted_and_not_touched(remit: Terminal, place: Path) -> None:
    before = sorted(place.rglob("*"))
    said = remit("check", code=0).out
    assert "1 agent, " in said
    assert "1 rule: nothing is wrong" in said
    assert [each for each in sorted(place.rglob("*")) if "__pycache__" not in each.parts] == before


WRONG: dict[str, tuple[str, str, str, str]] = {
    "a setting": ("remit.toml", "[worker]\nconcurency = 3\n", "settings", "concurency"),
    "code": ("flows/bad.py", "now = yesterday\n", "code", "flows/bad.py:1 cannot be imported"),
    "an agent's tool": ("agents/desk.py", AGENTS.replace('"http_fetch"', '"http_fecth"'), "agents",
                        'agents/desk.py:10: agent triage: it has the tool "http_fecth"'),
    "an agent's route": ("agents/desk.py", AGENTS.replace("tools=[", 'route="fats", tools=['), "agents",
                         'agents/desk.py:10: agent triage: there is no route "fats"'),
    "an agent's prompt": ("agents/desk.py", AGENTS.replace("triage.md", "triag.md"), "agents",
                          "agents/desk.py:10: agent triage: the prompt of triage is not there: prompts/triag.md"),
    "two tools of one name": ("agents/desk.py", AGENTS.replace('"http_fetch"', "look"), "code",
                              'agents/desk.py:10 cannot be imported: InvalidTool: triage has "look" more than once'),
    "a budget": ("agents/desk.py", AGENTS + "Budget(calls=-1)\n", "code",
                 "agents/desk.py:11 cannot be imported: InvalidSetting: a budget cannot have calls=-1"),
    "a budget of nobody": ("budgets.toml", "[flows.ordr]\ncalls = 3\n", "budgets", 'no flow (nearest: "order")'),
    "models": ("models.toml", '[providers.x]\nkind = "nobody"\n', "models", 'has kind "nobody"'),
    "a simulation": ("simulations/a.yaml", "lines: [", "models", "a.yaml"),
    "tools": ("tools.toml", "[openapi.x]\ndocument = 7\n", "tools", "openapi.x"),
    "secrets": ("secrets.toml", "= =\n", "secrets", "secrets.toml is not TOML"),
    "a setting's word": ("remit.toml", '[outbox]\nwindow = "soon"\n', "settings", 'outbox.window is "soon"'),
    "a served flow": ("remit.toml", '[mcp]\nflows = ["nobody"]\n', "settings", '"nobody" is to be served over MCP'),
    "a name of the server": ("remit.toml", '[server]\nhosts = ["http://gate.example"]\n', "settings", "server.hosts"),
    "a page": ("remit.toml", '[server]\norigins = ["app.example"]\n', "settings", "server.origins"),
    "an address": ("remit.toml", '[a2a]\nurl = "nowhere"\n', "settings", "a2a.url"),
    "a served agent": ("remit.toml", '[a2a]\nagents = ["nobody"]\n', "settings", '"nobody" is to be served'),
    "a rule": ("policies/bad.cedar", 'permit (principal, action, resource == Tool::"refnd");\n', "policy",
               'policies/bad.cedar:1 names Tool::"refnd"'),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_each_thing_that_is_wrong_is_an_error_with_its_place(what: str, remit: Terminal, place: Path) -> None:
    name, text, check, why = WRONG[what]
    (place / name).parent.mkdir(exist_ok=True)
    (place / name).write_text(text)
    found = [each for each in problems(remit, 1) if each["severity"] == "error"]
    assert [each["check"] for each in found] == [check]
    assert why in found[0]["message"]
    assert f"error    {check}: " in remit("check", code=1).out
    remit("runs", code=2 if what == "a setting" else 0)


def test_a_secret_that_is_not_there_is_named_with_who_wants_it(remit: Terminal, place: Path) -> None:
    del remit.environment["CRM_TOKEN"]
    (found,) = problems(remit, 1)
    assert found["message"].startswith(
        'the secret "CRM_TOKEN" is not there, or too short to be one; the tool look (agents/desk.py:5)'
    )


def test_several_mistakes_are_all_said_at_once(remit: Terminal, place: Path) -> None:
    (place / "agents" / "desk.py").write_text(AGENTS.replace('"http_fetch"', '"x", "y"'))
    (place / "models.toml").write_text("= =\n")
    (place / "policies" / "main.cedar").write_text(POLICY + POLICY.replace('@id("all") ', ""))
    assert {each["check"] for each in problems(remit, 1)} == {"models"}
    (place / "models.toml").unlink()
    found = problems(remit, 1)
    assert [(each["check"], each["severity"]) for each in found] == [
        ("agents", "error"), ("agents", "error"), ("policy", "warning"),
    ]  # fmt: skip


def test_no_worker_starts_on_an_agent_that_cannot_be_asked(remit: Terminal, place: Path) -> None:
    (place / "agents" / "desk.py").write_text(AGENTS.replace('"http_fetch"', '"http_fecth"'))
    refused = remit("worker", code=2)
    assert refused.err.startswith('error: agents/desk.py:10: agent triage: it has the tool "http_fecth"')
    assert 'Did you mean "http_fetch"?' in refused.err


def test_what_a_start_would_not_find_installed_is_named_too(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "remit.toml").write_text('[a2a]\nagents = ["triage"]\n')

    def said() -> list[str]:
        found = refusals(place, settings.load(place), None, None, (), ["triage"])
        return [each.hint for each in found if "A2A" in each.message]

    assert said() == []
    monkeypatch.setattr("remit.control.tasking.offering.find_spec", {"a2a": None}.get)
    assert "remit[a2a]" in said()[0]


def test_the_review_of_a_design_is_a_page_for_a_pull_request(remit: Terminal, place: Path) -> None:
    text = AGENTS.replace(", budget=Budget(seconds=60)", "")
    (place / "agents" / "desk.py").write_text(text)
    page = remit("check", "--design", "--markdown", code=1).out
    assert "0 to mend, 1 question open." in page
    assert "| What is the p95 of the chain? | triage | **open:** about 10 s, and nothing is declared" in page
    assert "--markdown is for the review of a design" in remit("check", "--markdown", code=2).err
