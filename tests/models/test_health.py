"""Breakers: what fails rests, few find out whether it recovered, and what is slow is known at once."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from remit.domain.effects import Breaker
from remit.models.attempt import Latency, Permission
from remit.models.health import LONGEST_REST, HealthBook
from remit.models.latency import PeakEwma
from remit.testing import ManualClock

SECOND = 1_000_000
QUICK = Latency(total=1000)


def permitted(book: HealthBook, model: str = "m") -> Permission:
    permission = book.admit(model)
    assert permission is not None
    return permission


def fail(book: HealthBook, times: int) -> None:
    for _ in range(times):
        book.done(permitted(book), "failed", QUICK)


def test_an_outage_costs_a_few_attempts_and_not_one_for_every_request() -> None:
    clock = ManualClock()
    book = HealthBook(clock, Breaker(failures=5, within=30, cool=10), probes=1)
    attempts = 0
    for _ in range(600):  # ten minutes of a provider that is down, a request a second
        permission = book.admit("m")
        if permission is not None:
            attempts += 1
            book.done(permission, "failed", QUICK)
        clock.leap(1)
    assert attempts <= 5 + 6  # then probes after 10, 20, 40, 80, 160 and 300 s


def test_half_open_lets_only_so_many_find_out() -> None:
    clock = ManualClock()
    book = HealthBook(clock, Breaker(failures=2, within=30, cool=10), probes=2)
    fail(book, 2)
    assert book.admit("m") is None
    assert book.resting("m") == 10
    clock.leap(10)
    probes = [permitted(book), permitted(book)]
    assert all(probe.probe for probe in probes)
    assert book.admit("m") is None, "the third waits for the first two"
    book.done(probes[0], "released", QUICK)
    again = permitted(book)
    book.done(again, "ok", QUICK)
    assert not permitted(book).probe
    book.done(probes[1], "failed", QUICK)
    assert book.admit("m") is None, "a probe that failed late still says that it is not well"


def test_what_the_provider_asks_for_is_given_once_and_not_shortened() -> None:
    clock = ManualClock()
    book = HealthBook(clock)
    one, other = permitted(book), permitted(book)
    book.done(one, "busy", QUICK, retry_after=60)
    book.done(other, "busy", QUICK, retry_after=5)
    assert book.resting("m") == 60
    book.done(Permission("n"), "busy", QUICK, retry_after=86_400)
    assert book.resting("n") == LONGEST_REST


def test_a_model_that_fails_now_and_then_goes_on() -> None:
    clock = ManualClock()
    book = HealthBook(clock, Breaker(failures=5, within=30, cool=10))
    for number in range(200):
        book.done(permitted(book), "failed" if number % 4 == 0 else "ok", QUICK)
        clock.leap(0.1)
    assert book.resting("m") == 0


def test_failures_long_apart_are_not_added_up() -> None:
    clock = ManualClock()
    book = HealthBook(clock, Breaker(failures=2, within=30, cool=10))
    fail(book, 1)
    clock.leap(31)
    fail(book, 1)
    assert book.admit("m") is not None


def test_slow_is_known_at_once_and_forgiven_slowly() -> None:
    seen = PeakEwma()
    seen.observe(0.2, 0)
    assert seen.value(0) == 0.2
    seen.observe(8.0, SECOND)
    assert seen.value(SECOND) == 8.0
    seen.observe(0.2, 2 * SECOND)
    assert 7.0 < seen.value(2 * SECOND) < 8.0
    assert seen.value(600 * SECOND) < 0.01


def test_load_counts_what_is_under_way() -> None:
    book = HealthBook(ManualClock())
    book.done(permitted(book), "ok", Latency(first=2 * SECOND, total=30 * SECOND))
    assert book.load("m") == 2.0, "of a stream the first event counts"
    held = [permitted(book) for _ in range(3)]
    assert book.load("m") == 8.0
    for permission in held:
        book.done(permission, "released", QUICK)
    assert book.load("m") == 2.0


class Breakers(RuleBasedStateMachine):
    """Any order of calls, outcomes and time, beside a second book-keeping that only counts."""

    probes = 2

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.book = HealthBook(self.clock, Breaker(failures=3, within=20, cool=5), self.probes)
        self.out: list[Permission] = []

    @rule()
    def ask(self) -> None:
        resting = self.book.resting("m")
        permission = self.book.admit("m")
        if resting:
            assert permission is None
        if permission is not None:
            self.out.append(permission)

    @precondition(lambda self: self.out)
    @rule(
        data=st.data(),
        outcome=st.sampled_from(["ok", "busy", "failed", "released"]),
        after=st.sampled_from([None, 0.0, 2.0, 50.0]),
    )
    def answer(self, data: st.DataObject, outcome: str, after: float | None) -> None:
        permission = self.out.pop(data.draw(st.integers(0, len(self.out) - 1)))
        rested = self.book.resting("m")
        self.book.done(permission, outcome, QUICK, after if outcome == "busy" else None)  # pyright: ignore[reportArgumentType]
        if outcome == "busy" and after:
            assert self.book.resting("m") >= max(after, rested)

    @rule(seconds=st.sampled_from([0.5, 4.0, 5.0, 21.0, 400.0]))
    def wait(self, seconds: float) -> None:
        self.clock.leap(seconds)

    @invariant()
    def probes_are_bounded(self) -> None:
        assert sum(permission.probe for permission in self.out) <= self.probes

    @invariant()
    def it_never_rests_for_ever(self) -> None:
        assert self.book.resting("m") <= LONGEST_REST

    @invariant()
    def it_comes_back(self) -> None:
        if not self.out and self.book.resting("m") == 0:
            permission = self.book.admit("m")
            assert permission is not None, "nothing is under way and it does not rest: somebody may call"
            self.book.done(permission, "released", QUICK)


Breakers.TestCase.settings = settings(max_examples=80, stateful_step_count=30)
TestBreakers = Breakers.TestCase
