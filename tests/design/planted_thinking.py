"""Planted: models that are asked what a table knows, answers that vary where something hangs on them."""

from __future__ import annotations

from remit.quality.design.findings import FaultKind as Kind
from tests.design.planting import HERE, Planted, agent

DESK = '\nclass Desk(Enum):\n    MONEY = "money"\n    GOODS = "goods"\n'
FORM = '\n@dataclass\nclass Form:\n    kind: Literal["refund", "return"]\n    text: str\n'
VERDICT = "\n@dataclass\nclass Verdict:\n    good: bool\n    why: str\n"
TABLE = "Sort the case.\n\n- refund -> money\n- broken or late -> goods\n"
READS = (
    "Sort the case. Whoever wants to be paid belongs to money, even if goods are mentioned along the way.\n"
)

NEEDLESS = [
    Planted(
        Kind.NEEDLESS_MODEL, "from one of two words to one of two desks",
        DESK + agent("sorter", output="Desk") + """
@flow
async def sort(run: Run, kind: Literal["refund", "return"]) -> Any:
    return await run.ask(sorter, kind)  # fault
""",
        ('Literal["refund", "return"]', "str"),
    ),
    Planted(
        Kind.NEEDLESS_MODEL, "from a field of a form to a desk",
        DESK + FORM + agent("sorter", output="Desk") + """
@flow
async def sort(run: Run, form: Form) -> Any:
    return await run.ask(sorter, form.kind)  # fault
""",
        ("form.kind", "form.text"),
    ),
    Planted(
        Kind.NEEDLESS_MODEL, "a prompt that is a table",
        DESK + agent("sorter", output="Desk").replace("any.md", "sort.md"),
        files={"prompts/sort.md": TABLE}, mended={"prompts/sort.md": READS},
    ),
]  # fmt: skip

STATE = '\n@dataclass\nclass State:\n    text: str\n    said: str = ""\n'
WARM = [
    Planted(
        Kind.WARM_LOGIC, "a warm judge decides",
        VERDICT + agent("judge", ", temperature=0.7", "Verdict", fault=HERE) + """
@flow
async def judged(run: Run, text: str) -> str:
    verdict = await run.ask(judge, text)
    return "yes" if verdict.good else "no"
""",
        ("temperature=0.7", "temperature=0"),
    ),
    Planted(
        Kind.WARM_LOGIC, "a free text decides",
        agent("judge", "", fault=HERE) + """
@flow
async def judged(run: Run, text: str) -> str:
    said = await run.ask(judge, text)
    if "yes" in said.lower():
        return "taken"
    return "left"
""",
        ("seconds=20)", "seconds=20), temperature=0.0"),
    ),
    Planted(
        Kind.WARM_LOGIC, "an edge of a graph goes by it",
        STATE + agent("judge", ", temperature=1.0", fault=HERE) + """
async def keep(run: Run, state: State) -> State:
    return state

again = Graph(
    "again", state=State, start="judge",
    nodes=[Node("judge", judge, given=lambda state: state.text, into="said"), Node("keep", keep)],
    edges=[
        Edge("judge", "judge", when=lambda state: "no" in state.said, most=2),
        Edge("judge", "keep"), Edge("keep", "end"),
    ],
).flow()
""",
        ("temperature=1.0", "temperature=0.0"),
    ),
    Planted(
        Kind.WARM_LOGIC, "a warm sorter chooses who goes on",
        agent("sorter", ", temperature=0.3", fault=HERE) + agent("money") + agent("goods") + """
DESKS = {"money": money, "goods": goods}

@flow
async def sort(run: Run, text: str) -> str:
    desk = await run.ask(sorter, text)
    return await run.ask(DESKS[desk], text)
""",
        ("temperature=0.3", "temperature=0"),
    ),
]  # fmt: skip
