"""S27: a preview of undo says what would happen now: what a stranger changed, what is gone, what cannot be; and it
changes nothing.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from remit.control.running.views import UndoView
from remit.testing.scripting import Script
from remit.tools.tool import tool
from tests.gate.desk import ALL_ALLOWED, agent, desk
from tests.gate.undo_flow import ROWS, act, write_row


@tool(effect="irreversible", name="send_letter")
async def send_letter(to: str) -> str:
    """Cannot be taken back."""
    return to


@pytest.fixture(autouse=True)
def rows() -> None:
    ROWS.clear()
    ROWS.update({1: {"status": "open", "note": "a"}, 2: {"status": "open"}, 3: {"status": "open"}})


CALLS: list[tuple[str, dict[str, Any]]] = [
    ("write_row", {"id": 1, "status": "held"}),
    ("write_row", {"id": 1, "status": "solved"}),
    ("write_row", {"id": 2, "status": "solved"}),
    ("write_row", {"id": 3, "status": "solved"}),
    ("send_letter", {"to": "ana"}),
]
RULES = {
    "": ALL_ALLOWED,
    "asks": ALL_ALLOWED
    + '@id("second") @ask("leads") forbid (principal, action == Action::"undo", resource);\n',
    "denies": ALL_ALLOWED + '@id("never") forbid (principal, action == Action::"undo", resource);\n',
}


async def _foreseen(folder: Path, script: Script, change: Any = None, rules: str = "") -> list[UndoView]:
    clerk = agent(write_row, send_letter)
    async with desk(folder, script, act, agents=[clerk]) as stage:
        run = await stage.start(act, calls=CALLS)
        assert await run.result() == len(CALLS)
        if change is not None:
            change()
        (folder / "policies" / "default.cedar").write_text(RULES[rules])
        await stage.crash_and_restart()
        before = copy.deepcopy(ROWS)
        found = await stage.platform.undo_preview(run.id)
        assert before == ROWS, "a look changes nothing"
        assert await stage.platform.undo_preview(run.id) == found
        if not rules:
            undo = stage.run((await stage.platform.undo(run.id)).id)
            done = {each["path"] for each in (await undo.result())["undone"]}
            assert done == {each.path for each in found if each.possible}, "it does what was foreseen"
        return found


async def test_s27_each_write_can_be_undone_while_nobody_touched_it(script: Script, tmp_path: Path) -> None:
    letter, third, second, later, earlier = await _foreseen(tmp_path, script)
    assert (letter.tool, letter.possible, letter.why) == ("send_letter", False, "it is irreversible")
    assert third.objects == ("rows/3",)
    assert second.objects == ("rows/2",)
    assert later.objects == earlier.objects == ("rows/1",), "also where a write stands on another"
    assert all(each.possible and not each.exact and not each.done for each in (third, second, later, earlier))


async def test_s27_what_a_stranger_changed_is_shown_in_three_states(script: Script, tmp_path: Path) -> None:
    def change() -> None:
        ROWS[1]["status"] = "reopened"
        del ROWS[2]
        ROWS[3] = {"status": "open"}

    _, third, second, later, earlier = await _foreseen(tmp_path, script, change)
    assert (third.possible, third.done) == (True, True), "it is as it was already"
    assert not second.possible
    assert second.why.startswith("rows/2 is not there any more: somebody removed it since")
    assert second.difference == (
        {"field": "", "before": {"status": "open"}, "after": {"status": "solved"}, "now": None},
    )
    assert not later.possible
    assert later.difference == ({"field": "status", "before": "held", "after": "solved", "now": "reopened"},)
    assert "\"status\" of rows/1 was 'held', this run made it 'solved', and now it is 'reopened'" in later.why
    assert (earlier.possible, earlier.why) == (
        False,
        "a later write to the same object could not be taken back",
    )


async def test_s27_whom_a_rule_would_ask_is_said_and_nobody_is_asked(script: Script, tmp_path: Path) -> None:
    found = await _foreseen(tmp_path, script, rules="asks")
    assert [each.asks for each in found if each.possible] == ["leads"] * 4


async def test_s27_what_a_rule_forbids_is_no_way_back(script: Script, tmp_path: Path) -> None:
    found = await _foreseen(tmp_path, script, rules="denies")
    assert not any(each.possible for each in found)
    assert "may not undo write_row" in found[1].why


async def test_s27_a_later_run_is_named(script: Script, tmp_path: Path) -> None:
    clerk = agent(write_row)
    async with desk(tmp_path, script, act, agents=[clerk]) as stage:
        first = await stage.start(act, calls=[("write_row", {"id": 1, "status": "held"})])
        await first.result()
        second = await stage.start(act, calls=[("write_row", {"id": 1, "status": "solved"})])
        await second.result()
        (found,) = await stage.platform.undo_preview(first.id)
        assert not found.possible
        assert f"rows/1 was changed by {second.id} since" in found.why
