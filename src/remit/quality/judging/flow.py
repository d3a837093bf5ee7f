"""The flow that judges: it is given a judge and matters as data, and gives what is said of each. Durable as any other
run: what was judged before a crash is not asked, nor paid, again.
"""

from __future__ import annotations

from typing import Any

from remit.engine.flow import Flow
from remit.quality.judging.bench import judge_in
from remit.quality.judging.judge import judge_of
from remit.quality.judging.judgement import plain_judgement
from remit.quality.matter import matter_of

FLOW = "remit.judge"
_AT_ONCE = 4


def judging() -> Flow:
    """It, as a flow of every workspace."""

    async def judge(
        run: Any,
        judge: dict[str, Any],
        matters: list[dict[str, Any]],
        work: list[tuple[int, bool]] | None = None,
    ) -> list[Any]:
        """Say what a judge makes of each matter. `work` names matters by their place, once for every time that one is
        judged, and whether in the other order.
        """
        chosen, known = judge_of(judge), [matter_of(each) for each in matters]
        todo = [(place, False) for place in range(len(known))] if work is None else work
        found: list[Any] = []
        for begin in range(0, len(todo), _AT_ONCE):
            batch = [
                judge_in(run, chosen, known[place], swapped=swapped)
                for place, swapped in todo[begin : begin + _AT_ONCE]
            ]
            found += [plain_judgement(each) for each in await run.gather(*batch)]
        return found

    return Flow(judge, FLOW, "", "UTC")
