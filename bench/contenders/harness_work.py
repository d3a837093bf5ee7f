"""The scenarios that every harness plays: a question, an answer of a model that takes no time, and whether it is right.

It owns the work and the timing of a slice. It must not know who plays it.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from bench.protocol import Case, Tally

ANSWER = "it is 42, as far as anybody knows"
PROMPT_TOKENS, ANSWER_TOKENS = 120, 12


def question(n: int) -> str:
    """What is asked in one scenario."""
    return f"What is the answer to question {n}, as far as anybody knows?"


def check(right: int, of: int) -> None:
    """A harness that scores nothing, or wrongly, is not measured."""
    if right != of:
        raise RuntimeError(f"{right} of {of} scenarios were scored as right; all are")


async def play(case: Case, whole: Callable[[int, int], Awaitable[int]]) -> Tally:
    """One evaluation after the other until time is up; each is handed how many scenarios and how many at once."""
    began, cpu, done = time.perf_counter(), time.process_time(), 0
    while not done or time.perf_counter() < began + case.seconds:
        check(await whole(case.steps, case.runs), case.steps)
        done += case.steps
    return Tally(done, time.perf_counter() - began, time.process_time() - cpu)
