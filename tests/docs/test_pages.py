"""Pages keep up with what they are about: the states of a run, the crash points, and each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from remit.engine import faults
from scripts import states
from tests.architecture.tree import ROOT
from tests.docs.pages import pages

LINK = re.compile(r"\]\((?!https?:|mailto:|#)(?P<to>[^)#\s]+)(?:#[^)]*)?\)")
CODE_PATH = re.compile(r"`((?:src|scripts|tests|bench|docs|requirements)/[\w./-]+)`")


def test_the_states_are_those_of_the_table() -> None:
    assert states.PAGE.read_text("utf-8") == states.page(), "write it anew: python -m scripts.states"


def test_every_crash_point_is_explained() -> None:
    text = (ROOT / "docs" / "explanation" / "crash-points.md").read_text("utf-8")
    named = re.findall(r"^\| `([a-z.]+)` \|", text, re.MULTILINE)
    assert named == list(faults.POINTS)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    missing = [to for to in LINK.findall(text) if not (page.parent / to).exists()]
    gone = [path for path in CODE_PATH.findall(text) if not (ROOT / path).exists()]
    assert (missing, gone) == ([], [])


def test_every_page_is_in_the_index() -> None:
    folder = ROOT / "docs"
    index = {(folder / to).resolve() for to in LINK.findall((folder / "README.md").read_text("utf-8"))}
    index |= {
        (folder / "explanation" / "decisions" / to).resolve()
        for to in LINK.findall((folder / "explanation" / "decisions" / "README.md").read_text("utf-8"))
    }
    forgotten = [p.relative_to(ROOT).as_posix() for p in pages() if p.is_relative_to(folder) and p not in index]
    assert forgotten in ([], ["docs/README.md"])
