"""Planted: flows that never end, that stop in the middle, that cost or take more than they may."""

from __future__ import annotations

from remit.quality.design.findings import FaultKind as Kind
from tests.design.planting import HERE, NOTE, Planted, agent, flow_of, table

DONE = "\n@dataclass\nclass Draft:\n    good: bool\n    text: str\n"
ONE_MODEL = {"models.toml": '[routes.fast]\nmodels = ["sim-fast"]\n'}
TWO = agent("first") + agent("second")
CHAIN = flow_of("return await run.ask(second, await run.ask(first, text))")
EACH = "\n@flow\nasync def each(run: Run, texts: list[str]) -> None:\n"

ENDLESS = [
    Planted(
        Kind.ENDLESS, "until a model is content",
        DONE + agent("writer", output="Draft") + """
@flow
async def write(run: Run, task: str) -> Any:
    draft = await run.ask(writer, task)
    while not draft.good:  # fault
        draft = await run.ask(writer, draft)
    return draft
""",
        ("    while not draft.good:  # fault", "    for _ in range(3):"),
    ),
    Planted(
        Kind.ENDLESS, "a function that comes to itself again",
        agent("writer", ", temperature=0") + """
async def better(run: Run, text: str) -> str:
    new = await run.ask(writer, text)
    return new if new == text else await better(run, new)  # fault

@flow
async def write(run: Run, task: str) -> str:
    return await better(run, task)
""",
        ("await better(run, new)  # fault", "await run.ask(writer, new)"),
    ),
    Planted(
        Kind.ENDLESS, "asking again until it is there",
        """
@tool(effect="read", trusted=True)
async def state(id: int) -> str:
    \"\"\"How far it is.\"\"\"
    return ""

@flow
async def wait_for(run: Run, id: int) -> None:
    while True:  # fault
        if await run.call(state, id=id) == "done":
            break
        await run.sleep("1m")
""",
        ("    while True:  # fault", "    for _ in range(60):"),
    ),
    Planted(
        Kind.ENDLESS, "a flow that starts itself",
        """
@flow
async def crawl(run: Run, left: int) -> None:
    if left:
        await run.spawn(crawl, left)  # fault
""",
        ("left)  # fault", "left - 1)"), mended={"budgets.toml": table("flows.crawl", "calls = 9")},
    ),
    Planted(
        Kind.ENDLESS, "starting afresh and waiting for nothing",
        agent("watcher") + """
@flow
async def watch(run: Run, seen: str) -> None:
    seen = await run.ask(watcher, seen)
    run.continue_as(seen=seen)  # fault
""",
        ("    run.continue_as", '    await run.sleep("1h")\n    run.continue_as'),
    ),
]  # fmt: skip

NO_FAILURE_POLICY = [
    Planted(
        Kind.NO_FAILURE_POLICY, "two agents in a row over one model",
        TWO + """
@flow
async def chain(run: Run, text: str) -> str:
    found = await run.ask(first, text)  # fault
    return await run.ask(second, found)  # fault
""",
        files=ONE_MODEL, mended={"models.toml": '[routes.fast]\nmodels = ["sim-fast", "sim-strong"]\n'},
    ),
    Planted(
        Kind.NO_FAILURE_POLICY, "one of several specialists fails",
        TWO + """
@flow
async def panel(run: Run, text: str) -> list[Any]:
    return await run.gather(*(run.ask(each, text) for each in [first, second]))  # fault
""",
        ("[first, second]))  # fault", "[first, second]), return_exceptions=True)"),
        files=ONE_MODEL,
    ),
    Planted(
        Kind.NO_FAILURE_POLICY, "the second write fails and the first one stands",
        NOTE + agent("judge") + """
@flow
async def both(run: Run, id: int) -> None:
    await run.ask(judge, id)
    await run.call(note, id=id, text="begun")
    await run.call(note, id=id, text="done")  # fault
""",
        ('    await run.call(note, id=id, text="done")  # fault',
         '    try:\n        await run.call(note, id=id, text="done")\n    except StepFailed:\n        return'),
    ),
]  # fmt: skip

