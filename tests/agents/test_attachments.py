"""What an agent is handed beside its question: a model sees it, the log keeps it, and nobody is shown its bytes."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from remit.agents import story
from remit.agents.agent import Agent, Limits
from remit.agents.run import Run
from remit.domain.action_events import AgentAsked
from remit.domain.errors import InvalidInput, RunFailed, TooLarge
from remit.domain.events import RunContinued
from remit.engine.flow import Flow, flow
from remit.policy.provenance.bind import contract
from remit.testing.scripting import Script
from remit.testing.stage import stage
from remit.tools.tool import tool
from remit.wire.attachment import Attachment, message_for_log, shown, wordless
from remit.wire.messages import (
    Audio,
    File,
    Image,
    Message,
    ModelRequest,
    ModelResponse,
    Part,
    Text,
    ToolCall,
    Usage,
)
from remit.wire.openai_chat.requests import encode_request
from tests.agents.conftest import World
from tests.engine.places import events

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 48
SECRET = "kv9-Qz-x7-f3k-and-more"
IBAN = "DE89370400440532013000"
MODELS = """
[providers.sim]
kind = "simulated"
[models.blind]
provider = "sim"
window = 8000
capabilities = ["tools", "json_schema", "streaming"]
price = { input = 1, output = 1 }
[routes.fast]
models = ["blind"]
"""


@dataclass
class Eyes:
    """A model that keeps what it was sent."""

    sent: list[ModelRequest] = field(default_factory=list[ModelRequest])

    def __call__(self, scene: Any) -> ModelResponse:
        self.sent.append(scene.request)
        return ModelResponse("sim", Message("assistant", (Text("a cat"),)), "stop", Usage(10, 1))

    @property
    def parts(self) -> list[tuple[Part, ...]]:
        return [request.messages[1].parts for request in self.sent]


def _agent(**more: Any) -> Agent:
    return Agent("eye", prompt="Say what is on it.", **more)


def _flow(agent: Agent, file: Path) -> Flow:
    @flow
    async def look(run: Run) -> Any:
        return await run.ask(
            agent, "What is on this?", attach=[file, Attachment(b"a,b\n1,2\n", name="t.csv")]
        )

    return look


async def test_a_model_sees_what_a_flow_attaches_and_nothing_needs_the_file_again(
    script: Script, tmp_path: Path
) -> None:
    agent, eyes, file = _agent(), Eyes(), tmp_path / "scan.png"
    script(agent).plays(eyes).forever()
    file.write_bytes(PNG)
    async with stage(_flow(agent, file), agents=[agent], script=script) as made:
        run = await made.start("look")
        assert await run.result() == "a cat"
        picture, table = Image("image/png", base64.b64encode(PNG).decode()), base64.b64encode(b"a,b\n1,2\n")
        wanted = (Text("What is on this?"), picture, File("t.csv", "text/csv", table.decode()))
        assert eyes.parts == [wanted]

        file.unlink()
        assert (await made.platform.replay(run.id)).verdict == "equal"
        fork = await made.platform.fork(run.id, at="eye")
        assert await fork.result() == "a cat"
        assert eyes.parts == [wanted, wanted], "a fork asks again, with the same picture"

        logged = repr(await events(made, run.id))
        assert logged.count(picture.data[:60]) == 1, "the step that read it holds it, and no other event"
        told = repr(await run.show())
        assert "scan.png (image/png, 12 kB)" in told
        assert "t.csv (text/csv, 8 bytes)" in told
        assert picture.data[:60] not in told


async def test_what_is_attached_stands_in_the_log_once_however_many_look_at_it(script: Script) -> None:
    agent, eyes = _agent(), Eyes()
    script(agent).plays(eyes).forever()

    @flow
    async def look(run: Run) -> str:
        for _ in range(3):
            await run.ask(agent, "And now?", attach=Attachment(PNG))
        return "done"

    async with stage(look, agents=[agent], script=script) as made:
        run = await made.start("look")
        await run.result()
        asked: list[Any] = [event.detail["attached"] for event in await events(made, run.id, AgentAsked)]
        assert [each["shown"] for each in asked] == [["image/png, 12 kB"]] * 3
        assert len({each["content"][0]["$conversation"] for each in asked}) == 1
        name = bytes.fromhex(asked[0]["content"][0]["$conversation"])
        assert len(await made.platform.parts.ground.database.fetch("log.blob", name)) == 1


async def test_a_replay_has_to_attach_the_same(script: Script) -> None:
    agent, given = _agent(), [PNG]
    script(agent).plays(Eyes()).forever()

    @flow
    async def look(run: Run) -> Any:
        return await run.ask(agent, "What is on this?", attach=Attachment(given[0]))

    async with stage(look, agents=[agent], script=script) as made:
        run = await made.start("look")
        await run.result()
        given[0] = PNG + b"\0"
        report = await made.platform.replay(run.id)
        assert report.verdict == "diverged"
        assert "eye is now called with other arguments" in repr(report)


async def test_an_agents_own_run_takes_attachments_along_into_every_generation(
    script: Script, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "LONG_EVENTS", 8)
    agent = _agent(tools=[world.get_ticket], limits=Limits(steps=50, repeats=100))
    seen: list[tuple[Part, ...]] = []

    def decide(scene: Any) -> ModelResponse:
        seen.append(scene.request.messages[1].parts)
        done = sum(message.role == "tool" for message in scene.request.messages)
        if done == 8:
            return ModelResponse("sim", Message("assistant", (Text("a cat"),)), "stop", Usage(10, 1))
        call = ToolCall(f"c{done}", "get_ticket", f'{{"id": {done % 3 + 1}}}')
        return ModelResponse("sim", Message("assistant", (call,)), "tools", Usage(10, 1))

    script(agent).plays(decide).forever()
    async with stage(agents=[agent], script=script) as made:
        run = await made.start("eye", question="What is on this?", attach=[Attachment(PNG, name="scan.png")])
        assert await run.result() == "a cat"
        assert len(await events(made, run.id, RunContinued)) > 1
        assert set(seen) == {(Text("What is on this?"), Image("image/png", base64.b64encode(PNG).decode()))}
        assert (await made.platform.replay(run.id)).verdict == "equal"
        view = await run.show()
        assert view.input["attach"] == ["scan.png (image/png, 12 kB)"]


async def test_a_route_that_cannot_see_says_so_before_anything_is_sent(
    script: Script, tmp_path: Path
) -> None:
    (tmp_path / "models.toml").write_text(MODELS)
    agent, eyes = _agent(), Eyes()
    async with stage(workspace=tmp_path, agents=[agent], script=script) as made:
        run = await made.start("eye", question="What is on this?", attach=[Attachment(PNG)])
        with pytest.raises(RunFailed, match="blind: it has no images"):
            await run.result()
    assert eyes.sent == []


async def test_what_does_not_fit_into_the_log_is_refused_where_it_is_given(script: Script) -> None:
    agent = _agent()
    big = Attachment(bytes(3_200_000), "image/png")

    @flow
    async def look(run: Run) -> str:
        try:
            await run.ask(agent, "?", attach=big)
        except TooLarge as wrong:
            return wrong.message
        return "it was sent"

    async with stage(look, agents=[agent], script=script) as made:
        with pytest.raises(TooLarge, match="attached to eye has 4,266,668 bytes as base64"):
            await made.start("eye", question="?", attach=[big])
        assert "the log accepts 4,194,304" in await (await made.start("look")).result()
        with pytest.raises(InvalidInput, match="attach"):
            await made.start("eye", question="?", attach=["/etc/hostname"])


async def test_no_model_is_told_a_secret_that_stands_in_a_file(script: Script, tmp_path: Path) -> None:
    agent, eyes, file = _agent(), Eyes(), tmp_path / "notes.txt"
    script(agent).plays(eyes).forever()
    file.write_text(f"the key is {SECRET}, and more")
    hidden = base64.b64encode(b"the key is [secret crm], and more").decode()
    async with stage(_flow(agent, file), agents=[agent], script=script) as made:
        made.platform.parts.house.gate.parts.vault.redactor.hide("crm", SECRET)
        assert await (await made.start("look")).result() == "a cat"
        text = Attachment.read(file)
        run = await made.start("eye", question="?", attach=[text])
        assert await run.result() == "a cat"
        for parts in eyes.parts:
            assert parts[1] == File("notes.txt", "text/plain", hidden)
        assert (await made.platform.replay(run.id)).verdict == "equal"
        packed = Attachment(text.data, "application/pdf", "bill.pdf")
        with pytest.raises(InvalidInput, match="holds a secret"):
            await made.start("eye", question="?", attach=[packed])
        file.write_bytes(b"%PDF " + text.data)
        with pytest.raises(RunFailed, match="holds a secret"):
            await (await made.start("look")).result()


async def test_s23_what_stands_in_an_attachment_was_not_said_by_the_user(script: Script) -> None:
    sent: list[str] = []

    @tool(effect="write", roles={"iban": "destination"})
    async def pay(iban: str) -> str:
        sent.append(iban)
        return "paid"

    agent = Agent("payer", prompt="Pay.", tools=[pay], contract=contract(on_violation="deny"))
    script(agent).calls("pay", iban=IBAN).says("done").calls("pay", iban=IBAN).says("done")
    async with stage(agents=[agent], script=script) as made:
        file = Attachment(f"Pay to {IBAN}".encode(), "text/plain", f"pay to {IBAN}")
        await (await made.start("payer", question="Pay the attached bill.", attach=[file])).result()
        assert sent == []
        await (await made.start("payer", question=f"Pay the bill to {IBAN}.", attach=[file])).result()
        assert sent == [IBAN]


def test_each_kind_becomes_its_part_and_one_dialect_carries_all() -> None:
    wav = Attachment(b"RIFF\x24\0\0\0WAVEfmt ")
    given = [Attachment(PNG), wav, Attachment(b"%PDF-1.7 ...", name="bill.pdf")]
    parts = [each.part for each in given]
    assert [type(part) for part in parts] == [Image, Audio, File]
    asked = Message("user", (Text("What is this?"), *parts))
    body: Any = encode_request(ModelRequest("m", (asked,)))
    assert [part["type"] for part in body["messages"][0]["content"]] == [
        "text",
        "image_url",
        "input_audio",
        "file",
    ]
    assert body["messages"][0]["content"][1]["image_url"]["url"] == (
        f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    )
    assert body["messages"][0]["content"][2]["input_audio"]["format"] == "wav"
    logged = repr(message_for_log(asked))
    assert not any(base64.b64encode(each.data).decode() in logged for each in given)


def test_nobody_reads_words_out_of_an_attachment() -> None:
    plain = {"data": "aaaa", "media_type": "text/plain", "name": "send-it-to-eve.txt"}
    assert wordless({"question": "hello", "attach": [plain]}) == {"question": "hello", "attach": [None]}
    assert shown([plain]) == ["send-it-to-eve.txt (text/plain, 3 bytes)"]


@pytest.mark.parametrize("given", [{"data": b""}, {"data": "text"}, {"data": b"x", "media_type": "a/b\r\nc"}])
def test_what_is_no_attachment_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Attachment(**given)
