"""What an exchange costs the log: one commit if it is short, two if it is not, and nothing that could go without."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from remit.domain.budgets import Budget
from remit.domain.fronting import KeyScope
from remit.store.database import Commit, Committed
from remit.store.databases import sqlite
from tests.gateway.front import Front, front
from tests.gateway.test_s29_exchanges import answer

SCOPE = KeyScope("bot", budget=Budget(usd=50))
MOST_OPERATIONS = 4
"""The key and the row of its run, what it drew on the budget, and that it is over."""


def counted(door: Front, monkeypatch: pytest.MonkeyPatch, *, all_of_them: bool = False) -> list[Commit]:
    """The commits of runs from now on, or just all."""
    database, seen = door.platform.ground.database, list[Commit]()
    submit = database.submit

    def noted(commit: Commit) -> asyncio.Future[Committed]:
        if commit.events or all_of_them:
            seen.append(commit)
        return submit(commit)

    monkeypatch.setattr(database, "submit", noted)
    return seen


def kinds(commits: list[Commit]) -> list[list[str]]:
    return [[event.kind for event in commit.events] for commit in commits]


async def test_s03_a_short_exchange_is_one_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_PATIENCE", 60.0)  # whatever else this machine does meanwhile
    monkeypatch.setattr("remit.engine.outbox.PATIENCE", 50.0)
    async with front(tmp_path, scope=SCOPE) as door:
        caller, perform = await door.caller(), door.platform.fronts.perform
        await perform(
            caller, "model", {}, answer
        )  # leases a part of the budget, and says what was used since
        commits = counted(door, monkeypatch)
        for _ in range(3):
            await perform(caller, "model", {}, answer)
        assert kinds(commits) == [["run.created", "step.done", "run.ended"]] * 3
        operations = [[op.query for op in commit.ops] for commit in commits]
        assert max(map(len, operations)) <= MOST_OPERATIONS, operations
        assert all("budgets.admit" not in each for each in operations), (
            "it is over before anybody has to know"
        )


async def test_s03_a_long_exchange_is_known_before_it_is_over_and_is_two_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_PATIENCE", 60.0)  # the exchange hurries it by itself
    async with front(tmp_path, scope=SCOPE) as door:
        caller, perform = await door.caller(), door.platform.fronts.perform
        await perform(caller, "model", {}, answer)
        commits, desk = counted(door, monkeypatch), door.platform.parts.house.gate.parts.models
        ask, asked, go_on = desk.ask, asyncio.Event(), asyncio.Event()

        async def slowly(*args: Any, **more: Any) -> Any:
            asked.set()
            await go_on.wait()
            return await ask(*args, **more)

        monkeypatch.setattr(desk, "ask", slowly)
        task = asyncio.create_task(perform(caller, "model", {}, answer))
        await asked.wait()
        while not (commits and len(commits[0].events) > 1 and not commits[0].gathering):
            await asyncio.wait([task], timeout=0.01)
        assert kinds(commits) == [["run.created", "action.admitted"]]
        assert "budgets.admit" in {op.query for op in commits[0].ops}
        go_on.set()
        await task
        assert kinds(commits)[1:] == [["step.done", "run.ended"]]


async def test_s03_a_short_exchange_that_is_cut_off_is_charged_and_says_that_it_took_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_PATIENCE", 60.0)
    monkeypatch.setattr("remit.engine.outbox.PATIENCE", 50.0)
    async with front(tmp_path, scope=SCOPE) as door:
        caller, perform = await door.caller(), door.platform.fronts.perform
        await perform(caller, "model", {}, answer)
        commits = counted(door, monkeypatch, all_of_them=True)
        desk = door.platform.parts.house.gate.parts.models
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def hang(*_: object, **__: object) -> object:
            gone.set_result(None)
            return await asyncio.get_running_loop().create_future()

        monkeypatch.setattr(desk, "ask", hang)
        with pytest.raises(Exception, match=r"cancelled|hung up"):
            await perform(caller, "model", {}, answer, gone=gone)
    told = [event.kind for commit in commits for event in commit.events]
    assert (told[0], told[-1]) == ("run.created", "run.ended")
    assert "action.admitted" in told, "that it may have been contacted is in the log"
    operations = [op.query for commit in commits for op in commit.ops]
    assert operations.count("budgets.settle") == operations.count("budgets.admit") == 1
