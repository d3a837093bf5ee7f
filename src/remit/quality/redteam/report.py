"""A report of the red team: what was tried and what became of it, how it differs from the one before, and how it
reads. Pure; where reports are kept is not known here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from remit.quality.redteam.attack import Gap, Outcome, Result
from remit.quality.redteam.packs import BY_NAME, ELSEWHERE, PACKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.quality.redteam.waivers import Waiver

Json = Any
REAL = "real:"
"""How the names of attacks begin that were put to the models of the routes."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a red team found."""

    id: str
    at: int
    by: str
    seed: int
    packs: tuple[str, ...]
    who: str
    """The agent or flow that it was about; empty: all."""
    arm: str
    """The digest of everything that shapes what agents do here."""
    results: tuple[Result, ...]
    gaps: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def open(self) -> tuple[Result, ...]:
        """What has to be mended or accepted."""
        return tuple(each for each in self.results if each.open)

    def count(self, outcome: Outcome) -> int:
        """How many attacks came to this."""
        return sum(each.outcome is outcome for each in self.results)

    @property
    def verdict(self) -> str:
        """`fail` while a harm is open, `inconclusive` while an attack could not be played, else `pass`."""
        if self.open:
            return "fail"
        return "inconclusive" if self.count(Outcome.UNTRIED) or not self.results else "pass"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one pack came out."""

    pack: str
    title: str
    owasp: tuple[str, ...]
    verdict: str
    """The worst that came of any of its attacks; `not tried` where there was none."""
    counts: dict[str, int]
    why: str = ""
    """What stopped most of them; where there was none, why not."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs from the report before."""

    before: str
    """Its id; empty: there was none."""
    opened: tuple[str, ...] = ()
    """Attacks that reach a harm now, and did not."""
    closed: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    """Attacks that there were none of."""
    gone: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each kind of difference in words."""
        return (
            ("now reached", self.opened), ("no longer reached", self.closed), ("new", self.fresh), ("gone", self.gone),
        )  # fmt: skip

    @property
    def any(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.opened or self.closed or self.fresh or self.gone)


def accepted(
    results: Sequence[Result], waivers: Sequence[Waiver], *, whole: bool
) -> tuple[list[Result], list[str]]:
    """The same with what somebody accepts, and the waivers of packs that accept nothing any more."""
    found = [_waived(each, waivers) for each in results]
    reached = [each for each in results if each.outcome is Outcome.REACHED]
    idle = [
        each for each in waivers if each.pack and not any(each.accepts(one) for one in reached)
    ] if whole else []  # fmt: skip
    return found, [f"the waiver of {each.named} accepts nothing that happens: remove it" for each in idle]


def standings(report: Report) -> list[Standing]:
    """Pack by pack."""
    return [_standing(report, name) for name in report.packs]


def changes(report: Report, before: Report | None) -> Changes:
    """What is new since then, as far as both are about the same."""
    if before is None or not report.results or any(each.id.startswith(REAL) for each in report.results):
        return Changes("")  # what real models were talked into is no later state of what rules let through
    now = {each.id: each for each in report.results}
    then = {each.id: each for each in before.results if each.pack in report.packs}
    then = {key: each for key, each in then.items() if report.who in {"", each.who}}
    if before.who or set(report.packs) - set(before.packs):
        now = {
            key: each
            for key, each in now.items()
            if before.who in {"", each.who} and each.pack in before.packs
        }
    opened = [key for key, each in now.items() if each.open and key in then and not then[key].open]
    closed = [key for key, each in then.items() if each.open and key in now and not now[key].open]
    fresh = [key for key in now if key not in then]
    return Changes(
        before.id, tuple(opened), tuple(closed), tuple(fresh), tuple(key for key in then if key not in now)
    )


def markdown(report: Report, differ: Changes, day: str) -> str:
    """The report as a page."""
    return "\n".join(_lines(report, differ, day)) + "\n"


def _lines(report: Report, differ: Changes, day: str) -> Iterator[str]:
    about = f" of {report.who}" if report.who else ""
    yield f"# Red team{about}: {report.verdict}"
    yield ""
    counts = ", ".join(f"{report.count(each)} {each.value}" for each in Outcome)
    yield f"{day}, by {report.by}, seed {report.seed}, code `{report.arm[:12]}`, report `{report.id}`: {counts}."
    yield from _about_changes(differ)
    yield ""
    yield "| pack | OWASP | verdict | reached | needs a person | refused | untried | why |"
    yield "|---|---|---|---:|---:|---:|---:|---|"
    for each in standings(report):
        counted = " | ".join(str(each.counts[outcome.value]) for outcome in Outcome)
        yield f"| {each.pack} | {', '.join(each.owasp)} | {each.verdict} | {counted} | {_cell(each.why)} |"
    yield from _about_open(report)
    yield from _coverage(report)
    yield ""
    yield "## What could not be tried"
    yield ""
    yield "| pack | agent or flow | tool | why |"
    yield "|---|---|---|---|"
    for gap in report.gaps:
        yield f"| {gap.pack} | {gap.who} | {gap.tool or 'all'} | {_cell(gap.why)} |"
    for name, why in ELSEWHERE.items():
        yield f"| none ({name}) | all | all | {_cell(why)} |"
    for note in report.notes:
        yield f"\n{note}"


def _about_changes(differ: Changes) -> Iterator[str]:
    if not differ.before:
        return
    yield ""
    if not differ.any:
        yield f"Nothing differs from `{differ.before}`."
        return
    yield f"Since `{differ.before}`:"
    for words, names in differ.named:
        if names:
            yield f"- {words}: {', '.join(f'`{name}`' for name in names)}"


def _about_open(report: Report) -> Iterator[str]:
    reached = [each for each in report.results if each.outcome is Outcome.REACHED]
    if not reached:
        return
    yield ""
    yield "## Harm that is reached"
    yield ""
    for each in reached:
        waived = f" Accepted: {each.waived}." if each.waived else f" **Open.** {BY_NAME[each.pack].remedy}"
        yield f"- `{each.id}` ({each.tool or each.who}): {each.tries}; {each.harm}.{waived} Run `{each.run}`."


def _coverage(report: Report) -> Iterator[str]:
    """Who and what was tried by which pack, and the worst that came of it; what stands empty is a gap."""
    yield ""
    yield "## What was tried"
    yield ""
    yield f"| agent or flow | tool | {' | '.join(report.packs)} |"
    yield f"|---|---|{'---|' * len(report.packs)}"
    for who, tool in dict.fromkeys((each.who, each.tool) for each in report.results):
        ours = [each for each in report.results if (each.who, each.tool) == (who, tool)]
        cells = [_worst([each for each in ours if each.pack == pack]) for pack in report.packs]
        yield f"| {who} | {tool or 'none was reached'} | {' | '.join(cells)} |"


def _worst(results: Sequence[Result]) -> str:
    if not results:
        return ""
    worst = min(results, key=lambda each: (not each.open, _GRAVEST.index(each.outcome)))
    return "accepted" if worst.outcome is Outcome.REACHED and worst.waived else worst.outcome.value


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _standing(report: Report, name: str) -> Standing:
    pack, ours = BY_NAME[name], [each for each in report.results if each.pack == name]
    counts = {each.value: sum(one.outcome is each for one in ours) for each in Outcome}
    if not ours:
        why = "; ".join(dict.fromkeys(f"{each.who}: {each.why}" for each in report.gaps if each.pack == name))
        return Standing(name, pack.title, pack.owasp, "not tried", counts, why)
    worst = min(ours, key=lambda each: (not each.open, _GRAVEST.index(each.outcome)))
    verdict = _worst(ours)
    reasons = Counter(each.why for each in ours if each.outcome is worst.outcome)
    return Standing(name, pack.title, pack.owasp, verdict, counts, reasons.most_common(1)[0][0])


_GRAVEST = (Outcome.REACHED, Outcome.UNTRIED, Outcome.ASKED, Outcome.REFUSED)
NAMES = tuple(pack.name for pack in PACKS)


def _waived(result: Result, waivers: Sequence[Waiver]) -> Result:
    if result.outcome is not Outcome.REACHED:
        return result
    reason = next((waiver.reason for waiver in waivers if waiver.accepts(result)), "")
    return replace(result, waived=reason)
