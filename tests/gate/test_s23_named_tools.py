"""Contracts name tools by what they are: each gets its slot, wherever it stands (S23)."""

from __future__ import annotations

from remit import Run, allow, contract, flow
from remit.testing.scripting import Script
from remit.tools.tool import PythonTool, tool
from tests.engine.places import Place
from tests.gate.desk import desk


async def test_s23_a_flow_s_contract_has_a_slot_for_each_tool_that_it_names_wherever_the_tool_stands(
    place: Place, script: Script
) -> None:
    """The contract is fixed at the first call, when nobody has met the tools of the later ones."""
    done: list[str] = []

    def act(name: str) -> PythonTool:
        async def acts(what: str) -> str:
            """Act."""
            done.append(f"{name} {what}")
            return what

        return tool(name=name, roles={"what": "object"})(acts)

    held = {name: act(name) for name in ("first", "second", "third")}

    @flow(
        contract=contract(
            allow(held["first"], what=["a"]), allow(held["second"], what=["b"]), on_violation="deny"
        )
    )
    async def acts(run: Run) -> str:
        await run.call(held["first"], "a")
        await run.call(held["second"], "b")
        try:
            await run.call(held["third"], "c")
        except Exception as wrong:  # noqa: BLE001 - refused is what is looked at
            return str(wrong)
        return ""

    async with desk(place.folder, script, acts, database=place.database) as made:
        assert "the contract of this run has no third" in await (await made.start(acts)).result()
        assert done == ["first a", "second b"]
