"""The table of moves is the state machine: the database lets through exactly the rows that it allows."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit import Platform
from remit.domain.runs import TRANSITIONS, RunStatus

OWNER = "w-1"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The table of runs as migrations make it, with one run in it."""
    folder = tmp_path_factory.mktemp("schema")
    asyncio.run(_open_once(folder))
    connection: Any = apsw.Connection(str(folder / ".remit" / "remit.db"))
    connection.execute("BEGIN IMMEDIATE")  # and never committed: no disk has to be waited for
    connection.execute(
        "INSERT INTO runs (id, team, flow, status, pin, key_id, created_at) "
        "VALUES ('r', 't', 'f', 'ready', 'p', 'k', 0)"
    )
    return connection


async def _open_once(folder: Path) -> None:
    async with Platform.open(folder, worker=False):
        pass


def test_every_state_has_its_moves_and_only_ends_have_none() -> None:
    assert set(TRANSITIONS) == set(RunStatus)
    assert {status for status, moves in TRANSITIONS.items() if not moves} == {
        status for status in RunStatus if status.ended
    }


def test_every_state_is_reached_and_every_state_can_end() -> None:
    assert reachable(RunStatus.READY) == set(RunStatus)
    for status in RunStatus:
        assert status.ended or reachable(status) >= {each for each in RunStatus if each.ended}


def test_only_who_owns_a_run_ends_it() -> None:
    before = {status for status, moves in TRANSITIONS.items() if any(each.ended for each in moves)}
    assert before == {RunStatus.RUNNING}


def reachable(start: RunStatus) -> set[RunStatus]:
    found, waiting = {start}, [start]
    while waiting:
        new = TRANSITIONS[waiting.pop()] - found
        found |= new
        waiting.extend(new)
    return found


@given(
    status=st.sampled_from([*(each.value for each in RunStatus), "lost", ""]),
    owner=st.sampled_from([None, OWNER]),
    due=st.sampled_from([None, 1]),
    ended_at=st.sampled_from([None, 2]),
    paused=st.sampled_from([0, 1, 2]),
)
def test_the_database_holds_no_row_that_the_states_do_not_mean(
    table: Any, status: str, owner: str | None, due: int | None, ended_at: int | None, paused: int
) -> None:
    known = status in {each.value for each in RunStatus}
    meant = known and (
        (owner is not None) == (status == RunStatus.RUNNING)
        and (ended_at is not None) == RunStatus(status).ended
        and (due is None or status in {RunStatus.READY, RunStatus.PARKED})
        and paused in {0, 1}
    )
    change = "UPDATE runs SET status = ?, owner = ?, due = ?, ended_at = ?, paused = ? WHERE id = 'r'"
    if meant:
        table.execute(change, (status, owner, due, ended_at, paused))
        return
    with pytest.raises(apsw.ConstraintError):
        table.execute(change, (status, owner, due, ended_at, paused))
