"""Code that is nowhere is held against nothing: that is one sentence, and no process is started for it."""

from __future__ import annotations

import re

import pytest

from remit import Run, flow
from remit.control.evaluating.elsewhere import Elsewhere
from remit.control.evaluating.views import Wish
from remit.domain.experiment_errors import NothingToTry
from remit.quality.scenarios.expectation import equals
from remit.quality.scenarios.scenario import Gold, Scenario
from remit.quality.suite import Suite
from remit.testing import stage


@flow
async def shout(run: Run, word: str) -> str:
    """Say it louder."""
    return word.upper()


async def test_what_is_no_other_code_is_refused_here(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(*_: object) -> Elsewhere:
        raise AssertionError("a process was started for nothing")

    monkeypatch.setattr(Elsewhere, "start", nobody)
    suite = Suite("loud", "shout", (Scenario("one", {"word": "a"}, gold=Gold(equals("A"))),))
    async with stage(shout) as place:
        with pytest.raises(NothingToTry, match=re.escape('"nowhere" is no experiment, no folder')):
            await place.platform.evaluating.run(suite, Wish(against="nowhere"))
