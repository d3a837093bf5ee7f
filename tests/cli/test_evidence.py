"""`remit evidence` as a person uses it: make a pack, hand it on, and judge one that was handed on."""

from __future__ import annotations

import base64
import json
import shutil

import pytest

from remit.operations.evidence.catalog import FRAMEWORKS
from remit.store.verifying.notes import Checkpoint
from remit.store.verifying.tree import leaf_hash, root_by_inclusion
from tests.cli.conftest import Terminal


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_each_framework_is_answered_from_the_log(name: str, remit: Terminal) -> None:
    remit("run", "order", "--input", '{"item": "book"}', code=0)
    pack = remit("evidence", "--framework", name, "--json", code=0).json
    newest = Checkpoint.parse(pack["checkpoint"])
    cited = [
        each
        for row in pack["rows"]
        for answer in row["answers"]
        for seen in answer["events"]
        for each in seen["cited"]
    ]
    assert {each["event"].split("#")[0].split(":")[0] for each in cited} >= {"run"}
    assert newest.size == pack["covered"] <= pack["events"]
    for each in cited:
        proof = [base64.b64decode(node) for node in each["proof"]]
        leaf = leaf_hash(bytes.fromhex(each["hash"]))
        assert root_by_inclusion(each["leaf"], newest.size, leaf, proof) == newest.root
        shown = remit("audit", "show", each["event"], "--json", code=0).json if each is cited[0] else each
        assert (shown["leaf"], shown["hash"]) == (each["leaf"], each["hash"])
    for row in pack["rows"]:
        assert row["answers"] or row["gap"]
        assert (row["status"] == "not covered") == (not row["answers"])
    assert sum(pack["counts"].values()) == len(pack["rows"])


def test_a_pack_is_written_handed_on_and_judged(remit: Terminal) -> None:
    remit("run", "order", "--input", '{"item": "book"}', code=0)
    written = remit("evidence", "--framework", "soc2", "--to", "pack", "--json", code=0).json
    key = remit("audit", "key", "--json", code=0).json["keys"][0]
    assert written["key"] == key
    folder = remit.place / "pack"
    assert {file.name for file in folder.iterdir()} == {"evidence.json", "evidence.html", "manifest.txt"}
    page = (folder / "evidence.html").read_text()
    assert all(said in page for said in ("CC6.1", "not covered", "run:r-", "test_s08_truncate"))
    assert "✓ pass" in remit("evidence", "--check", "pack", "--key", key, code=0).out
    assert "? inconclusive" in remit("evidence", "--check", "pack", code=3).out
    other = "remit.log/x+" + key.split("+", 1)[1]
    assert "not_an_export" in remit("evidence", "--check", "pack", "--key", other, "--json", code=2).err
    assert "not empty" in remit("evidence", "--framework", "soc2", "--to", "pack", code=1).err


@pytest.mark.parametrize("what", ["page", "data", "manifest", "missing", "none"])
def test_an_altered_pack_fails_and_says_where(what: str, remit: Terminal) -> None:
    remit("run", "order", "--input", '{"item": "book"}', code=0)
    key = remit("evidence", "--framework", "owasp-llm", "--to", "pack", "--json", code=0).json["key"]
    folder = remit.place / "pack"
    match what:
        case "page":
            file = folder / "evidence.html"
            file.write_text(file.read_text().replace("not covered", "answered"))
            said = "evidence.html is not what was signed"
        case "data":
            file = folder / "evidence.json"
            data = json.loads(file.read_text())
            data["rows"][0]["status"] = "answered"
            file.write_text(json.dumps(data))
            said = "evidence.json is not what was signed"
        case "manifest":
            file = folder / "manifest.txt"
            file.write_text(file.read_text().replace("owasp-llm", "soc2"))
            said = "not signed by the key that you trust"
        case "missing":
            (folder / "evidence.html").unlink()
            said = "evidence.html is missing"
        case _:
            shutil.rmtree(folder)
            folder.mkdir()
            assert "cannot be read" in remit("evidence", "--check", "pack", "--key", key, code=2).err
            return
    assert said in remit("evidence", "--check", "pack", "--key", key, code=1).out


def test_only_what_happened_since_counts(remit: Terminal) -> None:
    remit("run", "order", "--input", '{"item": "book"}', code=0)
    later = remit("evidence", "--framework", "soc2", "--since", "2999-01-01", "--json", code=0).json
    assert {row["events"] for row in later["rows"]} == {0}
    assert later["events"] > 0
    assert "2026-11-01" in remit("evidence", "--framework", "soc2", "--since", "yesterday", code=2).err


def test_refusals_say_what_to_do(remit: Terminal) -> None:
    assert "owasp-agentic" in remit("evidence", "--framework", "soc3", code=2).err
    assert "--framework NAME" in remit("evidence", code=2).err
    assert "--framework NAME" in remit("evidence", "--framework", "soc2", "--check", "x", code=2).err
