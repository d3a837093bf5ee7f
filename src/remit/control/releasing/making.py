"""Making releases, and looking at them: what they hold, what changed between two of them, whom they still serve."""

from __future__ import annotations

import asyncio
import difflib
from typing import TYPE_CHECKING, Any

from remit.control.authority.duties import require
from remit.control.authority.policy_in_force import FOLDER, archive_of
from remit.control.evaluating.book import ExperimentBook
from remit.control.evaluating.registering import arm_of
from remit.control.releasing.booking import book_of
from remit.control.releasing.printing import fingerprint_of
from remit.control.releasing.serving import extracted
from remit.control.releasing.views import ChangeView, DiffView, ReleasePage, ReleaseView
from remit.control.running.assigning import HERE
from remit.control.runs.inspection import find
from remit.domain.errors import InvalidInput, InvalidName, WrongState
from remit.domain.ids import is_code_name
from remit.operations.releases.book import Plan, Release
from remit.operations.releases.card import card_of
from remit.operations.releases.channels import Channel
from remit.policy.loading import read_files
from remit.quality.fingerprint import differences, environment, of_parts, sources
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from remit.control.ground.ground import Ground
    from remit.control.running.parts import Parts
    from remit.domain.release_events import ReleaseCreated

_EXPERIMENTS = 200
_LONGEST = 400
"""Lines of a difference that are shown of one file."""


async def create(
    parts: Parts, code: Sequence[str], leave_out: Sequence[str], name: str, note: str
) -> ReleaseView:
    """Keep the workspace as it stands; one that was kept already is given back."""
    ground = parts.ground
    await require(ground, "admin", "releases", "make a release")
    canonical.accept([name, note], "the name or the note of a release")
    if name and (not is_code_name(name) or name in {*Channel, HERE, "own"}):
        hint = "Use letters, digits, dots, dashes and _, and no name of a channel."
        raise InvalidName(f'a release cannot be called "{name}".', hint)
    if parts.services.release:
        raise WrongState(
            "this process executes a release already; a new one is made of the workspace as it stands."
        )
    book, root = book_of(ground), ground.workspace
    taken = {each.name: each for each in await book.list()}
    found = fingerprint_of(parts, code, leave_out)
    if name in taken and taken[name].digest != found.digest:
        raise InvalidInput(
            f'there is a release "{name}" already ({taken[name].digest[:12]}).', "Choose another name."
        )
    gate = parts.house.gate.parts
    flows = {flow.name: flow.classes for flow in parts.flows.values() if not flow.name.startswith("remit.")}
    card = card_of(
        parts.house.agents.values(),
        [tool.manifest for tool in gate.registry],
        flows,
        len(gate.authority.rules),
    )
    policy = await archive_of(ground).keep(read_files(root / FOLDER), ground.clock.now())
    settings = {"code": list(code), "arm": arm_of(parts, leave_out)}
    plan = Plan(found, sources(root, leave_out), settings, policy, card, name, note)
    made = await book.create(plan, ground.principal.id)
    return await view_of(ground, made)


async def listed(ground: Ground) -> list[ReleaseView]:
    """All releases, newest first."""
    book = book_of(ground)
    return await _views(ground, await book.list())


async def view_of(ground: Ground, release: Release) -> ReleaseView:
    """One of them."""
    return (await _views(ground, [release]))[0]


async def show(ground: Ground, wanted: str) -> ReleasePage:
    """A release as a page."""
    book = book_of(ground)
    release = await book.find(wanted)
    created = await book.created(release)
    lock = created.parts.get("lock", {})
    here = environment(locked="installed" not in lock)
    differs = [
        f"{name} is not what it was made with" for name, digest in here.items() if lock.get(name) != digest
    ]
    card: dict[str, Any] = {**(created.card or {}), "results": await _results(ground, created)}
    return ReleasePage(
        await view_of(ground, release), created.note, created.policy, len(created.files), created.parts, card,
        tuple(differs),
    )  # fmt: skip


async def _results(ground: Ground, created: ReleaseCreated) -> list[dict[str, Any]]:
    """The verdicts about exactly this code, the newest of each suite first, as far as the log has them by now."""
    arms = {created.release, created.settings.get("arm", "")}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for each in await ExperimentBook(ground).experiments(limit=_EXPERIMENTS):
        if each.arm in arms and each.verdict:
            said = {
                "suite": each.suite,
                "verdict": each.verdict,
                "experiment": each.id,
                "against": each.against,
            }
            found.setdefault((each.suite, each.against), said)
    return list(found.values())


async def diff(
    ground: Ground, parts: Parts | None, old: str, new: str, code: Any, leave_out: Any
) -> DiffView:
    """What changed from a release to another; without the other, to the workspace as it stands."""
    book = book_of(ground)
    before = await book.find(old)
    was = of_parts((await book.created(before)).parts)
    places = [await extracted(ground, before.digest)]
    if new:
        after = await book.find(new)
        now, name = of_parts((await book.created(after)).parts), after.name
        places.append(await extracted(ground, after.digest))
    elif parts is not None:
        now, name = fingerprint_of(parts, code, leave_out), "the workspace as it stands"
        places.append(ground.workspace)
    else:
        raise InvalidInput("name the release to compare with.")
    changes = tuple(ChangeView(each.kind, each.name, each.how) for each in differences(was, now))
    names = [each.name for each in changes if each.kind not in {"agents", "tools", "lock"}]
    texts = await asyncio.to_thread(_texts, places[0], places[1], names)
    return DiffView(before.name, name, changes, texts)


async def of_run(ground: Ground, run: str) -> str:
    """The release that a run belongs to."""
    row = await find(ground.database, run)
    return (await book_of(ground).rows("of_run", row.id))[0][0]


async def _views(ground: Ground, releases: Sequence[Release]) -> list[ReleaseView]:
    book = book_of(ground)
    leads = await book.leads()
    live = {row[0]: row[1] for row in await book.rows("live")}
    served = {row[0] for row in await book.rows("served")}
    return [
        ReleaseView(
            each.digest, each.name, each.at, each.by,
            tuple(lead.channel.value for lead in leads.values() if lead.release == each.digest),
            live.get(each.digest, 0), each.digest in served,
        )
        for each in releases
    ]  # fmt: skip


def _texts(old: Path, new: Path, names: Sequence[str]) -> dict[str, str]:
    """Files as unified differences; of one that is no text, nothing."""
    found: dict[str, str] = {}
    for name in names:
        try:
            before, after = _lines_of(old / name), _lines_of(new / name)
        except UnicodeDecodeError:
            continue
        lines = list(difflib.unified_diff(before, after, f"a/{name}", f"b/{name}"))
        if lines:
            found[name] = "".join(lines[:_LONGEST])
    return found


def _lines_of(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines(keepends=True) if file.is_file() else []
