"""Planted: writes that nothing guards, into which nobody can step, which nothing takes back; tools that can do more."""

from __future__ import annotations

from remit.quality.design.findings import FaultKind as Kind
from tests.design.planting import ASKS, HERE, KNOW, LOOK, NOTE, ORDINARY, WIRE, Planted, agent, flow_of

POLICY = ORDINARY["policies/main.cedar"]
FIXED = agent("judge") + flow_of(
    "await run.ask(judge, order)\n    await run.call(wire, order=order, amount=5)  # fault",
    "order: str",
    "pay",
)
PEOPLE = ', fallback=Fallback(0.5, human="leads")'

UNGUARDED = [
    Planted(
        Kind.UNGUARDED_WRITE,
        "an agent that reads pages may write",
        LOOK + NOTE + agent("clerk", ", tools=[look, note]", fault=HERE),
        ("tools=[look, note]", "tools=[look, note], contract=contract(allow(note, times=1))"),
    ),
    Planted(
        Kind.UNGUARDED_WRITE,
        "a flow writes what a model made of a page",
        LOOK
        + NOTE
        + agent("writer")
        + """
@flow
async def keep(run: Run, id: int, url: str) -> None:
    page = await run.call(look, url=url)
    text = await run.ask(writer, page)
    await run.call(note, id=id, text=text)  # fault
""",
        (
            "    await run.call(note",
            '    text = await run.human("leads", text, within="4h")\n    await run.call(note',
        ),
    ),
    Planted(
        Kind.UNGUARDED_WRITE,
        "what is remembered leads to money",
        WIRE.replace('"irreversible"', '"irreversible", hold="10m"')
        + agent("clerk", ', memory=["user"], tools=[wire]', fault=HERE),
        mended={"policies/main.cedar": POLICY + ASKS + 'resource == Tool::"wire");\n'},
    ),
    Planted(
        Kind.UNGUARDED_WRITE,
        "strangers ask an agent that writes",
        NOTE + agent("clerk", ", tools=[note]", fault=HERE),
        files={"remit.toml": '[mcp]\nflows = ["clerk"]\n'},
        mended={"remit.toml": ""},
    ),
]

NO_OVERRIDE = [
    Planted(Kind.NO_OVERRIDE, "money goes out and nobody is asked", WIRE + FIXED,
            ('"irreversible"', '"irreversible", hold="10m"')),
    Planted(
        Kind.NO_OVERRIDE, "an agent sends money within a contract that only refuses",
        KNOW + WIRE + agent(
            "clerk", ', tools=[know, wire], contract=contract(allow(wire, times=1), on_violation="deny")', fault=HERE
        ),
        mended={"policies/main.cedar": POLICY + ASKS + 'resource == Tool::"wire");\n'},
    ),
    Planted(
        Kind.NO_OVERRIDE, "a step of one's own that nothing stands before",
        """
@step(effect="write")
async def post(text: str) -> None: ...

@flow
async def tell(run: Run, text: str) -> None:
    await run.ask(judge, text)
    await run.step(post, text)  # fault
""" + agent("judge"),
        ("    await run.step", '    text = await run.human("editors", text, within="4h")\n    await run.step'),
    ),
]  # fmt: skip

NO_UNDO = [
    Planted(
        Kind.NO_UNDO, "an agent's write says nothing of undo",
        "\n@dataclass\nclass Answer:\n    confidence: float\n"
         '\n@tool(effect="write")  # fault\nasync def tag(id: int) -> str:\n    """Tag."""\n    return ""\n'
        + agent("clerk", f", tools=[tag]{PEOPLE}", "Answer"),
        ('@tool(effect="write")', '@tool(effect="read")'),
    ),
    Planted(
        Kind.NO_UNDO, "a flow's write says nothing of undo",
        WIRE.replace('@tool(effect="irreversible")', '@tool(effect="write")  # fault') + """
@flow
async def pay(run: Run, order: str) -> None:
    await run.human("leads", order, within="1h")
    await run.call(wire, order=order, amount=5)
""",
        ('effect="write"', 'effect="irreversible"'),
    ),
    Planted(
        Kind.NO_UNDO, "a tool that declares nothing is a write",
        """
@tool  # fault
async def count(id: int) -> int:
    \"\"\"Count.\"\"\"
    return 1

@flow
async def counted(run: Run, id: int) -> int:
    await run.signal("go")
    return await run.call(count, id=id)
""",
        ("@tool  # fault", '@tool(effect="read")'),
    ),
]  # fmt: skip

SET = NOTE.replace("text: str)", 'status: Literal["open", "solved", "deleted"])').replace(
    "return text", "return status"
)
BROAD = [
    Planted(
        Kind.BROAD_TOOL, "a tool that no contract lets it call",
        NOTE + NOTE.replace("note", "memo") + agent(
            "clerk", ", tools=[note, memo], contract=contract(allow(note, times=1))", fault=HERE
        ),
        ("tools=[note, memo]", "tools=[note]"),
    ),
    Planted(
        Kind.BROAD_TOOL, "three values are offered and one is used",
        SET + """
@flow
async def close(run: Run, id: int) -> None:
    await run.call(note, id=id, status="solved")  # fault
""",
        ("@flow", '@flow(contract=contract(allow(note, id=bind.given("id"), status="solved")))'),
    ),
    Planted(
        Kind.BROAD_TOOL, "a tool that runs whatever it is told",
        """
@tool(effect="read", trusted=True, roles={"sql": "code"})  # fault
async def query(sql: str) -> str:
    \"\"\"Ask the database.\"\"\"
    return ""
""" + agent("analyst", ", tools=[query]"),
        ('roles={"sql": "code"}', 'roles={"sql": "code"}, tier="process"'),
    ),
]  # fmt: skip
