"""Scripts: the first line whose conditions hold is said, with pieces of the conversation in it; what a file cannot
mean is refused; and scripts in a test run out loudly.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from remit.domain.action_errors import InvalidCatalog, ProviderBusy, StreamCut
from remit.domain.errors import InvalidInput
from remit.models.opening import open_provider
from remit.models.provider import ModelCall, trouble_of
from remit.models.providers.simulated import Simulated
from remit.models.simulation.lines import says
from remit.models.simulation.scripts import load_scripts, read_script
from remit.models.specs import ProviderSpec
from remit.testing.scripting import Script, ScriptMismatch
from remit.wire.messages import Usage
from tests.models.talks import ask, asked, calls_of, playing, talk, tool

GET = tool("get_ticket", "Reads", id={"type": "integer"})
PAY = tool("refund", "Refunds", order={"type": "string"}, amount={"type": "number"})

TRIAGE = r"""
agent: triage
lines:
  - when: {user: 'refund .*#(?P<order>[A-Z]+-\d+) for ticket (\d+)', turn: 0}
    reasoning: They want money.
    calls:
      - get_ticket: {id: '${user.2}'}
  - when: {result_of: get_ticket, result: {customer: {vip: true}}, user: '#(?P<order>[A-Z]+-\d+)'}
    says: 'For ${result.customer.name}, who asked ${turn} turn ago.'
    calls: {refund: {order: '${user.order}', amount: '${result.total}'}}
  - when: {result_of: get_ticket}
    answer:
      reply: No refund for ${result.customer.name}
      total: ${results.get_ticket.total}
      ids: ['${arguments.get_ticket.id}']
  - when: {called: refund, result: 'done|paid'}
    says: Refunded.
    usage: {input: 10, cache_read: 90, output: 5}
    finish: length
  - says: I do not understand.
