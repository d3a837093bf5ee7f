"""Faults that were planted in small workspaces are all found, by kind and by line; their clean twins raise nothing."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from pathlib import Path

import pytest

from remit.control import settings
from remit.control.upkeep.bench import CheckReport
from remit.control.upkeep.checking import check
from remit.quality.design.findings import FaultKind
from tests.design import planted_acting as acting
from tests.design import planted_flowing as flowing
from tests.design import planted_suites as suites
from tests.design import planted_thinking as thinking
from tests.design.planting import Planted

CORPUS = [
    *acting.UNGUARDED, *acting.NO_OVERRIDE, *acting.NO_UNDO, *acting.BROAD,
    *flowing.ENDLESS, *flowing.NO_FAILURE_POLICY, *flowing.WORST_COST, *flowing.WORST_STEPS, *flowing.WORST_TIME,
    *flowing.SLOW, *thinking.NEEDLESS, *thinking.WARM, *suites.SMALL,
]  # fmt: skip
BY_KIND = {kind: list(each) for kind, each in groupby(CORPUS, attrgetter("kind"))}


async def looked_at(planted: Planted, root: Path, *, clean: bool) -> tuple[CheckReport, set[str]]:
    places = planted.write(root, clean=clean)
    chosen = settings.load(root, {})
    promised = settings.reporting_terms(chosen, root).objectives
    return await check(root, chosen, design=True, objectives=promised), places


def test_there_are_forty_and_three_of_each_kind() -> None:
    assert len(CORPUS) >= 40
    assert {kind: len(each) >= 3 for kind, each in BY_KIND.items()} == dict.fromkeys(FaultKind, True)


@pytest.mark.parametrize("kind", BY_KIND)
async def test_every_planted_fault_is_found_where_it_stands(kind: FaultKind, tmp_path: Path) -> None:
    for number, planted in enumerate(BY_KIND[kind]):
        report, places = await looked_at(planted, tmp_path / str(number), clean=False)
        assert report.design is not None
        found = report.design.open_faults
        assert {each.kind for each in found} == {kind}, (planted.name, found)
        whole = {name for name in planted.files if name.startswith(("prompts/", "suites/"))}
        assert {each.place for each in found} == (places or whole), (planted.name, found)
        assert all(each.fix for each in found)
        assert not report.ok


@pytest.mark.parametrize("kind", BY_KIND)
async def test_nothing_is_said_of_a_clean_twin(kind: FaultKind, tmp_path: Path) -> None:
    for number, planted in enumerate(BY_KIND[kind]):
        report, _ = await looked_at(planted, tmp_path / str(number), clean=True)
        assert report.problems == (), planted.name
        assert report.design is not None
        assert report.design.ok, planted.name
