"""Whose secret it is: what is kept for each user is given to that user, what is kept for all is read once, and what was
given within a task is out of sight for as long as the task lasts.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from remit.domain.action_errors import SecretUnavailable
from remit.domain.effects import Effect
from remit.domain.tools import ToolManifest
from remit.gate.secrets import vault as module
from remit.gate.secrets.secrets_file import parse_secrets
from remit.gate.secrets.vault import Vault
from remit.testing.clock import ManualClock
from tests.gate.secret_servers import AuthorizationServer

TOOL = ToolManifest("crm_get", "", {}, Effect.READ, secrets=("own", "all", "run-token:crm"), timeout=30)
TABLE = {"secrets": {
    "own": {"backend": "env", "name": "TOKEN_{user}", "ttl": 60},
    "all": {"backend": "env", "name": "SHARED", "ttl": 60},
}}  # fmt: skip


@pytest.fixture
def environment() -> dict[str, str]:
    return {"TOKEN_ada": "the-token-of-ada", "TOKEN_bob": "the-token-of-bob", "SHARED": "shared-by-everyone"}


def opened(environment: dict[str, str], clock: ManualClock | None = None, table: Any = TABLE) -> Vault:
    return Vault(parse_secrets(table), Path.cwd(), clock or ManualClock(), environment=environment)


async def test_what_is_kept_for_each_user_is_given_to_nobody_else(environment: dict[str, str]) -> None:
    vault = opened(environment)
    assert await vault.give("own", TOOL, "r-1", "ada") == "the-token-of-ada"
    assert await vault.give("own", TOOL, "r-1", "bob") == "the-token-of-bob"
    assert await vault.give("own", replace(TOOL, name="other"), "r-1", "ada") == "the-token-of-ada"
    for user in ("", "a/b", "../x", ".ada", "a" * 129, "a b"):
        with pytest.raises(SecretUnavailable) as refused:
            await vault.give("own", TOOL, "r-1", user)
        assert (
            refused.value.message
            == "own is kept for each user, and this run has no user that it could be of."
        )
    with pytest.raises(SecretUnavailable, match="the variable TOKEN_EVE is not set"):
        await vault.give("own", TOOL, "r-1", "eve")


async def test_what_is_kept_for_all_is_read_once_within_a_task_whoever_asks(
    environment: dict[str, str],
) -> None:
    clock = ManualClock()
    vault = opened(environment, clock)
    assert await vault.give("all", TOOL, "r-1", "ada") == "shared-by-everyone"
    environment["SHARED"] = "another-for-everyone"
    assert await vault.give("all", TOOL, "r-1", "bob") == "shared-by-everyone"
    assert await vault.give("all", replace(TOOL, name="other"), "r-1", "bob") == "shared-by-everyone"
    assert await vault.give("all", TOOL, "r-2", "ada") == "another-for-everyone"
    await clock.advance(30)
    assert await vault.give("all", TOOL, "r-1", "ada") == "another-for-everyone", "it has to outlast the call"
    long = replace(TOOL, timeout=None)
    environment["SHARED"] = "the-third-of-everyone"
    assert await vault.give("all", long, "r-1", "ada") == "another-for-everyone"


async def test_a_users_secret_is_out_of_sight_while_its_task_lasts_and_a_shared_one_for_good(
    environment: dict[str, str],
) -> None:
    vault = opened(environment)
    for user in ("ada", "bob"):
        await vault.give("own", TOOL, f"r-{user}", user)
    await vault.give("all", TOOL, "r-ada", "ada")
    told = "the-token-of-ada the-token-of-bob shared-by-everyone"
    assert vault.redact(told) == "[secret own] [secret own] [secret all]"
    assert vault.finds_in({"x": ["the-token-of-bob"]}) == "own"
    vault.forget("r-ada")
    assert vault.redact(told) == "the-token-of-ada [secret own] [secret all]"
    vault.forget("r-bob")
    vault.forget("r-none")
    assert vault.redact(told) == "the-token-of-ada the-token-of-bob [secret all]"
    await vault.give("own", TOOL, "r-ada", "ada")
    await vault.close()
    assert vault.redact(told) == "the-token-of-ada the-token-of-bob [secret all]"


async def test_a_token_that_ran_out_is_out_of_sight_until_twenty_more_did(
    environment: dict[str, str],
) -> None:
    clock = ManualClock()
    vault = opened(environment, clock)
    for number in range(22):
        environment["TOKEN_ada"] = f"token-number-{number:03}-of-ada"
        await vault.give("own", TOOL, "r-1", "ada")
        await clock.advance(61)
    assert vault.redact("token-number-000-of-ada") == "token-number-000-of-ada"
    assert vault.redact("token-number-001-of-ada token-number-021-of-ada") == "[secret own] [secret own]"


async def test_when_there_are_too_many_tasks_the_oldest_is_forgotten_and_providers_never(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_TASKS", 3)
    vault = opened(environment)
    assert await vault.open_provider("SHARED") == "shared-by-everyone"
    for task in ("r-1", "r-2", "r-3"):
        await vault.give("own", TOOL, task, "ada" if task == "r-1" else "bob")
    assert vault.redact("the-token-of-ada the-token-of-bob") == "the-token-of-ada [secret own]"


async def test_what_is_learnt_and_probed_is_what_anybody_can_have(environment: dict[str, str]) -> None:
    table = {"secrets": {
        **TABLE["secrets"], "gone": {"backend": "env", "name": "NOT_SET"},
        "minted": {"kind": "client_credentials", "token_url": "https://a.example/t", "client_id": "x",
                   "client_secret": "secret:gone"},
    }}  # fmt: skip
    vault = opened(environment, table=table)
    assert await vault.learn(["run-token:crm", "SHARED", "NONE", "SHARED"]) == ["gone", "NONE"]
    assert vault.redact("shared-by-everyone the-token-of-ada") == "[secret all] the-token-of-ada"
    for name in ("run-token:crm", "own", "all"):
        await vault.probe(name)
    for name in ("gone", "minted"):
        with pytest.raises(SecretUnavailable, match="the variable NOT_SET is not set"):
            await vault.probe(name)


async def test_a_token_that_binds_to_a_run_is_made_for_each_call_and_only_where_there_is_a_door(
    environment: dict[str, str],
) -> None:
    vault = opened({**environment, "run-token:crm": "a-variable-of-that-name"})
    assert await vault.give("run-token:crm", TOOL, "r-1", "ada") == "a-variable-of-that-name"
    asked: list[tuple[str, str, str, float]] = []

    def make(*said: Any) -> str:
        asked.append(said)
        return "made"

    vault.run_token = make
    assert await vault.give("run-token:crm", TOOL, "r-1", "ada") == "made"
    assert await vault.give("run-token:crm", replace(TOOL, timeout=None), "r-1", "ada") == "made"
    assert asked == [("crm", "r-1", "ada", 30), ("crm", "r-1", "ada", 0.0)]
    with pytest.raises(SecretUnavailable) as refused:
        await vault.give("run-token:other", TOOL, "r-1", "ada")
    assert refused.value.message == 'crm_get asked for the secret "run-token:other", which it does not name.'
    assert refused.value.hint == 'Name it where the tool is declared: secrets=["run-token:other"].'


async def test_what_is_too_short_to_be_kept_out_of_sight_is_not_given() -> None:
    vault = opened({"SHARED": "five5"})
    with pytest.raises(SecretUnavailable) as refused:
        await vault.give("all", TOOL, "r-1", "ada")
    assert refused.value.message == (
        "the secret all has fewer than 6 characters, and could not be kept out of sight: what is so short stands in"
        " innocent text too."
    )
    assert refused.value.hint == "Give it a longer value; a real key has one."
    assert await opened({"SHARED": "six666"}).give("all", TOOL, "r-1", "ada") == "six666"


async def test_what_a_token_is_asked_for_with_is_the_users_own(
    environment: dict[str, str],
) -> None:
    server = AuthorizationServer()
    async with server.serve():
        exchange = {
            "kind": "token_exchange", "token_url": server.url, "client_id": "remit", "client_secret": "secret:all",
            "subject_token": "secret:own", "audience": "for-{tool}",
        }  # fmt: skip
        came = exchange | {"subject_token": "principal"}
        table: Any = {"secrets": {**TABLE["secrets"], "token": exchange, "came": came}}
        vault = opened({**environment, "SHARED": "the-clients-secret"}, table=table)
        tool = replace(TOOL, secrets=("token", "came"))
        for user in ("ada", "bob"):
            await vault.give("token", tool, "r-1", user)
        assert [form["subject_token"] for form in server.asked] == ["the-token-of-ada", "the-token-of-bob"]
        assert [form["audience"] for form in server.asked] == ["for-crm_get"] * 2
        assert vault.redact("the-token-of-ada") == "the-token-of-ada", "it was out of sight while it was sent"
        with pytest.raises(SecretUnavailable) as refused:
            await vault.give("came", tool, "r-1", "ada")
        assert (refused.value.message, refused.value.hint) == (
            "nobody here keeps the tokens with which users come.", "Name a secret instead.",
        )  # fmt: skip
        await vault.close()
