"""Where signs say too little a judge is asked, and only then; it can name nobody who took no part."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from remit.control.judging.views import FaultView
from remit.domain.errors import InvalidInput, RemitError
from remit.models.simulation.lines import Line
from remit.testing import Stage, stage
from remit.testing.scripting import Script
from tests.attribution.planted import AGENTS, CASES, POLICY, desk, good
from tests.gate.desk import write_policy
from tests.judging.bench import write_judge

FINDER = "kind: fault\nrubric: The first who could have known better.\nroute: fast\n"


async def asked(on: Stage, script: Script, question: str = "refund ana") -> FaultView:
    """Whose fault a run is said to be that goes by this script."""
    on.platform.simulate(script.play)
    run = await on.start(desk, asked=question)
    with suppress(RemitError):
        await run.result()
    return await on.platform.judging.fault(run.id)


async def test_a_judge_is_asked_where_signs_say_too_little(tmp_path: Path) -> None:
    write_policy(tmp_path, POLICY)
    seen: list[Any] = []

    def says(agent: str, step: str) -> Script:
        script = Script()
        good(script)

        def answer(scene: Any) -> Line:
            seen.append(scene)
            return Line(answer={"reason": "it wrote too soon", "agent": agent, "step": step})

        script("judge.blame").plays(answer).forever()
        return script

    async with stage(desk, workspace=tmp_path, agents=AGENTS) as on:
        quiet = await asked(on, says("writer", "writer/model"))
        assert (quiet.agent, quiet.by) == ("", "signs"), "there is no such judge yet"
        write_judge(tmp_path, "blame", FINDER)
        found = await asked(on, says("writer", "writer/model"))
        assert (found.agent, found.step, found.by, found.confidence) == (
            "writer",
            "writer/model",
            "blame",
            0.5,
        )
        assert found.evidence[0][0] == "it wrote too soon"
        assert found.evidence[0][1]
        assert found.asked
        assert "writer at writer/model" in seen[-1].user
        assert 'payer at payer/model: calls refund({"order": "o-17", "amount": 240})' in seen[-1].user
        assert list(seen[-1].tool_names) == []
        assert (await asked(on, says("nobody", "nowhere"))).by == "signs"
        looked = len(seen)
        case = next(each for each in CASES if each.what == "another amount than was read")
        script = says("writer", "writer/model")
        for name in ("finder", "payer", "writer"):
            del script._agents[name]  # pyright: ignore[reportPrivateUsage]
        case.script(script)
        sure = await asked(on, script)
        assert (sure.agent, sure.by, len(seen)) == ("finder", "signs", looked), (
            "signs are sure, and nobody is asked"
        )
        for wrong in (
            on.platform.judging.run("blame", [sure.run]),
            on.platform.judging.calibrate("blame", "gold"),
        ):
            with pytest.raises(InvalidInput, match="says whose fault a run was"):
                await wrong
        with pytest.raises(InvalidInput, match="no judge of the kind fault"):
            await on.platform.judging.fault(sure.run, "polite")
