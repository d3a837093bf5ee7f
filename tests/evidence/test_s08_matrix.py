"""S8: whatever an operator with all keys does to the log, somebody who holds a checkpoint sees it, offline, and is told
what it was. Hashes are recomputed and checkpoints signed anew with the log's own key, unless a test says otherwise.
"""

from __future__ import annotations

from remit.control.auditing import audit
from remit.store.verifying.verdicts import Kind, Outcome, Report
from tests.evidence.books import Books

HELD = ("anchoring", "consistency")


def outcomes(report: Report) -> dict[str, Outcome]:
    return {verdict.question: verdict.outcome for verdict in report.verdicts}


def kinds(report: Report) -> set[str]:
    return {finding.kind for finding in report.findings if finding.outcome == "fail"}


def named(report: Report, kind: str) -> list[str]:
    return [finding.stream for finding in report.findings if finding.kind == kind]


async def test_s08_an_honest_log_passes(books: Books) -> None:
    await books.trade(1, 2)
    await books.trade(3)
    report = await books.judged()
    assert set(outcomes(report).values()) == {"pass"}, report
    assert report.findings == []
    assert report.anchored == report.events


async def test_s08_without_a_held_checkpoint_it_says_that_it_cannot_know(books: Books) -> None:
    await books.trade(1)
    report = await books.judged(anchored=False)
    assert outcomes(report)["anchoring"] == "inconclusive" == report.outcome
    assert "no checkpoint was given" in report.verdicts[2].sentence


async def test_s08_edit(books: Books) -> None:
    runs = await books.trade(1, 2)
    await books.trade(3)
    await books.read()
    victim = books.of(runs[0])[2]
    await books.reseal(victim, b'{"name":"look","digest":"d","result":900,"started":1}')
    books.rechain(runs[0])
    await books.write()
    await books.resign()
    report = await books.judged()
    assert named(report, Kind.EDITED) == [f"run:{runs[0]}"]
    assert kinds(report) == {Kind.EDITED, Kind.RESIGNED}
    assert outcomes(report)["integrity"] == "pass"
    assert {outcomes(report)[each] for each in HELD} == {"fail"}
    assert outcomes(await books.judged(anchored=False))["anchoring"] == "inconclusive"


async def test_s08_reorder(books: Books) -> None:
    runs = await books.trade(1, 2)
    await books.trade(3)
    await books.read()
    first, *middle, last = books.of(runs[0])
    middle[0].pos, middle[1].pos = middle[1].pos, middle[0].pos
    await books.renumber(runs[0], [first, middle[1], middle[0], *middle[2:], last])
    await books.write()
    await books.resign()
    report = await books.judged()
    assert named(report, Kind.REORDERED) == [f"run:{runs[0]}"]
    assert kinds(report) <= {Kind.REORDERED, Kind.RESIGNED, Kind.RECEIPT}


async def test_s08_insert(books: Books) -> None:
    runs = await books.trade(1, 2)
    await books.trade(3)
    await books.read()
    events = books.of(runs[0])
    extra = type(events[2])(*events[2].row)
    extra.pos, extra.at = max(event.pos for event in books.events) + 1, extra.at + 17
    books.events.append(extra)
    await books.renumber(runs[0], [*events[:3], extra, *events[3:]])
    await books.write()
    await books.resign()
    report = await books.judged()
    assert named(report, Kind.INSERTED) == [f"run:{runs[0]}"]
    assert [finding.seq for finding in report.findings if finding.kind == Kind.INSERTED] == [4]


async def test_s08_delete_inside(books: Books) -> None:
    runs = await books.trade(1, 2)
    await books.trade(3)
    await books.read()
    events = books.of(runs[0])
    books.events.remove(events[2])
    await books.renumber(runs[0], [*events[:2], *events[3:]])
    await books.write()
    await books.resign()
    report = await books.judged()
    assert named(report, Kind.DELETED_INSIDE) == [f"run:{runs[0]}"]
    assert outcomes(report)["completeness"] == "fail"


async def test_s08_truncate(books: Books) -> None:
    runs = await books.trade(1, 2)
    await books.trade(3)
    await books.read()
    for event in books.of(runs[0])[-2:]:
        books.events.remove(event)
    await books.write()
    await books.resign()
    report = await books.judged()
    assert named(report, Kind.TRUNCATED) == [f"run:{runs[0]}"]
    assert {outcomes(report)[each] for each in (*HELD, "completeness")} == {"fail"}


