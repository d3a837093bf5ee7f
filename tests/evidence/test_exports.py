"""What is exported can be judged by whoever has only the files: the whole log or a part, with content or without, by
the verifier alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from remit.control.auditing import audit
from remit.control.auditing.audit import ExportView, Scope
from remit.domain.errors import Refused
from remit.domain.evidence_errors import NotAnExport, UnknownEvent
from remit.store import verifying
from remit.store.verifying.verdicts import Kind, Report
from tests.evidence.books import Books, act
from tests.evidence.test_s08_matrix import kinds, outcomes

VERIFIER = Path(verifying.__file__).parent


async def exported(
    books: Books, name: str, scope: Scope | None = None, *, content: bool = False
) -> ExportView:
    ground = await books.ground()
    try:
        return await audit.export(ground, books.place / name, scope or Scope(), content=content)
    finally:
        await ground.database.close()


def judged(books: Books, name: str) -> Report:
    return audit.verify_export(books.place / name, books.anchor, "")


async def test_s07_after_a_shred_every_proof_holds_and_the_content_is_gone_from_the_export_too(
    books: Books,
) -> None:
    await books.trade(900_001, subject="ana")
    await books.trade(900_002)
    await exported(books, "before", content=True)
    assert "900001" in (books.place / "before" / "content.jsonl").read_text()
    assert set(outcomes(judged(books, "before")).values()) == {"pass"}
    await books.trade(shred="ana")
    after = await exported(books, "after", content=True)
    assert after.shredded > 0
    for name in ("before", "after"):
        text = (books.place / name / "content.jsonl").read_text()
        assert "900001" not in text
        assert "900002" in text
    assert set(outcomes(judged(books, "after")).values()) == {"pass"}
    report = judged(books, "before")  # the anchor went on since then, and who holds it is told so
    assert [verdict.outcome for verdict in report.verdicts] == ["pass", "pass", "inconclusive", "pass"]
    assert "export again" in report.verdicts[2].sentence


async def test_content_that_is_not_what_was_committed_to_is_named(books: Books) -> None:
    (run,) = await books.trade(900_001)
    await exported(books, "out", content=True)
    file = books.place / "out" / "content.jsonl"
    file.write_text(file.read_text().replace("900001", "900002"))
    report = judged(books, "out")
    assert kinds(report) == {Kind.EDITED}
    assert {finding.stream for finding in report.findings} == {f"run:{run}"}


async def test_a_body_that_was_altered_in_the_database_is_named_where_content_is_asked_for(
    books: Books,
) -> None:
    (run,) = await books.trade(1)
    await books.sql("UPDATE events SET body = ? WHERE stream = ? AND seq = 2", [(bytes(64), f"run:{run}")])
    await exported(books, "out", content=True)
    report = judged(books, "out")
    assert [(each.kind, each.stream, each.seq) for each in report.findings] == [
        (Kind.EDITED, f"run:{run}", 2)
    ]


async def test_a_part_hangs_on_the_checkpoint_that_the_reader_holds(books: Books) -> None:
    first, second = await books.trade(1, 2)
    made = await exported(books, "run", Scope(run=first))
    assert made.streams == 1
    report = judged(books, "run")
    assert set(outcomes(report).values()) == {"pass"}, report
    shutil.copy(books.anchor, books.place / "held")
    await books.trade(3)
    held = audit.verify_export(books.place / "run", books.place / "held", "")
    assert held.outcome == "pass"
    assert "newer checkpoints" in judged(books, "run").verdicts[2].sentence
    await exported(books, "again", Scope(run=first))
    assert audit.verify_export(books.place / "again", books.place / "held", "").outcome == "pass"
    await exported(books, "team", Scope(team="default"))
    assert outcomes(judged(books, "team")) == {
        "integrity": "pass", "completeness": "inconclusive", "anchoring": "pass", "consistency": "pass",
    }  # fmt: skip
    (moment,) = (await books.sql("SELECT max(at) FROM events"))[0]
    assert (await exported(books, "since", Scope(since=moment))).streams == 1
    assert second not in (books.place / "run" / "events.jsonl").read_text()


async def test_an_act_without_its_decision_is_named_where_content_is_there(books: Books) -> None:
    (run,) = await books.trade(1, what=act)
    await exported(books, "honest", content=True)
    assert judged(books, "honest").outcome == "pass"
    await books.read()
    claim = next(event for event in books.of(run) if event.kind == "step.claimed")
    await books.reseal(claim, b'{"name":"tell_crm","digest":"d","key":"k","attempt":1,"until":1}')
    books.rechain(run)
    await books.write()
    await books.resign()
    await exported(books, "forged", content=True)
    report = audit.verify_export(books.place / "forged", None, "")
    assert [(each.kind, each.stream) for each in report.findings if each.outcome == "fail"] == [
        (Kind.RECEIPT, f"run:{run}")
    ]
    assert outcomes(report)["completeness"] == "fail"


async def test_a_run_that_somebody_chose_shows_each_decision_and_nothing_can_be_left_out(
    books: Books,
) -> None:
    (run,) = await books.trade(1, what=act)
    await exported(books, "plain")
    assert "which was not looked at" in judged(books, "plain").verdicts[1].sentence
    await exported(books, "one", Scope(run=run), content=True)
    assert "every act that can still be read was decided" in judged(books, "one").verdicts[1].sentence
    file = books.place / "one" / "content.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if json.loads(line)["seq"] != 3))
    report = judged(books, "one")
    assert outcomes(report)["completeness"] == "fail"
    failed = [(each.kind, each.seq) for each in report.findings if each.outcome == "fail"]
    assert (Kind.NOT_COVERED, 3) in failed


@pytest.mark.parametrize("what", ["kind", "cut", "proof", "note"])
async def test_a_part_that_was_altered_fails(books: Books, what: str) -> None:
    (run,) = await books.trade(1)
    await exported(books, "run", Scope(run=run))
    folder = books.place / "run"
    if what == "kind":
        _replace(folder / "events.jsonl", '"step.done"', '"step.failed"')
    elif what == "cut":
        lines = (folder / "events.jsonl").read_text().splitlines(keepends=True)
        (folder / "events.jsonl").write_text("".join(lines[:-1]))
    elif what == "proof":
        _replace(folder / "proofs.jsonl", '"leaf":', '"leaf":1')
    else:
        _replace(folder / "checkpoints.jsonl", "\\ntime 1", "\\ntime 2")
    assert judged(books, "run").outcome == "fail"


async def test_a_part_with_a_held_checkpoint_that_it_does_not_go_on_from_fails(books: Books) -> None:
    runs = await books.trade(1, 2)
    await books.read()
    await books.reseal(books.of(runs[0])[0], b"{}")
    books.rechain(runs[0])
    await books.write()
    await books.resign()
    await exported(books, "run", Scope(run=runs[1]))
    report = judged(books, "run")
    assert outcomes(report)["integrity"] == "pass"
    assert kinds(report) == {Kind.RESIGNED}


async def test_the_verifier_works_alone_with_nothing_but_cryptography(books: Books) -> None:
    await books.trade(1, 2)
    await exported(books, "out", content=True)
    alone = books.place / "alone"
    shutil.copytree(VERIFIER, alone / "verifying", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("cryptography", "cffi", "_cffi_backend"):
        _lend(name, alone)

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, "-S", "-B", "-m", "verifying", str(books.place / "out"), "--json", *words],
            cwd=alone, env={"PYTHONPATH": str(alone), "PATH": os.environ["PATH"]}, capture_output=True, text=True,
            check=False, timeout=60,
        )  # fmt: skip
        return done.returncode, json.loads(done.stdout)

    code, report = run("--anchor", str(books.anchor))
    assert (code, report["outcome"]) == (0, "pass")
    assert run()[0] == 3
    _replace(books.place / "out" / "events.jsonl", '"step.done"', '"step.failed"')
    assert run("--anchor", str(books.anchor))[0] == 1


async def test_the_live_log_is_judged_as_its_export_is(books: Books) -> None:
    (run,) = await books.trade(1)
    ground = await books.ground()
    assert (await audit.verify_log(ground, books.anchor, "", ())).outcome == "pass"
    assert (await audit.verify_log(ground, None, "", ())).outcome == "inconclusive"
    proof = await audit.show(ground, f"{run}#2")
    assert (proof.stream, proof.seq, proof.kind) == (f"run:{run}", 2, "step.done")
    await books.sql("UPDATE events SET kind = 'step.failed' WHERE stream = ? AND seq = 2", [(f"run:{run}",)])
    report = await audit.verify_log(ground, books.anchor, "", ())
    assert [(each.kind, each.seq) for each in report.findings if each.kind == Kind.EDITED] == [
        (Kind.EDITED, 2)
    ]
    with pytest.raises(UnknownEvent):
        await audit.show(ground, f"{run}#999")
    with pytest.raises(UnknownEvent, match="names no event"):
        await audit.show(ground, "nonsense")
    await ground.database.close()


async def test_what_is_no_export_is_refused(books: Books) -> None:
    with pytest.raises(NotAnExport, match=r"manifest\.json"):
        audit.verify_export(books.place, None, "")
    await books.trade(1)
    await exported(books, "out")
    with pytest.raises(Refused, match="not empty"):
        await exported(books, "out")
    with pytest.raises(NotAnExport, match="no public key"):
        audit.verify_export(books.place / "out", None, "nonsense")
    (books.place / "out" / "events.jsonl").write_text("[1,2]\n")
    with pytest.raises(NotAnExport, match="line 1"):
        audit.verify_export(books.place / "out", None, "")


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def _lend(name: str, to: Path) -> None:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    origin = Path(spec.origin)
    origin = origin.parent if origin.name == "__init__.py" else origin
    (to / origin.name).symlink_to(origin)
