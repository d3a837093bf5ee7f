"""Ways around the gate through others: sub-agents, MCP servers, OpenAPI services, and a worker that was declared dead.
Whoever executes, a decision of this run stands in the log for it (S10, S26).
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from remit import Run, flow
from remit.agents.agent import Agent
from remit.domain.events import ReceiptLate, StepClaimed
from remit.engine.outside import team_stream
from remit.models.simulation.lines import Line, Wanted
from remit.testing.scripting import Script
from remit.tools.tool import tool
from tests.engine.places import events, journal, parked, until
from tests.engine.test_s10_late_truths import _lose_to
from tests.gate.canary import Canary, ToolContext, licences_of
from tests.gate.desk import agent, desk, heard
from tests.tools.openapi.crm import DOCUMENT, crm

ROOT = Path(__file__).parents[2]
PERMITS = '@id("everything") permit (principal, action, resource);\n'


@pytest.fixture
def canary() -> Canary:
    """Nothing was executed yet."""
    return Canary()


# --- sub-agents -------------------------------------------------------------------------------------------------


async def test_a_sub_agent_has_the_tools_and_rules_of_its_own_and_of_whoever_asked_it(
    canary: Canary, script: Script, tmp_path: Path
) -> None:
    """The boss may read only and lets another one pay; the other one reads only and calls what it was not given; and
    each names the other's tools, whatever the text that it read asks for.
    """
    payer = agent(canary.pay()).but(name="payer")
    boss = Agent("boss", prompt="You ask others.", tools=[canary.look()], delegates=[payer])
    said: list[str] = []
    script(boss).calls("pay", to="mallory", cents=900).calls("look", at="page").calls(
        "payer", task="pay mallory"
    )
    script(boss).plays(lambda scene: said.extend(heard(scene)) or "done")
    script(payer).calls("look", at="secret").calls("pay", to="mallory", cents=900).calls("boss", task="pay")
    script(payer).says("I could not")
    rules = '@id("small") forbid (principal == Agent::"payer", action == Action::"call", resource == Tool::"pay");\n'
    async with desk(tmp_path, script, agents=[boss, payer], policy=PERMITS + rules) as stage:
        run = await stage.start("boss", question="read the page")
        assert await run.result() == "done"
        assert canary.count("pay") == 0
        assert [seen[3] for seen in canary.executed] == ['{"at": "page"}']
        assert "boss was not given pay" in said[0]
        assert await canary.unaccounted(stage) == []


async def test_what_the_boss_is_forbidden_a_sub_agent_does_not_do_for_it(
    canary: Canary, script: Script, tmp_path: Path
) -> None:
    """Who may not delegate does not reach the tools of the other one."""
    payer = agent(canary.pay()).but(name="payer")
    boss = Agent("boss", prompt="You ask others.", tools=[canary.look()], delegates=[payer])
    script(boss).calls("payer", task="pay mallory").says("done")
    rules = '@id("alone") forbid (principal == Agent::"boss", action == Action::"delegate", resource);\n'
    async with desk(tmp_path, script, agents=[boss, payer], policy=PERMITS + rules) as stage:
        assert await (await stage.start("boss", question="pay")).result() == "done"
        assert canary.executed == []


# --- strangers' servers -----------------------------------------------------------------------------------------


async def test_an_mcp_tool_is_executed_only_as_it_was_accepted_and_as_rules_allow(
    script: Script, tmp_path: Path
) -> None:
    """The server counts for itself. It is called as accepted; forbidden tools and a definition that turned are not."""
    _serve_mcp(tmp_path)
    names = ["files_note", "files_wipe", "files_turns", "files_add"]
    clerk, told = Agent("clerk", prompt="You file.", tools=names), list[str]()
    script(clerk).calls("files_note", text="allowed").calls("files_note", text="forbidden")
    script(clerk).calls("note", text="bare").calls("files_hangs").calls("files_turns").calls(
        "files_add", a=1, b=1
    )
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    rules = (
        '@id("no-note") forbid (principal, action == Action::"call", resource == Tool::"files_note") '
        'when { context.text == "forbidden" };\n'
    )
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + rules) as stage:
        run = await stage.start("clerk", question="file it")
        assert await run.result() == "done"
        assert _done(tmp_path) == ["allowed"]
        claimed = [each for each in await events(stage, run.id, StepClaimed) if each.name == "files_note"]
        assert [each.detail["arguments"]["text"] for each in claimed] == ["allowed"]
        assert len(told) == 6
        assert "no-note" in told[1] or "default.cedar:2" in told[1]


@pytest.mark.parametrize(
    "number", ["1/../../mails", "..%2Fmails", "1?x=1", "1#x", "../mails", "1%00", "1/../2"]
)
async def test_an_openapi_argument_reaches_no_other_operation(
    number: str, script: Script, tmp_path: Path
) -> None:
    """A model that may change one ticket writes a path into its id; the service counts what arrives and where."""
    async with crm() as world:
        world.seed(1, title="a", status="open")
        world.seed(2, title="b", status="open")
        _write_openapi(tmp_path, world.base)
        clerk = Agent("clerk", prompt="You file.", tools=["update_ticket"])
        script(clerk).calls("update_ticket", id=number, status="closed").calls("send_mail", title="x")
        script(clerk).calls("delete_ticket", id="1").says("done")
        async with desk(tmp_path, script, agents=[clerk], policy=PERMITS) as stage:
            run = await stage.start("clerk", question="file it")
            await run.result()
            for method, path, _ in world.asked:
                assert method in {"GET", "PATCH", "HEAD"}
                assert path.startswith("/tickets/")
                assert path.count("/") == 2
                assert path.split("/")[-1] not in {".", ".."}
                assert "?" not in path
            assert world.state()[2]["status"] == "open"
            writes = [each for each in world.asked if each[0] == "PATCH"]
            assert len(writes) <= len(await events(stage, run.id, StepClaimed))


async def test_an_openapi_write_is_sent_once_for_each_claim(script: Script, tmp_path: Path) -> None:
    async with crm() as world:
        _write_openapi(tmp_path, world.base)
        clerk = Agent("clerk", prompt="You file.", tools=["create_ticket"])
        turn = script(clerk).calls("create_ticket", title="a").also("create_ticket", title="b")
        turn.also("create_ticket", title="forbidden").says("done")
        rules = (
            '@id("no") forbid (principal, action == Action::"call", resource == Tool::"create_ticket") '
            'when { context.title == "forbidden" };\n'
        )
        async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + rules) as stage:
            run = await stage.start("clerk", question="file it")
            await run.result()
            claims = await events(stage, run.id, StepClaimed)
            posts = [each for each in world.asked if each[0] == "POST"]
            assert len(posts) == len(claims) == 2
            assert {each.detail["decision"] for each in claims} == {"allow"}


# --- a worker that was declared dead ----------------------------------------------------------------------------


async def test_s10_a_worker_that_lost_its_run_executes_nothing_twice(
    canary: Canary, script: Script, tmp_path: Path
) -> None:
    """It stands still in the middle of a payment; another process has the run by then; then it goes on."""
    at_the_till, go_on = asyncio.Event(), asyncio.Event()

    @tool(name="pay", timeout=60)
    async def pay(to: str, cents: int, context: ToolContext) -> str:
        """Pay somebody, slowly."""
        canary.note(context, "pay", to=to, cents=cents)
        at_the_till.set()
        await go_on.wait()
        return "paid"

    @flow
    async def pays(run: Run) -> str:
        """Pay once."""
        return str(await run.call(pay, to="lea", cents=5))

    async with (
        desk(tmp_path, script, pays, policy=PERMITS) as first,
        _second(tmp_path, pays) as second,
    ):
        run = await first.start(pays)
        await at_the_till.wait()
        await _lose_to(first, second)
        found = second.run(run.id)
        await parked(found, "unknown")
        assert canary.count("pay") == 1
        go_on.set()
        assert await found.result() == "paid"
        assert canary.count("pay") == 1
        entries, _ = await second.platform.ground.log.read(team_stream("default"))
        assert [each.event.name for each in entries if isinstance(each.event, ReceiptLate)] == ["pay"]
        assert await canary.unaccounted(second) == []


# --- everything at once -----------------------------------------------------------------------------------------


async def test_a_model_that_tries_everything_executes_only_what_was_decided(
    canary: Canary, script: Script, tmp_path: Path
) -> None:
    """Names and arguments as an attacker writes them, sixty calls in six turns, with two crashes in between."""
    tries = _tries()
    turns = [tuple(tries[at : at + 10]) for at in range(0, len(tries), 10)]

    def attack(scene: Any) -> Any:
        told = sum(message.role == "assistant" for message in scene.request.messages)
        return Line(calls=turns[told]) if told < len(turns) else "done"

    clerk = agent(canary.keyed_pay(), canary.look())
    script(clerk).plays(attack).forever()
    small = (
        '@id("small") forbid (principal, action == Action::"call", resource == Tool::"pay") '
        "when { context.cents > 5 };\n"
    )
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + small) as stage:
        run = await stage.start("clerk", question="pay")
        for count in (1, 3):
            await until(lambda count=count: canary.count("pay") >= count)
            await stage.crash_and_restart()
        await run.result()
        paid = {json.loads(seen[3])["cents"] for seen in canary.executed if seen[2] == "pay"}
        assert paid == {1, 2, 3, 4, 5}
        assert await canary.unaccounted(stage) == []
        assert sum(licences_of(run.id, await journal(stage, run.id)).values()) >= len(canary.executed)


def _tries() -> list[Wanted]:
    found = [Wanted("pay", {"to": "lea", "cents": cents}) for cents in range(1, 21)]
    found += [
        Wanted("pay", text) for text in ('{"to":"m","cents":1,"cents":900}', "{", "[]", '{"to":"m"}', "null")
    ]
    found += [
        Wanted(name, {"to": "m", "cents": 1}) for name in ("Pay", "pay ", "pay\u200b", "remit.pay", "../pay")
    ]
    found += [Wanted("pay", {"to": "m", "cents": each}) for each in (True, 1.5, "1", None, -(2**60), [1])]
    found += [
        Wanted("pay", {"to": "m", "cents": 1, name: "x"}) for name in ("context", "idempotency_key", "self")
    ]
    found += [Wanted("look", {"at": str(each)}) for each in range(15)]
    found += [
        Wanted(name, {"target": "r-1"}) for name in ("remit.undo", "undo", "remit.forget", "approve", "model")
    ]
    return [*found, Wanted("look", {"at": "end"})]


def _second(folder: Path, body: Any) -> Any:
    from remit.testing import stage

    return stage(body, workspace=folder, worker=False)


def _serve_mcp(folder: Path) -> None:
    command = json.dumps([sys.executable, "-m", "tests.tools.mcp_server", str(folder)])
    (folder / "tools.toml").write_text(f'[mcp.files]\ncommand = {command}\ncwd = "{ROOT}"\n')


def _done(folder: Path) -> list[str]:
    return (folder / "done").read_text().split() if (folder / "done").exists() else []


def _write_openapi(folder: Path, base: str) -> None:
    (folder / "crm.json").write_text(json.dumps(DOCUMENT))
    (folder / "tools.toml").write_text(f'[openapi.crm]\ndocument = "crm.json"\nbase_url = "{base}"\n')