"""
ASKED = "A refund please, #ORD-77 for ticket 4812"


async def test_a_script_plays_a_whole_conversation() -> None:
    given = {"get_ticket": {"total": 12.5, "customer": {"name": "Ana", "vip": True}}, "refund": "paid"}
    provider = Simulated(scripts=[playing(TRIAGE)])
    said = await talk(provider, asked(ASKED, GET, PAY), lambda call: given[call.name], agent="triage")
    assert calls_of(said[0]) == [("get_ticket", {"id": 4812})], (
        "text where the tool takes a number becomes one"
    )
    assert said[0].usage is not None
    assert said[0].usage.reasoning > 0
    assert said[1].message.text == "For Ana, who asked 1 turn ago."
    assert (said[2].message.text, said[2].finish, said[2].usage) == (
        "Refunded.", "length", Usage(input=10, cache_read=90, output=5),
    )  # fmt: skip


async def test_conditions_on_results_choose_between_lines() -> None:
    provider = Simulated(scripts=[playing(TRIAGE)])
    given = {"total": 3, "customer": {"name": "Bo", "vip": False}}
    said = await talk(provider, asked(ASKED, GET), lambda call: given, agent="triage")
    assert said[1].message.text == '{"reply": "No refund for Bo", "total": 3, "ids": [4812]}'
    assert (await ask(provider, asked("hello"), agent="triage")).message.text == "I do not understand."
    assert "simulated answer" in (await ask(provider, asked("hello"), agent="another")).message.text


@pytest.mark.parametrize(
    ("when", "matches"),
    [
        ("{}", True),
        ("{agent: [triage, other]}", True),
        ("{agent: other}", False),
        ("{route: fast, model: sim-fast}", True),
        ("{route: strong}", False),
        ("{system: 'kind'}", True),
        ("{system: 'rude'}", False),
        ("{tools: [get_ticket]}", True),
        ("{tools: [get_ticket, refund]}", False),
        ("{turn: 1}", False),
        ("{attempt: 1}", True),
        ("{attempt: 2}", False),
        ("{has_result: false, not_called: get_ticket}", True),
        ("{has_result: true}", False),
        ("{called: get_ticket}", False),
        ("{result: x}", False),
        ("{user: 'HELLO'}", True),
    ],
)
async def test_every_condition(when: str, matches: bool) -> None:
    provider = Simulated(scripts=[playing(f"lines: [{{when: {when}, says: matched}}]")])
    said = await ask(provider, asked("hello", GET, system="Be kind"), agent="triage", route="fast")
    assert (said.message.text == "matched") == matches


async def test_trouble_in_a_script_passes_after_so_many_times() -> None:
    provider = Simulated(
        scripts=[playing("lines: [{says: well, fault: {kind: rate_limit, retry_after: 3, times: 2}}]")]
    )
    for _ in range(2):
        with pytest.raises(ProviderBusy) as busy:
            await ask(provider, asked("x"), run="r")
        assert trouble_of(busy.value).retry_after == 3
    assert (await ask(provider, asked("x"), run="r")).message.text == "well"
    with pytest.raises(ProviderBusy):
        await ask(provider, asked("x"), run="another run")


async def test_a_placeholder_that_is_nowhere_is_said_and_not_guessed() -> None:
    provider = Simulated(scripts=[playing("lines: [{says: 'for ${result.customer}'}]")])
    with pytest.raises(InvalidInput, match=r"t.yaml, line 1: \$\{result.customer\} is nowhere"):
        await ask(provider, asked("x"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lines: [", "t.yaml is not YAML"),
        ("- says: x", "no table of keys"),
        ("{}", "has no lines"),
        ("line: []", '"line" (nearest: "lines")'),
        ("lines: [{sais: x}]", 'line 1 has "sais", which is no key there (nearest: "says")'),
        ("lines: [{when: {usr: x}}]", '"usr", which is no key there (nearest: "user")'),
        ("lines: [{when: {user: '('}}]", "is no regular expression"),
        ("lines: [{when: {turn: soon}}]", "Expected int"),
        ("lines: [{says: x}, {fault: rate_limt}]", 'line 2, fault is "rate_limt", which is no kind of trouble'),
        ("lines: [{fault: {kind: cut, retry_after: 1}}]", "only a provider that fails"),
        ("lines: [{finish: stopp}]", '"stopp" (nearest: "stop")'),
        ("lines: [{usage: {inputs: 3}}]", '"inputs" (nearest: "input")'),
        ("lines: [{calls: 3}]", "calls takes names of tools"),
    ],
)  # fmt: skip
def test_what_a_file_cannot_mean_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidCatalog) as refused:
        read_script(text, "t.yaml")
    assert said in refused.value.message


async def test_a_folder_of_scripts_yaml_and_python(tmp_path: Path) -> None:
    folder = tmp_path / "simulations"
    folder.mkdir()
    (folder / "a.yaml").write_text("lines: [{when: {user: yaml}, says: from yaml}]")
    (folder / "b.py").write_text(
        "def play(scene):\n    return 'from python' if 'python' in scene.user else None\n"
    )
    (folder / "notes.md").write_text("not a script")
    provider = open_provider(ProviderSpec("sim", "simulated"), folder=tmp_path)
    assert isinstance(provider, Simulated)
    assert (await ask(provider, asked("yaml"))).message.text == "from yaml"
    assert (await ask(provider, asked("python"))).message.text == "from python"
    assert "simulated answer" in (await ask(provider, asked("neither"))).message.text
    for line, said in (
        ("{'says': 'a table'}", "a table"), ("{'sys': 'x'}", r'b\.py has "sys", which is no key there'),
        ("7", r"play\(scene\) of b\.py gave a int, which says nothing"),
    ):  # fmt: skip
        (folder / "b.py").write_text(f"def play(scene):\n    return {line}\n")
        provider = open_provider(ProviderSpec("sim", "simulated"), folder=tmp_path)
        assert isinstance(provider, Simulated)
        if said == "a table":
            assert (await ask(provider, asked("python"))).message.text == said
            continue
        with pytest.raises(InvalidCatalog, match=said):
            await ask(provider, asked("python"))
    (folder / "c.py").write_text("import nothing_of_this_name")
    with pytest.raises(InvalidCatalog, match=r"c\.py cannot be run: ModuleNotFoundError"):
        load_scripts(folder)
    with pytest.raises(InvalidCatalog, match=r"plays lost\.yaml, and there is no such file"):
        open_provider(ProviderSpec("sim", "simulated", script="lost.yaml"), folder=tmp_path)


# --- scripts of a test ----------------------------------------------------------------------------------------


@dataclass
class Named:
    name: str


@dataclass
class Draft:
    reply: str
    confidence: float


CRITIC, GET_TICKET = Named("critic"), Named("get_ticket")


def played(script: Script) -> Simulated:
    return Simulated(scripts=[script.play])


async def test_turns_are_played_in_order_and_all_of_them() -> None:
    script = Script()
    script(CRITIC).calls(GET_TICKET, id=7).also("refund", order="x", amount=1.5).replies(
        Draft("…", 0.4)
    ).says("bye")
    provider = played(script)
    first = await ask(provider, asked("x", GET, PAY), agent="critic")
    assert calls_of(first) == [("get_ticket", {"id": 7}), ("refund", {"order": "x", "amount": 1.5})]
    assert (
        await ask(provider, asked("x"), agent="critic")
    ).message.text == '{"reply": "…", "confidence": 0.4}'
    with pytest.raises(
        ScriptMismatch, match=r"script\(critic\): 1 of 3 turns were never asked for: says\(bye\)"
    ):
        script.check()
    assert (await ask(provider, asked("x"), agent="critic")).message.text == "bye"
    script.check()


async def test_agents_nobody_wrote_for_improvise() -> None:
    script = Script()
    assert "simulated answer" in (await ask(played(script), asked("x"), agent="somebody")).message.text
    script.check()


async def test_one_turn_too_many_is_said_at_once_and_again_at_the_end() -> None:
    script = Script()
    script("critic").says("one")
    provider = played(script)
    await ask(provider, asked("x"), agent="critic", run="r", path="a")
    with pytest.raises(ScriptMismatch, match="has 1 turns and was asked for one more, after “what now”"):
        await ask(provider, asked("what now", GET), agent="critic", run="r", path="b")
    with pytest.raises(ScriptMismatch, match="tools offered: get_ticket"):
        script.check()


async def test_failures_are_turns_too() -> None:
    script = Script()
    script("critic").fails(ProviderBusy, retry_after=2).fails("cut").says("at last")
    provider = played(script)
    with pytest.raises(ProviderBusy) as busy:
        await ask(provider, asked("x"), agent="critic", run="r", path="a")
    assert trouble_of(busy.value).retry_after == 2
    with pytest.raises(StreamCut):
        await ask(provider, asked("x"), agent="critic", run="r", path="a")
    assert (await ask(provider, asked("x"), agent="critic", run="r", path="a")).message.text == "at last"


async def test_a_process_that_died_after_an_answer_hears_the_same_again() -> None:
    script = Script()
    script("critic").says("one", "two")
    provider = played(script)
    heard = [
        (await ask(provider, asked("x"), agent="critic", run="r", path=path)).message.text
        for path in ("a", "a", "b", "b", "a")
    ]
    assert heard == ["one", "one", "two", "two", "one"]


async def test_a_function_may_decide_and_the_last_turn_may_go_on_for_ever() -> None:
    script = Script()
    script("critic").plays(lambda scene: says(scene.user.upper())).forever()
    provider = played(script)
    for text in ("a", "b", "c"):
        assert (await provider.complete(ModelCall(asked(text), agent="critic"))).message.text == text.upper()
    script.check()


async def test_usage_and_thoughts_are_put_on_the_turn_before() -> None:
    script = Script()
    script("critic").says("x").thinks("hm").uses(Usage(input=1, output=2))
    said = await ask(played(script), asked("x"), agent="critic")
    assert said.usage == Usage(input=1, output=2)
    assert len(said.message.parts) == 2
    with pytest.raises(ScriptMismatch, match="goes after a turn that says or calls"):
        Script()("critic").thinks("hm")