async def test_s08_delete_a_run(books: Books) -> None:
    runs = await books.trade(1, 2)
    await books.trade(3)
    await books.read()
    await books.forget(runs[1])
    await books.write()
    await books.resign()
    report = await books.judged()
    assert named(report, Kind.RUN_DELETED) == [f"run:{runs[1]}"]
    assert kinds(report) == {Kind.RUN_DELETED, Kind.RESIGNED}
    unheld = await books.judged(anchored=False)
    assert kinds(unheld) == set()
    assert unheld.outcome == "inconclusive"


async def test_s08_restore(books: Books) -> None:
    await books.trade(1, 2)
    copy = await books.saved()
    await books.trade(3, 4)
    await books.put_back(copy)
    report = await books.judged()
    assert kinds(report) == {Kind.RESTORED}
    assert {outcomes(report)[each] for each in (*HELD, "completeness")} == {"fail"}
    assert outcomes(report)["integrity"] == "pass"


async def test_s08_fork(books: Books) -> None:
    await books.trade(1, 2)
    copy = await books.saved()
    await books.trade(3, 4)
    await books.put_back(copy)
    await books.trade(5, 6, 7, anchored=False)
    report = await books.judged()
    assert Kind.FORKED in kinds(report)
    assert kinds(report) == {Kind.FORKED, Kind.RESIGNED}
    assert {outcomes(report)[each] for each in HELD} == {"fail"}


async def test_s08_resign_with_the_stolen_key(books: Books) -> None:
    runs = await books.trade(1)
    await books.read()
    await books.reseal(books.of(runs[0])[0], b"{}")
    books.rechain(runs[0])
    await books.write()
    await books.resign()
    report = await books.judged()
    assert Kind.RESIGNED in kinds(report)
    assert outcomes(report)["consistency"] == "fail"


async def test_s08_resign_with_another_key(books: Books) -> None:
    await books.trade(1)
    await books.sql("DELETE FROM data_keys WHERE id LIKE 'sign-log-%'")
    await books.sql("DELETE FROM signing_keys")
    await books.read()
    await books.resign()
    report = await books.judged()
    assert Kind.RESIGNED in kinds(report)
    assert "another key" in next(each.message for each in report.findings if each.kind == Kind.RESIGNED)


async def test_s08_a_projection_or_state_that_disagrees_with_the_log(books: Books) -> None:
    runs = await books.trade(1, 2)
    await books.sql("UPDATE run_facts SET steps = 7 WHERE run = ?", [(runs[0],)])
    await books.sql("UPDATE runs SET status = 'parked', ended_at = NULL WHERE id = ?", [(runs[1],)])
    report = await books.judged()
    said = [finding.message for finding in report.findings if finding.kind == Kind.STATE]
    assert kinds(report) == {Kind.STATE}
    assert [any(run in sentence for sentence in said) for run in runs] == [True, True]
    assert outcomes(report) == {
        "integrity": "fail", "completeness": "pass", "anchoring": "pass", "consistency": "pass",
    }  # fmt: skip


async def test_s08_careless_changes_are_named_without_any_checkpoint(books: Books) -> None:
    runs = await books.trade(1, 2, 3, 4)
    await books.read()
    books.of(runs[0])[3].kind = "step.failed"
    books.events.remove(books.of(runs[1])[2])
    one, other = books.of(runs[2])[1:3]
    one.seq, other.seq = other.seq, one.seq
    for event in books.of(runs[3])[-1:]:
        books.events.remove(event)
    await books.write()
    report = await books.judged(anchored=False)
    assert named(report, Kind.EDITED)[:1] == [f"run:{runs[0]}"]
    assert named(report, Kind.DELETED_INSIDE) == [f"run:{runs[1]}"]
    assert named(report, Kind.REORDERED) == [f"run:{runs[2]}"]
    assert Kind.TRUNCATED in kinds(report)
    assert outcomes(report)["integrity"] == "fail"


async def test_s08_a_new_key_is_introduced_by_the_old_one(books: Books) -> None:
    await books.trade(1)
    ground = await books.ground()
    first = (await audit.public_keys(ground))[0]
    second = await audit.rotate(ground)
    await ground.database.close()
    await books.trade(2)
    assert second != first
    report = await books.judged(key=first)
    assert set(outcomes(report).values()) == {"pass"}, report
    assert report.keys == [first, second]
    assert (await books.judged(key=second)).outcome == "fail"
