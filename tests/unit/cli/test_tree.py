"""What a person sees of a run: each line says its state in a word, equal neighbours stand together, nothing is
wider than the terminal.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from remit.cli.output import cell_width
from remit.cli.tree import run_lines
from remit.control.runs.views import RunSummary, RunView, StepView, WaitView

MS = 1000


def step(path: str, **changes: Any) -> StepView:
    name = path.rpartition("/")[2].partition("#")[0]
    plain = StepView(path, name, "step", "done", 1, 1 + 4 * MS, 1, "", "", None, 0)
    return replace(plain, **changes)


def view(*steps: StepView, segments: int = 1, status: str = "running", **changes: Any) -> RunView:
    ended = 3_200_000 if status in {"succeeded", "failed"} else None
    run = RunSummary("r-1", "handle_ticket", status, "", 0, ended, None, "", None, False, len(steps))
    plain = RunView(run, {"ticket_id": 7}, None, "", "you", segments, 1, 9, None, False, list(steps), [])
    return replace(plain, **changes)


def text(shown: RunView, columns: int = 100) -> list[str]:
    return [line.plain.rstrip() for line in run_lines(shown, 5_000_000, columns)]


def test_a_finished_run_reads_from_its_call_to_its_result() -> None:
    lines = text(view(step("get_ticket#1"), step("refund#1", kind="write"), status="succeeded", result="ok"))
    assert lines == [
        "run r-1  handle_ticket(ticket_id=7)",
        "├─ ✓ get_ticket  read   done  4 ms",
        "└─ ✓ refund      write  done  4 ms",
        "succeeded in 3.2 s · 1 segment · 9 events",
        'result  "ok"',
    ]


def test_after_a_restart_each_step_says_whether_it_ran_once_or_was_replayed() -> None:
    lines = text(
        view(step("a#1", replays=1), step("b#1", attempts=2), step("c#1", how="reconciled"), segments=2)
    )
    assert [line.split("4 ms")[1].strip() for line in lines[1:4]] == [
        "ran once · replayed ×1",
        "2 attempts",
        "reconciled",
    ]


def test_equal_parallel_steps_stand_on_one_line_and_different_ones_do_not() -> None:
    def branches(*leaves: StepView) -> StepView:
        inner = [step(f"gather#1.{i}", kind="branch", children=[leaf]) for i, leaf in enumerate(leaves)]
        return step("gather#1", kind="scope", children=inner)

    equal = text(view(branches(*(step(f"gather#1.{i}/search#1") for i in range(3)))))
    assert equal[1] == "└─ ✓ search ×3  read  done  4 ms"
    different = text(view(branches(step("gather#1.0/search#1"), step("gather#1.1/search#1", state="failed"))))
    assert [line.split()[-4:][0] for line in different[2:4]] != []
    assert any("failed" in line for line in different)
    assert not any("×" in line for line in different)


def test_a_long_note_continues_below_and_stays_inside_the_terminal() -> None:
    lines = text(view(step("fetch#1", state="failed", detail="the page told the agent to do it " * 6)), 70)
    assert len(lines) > 5
    assert max(cell_width(line) for line in lines[1:-1]) <= 70


def test_a_waiting_run_names_the_command_that_continues_it() -> None:
    waits = [
        WaitView("human#1", "human", "", "finance-leads", 5_000_000 + 4 * 3_600_000_000, "a-19"),
        WaitView("signal#1", "signal", "paid", "", None, ""),
    ]
    lines = text(view(step("human#1", kind="wait", state="waiting"), status="parked", waits=waits))
    assert "[remit approve a-19]" in lines[-2]
    assert "waits for finance-leads until" in lines[-2]
    assert "(in 4 h)" in lines[-2]
    assert lines[-1].endswith("[remit signal r-1 paid --payload JSON]")
