"""Pages keep up with what they are about: states, events, crash points, and each other."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from remit.domain.kinds import every_kind
from remit.engine import faults
from scripts import states
from tests.architecture.tree import ROOT, name
from tests.docs.pages import pages

LINK = re.compile(r"\]\((?!https?:|mailto:|#)(?P<to>[^)#\s]+)(?:#[^)]*)?\)")
CODE_PATH = re.compile(r"`((?:src|scripts|tests|bench|docs|requirements)/[\w./-]+)`")
DOCS = ROOT / "docs"


def test_the_states_are_those_of_the_table() -> None:
    assert states.PAGE.read_text("utf-8") == states.page(), "write it anew: python -m scripts.states"


def test_every_crash_point_is_explained() -> None:
    text = (DOCS / "explanation" / "crash-points.md").read_text("utf-8")
    assert re.findall(r"^\| `([a-z.]+)` \|", text, re.MULTILINE) == list(faults.POINTS)


def test_every_field_of_an_event_is_named() -> None:
    text = (DOCS / "reference" / "events.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| (.*)", text, re.MULTILINE))
    assert sorted(rows) == sorted(every_kind())
    named = {kind: set(re.findall(r"`(\w+)`", row)) for kind, row in rows.items()}
    assert [
        (name, f.name)
        for name, kind in every_kind().items()
        for f in fields(kind)
        if f.name not in named[name]
    ] == []


@pytest.mark.parametrize("page", pages(), ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    missing = [to for to in LINK.findall(text) if not (page.parent / to).exists()]
    gone = [path for path in CODE_PATH.findall(text) if not (ROOT / path).exists()]
    assert (missing, gone) == ([], [])


def test_every_page_is_in_an_index() -> None:
    indexes = [DOCS / "README.md", DOCS / "explanation" / "decisions" / "README.md"]
    listed = {
        (index.parent / to).resolve() for index in indexes for to in LINK.findall(index.read_text("utf-8"))
    }
    assert [name(page) for page in pages() if page.parent != ROOT and page not in {*listed, indexes[0]}] == []
