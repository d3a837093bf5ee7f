"""Whoever mends a workspace is not locked out of it: what needs none of its code works while that is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Terminal

LAMP = '{"item": "lamp"}'
BREAKS = {
    "flows/bad.py": "now = yesterday\n",
    "policies/bad.cedar": "permit (principal, action,\n",
    "tools.toml": "[openapi.x]\ndocument = 7\n",
    "models.toml": '[providers.x]\nkind = "nobody"\n',
    "secrets.toml": "= =\n",
}


@pytest.mark.parametrize("broken", BREAKS)
def test_operators_go_on_while_a_file_of_the_workspace_is_broken(broken: str, remit: Terminal) -> None:
    told = remit("run", "told", "--json", code=4).json["run"]["id"]
    asked = remit("run", "approved", "--input", LAMP, "--json", code=4).json["run"]["id"]
    file = remit.place / broken
    file.parent.mkdir(exist_ok=True)
    file.write_text(BREAKS[broken])
    assert remit("run", "order", "--input", LAMP, code=2).err.startswith("error: ")
    assert {run["id"] for run in remit("runs", "--json", code=0).json} == {told, asked}
    assert told in remit("show", told, code=0).out
    remit("runs", "--schedules", code=0)
    remit("pause", told, code=0)
    remit("resume", told, code=0)
    remit("signal", told, "news", "--payload", "7", code=0)
    remit("approve", remit("inbox", "--json", code=0).json[0]["id"], code=0)
    remit("cancel", asked, "--reason", "not today", code=0)
    remit("backup", "data.bak", "--keys", "keys.bak", code=0)
    remit("shred", "ana", "--yes", code=0)
    sick = {finding["name"]: finding["state"] for finding in remit("doctor", "--json", code=1).json}
    assert (sick["workspace"], sick["database"]) == ("broken", "ok")
    file.unlink()
    remit("doctor", code=0)


def test_no_is_an_answer_as_well(remit: Terminal) -> None:
    remit("run", "approved", "--input", LAMP, code=4)
    Path(remit.place / "flows" / "bad.py").write_text(BREAKS["flows/bad.py"])
    assert "rejected" in remit("reject", remit("inbox", "--json", code=0).json[0]["id"], code=0).out
