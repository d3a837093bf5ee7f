"""Experiments in words: how far one is while it is made, and what it came to."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from remit.cli.output import Line, Span
from remit.cli.saying import say
from remit.cli.wording import many

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from remit.control.evaluating.views import ExperimentView, Progress, Watch

Json = Any
_SIGNS = {"pass": ("✓ pass", "good"), "fail": ("✗ fail", "bad"), "inconclusive": ("? inconclusive", "waits")}
_SHOWN = 10
_SHORT = 12
_MICRO = 1_000_000
_MINUTE = 60


@contextmanager
def progress_on(*, quiet: bool) -> Generator[Watch]:
    """Says how far it is, at every tenth of it; nothing if `quiet`."""
    told = -1

    def saw(found: Progress) -> None:
        nonlocal told
        tenth = 10 * found.made // max(1, found.size)
        if not quiet and tenth != told:
            told = tenth
            say(_progress(found), err=True)

    yield saw


def _progress(found: Progress) -> str:
    said = [f"{found.made} of {goes(found.size)}", f"{found.succeeded} succeeded"]
    if found.infra:
        said.append(f"{found.infra} lost to the ground")
    if found.cached:
        said.append(f"{found.cached} made before")
    if found.spent:
        said.append(f"${found.spent / _MICRO:.4f}")
    if found.eta is not None and found.made < found.size:
        said.append(f"about {_time(found.eta)} left")
    return "  ".join(said)


def experiment_lines(view: ExperimentView) -> Iterator[str]:
    """What an experiment came to."""
    outcome = view.outcome
    if not outcome:
        yield f"{view.id}: {view.suite}, {view.status}, {view.made} of {goes(view.size)} made"
        if view.error:
            yield f"  {view.error}"
        if view.status not in {"failed", "cancelled"}:
            yield f"  go on with it: remit eval resume {view.id}"
        return
    yield Line.of(Span(view.suite, "strong"), f"  {view.id}").painted
    for arm in outcome["arms"]:
        yield from _arm(arm)
    yield from _verdict(view)
    yield from _failed(view, outcome["arms"][0])


def _failed(view: ExperimentView, arm: dict[str, Json]) -> Iterator[str]:
    """The scenarios that did not succeed, each with its first reason and run."""
    found = arm["failed"]
    if not found:
        return
    yield ""
    yield f"{many(len(found), 'scenario')} did not succeed every time:"
    for each in found[:_SHOWN]:
        times = f"{each['times']} of {goes(each['of'])}"
        yield f"  {each['scenario']}  {times}: {each['why']}  {each['run']}".rstrip()
    if len(found) > _SHOWN:
        yield f"  and {len(found) - _SHOWN} more; all of them: remit eval show {view.id} --json"


def goes(number: int) -> str:
    """So many of them, in words."""
    return f"{number:,} {'go' if number == 1 else 'goes'}"


def _arm(arm: dict[str, Json]) -> Iterator[str]:
    code, asked = arm["fingerprint"][:_SHORT], many(arm["scenarios"], "scenario")
    yield f"  {arm['name']} ({code}): {goes(arm['goes'])} at {asked}"
    for metric in arm["metrics"]:
        yield f"    {metric['metric']:<14}{_sure(metric)}"
    if len(arm["pass_hat"]) > 1:
        yield f"    {'pass^k':<14}{' / '.join(_percent(each) for each in arm['pass_hat'])}"
    beside = [f"{arm['infra']} lost to the ground ({arm['infra_share']:.1%})"] if arm["infra"] else []
    beside += [f"{arm['skipped']} not begun"] if arm["skipped"] else []
    beside += [f"{arm['unscored']} not scored"] if arm["unscored"] else []
    beside += [f"{arm['cached']} made before"] if arm["cached"] else []
    beside += ["cost unknown" if arm["cost"] is None else f"${arm['cost'] / _MICRO:.4f}"]
    yield f"    {', '.join(beside)}"


def _verdict(view: ExperimentView) -> Iterator[str]:
    outcome = view.outcome
    if view.verdict:
        sign, style = _SIGNS[view.verdict]
        yield Line.of(Span(sign, style)).painted
        yield from (f"  {reason}" for reason in outcome["reasons"])
    yield from (f"  note: {note}" for note in outcome.get("notes", ()))
    if view.waiver is not None:
        yield f"  waived by {view.waiver.by}, who answers for it"
    elif view.verdict == "inconclusive":
        yield f"  a person may answer for it: remit eval waive {view.id} --reason TEXT"


def _sure(metric: dict[str, Json]) -> str:
    if metric["value"] is None:
        return "not measured"
    sure = "" if metric["low"] is None else f"  [{_percent(metric['low'])}, {_percent(metric['high'])}]"
    return f"{_percent(metric['value'])}{sure}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _time(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < _MINUTE else f"{whole // _MINUTE} min {whole % _MINUTE} s"
