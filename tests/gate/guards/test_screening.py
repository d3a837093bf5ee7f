"""Guards on what models and tools are given and give: each action at each place, through a whole platform; and that
none of them is an authority, costs anything where there is none, or asks again on a replay.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit import Guard, Run, flow, tool
from remit.domain.action_errors import Blocked, Denied
from remit.domain.action_events import ActionHeld
from remit.domain.errors import InvalidSetting
from remit.domain.events import StepDone, WaitOpened
from remit.gate.screening.around import Around
from remit.gate.screening.screen import Screen
from remit.testing.scripting import Script
from remit.tools.tool import PythonTool
from tests.engine.places import events, parked
from tests.gate.desk import ALL_ALLOWED, agent, desk, heard, outcomes

MAIL, CARD = "anna.silva@example.com", "4111 1111 1111 1111"


def reader(text: Any = f"Write to {MAIL}.") -> PythonTool:
    @tool(name="read", effect="read")
    async def read() -> Any:
        """Read the letter."""
        return text

    return read


def sender(sent: list[str], **declared: Any) -> PythonTool:
    @tool(name="send", effect="write", roles={"to": "destination"}, **declared)
    async def send(to: str, text: str = "") -> str:
        """Send a letter."""
        sent.append(to)
        return f"sent to {to}"

    return send


def below(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def seen(scenes: list[str]) -> Any:
    def look(scene: Any) -> str:
        scenes.append(
            "\n".join([*(m.text for m in scene.request.messages if m.role != "system"), *heard(scene)])
        )
        return "ok"

    return look


async def screened(stage: Any, run: str, name: str) -> list[Any]:
    return [event.detail.get("screened") for event in await outcomes(stage, run, name)]


# --- tools ----------------------------------------------------------------------------------------------------


async def test_a_result_is_redacted_and_its_token_is_the_value_again_at_the_tool_edge(
    script: Script, tmp_path: Path
) -> None:
    sent, scenes = list[str](), list[str]()
    guard = Guard("personal_data", at=("result",), action="redact")
    clerk = agent(reader(), sender(sent), guards=[guard])
    script(clerk).calls("read")

    def uses(scene: Any) -> Any:
        scenes.extend(heard(scene))
        token = scenes[0].split("Write to ")[1].rstrip(".")
        return script_call("send", to=token)

    script(clerk).plays(uses).plays(seen(scenes))
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="write to her")
        assert await run.result() == "ok"
        assert sent == [MAIL]
        assert all(MAIL not in scene for scene in scenes), (
            "the model never saw it, neither there nor in the receipt"
        )
        assert "[email#" in scenes[0]
        [read] = await outcomes(stage, run.id, "read")
        assert MAIL not in str(read.result)
        [said] = read.detail["screened"]
        assert (said["guard"], said["verdict"], said["action"]) == ("personal_data", "found", "redact")
        assert said["findings"][0]["kind"] == "email"
        assert read.detail["classes"] == {"detail/tokens": "personal"}


def script_call(name: str, **arguments: Any) -> Any:
    from remit.models.simulation.lines import Line, Wanted

    return Line(calls=(Wanted(name, arguments),))


async def test_a_token_survives_a_restart_and_one_that_nobody_made_stands_for_nothing(
    script: Script, tmp_path: Path
) -> None:
    sent, told, tokens = list[str](), list[str](), list[str]()
    clerk = agent(reader(), sender(sent), guards=[Guard("personal_data", at=("result",), action="redact")])
    script(clerk).calls("read")

    def uses(scene: Any) -> Any:
        tokens.append(heard(scene)[0].split("Write to ")[1].rstrip("."))
        return script_call("send", to=tokens[0])

    script(clerk).plays(uses).calls("send", to="[email#0123456789ab]")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    ask = (
        '@id("look") @ask("leads") forbid (principal, action == Action::"call", resource == Tool::"send");\n'
    )
    async with desk(tmp_path, script, agents=[clerk], policy=ALL_ALLOWED + ask) as stage:
        run = await stage.start("clerk", question="write")
        await parked(run, "human")
        [opened] = await events(stage, run.id, WaitOpened)
        assert opened.value["arguments"]["to"] == MAIL, "whoever agrees sees what is really sent"
        await stage.crash_and_restart()
        await run.approve(by="lea")
        assert await run.result() == "done"
        assert sent == [MAIL]
        assert "stands for nothing" in told[-1]


@pytest.mark.parametrize("action", ["block", "redact"])
async def test_arguments_are_blocked_or_redacted_before_the_tool_has_them(
    script: Script, tmp_path: Path, action: str
) -> None:
    sent, told = list[str](), list[str]()
    clerk = agent(
        sender(sent), guards=[Guard("personal_data", at=("arguments",), action=action, kinds=("card",))]
    )
    script(clerk).calls("send", to="shop", text=f"my card is {CARD}")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="pay")
        assert await run.result() == "done"
        [outcome] = await outcomes(stage, run.id, "send")
        if action == "block":
            assert sent == []
            assert outcome.error == "blocked"
            assert "the guard personal_data blocked the arguments: it holds card" in told[0]
            assert CARD not in str(outcome.detail["screened"])
        else:
            assert sent == ["shop"]
            assert outcome.detail["edited"]["arguments"]["text"] == "my card is [card]"
            assert "a rule changed the arguments" in told[0]


async def test_an_ask_of_a_guard_holds_the_call_across_a_restart(script: Script, tmp_path: Path) -> None:
    sent = list[str]()
    guard = Guard("personal_data", at=("arguments",), action="ask", group="privacy")
    clerk = agent(sender(sent), guards=[guard])
    script(clerk).calls("send", to=MAIL).says("done")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="write")
        assert (await run.waits_for()).group == "privacy"
        [opened] = await events(stage, run.id, WaitOpened)
        assert opened.value["rule"] == "guard:personal_data"
        assert "defence in depth, no authority" in opened.value["reason"]
        assert sent == []
        await stage.crash_and_restart()
        await run.approve(by="lea")
        assert await run.result() == "done"
        assert sent == [MAIL]


async def test_what_policy_denies_is_denied_whatever_a_guard_would_ask(
    script: Script, tmp_path: Path
) -> None:
    sent = list[str]()
    clerk = agent(
        sender(sent), guards=[Guard("personal_data", at=("arguments",), action="ask", group="privacy")]
    )
    script(clerk).calls("send", to=MAIL).says("done")
    no = '@id("nobody-sends") forbid (principal, action == Action::"call", resource == Tool::"send");\n'
    async with desk(tmp_path, script, agents=[clerk], policy=ALL_ALLOWED + no) as stage:
        run = await stage.start("clerk", question="write")
        assert await run.result() == "done"
        assert sent == []
        assert await events(stage, run.id, WaitOpened) == []
        assert [each.error for each in await outcomes(stage, run.id, "send")] == ["denied"]


async def test_a_guard_that_finds_nothing_allows_nothing(script: Script, tmp_path: Path) -> None:
    sent, told = list[str](), list[str]()
    every = [Guard("secrets", at=("arguments", "result", "input", "output", "answer"))]
    clerk = agent(sender(sent), guards=every)
    script(clerk).calls("send", to="anybody")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    no = '@id("nobody-sends") forbid (principal, action == Action::"call", resource == Tool::"send");\n'
    async with desk(tmp_path, script, agents=[clerk], policy=ALL_ALLOWED + no) as stage:
        run = await stage.start("clerk", question="write")
        assert await run.result() == "done"
        [outcome] = await outcomes(stage, run.id, "send")
        assert (outcome.error, sent) == ("denied", [])
        [said] = outcome.detail["screened"]
        assert said["verdict"] == "clear"


async def test_a_blocked_result_of_a_write_says_that_it_took_place(script: Script, tmp_path: Path) -> None:
    sent, told = list[str](), list[str]()
    clerk = agent(sender(sent), guards=[Guard("personal_data", at=("result",))])
    script(clerk).calls("send", to=MAIL)
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="write")
        assert await run.result() == "done"
        assert sent == [MAIL]
        assert "the call did take place" in told[0]
        assert MAIL not in told[0]
        [outcome] = await outcomes(stage, run.id, "send")
        assert isinstance(outcome, StepDone)
        assert MAIL not in str(outcome.result)
        assert (await stage.platform.replay(run.id)).verdict == "equal"


async def test_a_person_lets_a_result_by_or_not(script: Script, tmp_path: Path) -> None:
    told = list[str]()
    clerk = agent(reader(), guards=[Guard("personal_data", at=("result",), action="ask", group="privacy")])
    script(clerk).calls("read").calls("read")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="read")
        await parked(run, "human")
        await stage.crash_and_restart()
        await run.reject("not hers", by="lea")
        await parked(run, "human")
        await run.approve(by="lea")
        assert await run.result() == "done"
        assert "not hers" in told[0]
        assert MAIL not in told[0]
        assert MAIL in told[1]
        assert len(await outcomes(stage, run.id, "read")) == 2


async def test_schema_and_confidence_of_a_result(script: Script, tmp_path: Path) -> None:
    told = list[str]()
    wanted = {"type": "object", "required": ["ok"]}
    guards = [
        Guard("schema", at=("result",), schema=wanted),
        Guard("confidence", at=("result",), threshold=0.8),
    ]
    clerk = agent(reader({"ok": 1, "confidence": 0.5}), guards=guards)
    script(clerk).calls("read")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="read")
        assert await run.result() == "done"
        assert "confidence is 0.5, and 0.8 is asked for" in told[0]
        assert [each["verdict"] for each in (await screened(stage, run.id, "read"))[0]] == ["clear", "found"]


# --- whom, where and what it costs ------------------------------------------------------------------------------


async def test_whoever_has_no_guard_pays_nothing_and_a_delegate_has_those_of_its_master(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = list[str]()
    monkeypatch.setattr(Around, "__init__", _counting(Around.__init__, made))
    monkeypatch.setattr(Screen, "__init__", _counting(Screen.__init__, made))
    read = reader()
    plain = agent(read)
    script(plain).calls("read").says("done")
    async with desk(below(tmp_path, "a"), script, agents=[plain]) as stage:
        assert await (await stage.start("clerk", question="read")).result() == "done"
    assert made == []
    apprentice = agent(read).but(name="below")
    master = agent(read, guards=[Guard("personal_data", at=("result",))]).but(delegates=[apprentice])
    told = list[str]()
    script(master).calls("below", task="read").says("done")
    script(apprentice).calls("read")
    script(apprentice).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with desk(below(tmp_path, "b"), script, agents=[master, apprentice]) as stage:
        assert await (await stage.start("clerk", question="read")).result() == "done"
    assert "blocked the result" in told[0]
    assert made


def _counting(inner: Any, made: list[str]) -> Any:
    def counted(self: Any, *args: Any, **kwargs: Any) -> None:
        made.append(type(self).__name__)
        inner(self, *args, **kwargs)

    return counted


GUARDS = """
[guards.mails]
check = "personal_data"
at = ["result"]
action = "block"
kinds = ["email"]
tools = ["read"]
environments = ["{environment}"]
"""


@pytest.mark.parametrize(("environment", "stopped"), [("dev", True), ("prod", False)])
async def test_guards_of_the_workspace_hold_in_their_environment_for_flows_too(
    script: Script, tmp_path: Path, environment: str, stopped: bool
) -> None:
    (tmp_path / "guards.toml").write_text(GUARDS.format(environment=environment))
    read = reader()

    @flow
    async def look(run: Run) -> str:
        try:
            return await run.call(read)
        except Blocked as wrong:
            return wrong.message

    async with desk(tmp_path, script, look) as stage:
        said = await (await stage.start(look)).result()
        assert ("the guard mails blocked the result" in said) is stopped


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[guards.a]\ncheck = "personal_dta"\nat = ["input"]', "none of personal_data"),
        ('[guards.a]\ncheck = "secrets"\nat = ["inputs"]', "inputs"),
        ('[guards.a]\ncheck = "secrets"\nat = ["input"]\nacton = "block"', 'nearest: "action"'),
        ('[guards.a]\ncheck = "secrets"\nat = ["input"]\naction = "ask"', "names no group"),
        ('[guards.a]\ncheck = "schema"\nat = ["result"]\naction = "redact"\nschema = {}', "cannot redact"),
        ('[guards.a]\ncheck = "confidence"\nat = ["answer"]', "no threshold"),
        (
            '[guards.a]\ncheck = "secrets"\nat = ["arguments"]\naction = "answer"\nanswer = "x"',
            "cannot answer",
        ),
        ('[guards.a]\ncheck = "secrets"\nat = ["input"]\nagents = ["nobody"]', "no agent"),
        ('[guard.a]\ncheck = "secrets"\nat = ["input"]', "means nothing"),
        ('[guards.a]\nat = ["input"]', "without check"),
    ],
)
async def test_a_guard_that_is_misspelt_is_no_guard(
    script: Script, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "guards.toml").write_text(text)
    with pytest.raises(InvalidSetting, match=said):
        async with desk(tmp_path, script):
            pass


def test_an_exception_of_authority_is_none_of_a_guard() -> None:
    assert not issubclass(Blocked, Denied)
    assert ActionHeld.KIND == "action.held"
