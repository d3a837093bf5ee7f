"""`remit runs --since --where --facets`, `remit show --spans`, `remit doctor --rebuild`: runs as they are told."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from remit.cli.commands.runs import runs
from tests.cli.conftest import Terminal


def test_runs_are_found_and_opened_page_by_page(remit: Terminal) -> None:
    remit("run", "order", "--input", '{"item": "tea"}', code=0)
    remit("run", "broken", code=1)
    assert "up to date" in remit("doctor", "--rebuild", code=0).out
    found = remit("runs", "--since", "1h", "--json", code=0).json
    assert found["behind"]["events"] == 0
    assert {each["flow"]: each["status"] for each in found["traces"]} == {
        "order": "succeeded",
        "broken": "failed",
    }
    failed = remit("runs", "--status", "failed", "--where", "sort=task", "--limit", "1", code=0).out
    assert "broken" in failed
    assert "order" not in failed
    assert "status  failed 1, succeeded 1" in remit("runs", "--facets", code=0).out
    shown = remit("show", found["traces"][1]["id"], "--spans", code=0).out
    assert "price" in shown
    assert "pay" in shown
    assert "takes flow, agent, status" in remit("runs", "--where", "mood=good", code=2).err
    assert remit("runs", "--where", "status=failed", "--where", "flow=broken", "--json", code=0).json[
        "traces"
    ]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (("--where", "agent="), "takes NAME=VALUE"),
        (("--where", "cost=1e400"), "a number above 0"),
        (("--where", "took=-1"), "a number above 0"),
        (("--where", "agent=a", "--where", "agent=b"), "said twice"),
        (("--where", "flow=a", "--flow", "b"), "said twice"),
        (("--where", "status=parked"), "one of running, waiting"),
        (("--failures", "--where", "agent=a"), "--where does not go with --failures"),
        (("--sources", "--facets"), "two lists"),
    ],
)
def test_a_filter_that_would_be_passed_over_is_refused(said: tuple[str, ...], why: str) -> None:
    found = CliRunner().invoke(runs, [*said])
    assert found.exception
    assert why in str(found.exception) + found.output
