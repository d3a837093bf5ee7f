"""S21: a run is bound by the rules that its release was made with and by those of now, and a release brings none into
force. What the rules of now say about tools that an old release lacks does not keep it from being executed.
"""

from __future__ import annotations

from remit.domain.policy_events import PolicyAdopted
from remit.testing import ManualClock
from tests.engine.places import Place
from tests.releases.workspaces import at, said

FLOW = """
from remit import Run, flow, tool

@tool(effect="write")
async def pay(amount: int) -> int:
    return amount

@tool(effect="write")
async def {other}(amount: int) -> int:
    return amount

@flow
async def desk(run: Run) -> str:
    try:
        return f"paid {{await run.call(pay, 5)}}"
    except Exception as no:
        return f"{{type(no).__name__}}: {{no}}"
"""
FORBIDS = '@id("{name}") forbid (principal, action == Action::"call", resource == Tool::"{tool}");\n'


async def kept(place: Place, name: str, other: str = "send", **rules: str) -> None:
    """The workspace with this other tool and these rules beside its own, as a release; they are in force, too."""
    (place.folder / "flows").mkdir(exist_ok=True)
    (place.folder / "flows" / "desk.py").write_text(FLOW.format(other=other))
    for old in place.folder.glob("policies/extra*.cedar"):
        old.unlink()
    async with at(place, clock=ManualClock()):
        pass
    for rule, tool in rules.items():
        (place.folder / "policies" / f"extra_{rule}.cedar").write_text(FORBIDS.format(name=rule, tool=tool))
    async with at(place, clock=ManualClock()) as platform:
        await platform.releasing.create(name)


async def result(place: Place, name: str) -> str:
    async with at(place, name, worker=True, clock=ManualClock()) as platform:
        run = await platform.submit("desk", {}, release=name)
        answer: str = await run.result()
        return answer


async def test_s21_both_the_rules_of_the_release_and_those_of_now_bind_its_runs(on_sqlite: Place) -> None:
    await kept(on_sqlite, "strict", never="pay")
    await kept(on_sqlite, "mild")
    assert await result(on_sqlite, "mild") == "paid 5"
    assert "never" in await result(on_sqlite, "strict")
    await kept(on_sqlite, "later", other="wire", now="pay", others="wire")
    assert "now" in await result(on_sqlite, "mild")
    async with at(on_sqlite, clock=ManualClock()) as platform:
        adopted = [each.digest for each in await said(platform, PolicyAdopted)]
        current = (await platform.releasing.show("later")).policy
        assert (adopted[-1], len(adopted)) == (current, 4)  # by the folder as it changed, and by no release
