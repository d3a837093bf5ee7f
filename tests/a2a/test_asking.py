"""Tasks that wait: for a person, for whoever gave them; and those who are told where a task stands."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from a2a.types import DeleteTaskPushNotificationConfigRequest as DropHook
from a2a.types import GetTaskPushNotificationConfigRequest as GetHook
from a2a.types import GetTaskRequest, SubscribeToTaskRequest, TaskPushNotificationConfig
from a2a.types import ListTaskPushNotificationConfigsRequest as ListHooks
from a2a.utils.errors import A2AError
from aiohttp import web
from google.protobuf.json_format import MessageToDict

from remit import Run, flow
from remit.testing.scripting import Script
from tests.a2a.front import heard, last_state, said, served, task_of, texts
from tests.engine.places import Place
from tests.gate.desk import ALL_ALLOWED, Bank, agent

ASKS = f"""{ALL_ALLOWED}
@id("large") @ask("owners") @reason("more than a little")
forbid (principal, action == Action::"call", resource == Tool::"refund") when {{ context.cents > 200 }};
"""


@flow
async def talk(run: Run, message: dict[str, Any]) -> str:
    """Wait for a second message, and say both."""
    more: Any = await run.signal("message")
    return f"{message['parts'][0]['text']} and {more['parts'][0]['text']}"


@flow
async def ask(run: Run, question: str) -> str:
    """Ask a person about it."""
    return await run.human("desk", question)


async def test_what_a_rule_asks_about_waits_as_input_required(tmp_path: Path, script: Script) -> None:
    bank = Bank()
    clerk = agent(bank.keyed_refund())
    for _ in range(2):
        script(clerk).calls("refund", order="o-1", cents=500).says("done")
    async with served(tmp_path, agents=[clerk], script=script, policy=ASKS) as on:
        async with on.client(await on.key()) as client:
            told = (await heard(client, said("refund o-1")))[-1]
            status = (told.get("statusUpdate") or told["task"])["status"]
            task = (told.get("statusUpdate") or {"taskId": told["task"]["id"]})["taskId"]
            words, asked = status["message"]["parts"]
            assert status["state"] == "TASK_STATE_INPUT_REQUIRED"
            assert "owners has to agree to refund: more than a little" in words["text"]
            assert "500" not in json.dumps(status)  # what exactly would be done is shown in the inbox alone
            with pytest.raises(A2AError, match="for a person"):
                await heard(client, said("approve", task=task))
            assert bank.refunds == []
            stream = client.subscribe(SubscribeToTaskRequest(id=task))
            assert MessageToDict(await anext(stream))["task"]["id"] == task
            await on.platform.approve(asked["data"]["question"])
            assert last_state([MessageToDict(each) async for each in stream]) == "TASK_STATE_COMPLETED"
            assert len(bank.paid) == 1
        async with on.client(on.local_key) as client:
            mine = (await heard(client, said("again")))[0]["task"]["id"]
            await heard(client, said(data={"decision": "reject", "comment": "no"}, task=mine))
            assert texts(MessageToDict(await client.get_task(GetTaskRequest(id=mine)))) == ["done"]
            assert len(bank.paid) == 1


async def test_a_person_answers_by_message_what_a_task_asks(tmp_path: Path) -> None:
    async with served(tmp_path, ask, names=["ask"]) as on, on.client(on.local_key, "ask") as client:
        task = (await heard(client, said("which colour?")))[0]["task"]["id"]
        with pytest.raises(A2AError, match="asked"):
            await heard(client, said(data={"question": "a-other", "decision": "approve"}, task=task))
        assert last_state(await heard(client, said("blue", task=task))) == "TASK_STATE_COMPLETED"
        assert texts(MessageToDict(await client.get_task(GetTaskRequest(id=task)))) == ["blue"]
        with pytest.raises(A2AError, match="ended"):
            await heard(client, said("green", task=task))


@dataclass
class Hooks:
    """Somebody who wants to be told."""

    url: str = ""
    told: list[tuple[dict[str, str], dict[str, Any]]] = field(
        default_factory=list[tuple[dict[str, str], dict[str, Any]]]
    )
    fails: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def states(self) -> list[str]:
        """What they were told."""
        return [body["statusUpdate"]["status"]["state"].removeprefix("TASK_STATE_") for _, body in self.told]

    async def until(self, state: str) -> None:
        """Wait until they were told this."""
        async with asyncio.timeout(60):
            while state not in self.states:
                self.came.clear()
                await self.came.wait()


@asynccontextmanager
async def listening() -> AsyncGenerator[Hooks]:
    hooks = Hooks()

    async def take(request: web.Request) -> web.Response:
        if hooks.fails:
            hooks.fails -= 1
            return web.Response(status=503)
        hooks.told.append((dict(request.headers), await request.json()))
        hooks.came.set()
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listening).start()
    hooks.url = f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
    try:
        yield hooks
    finally:
        await runner.cleanup()


async def test_whoever_wants_to_be_told_is_told_although_the_server_dies(place: Place) -> None:
    async with (
        listening() as hooks,
        served(
            place.folder, talk, names=["talk"], push_private=["127.0.0.1:*"], database=place.database
        ) as on,
    ):
        key = on.local_key
        config = TaskPushNotificationConfig(url=hooks.url, token="t-1")
        config.authentication.scheme, config.authentication.credentials = "Bearer", "s3cret-credential"
        hooks.fails = 1
        async with on.client(key, "talk") as client:
            request = said("one", task_push_notification_config=config)
            task = (await heard(client, request))[0]["task"]["id"]
            await hooks.until("INPUT_REQUIRED")
        await on.close()
        await on.stage.crash_and_restart()
        await on.open()
        async with on.client(key, "talk") as client:
            await heard(client, said("two", task=task))
        await hooks.until("COMPLETED")
        headers, body = hooks.told[-1]
        assert [headers["X-A2A-Notification-Token"], headers["Authorization"]] == [
            "t-1",
            "Bearer s3cret-credential",
        ]
        assert body["statusUpdate"]["taskId"] == task
        pages = [await on.platform.show(run.id) for run in await on.platform.runs(flow="remit.notify")]
        assert pages
        assert "s3cret" not in repr(pages)


async def test_nobody_is_told_at_a_host_that_is_not_on_the_list(tmp_path: Path) -> None:
    private = ["hooks.example.com"]
    async with (
        served(tmp_path, talk, names=["talk"], push_private=private) as on,
        on.client(on.local_key, "talk") as client,
    ):
        for url in (
            "http://127.0.0.1:1/hook",
            "http://169.254.169.254/latest",
            "https://other.example.com/hook",
        ):
            with pytest.raises(A2AError, match="list"):
                await heard(
                    client, said("one", task_push_notification_config=TaskPushNotificationConfig(url=url))
                )
        assert await on.platform.runs() == []  # nothing was started for those who could not be told
        task = (await heard(client, said("one")))[0]["task"]["id"]
        config = TaskPushNotificationConfig(task_id=task, id="h", url="http://hooks.example.com/x")
        await client.create_task_push_notification_config(config)
        found = await client.get_task_push_notification_config(GetHook(task_id=task, id="h"))
        assert found.url == config.url
        await client.delete_task_push_notification_config(DropHook(task_id=task, id="h"))
        left = await client.list_task_push_notification_configs(ListHooks(task_id=task))
        assert list(left.configs) == []
    async with served(tmp_path, talk, names=["talk"]) as on, on.client(on.local_key, "talk") as client:
        with pytest.raises(A2AError):
            await task_of(client, said("one", task_push_notification_config=config))


async def test_nobody_agrees_by_message_to_what_they_asked_for_themselves(
    tmp_path: Path, script: Script
) -> None:
    bank = Bank()
    clerk = agent(bank.keyed_refund())
    script(clerk).calls("refund", order="o-1", cents=500).says("done")
    async with served(tmp_path, agents=[clerk], script=script, policy=ASKS) as on:
        _, lea = await on.platform.add_person("lea", ["admin", "owners"])
        admin = await on.platform.acting_as(lea.key)
        _, ann = await admin.add_person("ann", ["reviewer", "owners"])
        async with on.client(ann.key) as client, on.http(on.local_key) as http:
            assert (await http.get("/a2a/clerk/tasks")).status_code == 401  # the owner's key is a key no more
            task = (await heard(client, said("refund o-1")))[0]["task"]["id"]
            with pytest.raises(A2AError, match="somebody else has to agree"):
                await heard(client, said("approve", task=task))
            assert bank.refunds == []
            question = (await admin.inbox())[0]
            assert question.requester == "ann"
            await admin.approve(question.id)
            waits = client.subscribe(SubscribeToTaskRequest(id=task))
            with suppress(A2AError):  # it may have ended by then
                _ = [each async for each in waits]
            found = MessageToDict(await client.get_task(GetTaskRequest(id=task)))
            assert texts(found) == ["done"]
            assert len(bank.paid) == 1
