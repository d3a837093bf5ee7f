"""What a page tells a reader to type is typed, in one shell and a fresh folder, and says what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.tree import name
from tests.docs.console import Shell, commands_of
from tests.docs.pages import pages
from tests.warm import Warm

PAGES = [page for page in pages() if commands_of(page)]
WITH_POSTGRES = "postgresql://remit@db.internal/remit"


def test_there_are_pages_to_test() -> None:
    assert {page.name for page in PAGES} >= {"first-run.md", "answer-the-inbox.md", "back-up-and-restore.md"}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_is_true(page: Path, tmp_path: Path, request: pytest.FixtureRequest, warm: Warm) -> None:
    words: dict[str, str] = {}
    if WITH_POSTGRES in page.read_text():
        words[WITH_POSTGRES] = f"'{request.getfixturevalue('postgres_dsn')}'"
    with Shell(tmp_path, words, warm) as shell:
        for command in commands_of(page):
            shell.run(command)
