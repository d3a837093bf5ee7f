"""Agents served over A2A: the official client, both bindings, streams, and what every caller may and may not see."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from a2a.types import CancelTaskRequest, GetTaskRequest, ListTasksRequest, SubscribeToTaskRequest
from a2a.utils.errors import A2AError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf.json_format import MessageToDict

from remit import Agent, Budget, Run, contract, flow
from remit.domain.errors import InvalidSetting
from remit.domain.fronting import KeyScope, Pace
from remit.server import visiting
from remit.testing.scripting import Script
from remit.tools.tool import tool
from remit.wire import canonical
from remit.wire.attachment import Attachment
from remit.wire.tasks import link
from tests.a2a.front import BINDINGS, heard, last_state, said, served, task_of, texts
from tests.engine.places import Place

clerk = Agent("clerk", prompt="You help.", description="Helps with everything.")


@flow
async def talk(run: Run, message: dict[str, Any]) -> str:
    """Wait for a second message, and say both."""
    more: Any = await run.signal("message")
    return f"{message['parts'][0]['text']} and {more['parts'][0]['text']}"


@pytest.mark.parametrize("binding", BINDINGS)
async def test_a_task_is_a_run_that_the_official_client_follows(
    place: Place, script: Script, binding: str
) -> None:
    script(clerk).says("it is done").forever()
    async with (
        served(place.folder, agents=[clerk], script=script, database=place.database) as on,
        on.client(on.local_key, binding=binding) as client,
    ):
        events = await heard(client, said("do it", context="c-1"))
        first = events[0]["task"]
        assert (first["contextId"], last_state(events)) == ("c-1", "TASK_STATE_COMPLETED")
        pieces = [each["artifactUpdate"] for each in events if "artifactUpdate" in each]
        assert all(each["artifact"]["parts"] == [{"text": "it is done"}] for each in pieces[-1:])
        view = await on.platform.show(first["id"])
        assert (view.run.status, view.run.flow) == ("succeeded", "task.clerk")
        task = MessageToDict(await client.get_task(GetTaskRequest(id=first["id"])))
        assert texts(task) == ["it is done"]
        assert [each["parts"] for each in task["history"]] == [[{"text": "do it"}]]
        await heard(client, said("another", context="c-2"))
        listed = MessageToDict(await client.list_tasks(ListTasksRequest(context_id="c-1")))
        assert [each["id"] for each in listed["tasks"]] == [first["id"]]
        pages = MessageToDict(await client.list_tasks(ListTasksRequest(page_size=1)))
        rest = MessageToDict(await client.list_tasks(ListTasksRequest(page_token=pages["nextPageToken"])))
        assert [pages["totalSize"], [each["id"] for each in rest["tasks"]]] == [2, [first["id"]]]


async def test_a_task_survives_the_death_of_its_server(place: Place) -> None:
    async with served(place.folder, talk, names=["talk"], database=place.database) as on:
        key = on.local_key
        async with on.client(key, "talk") as client:
            events = await heard(client, said("one"))
            task = events[0]["task"]["id"]
            assert last_state(events) == "TASK_STATE_INPUT_REQUIRED"
        await on.close()
        await on.stage.crash_and_restart()
        await on.open()
        async with on.client(key, "talk") as client:
            ended = await heard(client, said("two", task=task))
            assert last_state(ended) == "TASK_STATE_COMPLETED"
            found = MessageToDict(await client.get_task(GetTaskRequest(id=task)))
            assert texts(found) == ["one and two"]
            assert [each["parts"][0]["text"] for each in found["history"]] == ["one", "two"]


async def test_nobody_but_its_caller_sees_a_task(tmp_path: Path) -> None:
    async with served(tmp_path, talk, names=["talk"]) as on:
        mine, theirs = await on.key("one"), await on.key("two")
        async with on.client(mine, "talk") as client, on.client(theirs, "talk") as stranger:
            task = (await heard(client, said("secret")))[0]["task"]["id"]
            with pytest.raises(A2AError):
                await stranger.get_task(GetTaskRequest(id=task))
            with pytest.raises(A2AError):
                await stranger.cancel_task(CancelTaskRequest(id=task))
            with pytest.raises(A2AError):
                await heard(stranger, said("mine now", task=task))
            with pytest.raises(A2AError):
                _ = [each async for each in stranger.subscribe(SubscribeToTaskRequest(id=task))]
            assert not MessageToDict(await stranger.list_tasks(ListTasksRequest())).get("tasks")
            cancelled = MessageToDict(await client.cancel_task(CancelTaskRequest(id=task)))
            assert cancelled["status"]["state"] == "TASK_STATE_CANCELED"


async def test_whoever_has_no_key_or_no_right_is_told_nothing(tmp_path: Path, script: Script) -> None:
    script(clerk).says("hello").forever()
    policy = """
    @id("mostly") permit (principal, action, resource);
    @id("not-them") @reason("nobody asks them")
    forbid (principal, action == Action::"delegate", resource == Agent::"closed");
    """
    others = [Agent("hidden", prompt="secret"), Agent("closed", prompt="secret")]
    names = ["clerk", "closed"]
    async with served(tmp_path, agents=[clerk, *others], script=script, policy=policy, names=names) as on:
        body: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "ListTasks", "params": {}}
        async with on.http() as http:
            answers = [await http.post("/a2a/clerk", json=body), await http.get("/a2a/clerk/tasks")]
            assert [each.status_code for each in answers] == [401, 401]
            assert answers[0].headers["www-authenticate"] == "Bearer"
            assert (await http.post("/a2a/hidden", json=body)).status_code == 404
            assert (await http.get("/a2a/hidden/.well-known/agent-card.json")).status_code == 404
        async with on.http(await on.key()) as http:
            refused = await http.post("/a2a/closed", json=body)
            assert (refused.status_code, "nobody asks them" in refused.text) == (403, True)
        async with on.http(on.local_key) as http:
            assert (await http.post("/a2a/clerk", json=body)).json()["result"]["totalSize"] == 0
            assert (await http.post("/a2a/clerk", content=b"x" * 2**25 + b"x")).status_code == 413
            wrong = await http.post("/a2a/clerk", content=b"<x/>", headers={"Content-Type": "text/xml"})
            assert wrong.json()["error"]["code"] == -32005
            odd = {"role": "ROLE_USER", "messageId": "m", "parts": [{"url": "https://example.com/x.pdf"}]}
            sent = await http.post("/a2a/clerk/message:send", json={"message": odd})
            assert sent.json()["task"]["status"]["state"] == "TASK_STATE_FAILED"
            assert "request-id" in sent.headers
    with pytest.raises(InvalidSetting, match="clerk"):
        async with served(tmp_path, agents=[clerk], names=["clark"]):
            pass


async def test_the_card_is_honest_and_signed(tmp_path: Path) -> None:
    async with served(tmp_path, agents=[clerk]) as on, on.http() as http:
        answer = await http.get("/.well-known/agent-card.json")
        card = answer.json()
        assert card == (await http.get("/a2a/clerk/.well-known/agent-card.json")).json()
        assert [card["name"], card["description"]] == ["clerk", "Helps with everything."]
        assert card["capabilities"].get("pushNotifications", False) is False  # no host is on the list
        assert {each["url"] for each in card["supportedInterfaces"]} == {f"{on.url}/a2a/clerk"}
        again = await http.get(
            "/.well-known/agent-card.json", headers={"If-None-Match": answer.headers["etag"]}
        )
        assert (again.status_code, "max-age" in answer.headers["cache-control"]) == (304, True)
        key = (await http.get("/a2a/.well-known/jwks.json")).json()["keys"][0]
        signature = card.pop("signatures")[0]
        assert json.loads(raw(signature["protected"]))["kid"] == key["kid"]
        payload = base64.urlsafe_b64encode(canonical.encode(without_empty(card))).rstrip(b"=").decode()
        public = Ed25519PublicKey.from_public_bytes(raw(key["x"]))
        public.verify(raw(signature["signature"]), f"{signature['protected']}.{payload}".encode())


async def test_a_retry_finds_the_task_it_has_started(tmp_path: Path, script: Script) -> None:
    script(clerk).says("hello").forever()
    async with served(tmp_path, talk, agents=[clerk], script=script, names=["talk", "clerk"]) as on:
        async with on.client(on.local_key, "talk") as client:
            once = [(await heard(client, said("one", message="m-1")))[0]["task"]["id"] for _ in range(2)]
            assert once[0] == once[1]
            await client.cancel_task(CancelTaskRequest(id=once[0]))
            assert (await heard(client, said("one", message="m-1")))[0]["task"]["id"] != once[0]
        headers = {"Authorization": f"Bearer {on.local_key}", "Idempotency-Key": "k-1"}
        async with httpx.AsyncClient(base_url=on.url, headers=headers | {"A2A-Version": "1.0"}) as http:
            body = {"role": "ROLE_USER", "parts": [{"text": "x"}]}
            sent = [
                await http.post("/a2a/clerk/message:send", json={"message": body | {"messageId": name}})
                for name in ("a", "b")
            ]
            assert len({each.json()["task"]["id"] for each in sent}) == 1


async def test_flows_take_data_and_give_files(tmp_path: Path) -> None:
    @flow
    async def add(run: Run, left: int, right: int) -> dict[str, int]:
        """Add."""
        del run
        return {"sum": left + right}

    @flow
    async def scan(run: Run, question: str) -> list[Any]:
        """Scan."""
        del run
        return [question, Attachment(b"%PDF-1.4", name="scan.pdf"), link("https://example.com/x", name="x")]

    async with served(tmp_path, add, scan, names=["add", "scan"]) as on:
        async with on.client(on.local_key, "add") as client:
            task = await task_of(client, said(data={"left": 1, "right": 2}))
            assert task["artifacts"][0]["parts"] == [{"data": {"sum": 3.0}}]
            failed = await task_of(client, said(data={"left": "many", "right": 2}))
            assert failed["status"]["state"] == "TASK_STATE_FAILED"
        async with on.client(on.local_key, "scan") as client:
            parts = (await task_of(client, said("read")))["artifacts"][0]["parts"]
            assert [parts[0]["text"], parts[1]["filename"], parts[2]["url"]] == [
                "read",
                "scan.pdf",
                "https://example.com/x",
            ]
            assert base64.b64decode(parts[1]["raw"]) == b"%PDF-1.4"


async def test_s30_no_word_of_a_message_counts_as_the_users_own(tmp_path: Path, script: Script) -> None:
    sent: list[str] = []

    @tool(effect="write", roles={"iban": "destination", "amount": "amount"})
    async def send_money(iban: str, amount: float) -> str:
        """Send money."""
        sent.append(iban)
        return f"sent {amount}"

    payer = Agent("clerk", prompt="You pay.", tools=[send_money], contract=contract(on_violation="deny"))
    iban = "GB29NWBK60161331926819"
    for _ in range(2):
        script(payer).calls("send_money", iban=iban, amount=5).says("done")
    async with served(tmp_path, agents=[payer], script=script) as on:
        await (await on.stage.start("clerk", question=f"Send 5 to {iban}.")).result()
        assert sent == [iban]
        async with on.client(on.local_key) as client:
            task = await task_of(client, said(f"Send 5 to {iban}."))
        assert texts(task) == ["done"]
        assert sent == [iban]


async def test_a_task_has_no_more_than_the_key_that_gave_it(tmp_path: Path, script: Script) -> None:
    seen: list[str] = []

    @tool(effect="read")
    async def look(what: str) -> str:
        """Look."""
        seen.append(what)
        return what

    looking = Agent("clerk", prompt="You look.", tools=[look])
    for _ in range(2):
        script(looking).calls("look", what="x").says("done")
    async with served(tmp_path, agents=[looking], script=script) as on:
        async with on.client(await on.key("wide")) as client:
            assert texts(await task_of(client, said("look"))) == ["done"]
        async with on.client(await on.key("narrow", tools=frozenset())) as client:
            await task_of(client, said("look"))
        assert seen == ["x"]
        async with on.client(await on.key("poor", budget=Budget(tokens=1), purse="poor")) as client:
            poor = await task_of(client, said("look"))
            assert poor["status"]["state"] == "TASK_STATE_REJECTED"
            assert "key poor may use 1 token" in poor["status"]["message"]["parts"][0]["text"]


async def test_an_agent_that_is_halted_takes_no_task(tmp_path: Path, script: Script) -> None:
    script(clerk).says("hello").forever()
    async with served(tmp_path, agents=[clerk], script=script) as on, on.client(on.local_key) as client:
        await on.platform.halt("agent", "clerk", reason="burning")
        with pytest.raises(A2AError, match="burning"):
            await heard(client, said("hello"))


STRANGE: list[tuple[str, Any]] = [
    ("SendMessage", {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"data": {"a": 1e400}}]}}),
    ("SendMessage", {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"raw": "%%%"}]}}),
    ("SendMessage", {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{}]}}),
    ("SendMessage", {"message": {"messageId": "m", "parts": [{"text": "x"}], "taskId": "r-\0"}}),
    (
        "SendMessage",
        {
            "message": {
                "messageId": "m",
                "role": "ROLE_USER",
                "parts": [{"text": "x"}],
                "contextId": "c" * 999,
            }
        },
    ),
    ("SendMessage", None),
    ("GetTask", {"id": "\0"}),
    ("GetTask", {"id": "9" * 9999}),
    ("ListTasks", {"pageToken": "\0"}),
    ("ListTasks", {"pageSize": 0}),
    ("CancelTask", {"id": "../../x"}),
    ("SubscribeToTask", {"id": "%00"}),
    ("CreateTaskPushNotificationConfig", {"taskId": "x", "url": "http://169.254.169.254/"}),
    ("Nonsense", {}),
]


async def test_what_strangers_send_is_refused_in_the_words_of_the_protocol(place: Place) -> None:
    async with (
        served(
            place.folder, talk, names=["talk"], database=place.database, push_private=["x.example.com"]
        ) as on,
        on.http(on.local_key) as http,
    ):
        for method, params in STRANGE:
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
            answer = await http.post("/a2a/talk", content=body, headers={"Content-Type": "application/json"})
            code = int(answer.json()["error"]["code"])
            assert (answer.status_code, code != -32603) == (200, True), (method, params, answer.text)
            assert "Traceback" not in answer.text
        for path in ("tasks/%00", "tasks/x:cancel", "tasks?pageSize=abc", "nothing", "tasks/a%2Fb"):
            assert (await http.get(f"/a2a/talk/{path}")).status_code in {400, 404}
        for sent in (
            b"",
            b"{",
            b"\xff",
            b'{"threadId": 1}',
            b'{"threadId": "t", "runId": "r", "messages": 5}',
        ):
            assert (await http.post("/agui/talk", content=sent)).status_code == 400
        assert await on.platform.runs() == []


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: without_empty(each) for name, each in cast("dict[str, Any]", value).items()}
        return {name: each for name, each in kept.items() if each not in ("", [], {})}
    return [without_empty(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value


async def test_a_key_that_is_revoked_ends_the_stream_that_it_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visiting, "_EVERY_SECONDS", 0.0)  # else what was looked at counts for a second
    async with served(tmp_path, talk, names=["talk"]) as on:
        key = await on.platform.new_agent_key(KeyScope("partner"))
        async with on.client(key.key, "talk") as client:
            task = (await heard(client, said("one")))[0]["task"]["id"]
            stream = client.subscribe(SubscribeToTaskRequest(id=task))
            await anext(stream)
            await on.platform.revoke_key(key.id)
            await on.platform.fronts.keys.look()
            await on.platform.signal(task, "message", {"id": "m", "role": "user", "parts": [{"text": "two"}]})
            assert [each async for each in stream] == []
        assert (await on.stage.run(task).result()) == "one and two"  # the run goes on: nobody is told of it


async def test_a_key_is_let_in_at_its_pace(tmp_path: Path) -> None:
    async with (
        served(tmp_path, talk, names=["talk"]) as on,
        on.http(await on.key(pace=Pace(requests=2))) as http,
    ):
        answers = [await http.get("/a2a/talk/tasks") for _ in range(3)]
        assert [each.status_code for each in answers] == [200, 200, 429]
        assert int(answers[2].headers["retry-after"]) > 0
        assert (await http.post("/agui/talk", json={})).status_code == 429
