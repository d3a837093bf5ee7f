"""S8: a restore that a person declared is told from one that nobody did, and explains nothing else."""

from __future__ import annotations

import pytest

from remit.control.auditing.restoring import RestoreView, declare_restore
from remit.domain.errors import InvalidInput, Refused, WrongState
from remit.domain.evidence_events import LogRestored
from remit.store.signing import open_signer
from remit.store.verifying.restores import restore_text
from remit.store.verifying.verdicts import Kind
from tests.evidence.books import ANCHOR, Books
from tests.evidence.test_s08_matrix import kinds, outcomes

ANCHORS = (f"file:{ANCHOR}",)


async def declared(books: Books, reason: str = "the disk failed; backup of last night") -> RestoreView:
    """As its operator says it."""
    ground = await books.ground()
    try:
        return await declare_restore(ground, reason, None, ANCHORS)
    finally:
        await ground.database.close()


async def restored(books: Books, *more: int) -> None:
    """A log that lost its end, and perhaps went on before anybody said so."""
    await books.trade(1, 2)
    copy = await books.saved()
    await books.trade(3, 4)
    await books.put_back(copy)
    if more:
        await books.trade(*more)


@pytest.mark.parametrize("more", [(), (5, 6, 7)], ids=["at once", "after work went on"])
async def test_s08_a_declared_restore_is_consistent_and_says_who_and_why(
    more: tuple[int, ...], books: Books
) -> None:
    await restored(books, *more)
    assert (await books.judged()).outcome == "fail", "nobody has declared it yet"
    made = await declared(books)
    assert made.agreed < made.lost
    report = await books.judged()
    assert set(outcomes(report).values()) == {"pass"}, report.findings
    assert [finding.kind for finding in report.findings] == [Kind.DECLARED]
    for verdict in report.verdicts[1:]:
        assert "owner declared that the log was restored" in verdict.sentence
        assert "the disk failed" in verdict.sentence
    await books.trade(8)  # and the same anchor goes on
    later = await books.judged()
    assert set(outcomes(later).values()) == {"pass"}, later.findings
    assert later.anchored == later.events
    ground = await books.ground()
    entries, _ = await ground.log.read("workspace")
    rows = await ground.database.fetch("evidence.anchors")
    await ground.database.close()
    (event,) = [each.event for each in entries if isinstance(each.event, LogRestored)]
    assert (event.by, event.agreed, event.lost) == ("owner", made.agreed, made.lost)
    assert [row[5] for row in rows] == [""], "the doctor sees no contradiction any more"


async def test_s08_a_declared_restore_explains_no_other_loss(books: Books) -> None:
    await restored(books, 5)
    await declared(books)
    runs = await books.trade(6, 7)
    await books.trade(8)
    await books.read()
    await books.forget(runs[0])
    await books.write()
    await books.resign()
    report = await books.judged()
    assert Kind.RUN_DELETED in kinds(report)
    assert outcomes(report)["completeness"] == "fail"


async def test_s08_a_second_restore_has_to_be_declared_itself(books: Books) -> None:
    await restored(books)
    await declared(books)
    copy = await books.saved()
    await books.trade(5, 6)
    await books.put_back(copy)
    assert (await books.judged()).outcome == "fail"
    await declared(books, "once more")
    assert set(outcomes(await books.judged()).values()) == {"pass"}


async def test_s08_what_is_declared_outside_the_log_or_by_a_stranger_does_not_count(books: Books) -> None:
    """A note in the table alone, signed by the log's own key, with no event that names it; or signed by nobody."""
    await restored(books)
    ground = await books.ground()
    signer = await open_signer(ground.database, ground.keys, ground.clock)
    text = restore_text(signer.origin, (0, bytes(32)), (9_999, 2**52), 1, "owner", "none of your business")
    note = signer.sign(text)
    await ground.database.close()
    for wrong in (note, note[:-10] + "AAAAAAAA=\n", "nonsense"):
        await books.sql("DELETE FROM restores")
        await books.sql("INSERT INTO restores (number, at, note) VALUES (?, ?, ?)", [(1, 1, wrong)])
        report = await books.judged()
        assert report.outcome == "fail"
        assert Kind.DECLARED not in {finding.kind for finding in report.findings}


async def test_s08_only_a_restore_can_be_declared_and_never_without_a_reason(books: Books) -> None:
    await books.trade(1)
    with pytest.raises(WrongState, match="no restore to declare"):
        await declared(books)
    with pytest.raises(InvalidInput, match="with a reason"):
        await declared(books, " ")


@pytest.mark.parametrize("how", ["edited", "deleted"])
async def test_s08_what_was_rewritten_is_not_declared_away_as_a_restore(how: str, books: Books) -> None:
    """By an operator with every key, who signs anew; what was signed later is still there, so it is no older copy."""
    runs = await books.trade(1)
    await books.trade(2)
    await books.trade(3)
    await books.read()
    if how == "edited":
        await books.reseal(books.of(runs[0])[2], b'{"name":"look","digest":"d","result":900,"started":1}')
        books.rechain(runs[0])
    else:
        await books.forget(runs[0])
    await books.write()
    await books.resign()
    with pytest.raises(Refused, match="more is wrong"):
        await declared(books)
