"""A review as a page: Markdown for a pull request, and the same lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.budgets import MICRO
from remit.quality.design.questions import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.quality.design.findings import Answer, Estimate, Fault, Review


def markdown(review: Review) -> Iterator[str]:
    """The review as a page."""
    yield "# Design review"
    yield ""
    yield f"{verdict(review)}."
    if review.open_faults:
        yield from ("", "## To mend", "")
        for fault in review.open_faults:
            yield f"- **{fault.kind.value}** `{fault.place}` {_cell(fault.message)}. {_cell(fault.fix)}"
    yield from ("", "## Questions", "", "| question | flow | answer | said in |", "|---|---|---|---|")
    for question in QUESTIONS:
        for answer in (each for each in review.answers if each.question == question):
            said = f"**open:** {_cell(answer.said)}" if answer.open else _cell(answer.said)
            yield f"| {question} | {answer.flow} | {said} | {answer.by or 'the code'} |"
    yield from (
        "",
        "## What a run may use",
        "",
        "| flow | hops | model calls | cost | time | p95 |",
        "|---|---|---|---|---|---|",
    )
    for each in review.estimates:
        used = f"{_most(each.steps)} | {cost(each)} | {time(each)} | about {each.p95:.0f} s"
        yield f"| {each.flow} | {each.hops} | {used} |"
    if review.accepted:
        yield from ("", "## Accepted", "")
        for fault in review.accepted:
            yield f"- **{fault.kind.value}** {fault.about} `{fault.place}`: {_cell(fault.accepted)}"
    for note in review.notes:
        yield from ("", f"Note: {note}.")


def verdict(review: Review) -> str:
    """What came of it, in one sentence without its full stop."""
    faults, questions = len(review.open_faults), len(review.open_answers)
    if review.ok:
        said = "nothing is left open"
    else:
        said = f"{faults} to mend, {questions} question{'' if questions == 1 else 's'} open"
    return f"{said}, {len(review.accepted)} accepted" if review.accepted else said


def lines_of(answer: Answer) -> str:
    """One answer as a person reads it."""
    return f"{answer.question:<38} {answer.flow}: {answer.said}"


def cost(each: Estimate) -> str:
    """The most that a run costs."""
    return "no bound" if each.cost_micro is None else f"${each.cost_micro / MICRO:,.2f}"


def time(each: Estimate) -> str:
    """The longest that a run takes."""
    return "no bound" if each.seconds is None else f"{each.seconds:,.0f} s"


def steps(each: Estimate) -> str:
    """The most model calls of a run."""
    return _most(each.steps)


def said_of(fault: Fault) -> str:
    """A fault in one line."""
    return f"{fault.place}: {fault.kind.value}: {fault.message}"


def _most(value: int | None) -> str:
    return "no bound" if value is None else f"{value:,}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").rstrip(".")
