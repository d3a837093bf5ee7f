"""What a check of a workspace finds before anything runs: agents that nobody can answer, and who names which secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.control.protecting.secrets import secrets
from remit.control.settings import Settings, load
from remit.control.upkeep.checking import Problem, check

AGENTS = 'from remit import Agent\n\ntriage = Agent("triage", prompt="Triage.", tools=["http_fetch"])\n'
MODELS = """
[providers.cloud]
kind = "openai"
secret = "CLOUD_KEY"
region = "us-east-1"
[models.small]
provider = "cloud"
window = 8192
max_output = 8192
capabilities = ["tools", "streaming"]
price = { input = 1, output = 2 }
[routes.fast]
models = ["small"]
"""
SECRETS = """
[backends.vault]
address = "http://127.0.0.1:9"
token = "secret:VAULT_TOKEN"
[secrets.CLOUD_KEY]
kind = "client_credentials"
token_url = "http://127.0.0.1:9/token"
client_id = "remit"
client_secret = "secret:crm_client"
[secrets.crm_client]
backend = "env"
[secrets.idle]
backend = "env"
name = "CLOUD_KEY"
"""


async def found(place: Path, **files: str) -> dict[str, Problem]:
    """The errors of a workspace, by check."""
    written = {
        "agents.py": AGENTS,
        "tools.toml": '[builtin.http]\nallow = ["example.org"]\n',
        "models.toml": MODELS,
    }
    for name, text in {**written, **{f"{name}.toml": text for name, text in files.items()}}.items():
        (place / name).write_text(text)
    (place / "policies").mkdir(exist_ok=True)
    (place / "policies" / "main.cedar").write_text('@id("all") permit (principal, action, resource);\n')
    report = await check(place, Settings(code=("agents.py",)))
    return {each.check: each for each in report.problems if each.severity == "error"}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ('residency = "eu"\n', "residency: small: it may run in us-east-1, outside eu"),
        ('require = ["reasoning"]\n', "capability: small: it has no reasoning"),
        ("", 'small: its provider cloud is opened by the secret "CLOUD_KEY", which is not there'),
    ],
)
async def test_an_agent_that_no_model_can_answer_is_an_error_that_names_what_binds(
    more: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOUD_KEY", raising=False)
    wrong = (await found(tmp_path, models=MODELS + more))["agents"]
    assert wrong.message.startswith("agents.py:3: agent triage: no model of the route fast")
    assert why in wrong.message
    monkeypatch.setenv("CLOUD_KEY", "cloud-key-of-the-test")
    assert ("agents" in await found(tmp_path, models=MODELS + more)) is bool(more)


async def test_a_secret_with_which_a_token_is_made_is_named_by_that_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUD_KEY", "cloud-key-of-the-test")
    monkeypatch.delenv("crm_client", raising=False)
    wrong = (await found(tmp_path, secrets=SECRETS))["secrets"]
    assert wrong.message.startswith('the secret "crm_client" is not there'), "and nobody opens the idle vault"
    assert "the secret CLOUD_KEY (secrets.toml) would be given it" in wrong.message
    listed = {each.name: each.used_by for each in await secrets(tmp_path, "dev", {})}
    assert listed == {
        "CLOUD_KEY": (), "crm_client": ("secret CLOUD_KEY",), "VAULT_TOKEN": ("back end vault",), "idle": (),
    }  # fmt: skip


UNFIT = """
[workspace]
environment = "prod"
[keys]
provider = "pocket"
[capture]
classes = ["personal=burn"]
[retention]
classes = ["personal=long"]
[audit]
anchors = ["ftp://somewhere"]
[outbox]
tools = ["pay=soon"]
[breakers]
action = "scold"
[contracts]
required = "sometimes"
unreadable = ["personal=perhaps"]
propose = "slow"
[policy]
protect = "sometimes"
overdue = "sometimes"
shadow = "nowhere"
"""


async def test_settings_that_a_start_would_refuse_are_all_named(tmp_path: Path) -> None:
    (tmp_path / "remit.toml").write_text(UNFIT)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "main.cedar").write_text('@id("all") permit (principal, action, resource);\n')
    report = await check(tmp_path, load(tmp_path, {}))
    said = [each.message for each in report.problems if each.check == "settings"]
    for part in (
        "keys.provider", "capture.classes", "retention.classes", "audit.anchors", "outbox.tools", "breakers.action",
        "contracts.required", "contracts.unreadable", 'no route "slow"', "policy.protect", "policy.overdue", "nowhere/",
    ):  # fmt: skip
        assert [part in each for each in said].count(True) == 1, (part, said)
    assert len(said) == 12


async def test_an_agent_without_the_contract_that_a_start_demands_is_named(tmp_path: Path) -> None:
    (tmp_path / "agents.py").write_text(
        'from remit import Agent, tool\n\n@tool(effect="write")\nasync def pay(cents: int) -> int:\n    """Pay."""\n'
        '    return cents\n\n\nclerk = Agent("clerk", prompt="Pay.", tools=[pay])\n'
    )
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "main.cedar").write_text('@id("all") permit (principal, action, resource);\n')
    (tmp_path / "remit.toml").write_text('code = ["agents.py"]\n[contracts]\nrequired = "always"\n')
    report = await check(tmp_path, load(tmp_path, {}))
    assert [(each.check, each.message) for each in report.problems if each.severity == "error"] == [
        ("settings", "clerk can act and has no contract, and dev demands one.")
    ]
