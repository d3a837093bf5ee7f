"""The vault: what a call names it is given, tokens live as long as their task, and nothing of it ever shows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from remit.domain.action_errors import SecretUnavailable
from remit.domain.effects import Effect
from remit.domain.tools import ToolManifest
from remit.gate.secrets.secrets_file import parse_secrets, read_secrets
from remit.gate.secrets.tokens import TokenMint
from remit.gate.secrets.vault import Vault
from remit.testing.clock import ManualClock
from tests.gate.secret_servers import AuthorizationServer

TOOL = ToolManifest("crm_get", "", {}, Effect.READ, secrets=("crm_token",))
ENVIRONMENT = {
    "CLIENT_SECRET": "the-clients-secret",
    "CRM_TOKEN": "plain-value-1",
    "ADA_TOKEN": "adas-own-token",
}


def vault(table: dict[str, Any], clock: ManualClock | None = None, **options: Any) -> Vault:
    return Vault(parse_secrets(table), Path.cwd(), clock or ManualClock(), environment=ENVIRONMENT, **options)


def credentials(server: AuthorizationServer, **changes: Any) -> dict[str, Any]:
    minted: dict[str, Any] = {
        "kind": "client_credentials", "token_url": server.url, "client_id": "remit", "client_secret": "secret:client",
        "scope": "crm:{tool}",
    }  # fmt: skip
    return {
        "secrets": {
            "client": {"backend": "env", "name": "CLIENT_SECRET"},
            "crm_token": {key: value for key, value in (minted | changes).items() if value is not None},
        }
    }


async def test_a_tool_is_given_what_it_names_and_nothing_else() -> None:
    opened = vault({})
    assert await opened.give("crm_token", TOOL, "r-1", "ada") == "plain-value-1"
    with pytest.raises(
        SecretUnavailable, match='asked for the secret "CLIENT_SECRET", which it does not name'
    ):
        await opened.give("CLIENT_SECRET", TOOL, "r-1", "ada")
    with pytest.raises(SecretUnavailable, match="the variable OPENAI_API_KEY is not set"):
        await opened.open_provider("OPENAI_API_KEY")
    await opened.close()


async def test_a_token_is_minted_for_a_tool_within_a_task() -> None:
    server = AuthorizationServer()
    async with server.serve():
        opened = vault(credentials(server))
        other = replace(TOOL, name="crm_set")
        first = await opened.give("crm_token", TOOL, "r-1", "ada")
        assert await opened.give("crm_token", TOOL, "r-1", "ada") == first
        assert await opened.give("crm_token", other, "r-1", "ada") != first
        assert await opened.give("crm_token", TOOL, "r-2", "ada") != first
        assert await opened.give("crm_token", TOOL, "r-1", "bob") != first
        assert [form["scope"] for form in server.asked] == [
            "crm:crm_get",
            "crm:crm_set",
            "crm:crm_get",
            "crm:crm_get",
        ]
        assert [form["grant_type"] for form in server.asked] == ["client_credentials"] * 4
        await opened.close()


async def test_a_token_is_gone_when_its_task_ends() -> None:
    server = AuthorizationServer()
    async with server.serve():
        opened = vault(credentials(server))
        first = await opened.give("crm_token", TOOL, "r-1", "ada")
        assert opened.redact(f"it said {first}") == "it said [secret crm_token]"
        opened.forget("r-1")
        opened.forget("r-1")
        assert first not in everything_in(opened)
        assert await opened.give("crm_token", TOOL, "r-1", "ada") != first
        await opened.close()


async def test_a_task_that_ends_while_a_token_is_minted_keeps_none() -> None:
    server = AuthorizationServer()
    async with server.serve():
        opened = vault(credentials(server))
        asking = asyncio.ensure_future(opened.give("crm_token", TOOL, "r-1", "ada"))
        await server.arrived.wait()
        opened.forget("r-1")
        token = await asking
        assert token not in everything_in(opened)
        await opened.close()


async def test_a_token_is_minted_again_before_it_runs_out() -> None:
    server, clock = AuthorizationServer(expires_in=600), ManualClock()
    async with server.serve():
        opened = vault(credentials(server), clock)
        first = await opened.give("crm_token", TOOL, "r-1", "ada")
        await clock.advance(500)
        assert await opened.give("crm_token", TOOL, "r-1", "ada") == first
        slow = replace(TOOL, timeout=120.0)
        second = await opened.give("crm_token", slow, "r-1", "ada")
        assert second != first
        await clock.advance(571)
        assert await opened.give("crm_token", TOOL, "r-1", "ada") not in {first, second}
        assert opened.redact([first, second]) == ["[secret crm_token]"] * 2
        await opened.close()


@pytest.mark.parametrize("expires_in", [None, 0, -5, "soon", True, 10, "1e999"])
async def test_a_token_of_unknown_or_short_life_serves_one_call(expires_in: Any) -> None:
    server = AuthorizationServer(expires_in=expires_in)
    async with server.serve():
        opened = vault(credentials(server))
        tokens = [await opened.give("crm_token", TOOL, "r-1", "ada") for _ in range(40)]
        assert len(set(tokens)) == 40
        assert opened.redact(tokens[-1]) == "[secret crm_token]"
        await opened.close()


async def test_calls_at_once_share_one_token() -> None:
    server = AuthorizationServer()
    async with server.serve():
        opened = vault(credentials(server))
        tokens = await asyncio.gather(*(opened.give("crm_token", TOOL, "r-1", "ada") for _ in range(20)))
        assert (len(set(tokens)), len(server.asked)) == (1, 1)
        await opened.close()


@pytest.mark.parametrize("auth", ["basic", "post"])
async def test_the_client_shows_who_it_is(auth: str) -> None:
    server = AuthorizationServer(secret="the-clients-secret")
    async with server.serve():
        opened = vault(
            credentials(server, auth=auth, client_id="client:with colon&more", audience="https://crm")
        )
        await opened.give("crm_token", TOOL, "r-1", "ada")
        assert server.clients == ["client:with colon&more"]
        assert ("client_secret" in server.asked[0]) == (auth == "post")
        assert server.asked[0]["audience"] == "https://crm"
        await opened.close()


async def test_a_users_token_is_exchanged_for_one_on_their_behalf() -> None:
    server = AuthorizationServer()
    async with server.serve():
        table = credentials(
            server, kind="token_exchange", subject_token="secret:user_tokens", audience="crm", resource="https://crm/{tool}"
        )  # fmt: skip
        table["secrets"]["user_tokens"] = {"backend": "env", "name": "{user}_TOKEN"}
        opened = vault(table)
        await opened.give("crm_token", TOOL, "r-1", "ada")
        (form,) = server.asked
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange"
        assert form["subject_token"] == "adas-own-token"
        assert form["subject_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
        assert form["resource"] == "https://crm/crm_get"
        for nobody in ("", "../ADA", "a/b", "."):
            with pytest.raises(SecretUnavailable, match="kept for each user"):
                await opened.give("crm_token", TOOL, "r-1", nobody)
        await opened.close()


async def test_the_token_with_which_a_user_came_can_be_exchanged() -> None:
    server = AuthorizationServer()

    async def came_with(user: str) -> str:
        return f"bearer-of-{user}"

    async with server.serve():
        table = credentials(server, kind="token_exchange", subject_token="principal")
        opened = vault(table, subjects=came_with)
        token = await opened.give("crm_token", TOOL, "r-1", "ada")
        assert server.asked[0]["subject_token"] == "bearer-of-ada"
        opened.forget("r-1")
        assert "bearer-of-ada" not in everything_in(opened)
        assert token not in everything_in(opened)
        await opened.close()
    with pytest.raises(SecretUnavailable, match="nobody here keeps the tokens"):
        await vault(table).give("crm_token", TOOL, "r-1", "ada")


async def test_a_server_that_stumbles_is_asked_once_more() -> None:
    server = AuthorizationServer(statuses=[503])
    async with server.serve():
        opened = vault(credentials(server))
        assert await opened.give("crm_token", TOOL, "r-1", "ada") == "token-2-for-remit"
        server.statuses = [503, 503]
        with pytest.raises(SecretUnavailable, match="gives no token for crm_token: server_error"):
            await opened.give("crm_token", TOOL, "r-2", "ada")
        await opened.close()


BROKEN: list[Any] = [{}, [], "x", {"access_token": ""}, {"access_token": 5}, b"<html>", b"", b"\xff\xfe"]


@pytest.mark.parametrize("answer", BROKEN, ids=str)
async def test_an_answer_without_a_token_is_a_sentence(answer: Any) -> None:
    server = AuthorizationServer(answer=answer)
    async with server.serve():
        opened = vault(credentials(server))
        with pytest.raises(SecretUnavailable, match="its answer holds no access_token"):
            await opened.give("crm_token", TOOL, "r-1", "ada")
        await opened.close()


async def test_a_token_too_short_to_be_kept_out_is_not_given() -> None:
    server = AuthorizationServer(answer={"access_token": "ab", "token_type": "Bearer"})
    async with server.serve():
        opened = vault(credentials(server))
        with pytest.raises(SecretUnavailable, match="fewer than 6 characters"):
            await opened.give("crm_token", TOOL, "r-1", "ada")
        await opened.close()


async def test_a_refusal_that_repeats_the_secret_does_not_pass_it_on() -> None:
    server = AuthorizationServer(secret="another one")
    async with server.serve():
        opened = vault(credentials(server))
        with pytest.raises(SecretUnavailable) as refused:
            await opened.give("crm_token", TOOL, "r-1", "ada")
        assert "the-clients-secret" not in f"{refused.value!r} {refused.value} {refused.value.args}"
        assert "invalid_client [secret client]" in refused.value.message
        await opened.close()


async def test_a_server_that_does_not_answer_is_a_sentence() -> None:
    server = AuthorizationServer()
    async with server.serve():
        pass
    opened = vault(credentials(server), mint=TokenMint(seconds=1.0))
    with pytest.raises(SecretUnavailable, match=r"it does not answer \(ClientConnectorError\)"):
        await opened.give("crm_token", TOOL, "r-1", "ada")
    await opened.close()


async def test_a_secret_is_not_sent_in_the_clear() -> None:
    opened = vault(credentials(AuthorizationServer(url="http://login.example.com/token")))
    with pytest.raises(SecretUnavailable, match="is not https"):
        await opened.give("crm_token", TOOL, "r-1", "ada")


async def test_what_is_kept_here_is_known_before_anybody_asks() -> None:
    table = {"secrets": {"client": {"backend": "env", "name": "CLIENT_SECRET"}, "none": {"backend": "env"}}}
    opened = vault(table)
    assert await opened.learn(["crm_token", "OTHER"]) == ["none", "OTHER"]
    assert opened.finds_in({"a": ["x the-clients-secret y"]}) == "client"
    assert opened.finds_in({"plain-value-1": 1}) == "crm_token"
    assert opened.finds_in({"a": "nothing"}) == ""


async def test_a_secret_is_read_again_after_its_time() -> None:
    environment, clock = dict(ENVIRONMENT), ManualClock()
    table = {"secrets": {"crm_token": {"backend": "env", "name": "CRM_TOKEN", "ttl": 60}}}
    opened = Vault(parse_secrets(table), Path.cwd(), clock, environment=environment)
    assert await opened.give("crm_token", TOOL, "r-1", "ada") == "plain-value-1"
    environment["CRM_TOKEN"] = "plain-value-2"
    assert await opened.give("crm_token", TOOL, "r-1", "ada") == "plain-value-1"
    await clock.advance(61)
    assert await opened.give("crm_token", TOOL, "r-1", "ada") == "plain-value-2"
    assert opened.redact("plain-value-1 plain-value-2") == "[secret crm_token] [secret crm_token]"


async def test_a_vault_shows_nothing_of_what_it_holds() -> None:
    opened = vault({})
    value = await opened.give("crm_token", TOOL, "r-1", "ada")
    assert value not in repr(opened)
    assert all(value not in repr(task) for task in vars(opened)["_tasks"].values())


async def test_a_workspace_without_the_file_has_the_environment(tmp_path: Path) -> None:
    opened = Vault(read_secrets(tmp_path), tmp_path, ManualClock(), environment=ENVIRONMENT)
    assert await opened.give("crm_token", TOOL, "r-1", "ada") == "plain-value-1"


def everything_in(opened: Vault) -> str:
    """All values that the vault still holds, and all that it looks for."""
    tasks = vars(opened)["_tasks"].values()
    held = [each.value for task in tasks for each in (*task.held.values(), *task.retired)]
    return f"{held} {list(vars(opened.redactor)['_forms'])}"
