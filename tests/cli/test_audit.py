"""`remit audit` as a person uses it: sign, export, verify, show, and replace the key."""

from __future__ import annotations

from tests.cli.conftest import Terminal

ANCHOR = ".remit/anchor/checkpoints.jsonl"


def test_a_log_is_exported_and_verified_by_whoever_holds_an_anchor(remit: Terminal) -> None:
    remit("run", "order", "--input", '{"item": "book"}', code=0)
    key = remit("audit", "key", "--json", code=0).json["keys"][0]
    made = remit("audit", "export", "--to", "out", "--json", code=0).json
    assert made["key"] == key
    assert made["events"] == made["checkpoint"]
    assert "inconclusive" in remit("audit", "verify", "out", code=3).out
    passed = remit("audit", "verify", "out", "--anchor", ANCHOR, "--key", key, code=0).out
    assert passed.count("✓ pass") == 4
    assert "anchored at" in passed
    assert remit("audit", "verify", code=0).out.count("✓ pass") == 4
    events = remit.place / "out" / "events.jsonl"
    events.write_text(events.read_text().replace('"run.ended"', '"run.parked"'))
    failed = remit("audit", "verify", "out", "--anchor", ANCHOR, "--json", code=1).json
    assert failed["outcome"] == "fail"
    assert {finding["kind"] for finding in failed["findings"]} >= {"edited"}


def test_what_happens_without_a_worker_is_signed_on_demand_and_by_a_new_key(remit: Terminal) -> None:
    remit("run", "order", "--input", '{"item": "book"}', code=0)
    before = remit("audit", "checkpoint", "--json", code=0).json
    keys = remit("audit", "key", "--rotate", "--json", code=0).json["keys"]
    assert keys[0] == before["key"]
    after = remit("audit", "checkpoint", "--json", code=0).json
    assert (after["key"], after["size"]) == (keys[1], before["size"] + 1)
    remit("audit", "verify", "--key", keys[0], code=0)
    proof = remit("audit", "show", f"workspace#{1}", "--json", code=0).json
    assert (proof["size"], proof["leaf"]) == (after["size"], 0)
    assert proof["note"] == after["note"]


def test_refusals_say_what_to_do(remit: Terminal) -> None:
    remit("run", "order", "--input", '{"item": "book"}', code=0)
    assert "not_an_export" in remit("audit", "verify", "nowhere", "--json", code=2).err
    assert "unknown_event" in remit("audit", "show", "workspace#77", "--json", code=2).err
    assert (
        "exclude each other" in remit("audit", "export", "--to", "x", "--run", "a", "--team", "b", code=2).err
    )
    assert "2026-11-01" in remit("audit", "export", "--to", "x", "--since", "yesterday", code=2).err
    remit("audit", "export", "--to", "out", code=0)
    assert "not empty" in remit("audit", "export", "--to", "out", code=1).err


def test_the_doctor_tells_the_age_of_checkpoint_and_anchor(remit: Terminal) -> None:
    remit("run", "order", "--input", '{"item": "book"}', code=0)
    said = remit("doctor", "--json").json
    found = {finding["name"]: finding for finding in said}
    assert found["evidence"]["state"] == found["anchor"]["state"] == "ok"
    assert "old and covers" in found["evidence"]["message"]
    assert "was written" in found["anchor"]["message"]
