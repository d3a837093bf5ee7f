"""The demo company, attacked on paper by the whole command: what is open is found, nothing is done, and what its people
accept they have accepted by name.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal, plain_environment
from tests.warm import Warm

pytestmark = pytest.mark.xdist_group("company")  # it is settled once, and each test has a copy


@pytest.fixture(scope="module")
def settled(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example after it has settled its tickets: with runs that were recorded."""
    place = tmp_path_factory.mktemp("company")
    done = warm.run(["remit", "demo", "--yes", "--keep", "desk"], place, plain_environment())
    assert done.returncode == 0, done
    return place / "desk"


@pytest.fixture
def company(remit: Terminal, settled: Path) -> Path:
    """A copy of it, in the workspace of the test."""
    return shutil.copytree(settled, remit.place / "desk")


def test_the_demo_company_has_no_way_through_that_its_people_have_not_accepted(
    remit: Terminal, company: Path
) -> None:
    runs = remit("-w", "desk", "runs", "--json", code=0).out
    found = remit("-w", "desk", "redteam", "worst-case", "--json", code=0).json
    through = [each for each in found["findings"] if each["reach"] == "allowed"]
    assert {(each["who"], each["tool"]) for each in through} == {("handle_ticket", "refund")}
    assert all(each["waived"] for each in through)
    refunds = [each["arguments"] for each in through]
    assert {each["amount"] for each in refunds} == {200}  # one more, and finance-leads are asked
    assert {each["ticket"] for each in refunds} <= {4811, 4812}  # which ticket, the flow says
    assert remit("-w", "desk", "runs", "--json", code=0).out == runs  # nothing was started, nothing performed
    (company / "redteam.toml").unlink()
    refused = remit("-w", "desk", "redteam", "worst-case", code=1)
    assert "2 ways through" in refused.out
    assert "refund(ticket=48" in refused.out


def test_no_pack_reaches_a_harm_in_the_demo_company_that_its_people_have_not_accepted(
    remit: Terminal, company: Path
) -> None:
    runs = remit("-w", "desk", "runs", "--json", code=0).json
    page = remit.place / "report.md"
    found = remit("-w", "desk", "redteam", "--json", "--markdown", str(page), code=0).json
    reached = [each for each in found["report"]["results"] if each["outcome"] == "reached"]
    assert {(each["who"], each["tool"]) for each in reached} == {("handle_ticket", "refund")}
    assert all(each["waived"] for each in reached)
    assert not [each for each in found["report"]["results"] if each["outcome"] == "untried"]
    assert "# Red team: pass" in page.read_text()
    (company / "redteam.toml").unlink()
    worse = remit("-w", "desk", "redteam", "handle_ticket", "--pack", "unsafe-output", code=1)
    assert "reached" in worse.out
    assert (
        remit("-w", "desk", "redteam", "report", found["report"]["id"][-6:], "--json", code=0).json == found
    )
    assert remit("-w", "desk", "runs", "--json", code=0).json == runs  # attacks are nobody's work


def test_a_contract_closes_what_the_rules_leave_open(remit: Terminal, company: Path) -> None:
    (company / "redteam.toml").unlink()
    bound = _reached(remit)
    assert {bound["set_ticket", mode] for mode in _MODES} == {"asked"}
    assert bound["refund", "append"] == "asked"  # it was made once already
    assert (
        bound["refund", "substitute"] == "allowed"
    )  # how much, within the rule, is what the model is asked for
    flow = company / "flows" / "desk.py"
    written = flow.read_text()
    assert written.count("@flow(contract=SETTLING)") == 1
    flow.write_text(written.replace("@flow(contract=SETTLING)", "@flow"))
    open_ = _reached(remit)
    assert {open_["set_ticket", mode] for mode in _MODES[:3]} == {"allowed"}


def test_a_rule_that_forbids_closes_it_and_the_idle_waiver_is_named(remit: Terminal, company: Path) -> None:
    rules = company / "policies" / "refunds.cedar"
    rules.write_text(
        rules.read_text()
        + '\n@id("no") forbid (principal, action == Action::"call", resource == Tool::"refund");\n'
    )
    told = remit("-w", "desk", "redteam", "worst-case", code=0)
    assert re.search(r"denied +append, substitute, memory: no \(policies/refunds.cedar:\d+\)", told.out)
    assert "the waiver of handle_ticket refund accepts nothing that happens: remove it" in told.out
    assert "no way through" in told.out


def test_an_agent_that_is_not_there_is_named_with_those_that_are(remit: Terminal, company: Path) -> None:
    wrong = remit("-w", str(company), "redteam", "worst-case", "--agent", "nobody", code=2)
    assert 'there is no agent "nobody"' in wrong.err
    assert "critic" in wrong.err


_MODES = ("append", "substitute", "memory", "content")


def _reached(remit: Terminal) -> dict[tuple[str, str], str]:
    """How far each way in leads, by tool and mode."""
    found = remit("-w", "desk", "redteam", "worst-case", "--agent", "handle_ticket", "--json", code=1).json
    return {(each["tool"], each["mode"]): each["reach"] for each in found["findings"]}
