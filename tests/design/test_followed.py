"""What flows into a write, and what bounds a loop, is followed the way Python goes: by other names, through lists and
texts, into functions that are handed the run, along patterns and contracts.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.control import settings
from remit.control.upkeep.checking import check
from remit.quality.design.findings import FaultKind as Kind
from tests.design.planting import KNOW, LOOK, NOTE, WIRE, Planted, agent, flow_of

WRITER, COLD = agent("w"), agent("w", ", temperature=0")
BOTH = LOOK + NOTE + WRITER
PAGE = "page = await run.call(look, url=url)\n    "
TEXT = PAGE + "text = await run.ask(w, page)\n    "
OPEN = frozenset({Kind.UNGUARDED_WRITE})
CLEAN = frozenset[Kind]()
REVIEW = "\n@dataclass\nclass Rev:\n    good: bool\n    advice: str = ''\n" + agent("c", output="Rev")
DESK = '\nclass Desk(Enum):\n    MONEY = "money"\n    GOODS = "goods"\n'
CASES: dict[str, tuple[str, frozenset[Kind]]] = {
    "another name, a table": (
        BOTH + flow_of(f'ask = w\n    {PAGE}d = {{"t": await run.ask(ask, page)}}\n    '
                       'await run.call(note, id=id, text=d["t"])', "id: int, url: str"), OPEN,
    ),
    "a text made of it, a tool by name": (
        BOTH + flow_of(f'{TEXT}body = f"Dear: {{text.strip()}}" + "x"\n    await run.call("note", id=id, text=body)',
                       "id: int, url: str"), OPEN,
    ),
    "a list that it is put into": (
        BOTH + flow_of("parts = []\n    for u in [url, url]:\n        page = await run.call(look, url=u)\n"
                       "        parts.append(await run.ask(w, page))"
                       '\n    await run.call(note, id=id, text="".join(parts))', "id: int, url: str"), OPEN,
    ),
    "a function that is handed the run": (
        BOTH + "\nasync def save(run, id, text):\n    await run.call(note, id=id, text=text)\n"
        + flow_of(f"{TEXT}await save(run, id, text)", "id: int, url: str"), OPEN,
    ),
    "a pattern in between": (
        BOTH + REVIEW + flow_of(f"{PAGE}done = await patterns.critic(run, w, c, page)\n    "
                                "await run.call(note, id=id, text=done.draft)", "id: int, url: str"), OPEN,
    ),
    "a delegate has it": (
        LOOK + NOTE + agent("inner", ", tools=[look, note]") + agent("outer", ", delegates=[inner]")
        + flow_of("return await run.ask(outer, text)"), OPEN,
    ),
    "what it remembers": (NOTE + agent("w", ', memory=["user"], tools=[note]'), OPEN),
    "the author's own words": (
        BOTH + flow_of(f'{TEXT}await run.call(note, id=id, text="fixed")', "id: int, url: str"), CLEAN,
    ),
    "a person saw it": (
        BOTH + flow_of(f'{TEXT}await run.human("leads", {{"text": text}}, within="1h")\n    '
                       "await run.call(note, id=id, text=text)", "id: int, url: str"), CLEAN,
    ),
    "a contract of the flow": (
        BOTH + flow_of(f"{TEXT}await run.call(note, id=id, text=text)", "id: int, url: str").replace(
            "@flow", '@flow(contract=contract(allow(note, times=1, id=bind.given("id"), text=bind.text())))'), CLEAN,
    ),
    "what it reads is our own": (KNOW + NOTE + agent("w", ", tools=[know, note]"), CLEAN),
    "a rule that asks only beyond": (
        LOOK + WIRE.replace('"irreversible"', '"irreversible", hold="5m"') + agent("w", ", tools=[look, wire]"), OPEN,
    ),
    "a count that leaves the loop": (
        COLD + flow_of("n = 0\n    while True:\n        text = await run.ask(w, text)\n        n += 1\n"
                       "        if n >= 5:\n            break\n    return text"), CLEAN,
    ),
    "each turn waits for a message": (
        WRITER + flow_of('while True:\n        await run.ask(w, await run.signal("message"))'), CLEAN,
    ),
    "a clock ends it, nobody knows when": (
        COLD + "\nfrom datetime import timedelta\n" + flow_of(
            "end = run.now() + timedelta(hours=1)\n    while run.now() < end:\n        text = await run.ask(w, text)"),
        frozenset({Kind.WORST_STEPS}),
    ),
    "a number of another place": (
        COLD + "\nclass Conf:\n    rounds = 3\n"
        + flow_of("for _ in range(Conf.rounds):\n        await run.ask(w, text)"),
        CLEAN,
    ),
    "a child for each": (
        COLD + flow_of("return await run.ask(w, text)", name="child") + flow_of(
            "for each in texts:\n        await run.spawn(child, each)", "texts: list[str]"),
        frozenset({Kind.WORST_STEPS}),
    ),
    "a cold match": (
        DESK + agent("s", output="Desk")
        + flow_of("match await run.ask(s, text):\n        case Desk.MONEY:\n            return 1"),
        CLEAN,
    ),
    "a warm match": (
        DESK + agent("s", ", temperature=0.9", "Desk")
        + flow_of("match await run.ask(s, text):\n        case Desk.MONEY:\n            return 1"),
        frozenset({Kind.WARM_LOGIC}),
    ),
    "a truth from a truth": (
        "\n@dataclass\nclass Ok:\n    ok: bool\n" + agent("w", output="Ok")
        + flow_of("return await run.ask(w, urgent)", "urgent: bool"),
        frozenset({Kind.NEEDLESS_MODEL}),
    ),
    "failures as values, by way of a list": (
        agent("a", ', route="one"') + agent("b", ', route="one"')
        + flow_of("work = [run.ask(x, text) for x in (a, b)]\n    "
                  "return await run.gather(*work, return_exceptions=True)"),
        CLEAN,
    ),
}  # fmt: skip
FILES = {
    "models.toml": '[routes.fast]\nmodels = ["sim-fast", "sim-strong"]\n[routes.one]\nmodels = ["sim-fast"]\n',
    "policies/main.cedar": '@id("all") permit (principal, action, resource);\n@id("big") @ask("leads") @within("1h") '
    'forbid (principal, action == Action::"call", resource == Tool::"wire") when { context has amount && '
    "context.amount > 200 };\n",
}


@pytest.mark.parametrize("case", CASES)
async def test_it_is_followed(case: str, tmp_path: Path) -> None:
    code, expected = CASES[case]
    rules = FILES if "wire" in code else {"models.toml": FILES["models.toml"]}
    Planted(Kind.SLOW, case, code, files=rules).write(tmp_path, clean=False)
    report = await check(tmp_path, settings.load(tmp_path, {}), design=True)
    assert report.design is not None, report.problems
    assert {each.kind for each in report.design.open_faults} == expected
    assert not report.design.open_answers
