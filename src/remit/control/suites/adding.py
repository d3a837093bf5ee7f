"""A run of the log as a scenario of a suite: read, veiled, drafted, and written at the end of its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.control.runs.inspection import find
from remit.control.suites.shelf import FOLDER, read_text
from remit.control.suites.views import AddedView
from remit.domain.errors import InvalidInput, WrongState
from remit.domain.events import RunCreated, WaitClosed, WaitOpened
from remit.domain.ids import is_code_name
from remit.domain.runs import RunStatus
from remit.domain.trials import TRIED
from remit.engine.outside import run_stream
from remit.quality.experiments.reading import read_trial
from remit.quality.scenarios.equality import same
from remit.quality.scenarios.scenario import Scenario
from remit.quality.suites.drafting import Answered, Recorded, draft
from remit.quality.suites.reading import read_lines
from remit.quality.suites.scenario_reading import read_scenario
from remit.quality.suites.scenario_writing import write_scenario
from remit.quality.suites.writing import listed, new_suite, with_scenarios
from remit.store.conversations import refers, resolve
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from remit.control.running.parts import Parts
    from remit.control.suites.shelf import Shelf
    from remit.quality.suites.drafting import Draft
    from remit.store.log import Entry

Json = Any
_ASKED = {"approval", "human"}
_ATTACHED = "attach"
_BESIDE = {"story", _ATTACHED}
"""What agents are given beside the question."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody wants a scenario to be."""

    run: str
    suite: str = ""
    name: str = ""
    tags: tuple[str, ...] = ()
    family: str = ""
    owner: str = ""
    personal: tuple[str, ...] = ()
    """Names of fields that hold who somebody is, beside those that are declared to."""
    correction: bool = False
    """Only if a person corrected something."""
    dry: bool = False
    """Show it, and write nothing."""


async def add(parts: Parts, shelf: Shelf, wish: Wish) -> AddedView:
    """Draft a scenario from a run and put it into its suite."""
    recorded = await recorded_run(parts, wish.run)
    if wish.correction and not recorded.corrections:
        raise InvalidInput(
            f"nobody corrected anything in {recorded.run}: no question was answered with no, or with something else.",
            "Draft it from what it did: leave out --from-correction.",
        )
    name = wish.suite or _only_suite(shelf, recorded.flow)
    if not is_code_name(name):
        raise InvalidInput(f'a suite cannot be called "{name}".', "Use letters, digits, dots, dashes and _.")
    tools = {tool.name: tool.manifest for tool in parts.house.gate.parts.registry}
    found = draft(
        recorded, tools, name=wish.name, owner=wish.owner or parts.ground.principal.id, tags=wish.tags,
        family=wish.family, personal=wish.personal,
    )  # fmt: skip
    file, text = _in_its_suite(shelf, name, recorded.flow, found)
    if not wish.dry:
        write(file, text)
    table = write_scenario(found.scenario)
    return AddedView(
        name, str(file.relative_to(shelf.root)), table, listed([found.scenario], ""), dict(found.veiled), found.notes,
        kept=not wish.dry,
    )  # fmt: skip