UNPRICED = """
[models.house]
provider = "sim"
window = 100000
capabilities = ["tools"]
[providers.sim]
kind = "simulated"
[routes.fast]
models = ["house"]
unpriced = "allow"
"""
WORST_COST = [
    Planted(
        Kind.WORST_COST, "a model without a price and no budget",
        agent("clerk", ', route="fast"', fault=HERE, budget="steps=4, seconds=20"),
        ("Budget(steps=4", "Budget(usd=0.1, steps=4"), files={"models.toml": UNPRICED},
    ),
    Planted(
        Kind.WORST_COST, "a run is stopped before its agents are",
        TWO + CHAIN,
        files={"budgets.toml": table("flows.chain", "usd = 0.015", fault=HERE)},
        mended={"budgets.toml": table("flows.chain", "usd = 0.02")},
    ),
    Planted(
        Kind.WORST_COST, "five rounds are dearer than a run may be",
        TWO + """
@flow
async def rounds(run: Run, text: str) -> str:
    for _ in range(5):
        text = await run.ask(second, await run.ask(first, text))
    return text
""",
        ("range(5)", "range(2)"),
        files={"budgets.toml": table("flows.rounds", "usd = 0.05", fault=HERE)},
    ),
]  # fmt: skip

WORST_STEPS = [
    Planted(
        Kind.WORST_STEPS, "as many as somebody gives it",
        agent("clerk") + EACH + "    for text in texts:  # fault\n        await run.ask(clerk, text)\n",
        mended={"budgets.toml": "[flows.each]\nsteps = 100\n"},
    ),
    Planted(
        Kind.WORST_STEPS, "a swarm over whatever there is",
        agent("clerk") + EACH + "    await patterns.swarm(run, clerk, texts, quorum=1)  # fault\n",
        mended={"budgets.toml": "[flows.each]\nusd = 1\n"},
    ),
    Planted(
        Kind.WORST_STEPS, "more model calls than a run may make",
        TWO + CHAIN,
        files={"budgets.toml": table("flows.chain", "steps = 7", fault=HERE)},
        mended={"budgets.toml": table("flows.chain", "steps = 8")},
    ),
]  # fmt: skip

LONGEST = {"design.toml": '[flows."*"]\nwrong = "said"\np95 = "1h"\nlongest = "45s"\n'}
WORST_TIME = [
    Planted(
        Kind.WORST_TIME, "nothing bounds the time of an agent",
        agent("clerk", "", fault=HERE, budget="usd=0.01"),
        ("usd=0.01", "usd=0.01, seconds=20"), files=LONGEST,
    ),
    Planted(
        Kind.WORST_TIME, "one call outlasts the one who makes it",
        """
@tool(effect="read", trusted=True, timeout="90s")  # fault
async def report(id: int) -> str:
    \"\"\"Make a report.\"\"\"
    return ""
""" + agent("clerk", ", tools=[report]"),
        ('timeout="90s"', 'timeout="10s"'),
    ),
    Planted(
        Kind.WORST_TIME, "three after each other take longer than is allowed",
        TWO + agent("third") + """
@flow  # fault
async def panel(run: Run, text: str) -> Any:
    return [await run.ask(first, text), await run.ask(second, text), await run.ask(third, text)]
""",
        ("[await run.ask(first, text), await run.ask(second, text), await run.ask(third, text)]",
         "await run.gather(run.ask(first, text), run.ask(second, text), run.ask(third, text))"),
        files=LONGEST,
    ),
]  # fmt: skip

OBJECTIVE = ('metric = "latency"', "objective = 0.95", 'flow = "chain"')
FOR_CLERK = ('metric = "latency"', "objective = 0.99", 'agent = "clerk"')
SLOW = [
    Planted(
        Kind.SLOW, "a chain that cannot be as quick as was promised",
        TWO + agent("third") + """
@flow
async def chain(run: Run, text: str) -> Any:
    return await run.ask(third, await run.ask(second, await run.ask(first, text)))
""",
        ("await run.ask(third, await run.ask(second, await run.ask(first, text)))",
         "await run.gather(run.ask(first, text), run.ask(second, text), run.ask(third, text))"),
        files={"remit.toml": table("slo.quick", *OBJECTIVE, 'within = "6s"', fault=HERE)},
    ),
    Planted(
        Kind.SLOW, "a tool that is known to be slow",
        """
@tool(effect="read", trusted=True)
async def report(id: int) -> str:
    \"\"\"Make a report.\"\"\"
    return ""

@flow
async def told(run: Run, id: int) -> str:
    return await run.call(report, id=id)
""",
        files={"design.toml": '[flows.told]  # fault\np95 = "5s"\n[usual]\nreport = "20s"\n'},
        mended={"design.toml": '[flows.told]\np95 = "30s"\n[usual]\nreport = "20s"\n'},
    ),
    Planted(
        Kind.SLOW, "ninety-nine of a hundred within what half of them take",
        agent("clerk"),
        files={"remit.toml": table("slo.fast", *FOR_CLERK, 'within = "2s"', fault=HERE)},
        mended={"remit.toml": table("slo.fast", *FOR_CLERK, 'within = "20s"')},
    ),
]  # fmt: skip
