"""Releases, their differences, rehearsals and canaries as lines of the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.cli import wording
from remit.cli.output import Line, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remit.control.releasing.views import CanaryView, DiffView, RehearsalView, ReleasePage

_STYLES = {"promoted": "good", "rolled_back": "bad", "held": "waits", "running": "strong", "cleared": "good"}
_HOW = {"added": "+", "removed": "-", "changed": "~"}


def page_lines(page: ReleasePage, at: int) -> Iterator[str]:
    """A release as a page."""
    release = page.release
    channels = f"  {', '.join(release.channels)}" if release.channels else ""
    yield Line.of(Span(release.name, "strong"), f"  {release.digest}", Span(channels, "good")).painted
    yield f"  made {wording.ago(release.at, at)}, by {release.by}{f': {page.note}' if page.note else ''}"
    files = wording.many(page.files, "file")
    yield f"  rules {page.policy[:12]} bind its runs, beside those of now; {files} in the archive"
    if release.live:
        nobody = "" if release.served else ", and nobody executes it now"
        yield f"  {wording.many(release.live, 'run')} of it not over{nobody}"
    for kind, parts in page.parts.items():
        yield f"  {kind:<9} {', '.join(parts)}"
    for each in page.environment:
        yield Line.of("  ", Span("differs  ", "waits"), f" {each}").painted
    residual = page.card.get("residual", [])
    yield f"  residual risk: {wording.many(len(residual), 'point')}; the card: remit release show {release.name} --card"


def diff_lines(found: DiffView, *, text: bool) -> Iterator[str]:
    """What changed."""
    yield f"from {found.old} to {found.new}: {wording.many(len(found.changes), 'change')}"
    for each in found.changes:
        yield f"  {_HOW[each.how]} {each.kind:<9} {each.name}"
    if text:
        for body in found.texts.values():
            yield ""
            yield from body.splitlines()


def rehearsal_lines(found: RehearsalView) -> Iterator[str]:
    """What became of parked runs on paper."""
    yield f"{wording.many(found.runs, 'parked run')} replayed: {len(found.diverged)} would not go on as they began"
    for each in found.diverged:
        yield Line.of("  ", Span(each.run, "bad"), f"  {each.flow}: {each.why.splitlines()[0]}").painted
    for said in found.unread:
        yield Line.of("  ", Span("unread", "waits"), f"  {said}").painted


def canary_lines(found: Sequence[CanaryView], at: int) -> Iterator[str]:
    """Canaries and what they came to."""
    if not found:
        yield "no release was ever tried as a canary: remit release canary RELEASE"
    for each in found:
        share = f" on {each.percent} % of new runs" if each.percent else ""
        yield Line.of(
            Span(each.name or each.release[:12], "strong"), "  ", Span(each.status, _STYLES.get(each.status, "dim")),
            f"{share}, against {each.against[:12]}, begun {wording.ago(each.started_at, at)}",
        ).painted  # fmt: skip
        if each.reason:
            yield f"  {each.reason}"
        yield from _measures(each.evidence)


def _measures(evidence: dict[str, Any]) -> Iterator[str]:
    if evidence:
        runs = f"{evidence['canary_runs']} against {evidence['stable_runs']} runs"
        yield f"  {runs}, harms {evidence['harms']}"
    for each in evidence.get("measures", ()):
        arms = f"{each['canary']:.1%} against {each['stable']:.1%}"
        yield f"  {each['metric']:<8} {arms}   worse {each['worse']:,.4g} to 1   fine {each['fine']:,.4g} to 1"
