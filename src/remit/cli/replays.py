"""Runs that were made again, as lines of the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.cli import wording
from remit.cli.errors import DONE, INCONCLUSIVE, REFUSED
from remit.cli.output import Line, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.cli.terminal import Terminal
    from remit.control.replaying.views import CounterfactualView, GoldenView, Wanted

_EXITS = {"pass": DONE, "fail": REFUSED, "inconclusive": INCONCLUSIVE}
_ALONE = {"same": DONE, "changed": REFUSED, "diverged": INCONCLUSIVE, "lost": INCONCLUSIVE}
_STYLES = {"pass": "good", "fail": "bad", "inconclusive": "waits"}
_SHOWN = 20


def made_again(terminal: Terminal, wanted: Wanted, release: str) -> int:
    """Make runs again, and say what came of it."""
    found = terminal.ask(lambda platform: platform.replaying.again(wanted), release=release)
    terminal.answer(found, lambda: _lines(found))
    if wanted.runs and len(found.compared) == 1:  # one run is no sample: it did the same, or not
        return _ALONE[found.compared[0].state.value]
    return _EXITS[found.verdict]


def golden_lines(found: GoldenView) -> Iterator[str]:
    """What came of replaying the golden runs."""
    yield f"{wording.many(len(found.equal), 'golden run')} replayed as recorded by {found.code[:12]}"
    for each in found.diverged:
        yield Line.of("  ", Span(each.run, "bad"), f"  {each.why}").painted
    for each in found.unread:
        yield Line.of("  ", Span("unread", "waits"), f"  {each.run}: {each.why}").painted


def _lines(found: CounterfactualView) -> Iterator[str]:
    counts = ", ".join(f"{count} {state}" for state, count in found.counts.items() if count)
    yield Line.of(
        Span(found.verdict, _STYLES[found.verdict]), f"  {found.runs} runs made again: {counts}"
    ).painted
    for reason in found.reasons:
        yield f"  {reason}"
    told = set(found.reasons)
    for each in found.findings:
        if each.reason not in told:
            yield f"  {each.reason}"
    recalled = sum(each.recalled for each in found.compared)
    asked = sum(each.asked for each in found.compared)
    yield f"  models: {recalled} answers given again, {asked} asked anew for {wording.money(found.spent)}"
    other = [each for each in found.compared if each.state.value != "same"]
    for each in other[:_SHOWN]:
        said = "; ".join(
            filter(None, (
                "another answer" if not each.answer and not each.error else "",
                f"did not {', '.join(each.missing)}" if each.missing else "",
                f"refused now: {', '.join(each.refused)}" if each.refused else "",
                f"allowed now: {', '.join(each.allowed)}" if each.allowed else "",
                each.error,
            ))
        )  # fmt: skip
        yield Line.of(
            "  ", Span(each.run, "strong"), f"  {each.state.value}: {said}", f"  ({each.again})"
        ).painted
    if len(other) > _SHOWN:
        yield f"  … and {len(other) - _SHOWN} more: --json has all of them"
    for each in found.left_out:
        yield Line.of("  ", Span("left out", "waits"), f"  {each.run}: {each.why}").painted
