"""A model's provider is a reader: it is not asked, or asked without what it may not read, never told it (S23)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from remit import Agent, contract
from remit.control.settings import ContractSettings, Settings
from remit.domain.contracts import Contract
from remit.domain.effects import Effect
from remit.domain.errors import InvalidSetting, RunFailed
from remit.domain.event import object_of
from remit.domain.labels import Integrity, Label
from remit.domain.tools import ResultLabel, ToolManifest
from remit.engine.outside import run_stream
from remit.gate.readers import heard, unread_by
from remit.policy.provenance.ledger import Ledger
from remit.testing.stage import stage
from remit.tools.tool import tool
from remit.wire.messages import Message, ModelRequest, Text, ToolResult

if TYPE_CHECKING:
    from remit.models.simulation.scene import Scene
    from remit.testing.scripting import Script

SALARY = "Ana earns 90"


def chosen(*unreadable: str) -> Settings:
    return Settings(contracts=ContractSettings(unreadable=unreadable))


def clerk() -> Agent:
    @tool(
        effect="read",
        reads="hr",
        data_class="personal",
        readers=["team:default", "provider:ours"],
        references=(),
    )
    async def salaries() -> str:
        """Salaries."""
        return SALARY

    @tool(effect="read", reads="web", references=())
    async def page() -> str:
        """A page."""
        return "the weather is fine"

    return Agent("clerk", prompt="p", tools=[salaries, page], contract=contract(reads=["*"], by_request=True))


async def test_s23_what_a_provider_may_not_read_is_left_out_where_an_operator_chose_so_also_after_a_crash(
    script: Script,
) -> None:
    agent, seen = clerk(), list[str]()

    def looks(scene: Scene) -> str:
        seen.append(str(scene.request.messages))
        return "nothing to say"

    script(agent).calls("salaries").calls("page").plays(looks)
    async with stage(agents=[agent], script=script, chosen=chosen("personal=redact")) as made:
        run = await made.start("clerk", question="What does Ana earn?")
        assert "nothing to say" in await run.result()
        entries, _ = await made.platform.services.log.read(run_stream(run.id))
        details = [object_of(getattr(each.event, "detail", None)) for each in entries]
        withheld = [object_of(each["withheld"]) for each in details if "withheld" in each]
    assert SALARY not in seen[0]
    assert "[withheld: simulated may not read what salaries answered" in seen[0]
    assert "the weather is fine" in seen[0]
    assert [list(each.values()) for each in withheld] == [[["salaries"]]] * 2


@pytest.mark.parametrize("rules", [(), ("personal=refuse", "*=redact"), ("hr=redact",)])
async def test_s23_where_nobody_chose_so_the_provider_is_not_asked(
    script: Script, rules: tuple[str, ...]
) -> None:
    agent = clerk()
    script(agent).calls("salaries")
    async with stage(agents=[agent], script=script, chosen=chosen(*rules)) as made:
        with pytest.raises(RunFailed, match="may not read what"):
            await (await made.start("clerk", question="What does Ana earn?")).result()


async def test_s23_a_rule_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(InvalidSetting, match="personal=hide"):
        async with stage(agents=[clerk()], chosen=chosen("personal=hide")):
            pass


# --- nothing reaches a provider by a detour ---------------------------------------------------------------------

PROVIDERS = ("one", "two")
TOOLS = {
    name: ToolManifest(
        name, "", {"type": "object", "properties": {}}, Effect.READ,
        label=ResultLabel(name, data_class=name, readers=("team:t", *readers), references=()),
    )
    for name, readers in (("open", ("provider:*",)), ("first", ("provider:one",)), ("none", ()))
}  # fmt: skip
MOVES = st.sampled_from([*TOOLS, *PROVIDERS, "memory", "summary", "restart"])


@example(["first", "one", "two"])  # what one read, its words may hold: two is not asked
@example(["first", "two", "one", "two"])
@example(["first", "one", "summary", "two"])
@settings(max_examples=400, deadline=None)
@given(st.lists(MOVES, max_size=9))
def test_s23_no_provider_is_ever_told_what_it_may_not_read(moves: list[str]) -> None:
    """A second account: which results the words of each message may hold, message by message."""
    ledger = Ledger(Contract(), "t")
    messages: list[Message] = []
    holds: list[set[str]] = []
    for number, move in enumerate(moves):
        if move in TOOLS:
            ledger.saw(TOOLS[move], {}, "x", f"call-{number}")
            messages.append(Message("tool", (ToolResult(f"c{number}", move, (Text(f"{move}!"),)),)))
            holds.append({move})
        elif move == "memory":
            ledger.sees(Label(Integrity.UNTRUSTED, frozenset({"team:t", "provider:two"}), ("memory",)))
            messages.append(Message("user", (Text("recalled"),)))
            holds.append({"memory"})
        elif move == "summary" and messages:  # by whoever may read all of it, as `fit` does
            messages, holds = [Message("user", (Text("so far"),))], [set().union(*holds)]
        elif move == "restart":
            ledger = Ledger.of(Contract(), ledger.plain())
        elif move in PROVIDERS:
            told = _told(ledger, messages, holds, move)
            if told is not None:
                assert not {each for each in told if not _may(each, move)}
                messages.append(Message("assistant", (Text("said"),)))
                holds.append(told)
    assert len(messages) == len(holds)


def _told(ledger: Ledger, messages: list[Message], holds: list[set[str]], provider: str) -> set[str] | None:
    """What a provider is told in the end; None if it is not asked."""
    run: Any = SimpleNamespace(ledger=ledger, absent=False)
    bounds: Any = (SimpleNamespace(run=run, context=""),)
    request = ModelRequest(model="", messages=tuple(messages))
    unread = unread_by(bounds, provider, request, {"*": "redact"})
    if unread.why:
        return None
    heard(bounds, provider)
    left = [
        found
        for message, found in zip(messages, holds, strict=True)
        if not any(isinstance(part, ToolResult) and part.name in unread.tools for part in message.parts)
    ]
    return {each for found in left for each in found}


def _may(what: str, provider: str) -> bool:
    if what == "memory":
        return provider == "two"
    readers = TOOLS[what].label.readers
    return bool({"provider:*", f"provider:{provider}"} & set(readers))
