"""Whoever lets another act signs it once, and everything about it is held against the signature, those that it was made
from, its task and its run, in whatever order a process comes to know them.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from remit.domain.capabilities import Capability, Signed
from remit.domain.decisions import AccessRequest
from remit.domain.events import RunCreated
from remit.domain.policy_errors import CapabilityRefused
from remit.gate.standing.capabilities import Capabilities, line_of

GIVEN = Capability("r-1", "clerk", "a1", {"refund": "d1", "look": "d2"}, 1000)
PART = replace(GIVEN, tools={"refund": "d1"}, parent=GIVEN.digest, expires=900)
MORE = replace(GIVEN, tools={"wipe": "d9"}, parent=GIVEN.digest)
REFUND = AccessRequest("lea", "support", "clerk", "call", "refund", {"digest": "d1"}, {})


class Keys:
    """Gives the same secret for the same name, and notes who asked for which."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, int]] = []

    async def secret_of(self, name: str, team: str, now: int) -> bytes:
        self.asked.append((name, team, now))
        return team.ljust(32, ".").encode()


async def book(
    team: str = "support", *known: Capability, run: str = "r-1"
) -> tuple[Capabilities, list[Signed]]:
    made = Capabilities()
    return made, [await made.sign(cast("Any", Keys()), team, each, 7, run) for each in known]


def why(refused: pytest.ExceptionInfo[CapabilityRefused]) -> tuple[str, str]:
    return refused.value.message, refused.value.hint


async def test_the_key_of_the_team_is_fetched_once() -> None:
    keys, made = Keys(), Capabilities()
    signed = await made.sign(cast("Any", keys), "support", GIVEN, 7, "r-1")
    await made.sign(cast("Any", keys), "support", PART, 8, "r-1")
    assert keys.asked == [("sign-capability-1-support", "support", 7)]
    assert (signed.capability, signed.digest) == (GIVEN, GIVEN.digest)
    _, (again,) = await book("support", GIVEN)
    _, (other,) = await book("sales", GIVEN)
    assert again == signed
    assert other.signature != signed.signature


async def test_what_was_signed_in_an_earlier_life_is_known_again_and_nothing_else_is() -> None:
    _, (given, part) = await book("support", GIVEN, PART)
    _, (foreign,) = await book("sales", GIVEN)
    late = Capabilities()
    with pytest.raises(CapabilityRefused) as refused:
        late.admit(given, "r-1")
    assert why(refused) == ("clerk cannot be let act: nobody can say who delegated it.", "Delegate it again.")
    await late.open(cast("Any", Keys()), "support", 0)
    for wrong, said in (
        (Signed(GIVEN, PART.digest, given.signature), "nobody can say who delegated it"),
        (Signed(MORE, MORE.digest, given.signature), "what was delegated was not signed here"),
        (replace(given, signature="no hexadecimal"), "what was delegated was not signed here"),
        (foreign, "what was delegated was not signed here"),
        (part, "nobody knows from what it was delegated"),
    ):
        with pytest.raises(CapabilityRefused) as refused:
            late.admit(wrong, "r-1")
        assert why(refused) == (f"clerk cannot be let act: {said}.", "Delegate it again.")
    late.admit(given, "r-1")
    late.admit(part, "r-1")
    assert list(late.digests(part, "r-1")) == [part.digest, given.digest]
    with pytest.raises(CapabilityRefused, match="nobody knows from what"):
        late.admit(part, "r-2")


async def test_nobody_signs_more_than_its_giver_has() -> None:
    made, _ = await book("support", GIVEN)
    with pytest.raises(CapabilityRefused) as refused:
        await made.sign(cast("Any", Keys()), "support", MORE, 0, "r-1")
    assert why(refused) == (
        "clerk cannot be let act: it has wipe, which its giver does not have so.", "Give it less.",
    )  # fmt: skip
    assert list(made.digests(Signed(MORE, MORE.digest, ""), "r-1")) == [MORE.digest, GIVEN.digest]
    assert made.refusal(Signed(MORE, MORE.digest, ""), REFUND, "r-1", 0) == (
        "what was delegated was not signed here", "",
    )  # fmt: skip


