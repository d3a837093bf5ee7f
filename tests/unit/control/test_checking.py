"""What a check of a workspace finds before anything runs: agents that nobody can answer, and who names which secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.control.protecting.secrets import secrets
from remit.control.upkeep.checking import Chosen, Problem, check

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
    report = await check(place, Chosen(("agents.py",), "main", "dev", ""))
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
