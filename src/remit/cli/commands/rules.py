"""The rest of `remit policy`: trying rules on the log, changing them, and reviewing what they let be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remit.cli import wording
from remit.cli.errors import DONE, PARKED, REFUSED
from remit.cli.output import Line, Span, table
from remit.cli.terminal import Command, Terminal, now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.policy_life.proposing import PolicyChange
    from remit.control.policy_life.reviewing import ReviewView, RightView
    from remit.control.policy_life.shadowing import DifferenceView
    from remit.control.policy_life.simulating import Simulation

_SINCE = click.option("--since", default="7d", metavar="TIME", help="How far back: 24h, 7d, 4w.")


@click.command(cls=Command)
@click.pass_obj
def test(terminal: Terminal) -> int:
    """Hold the rules against every golden decision in policies/examples.yaml, one by one.

    Exits with 1 if one of them is contradicted.
    """
    from remit.control import settings
    from remit.control.policy_life import simulating

    place = terminal.place()
    chosen = settings.load(place)
    own = chosen.workspace
    found = terminal.execute(simulating.test(place, chosen.code, own.team, own.environment))
    wrong = [each for each in found if each.problem]

    def lines() -> Iterator[str]:
        for each in found:
            word = Span("wrong", "bad") if each.problem else Span("ok   ", "good")
            yield Line.of(word, f"  {each.example}", f" {each.problem}" if each.problem else "").painted
        yield f"{len(found) - len(wrong)} of {len(found)} examples agree"

    terminal.answer(found, lines)
    return REFUSED if wrong else DONE


@click.command(cls=Command)
@click.argument("place", metavar="RUN/STEP")
@click.option("--name", default="", help="What it is an example of.")
@click.pass_obj
def example(terminal: Terminal, place: str, name: str) -> None:
    """Take a call from the log into policies/examples.yaml, with the answer that the rules give now."""
    made = terminal.ask(lambda platform: platform.record_example(place, name))
    terminal.answer(
        made, lambda: [f'{made.file}: "{made.example["example"]}" expects {made.example["expect"]}']
    )


@click.command(cls=Command)
@click.option(
    "--policies", required=True, metavar="DIR", help="A folder of rules, or the digest of a former version."
)
@_SINCE
@click.option(
    "--fail-on-new-denials", is_flag=True, help="Exit with 1 if anything would be denied that was not."
)
@click.pass_obj
def simulate(terminal: Terminal, policies: str, since: str, fail_on_new_denials: bool) -> int:
    """Say what other rules would have decided over the calls in the log. Nothing is called, and nothing changes."""
    found = terminal.ask(lambda platform: platform.simulate_policy(policies, since))
    terminal.answer(found, lambda: _simulated(found))
    return REFUSED if fail_on_new_denials and found.new_denials else DONE


@click.command(cls=Command)
@_SINCE
@click.pass_obj
def shadow(terminal: Terminal, since: str) -> None:
    """Show what the rules on trial ([policy] shadow) would have decided otherwise."""
    found = terminal.ask(lambda platform: platform.shadow_differences(since))
    terminal.answer(found, lambda: _differences(found))


@click.command(cls=Command)
@click.argument("what", default="rules", type=click.Choice(["rules", "budgets", "retention"]))
@click.option("--unprotect", is_flag=True, help="Also let one person alone change them from then on.")
@click.pass_obj
def propose(terminal: Terminal, what: str, unprotect: bool) -> int:
    """Put the rules in policies/ into force everywhere, or budgets.toml, or [retention] and [capture] of remit.toml.

    Where they are protected, a second person is asked; exits with 4 while somebody else has to agree.
    """
    if what == "rules":
        made = terminal.ask(lambda platform: platform.propose_policy(unprotect=unprotect))
    else:
        made = terminal.ask(lambda platform: platform.propose_limits(what, unprotect=unprotect))
    terminal.answer(
        made, lambda: _proposed(made, "policies/" if what == "rules" else f"what is written of {what}")
    )
    return PARKED if made.status == "proposed" else DONE


@click.command(cls=Command)
@click.argument("verdict", required=False, type=click.Choice(["confirm", "revoke", "restore"]))
@click.argument("rights", nargs=-1, metavar="[RIGHT]...")
@click.option(
    "--open", "opens", is_flag=True, help="Begin a review: every right is to be confirmed or revoked."
)
@click.option("--due", default="30d", metavar="TIME", help="By when the review has to be done.")
@click.option(
    "--since", default="30d", metavar="TIME", help="What was not used for so long counts as unused."
)
@click.option("--reason", default="", help="Why; it stands in the log.")
@click.pass_obj
def review(
    terminal: Terminal, verdict: str | None, rights: tuple[str, ...], opens: bool, due: str, since: str, reason: str
) -> None:  # fmt: skip
    """Show who may call what and who never does; confirm, revoke or restore rights such as agent:triage/refund.

    A revoked right is denied at once and everywhere, whatever a rule says.
    """
    if verdict is not None and not rights:
        raise click.UsageError(
            f"{verdict} which right? Such as: remit policy review {verdict} agent:triage/refund"
        )
    if opens:
        opened = terminal.ask(lambda platform: platform.open_review(due, since))
        terminal.answer(opened, lambda: _review(opened))
    elif verdict == "restore":
        for right in rights:
            terminal.ask(lambda platform, right=right: platform.restore_right(right))
        terminal.answer(
            {"restored": rights}, lambda: [f"{right}: the rules decide again" for right in rights]
        )
    elif verdict is not None:
        said = f"{verdict}ed" if verdict == "confirm" else "revoked"
        done = terminal.ask(lambda platform: platform.review_rights(rights, said, reason))
        lines = [f"{right}: {said}" for right in rights]
        terminal.answer(
            done or {said: rights}, lambda: [*lines, *(_review(done) if done is not None else [])]
        )
    else:
        _show(terminal, since)


def _show(terminal: Terminal, since: str) -> None:
    found = terminal.ask(lambda platform: platform.rights(since))
    reviews = terminal.ask(lambda platform: platform.access_reviews())
    terminal.answer({"rights": found, "reviews": reviews}, lambda: [
        *_rights(found, since), *(_review(reviews[0]) if reviews else ["no review was opened yet: --open --due 30d"]),
    ])  # fmt: skip


def _rights(found: list[RightView], since: str) -> list[str]:
    rows = [
        (
            view.right, view.effect, Span(view.answer, "" if view.answer == "may" else "bad"),
            wording.ago(view.last_used, now()) if view.last_used is not None else Span(f"not in {since}", "waits"),
            view.verdict,
        )
        for view in found
    ]  # fmt: skip
    return [*table(("right", "effect", "answer", "last used", "review"), rows, flexible=0), ""]


def _review(view: ReviewView) -> Iterator[str]:
    late = "overdue since" if view.overdue else "due"
    yield (
        f"review {view.review}: {view.done} of {view.rights} rights looked at, "
        f"{late} {wording.when(view.due, now())}"
    )
    yield from (f"  open  {right}" for right in view.open)


def _simulated(found: Simulation) -> Iterator[str]:
    rows = [
        (
            f"{each.action} {each.resource}", each.agent or "a flow", each.before,
            Span(each.after, "bad" if each.after == "deny" else "waits"), str(each.times),
            f"{each.rule or 'no rule'}: {each.text}" if each.text else each.rule, each.example,
        )
        for each in found.changes
    ]  # fmt: skip
    if rows:
        yield from table(("request", "by", "now", "then", "times", "because", "such as"), rows, flexible=5)
        yield ""
    yield (
        f"{found.requests} requests, {found.same} decided the same, {found.new_denials} new denials; "
        f"{found.policy[:12]} → {found.other[:12]}"
    )
    if found.erased or found.unknown:
        yield f"not judged: {found.erased} whose content is gone, {found.unknown} of tools that are no more"


def _differences(found: list[DifferenceView]) -> Iterator[str]:
    if not found:
        yield "no differences: the rules on trial, if there are any, answer as those in force"
        return
    rows = [
        (
            f"{each.action} {each.resource}", each.agent or "a flow", each.answer, each.other, str(each.times),
            each.rule, each.last_run,
        )
        for each in found
    ]  # fmt: skip
    yield from table(("request", "by", "in force", "on trial", "times", "because", "run"), rows, flexible=5)


def _proposed(made: PolicyChange, what: str) -> Iterator[str]:
    yield from made.changes
    match made.status:
        case "unchanged":
            yield f"{what} is what is in force: {made.digest[:12]}"
        case "proposed":
            yield f"proposed as {made.proposal}: somebody else has to agree. See: remit inbox"
        case _:
            guard = "; protected" if made.protected else ""
            yield f"in force: {made.digest[:12]} in the place of {made.before[:12]}{guard}"