async def test_with_the_task_everything_is_over_that_was_delegated_for_it() -> None:
    made, (given, part) = await book("support", GIVEN, PART)
    assert made.refusal(part, REFUND, "r-1", 899) == ("", "")
    assert made.refusal(part, REFUND, "r-1", 900) == ("the time for which it was delegated is over", "")
    made.end(given, "r-1")
    over = ("the task for which it was delegated is over", "")
    assert (made.refusal(given, REFUND, "r-1", 0), made.refusal(part, REFUND, "r-1", 0)) == (over, ("", ""))
    made.end(part, "r-1")
    assert made.refusal(part, REFUND, "r-1", 0) == over
    assert made.refusal(given, REFUND, "r-2", 0)[0].startswith("what was delegated counts in the run r-1"), (
        "ended in another run only"
    )
    later = replace(PART, expires=800)
    with pytest.raises(CapabilityRefused, match="the task of whoever delegated it is over"):
        await made.sign(cast("Any", Keys()), "support", later, 0, "r-1")


async def test_one_that_was_changed_on_the_way_is_looked_at_again() -> None:
    made, (given,) = await book("support", GIVEN)
    equal = Signed(Capability.of(GIVEN.plain()), given.digest, "of no account: it is known")
    assert made.refusal(equal, REFUND, "r-1", 0) == ("", "")
    wider = replace(GIVEN, expires=9999)
    assert made.refusal(Signed(wider, given.digest, given.signature), REFUND, "r-1", 0) == (
        "nobody can say who delegated it", "",
    )  # fmt: skip
    fresh = Capabilities()
    await fresh.open(cast("Any", Keys()), "support", 0)
    assert fresh.refusal(given, REFUND, "r-1", 0) == ("", ""), "an earlier life signed it"
    made.forget("r-1")
    assert list(made.digests(Signed(PART, PART.digest, ""), "r-1")) == [PART.digest, GIVEN.digest]
    assert made.line(given, "r-1") == [given]
    with pytest.raises(CapabilityRefused, match="nobody knows from what it was delegated"):
        await made.sign(cast("Any", Keys()), "support", PART, 0, "r-1")


async def test_a_run_brings_what_it_was_let_and_a_fork_counts_as_the_run_it_goes_on_from() -> None:
    made, (given, part) = await book("support", GIVEN, PART)
    line = made.line(part, "r-1")
    assert line == [given, part]
    warrant = [each.plain() for each in line]
    assert line_of(warrant) == line
    assert line_of(None) == line_of(()) == []

    def execution(run: str, *, forked: str = "", warrant: Any = None) -> Any:
        created = RunCreated.__new__(RunCreated)
        for name, value in (("forked_from", forked), ("warrant", warrant)):
            object.__setattr__(created, name, value)
        return SimpleNamespace(
            row=SimpleNamespace(id=run, team="support"), journal=SimpleNamespace(created=created),
            services=SimpleNamespace(keys=Keys()), now=lambda: 5, on_ground=Ground,
        )  # fmt: skip

    late = Capabilities()
    first = execution("r-1", warrant=warrant)
    await late.enter(first)
    assert first.services.keys.asked == [("sign-capability-1-support", "support", 5)]
    assert list(late.digests(part, "r-1")) == [part.digest, given.digest]
    assert late.refusal(part, REFUND, "r-1", 0) == ("", "")
    fork = execution("r-9", forked="r-1", warrant=warrant)
    await late.enter(fork)
    assert (late.origin("r-9"), late.origin("r-1")) == ("r-1", "r-1")
    assert late.refusal(part, REFUND, "r-9", 0) == ("", ""), "made out for the run that it goes on from"
    late.forget("r-9")
    assert late.origin("r-9") == "r-9"
    assert late.refusal(part, REFUND, "r-9", 0)[0] == "nobody knows from what it was delegated"
    nobody = execution("r-2")
    await late.enter(nobody)
    assert nobody.services.keys.asked == []


class Ground:
    """What an execution is entered with."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...