def write(file: Path, text: str) -> None:
    """Write a suite in one piece: whoever reads it meanwhile sees the old one or the new one."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        other = file.with_name(f".{file.name}.new")
        other.write_text(text, "utf-8")
        other.replace(file)
    except OSError as wrong:
        raise InvalidInput(f"{file} cannot be written: {wrong.strerror}.") from None


def put(
    shelf: Shelf, name: str, target: str, scenarios: Sequence[Scenario], *, about: str = ""
) -> tuple[Path, str]:
    """The file of a suite, and its text with these scenarios."""
    held = shelf.suite(name, whole=False) if name in {*shelf.suites, *shelf.broken} else None
    file = shelf.file_of(name)
    if held is None:
        return file, new_suite(target, scenarios, about=about)
    if file.suffix == ".py":
        raise InvalidInput(
            f"the suite {name} is written in Python ({held.file}), which nothing is added to.",
            f"Name another: --suite NAME, for {FOLDER}/NAME.yaml",
        )
    if held.target != target:
        raise InvalidInput(
            f"the suite {name} is about {held.target}, and this about {target}.", "Name another: --suite NAME"
        )
    return file, with_scenarios(read_text(file, shelf.root), held.file, scenarios)


def as_read(scenario: Scenario) -> Scenario:
    """A scenario as it is read back from what is written of it: a draft that could not be is no draft."""
    line = canonical.encode(canonical.plain(write_scenario(scenario))).decode()
    return read_scenario(read_lines(line, scenario.name)[0])


def _in_its_suite(shelf: Shelf, name: str, flow: str, found: Draft) -> tuple[Path, str]:
    scenario, held = found.scenario, shelf.suites.get(name)
    for other in held.scenarios if held is not None else ():
        if same(dict(other.input), dict(scenario.input)) and _alike(other, scenario):
            raise InvalidInput(
                f"the suite {name} has the same scenario already: {other.name} ({other.source.place}).",
                "Change that one, or choose another suite.",
            )
        if other.name == scenario.name:
            raise InvalidInput(
                f'the suite {name} has a scenario "{scenario.name}" ({other.source.place}).',
                "Name it: --name NAME",
            )
    as_read(scenario)
    return put(shelf, name, flow, [scenario])


def _alike(one: Scenario, other: Scenario) -> bool:
    mine, theirs = write_scenario(one), write_scenario(other)
    return all(same(mine.get(key), theirs.get(key)) for key in ("environment", "gold", "turns"))


def _only_suite(shelf: Shelf, flow: str) -> str:
    """The suite of a flow where there is one; a new one of its name where there is none."""
    found = [name for name, each in shelf.suites.items() if each.target == flow]
    if len(found) > 1:
        raise InvalidInput(
            f"{flow} has several suites: {', '.join(sorted(found))}.", "Choose one: --suite NAME"
        )
    return found[0] if found else flow


async def recorded_run(parts: Parts, run: str) -> Recorded:
    """What the log says of a run."""
    row = await find(parts.ground.database, run)
    if row.flow.startswith(TRIED):
        raise InvalidInput(
            f"{row.id} is a trial of a scenario itself.", "Name a run that somebody asked for."
        )
    if row.flow not in parts.flows:
        raise InvalidInput(f"{row.id} is a run of {row.flow}, which this workspace does not have.")
    if row.status not in {RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED}:
        raise WrongState(f"{row.id} has not ended.", "Wait for it: remit watch RUN")
    entries, _ = await parts.ground.log.read(run_stream(row.id))
    created = next(each.event for each in entries if isinstance(each.event, RunCreated))
    beside = _BESIDE if row.flow in parts.house.agents else set[str]()
    given = {name: await _opened(parts, value) for name, value in created.input.items() if name not in beside}
    lost = ("what was attached",) if _ATTACHED in beside and created.input.get(_ATTACHED) else ()
    tools = {tool.name: tool.manifest for tool in parts.house.gate.parts.registry}
    trial = await read_trial(parts.services, row.id, Scenario(row.id), 0, 0, tools)
    flow = parts.flows[row.flow]
    return Recorded(
        row.id, row.flow, given, trial.acts, tuple(_answered(entries)), trial.result, trial.error,
        lost, _classes(flow, given),
    )  # fmt: skip


def _classes(flow: Any, given: dict[str, Json]) -> dict[str, str]:
    from remit.control.protecting.protection import input_classes

    return {place: name for place, name in input_classes(flow).items() if place.split("/")[0] in given}


async def _opened(parts: Parts, value: Json) -> Json:
    return await resolve(value, parts.ground.database, parts.ground.keys) if refers(value) else value


def _answered(entries: Sequence[Entry]) -> list[Answered]:
    """Questions and messages of a run, in the order in which they were answered."""
    opened: dict[str, WaitOpened] = {}
    found: list[Answered] = []
    for entry in entries:
        event = entry.event
        if isinstance(event, WaitOpened):
            opened[entry.path] = event
        elif isinstance(event, WaitClosed) and entry.path in opened:
            asked = opened[entry.path]
            if asked.wait == "signal" and event.how == "message":
                found.append(Answered(signal=asked.name, value=event.value))
            elif asked.wait in _ASKED and event.how in {"approved", "rejected"}:
                found.append(
                    Answered(
                        group=asked.group, asked=asked.value,
                        value=event.value if event.how == "approved" else asked.value,
                        approved=event.how == "approved", reason=event.comment, call=asked.wait == "approval",
                    )
                )  # fmt: skip
    return found
