"""What a database was asked to write together: the promises that say "in one commit" are proven on these."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from remit.store.database import Commit, Committed
from remit.testing import Stage


@contextmanager
def watched_commits(stage: Stage) -> Generator[list[Commit]]:
    """Every commit that is submitted while the block runs, in order."""
    database = stage.platform.ground.database
    seen: list[Commit] = []
    submit = database.submit

    def note(commit: Commit) -> asyncio.Future[Committed]:
        seen.append(commit)
        return submit(commit)

    database.submit = note
    try:
        yield seen
    finally:
        database.submit = submit


def with_op(commits: list[Commit], query: str, *params: object) -> Commit:
    """The one commit that carries this statement with these leading parameters."""
    (found,) = [
        commit
        for commit in commits
        if any(op.query == query and op.params[: len(params)] == params for op in commit.ops)
    ]
    return found
