"""Scenarios in from files of others, and out for them: JSON lines, data sets and logs of Inspect AI, and its tasks. A
task is Python that imports Inspect AI: it runs where that package is installed, and is refused with a sentence where it
is not.
"""

from __future__ import annotations

import json
from importlib import util
from typing import TYPE_CHECKING, Any, cast

from remit.control.suites.adding import as_read, put, write
from remit.control.suites.views import MovedView
from remit.domain.errors import InvalidInput, Refused, RemitError
from remit.domain.event import object_of
from remit.domain.quality_errors import InvalidSuite
from remit.gate.toml_file import nearest
from remit.quality.scenarios.equality import same
from remit.quality.suites.foreign import give, scorer_for, take
from remit.quality.suites.scenario_writing import write_scenario
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from remit.control.suites.shelf import Shelf
    from remit.quality.scenarios.scenario import Scenario

Json = Any

JSONL, INSPECT = "jsonl", "inspect"
FORMS = (JSONL, INSPECT)
_MOST_NOTES = 10


def bring_in(shelf: Shelf, file: Path, suite: str, target: str, form: str = "") -> MovedView:
    """Take every scenario of a file into a suite; those that it has already are left as they are."""
    place, _, task = str(file).partition("@")
    path = file.with_name(file.name.partition("@")[0]) if task else file
    samples, scorers, told = _samples(path, task)
    found = take(samples, path.name, scorers)
    notes = [*told, *found.notes]
    held = shelf.suite(suite, whole=False) if suite in {*shelf.suites, *shelf.broken} else None
    target = target or (held.target if held is not None else "")
    if not target:
        raise InvalidInput(
            f"there is no suite {suite} yet, and nobody says what it is about.",
            "Name the agent or flow: --target NAME",
        )
    if target not in shelf.known.flows:
        raise InvalidInput(
            f'there is no flow and no agent "{target}"{nearest(target, shelf.known.flows)}.',
            f"There are: {', '.join(sorted(shelf.known.flows)) or 'none'}.",
        )
    fresh = [each for each in found.scenarios if held is None or not _has(held.scenarios, each, notes)]
    if fresh:
        for each in fresh:
            as_read(each)
        write(*put(shelf, suite, target, fresh, about=f"Taken from {path.name}."))
    elif not found.scenarios:
        raise InvalidInput(
            f"{place} holds no scenario that could be taken: {'; '.join(notes) or 'it is empty'}."
        )
    written = str(shelf.file_of(suite).relative_to(shelf.root))
    return MovedView(
        suite, written, form or (JSONL if path.suffix == ".jsonl" else INSPECT), len(fresh), _few(notes)
    )


def take_out(shelf: Shelf, name: str, file: Path, form: str = "") -> MovedView:
    """Write a suite into a file: its scenarios as JSON lines, or a task of Inspect AI with its data set beside it."""
    suite = shelf.suite(name, whole=False)
    form = form or (INSPECT if file.suffix == ".py" else JSONL)
    if form not in FORMS:
        raise InvalidInput(
            f'there is no form "{form}"{nearest(form, FORMS)}.', f"There are: {', '.join(FORMS)}."
        )
    for each in {file, file.with_suffix(".jsonl"), file.with_suffix(".py")} if form == INSPECT else {file}:
        if each.exists():
            raise Refused(
                f"{each} is there already, and is not overwritten.", "Name another file, or remove it."
            )
    if form == JSONL:
        write(file, _lines(write_scenario(each) for each in suite.scenarios))
        return MovedView(name, str(file), form, len(suite.scenarios))
    if not any(give(each)["target"] for each in suite.scenarios):
        raise InvalidInput(
            f"nothing in {name} is an answer that Inspect could compare: its gold is fields, calls and states.",
            "Take its scenarios out as lines: --form jsonl",
        )
    data = file.with_suffix(".jsonl")
    write(data, _lines(give(each) for each in suite.scenarios))
    write(file.with_suffix(".py"), _task(name, data.name, scorer_for(suite.scenarios)))
    return MovedView(
        name, str(file.with_suffix(".py")), form, len(suite.scenarios), tuple(_kept_back(suite.scenarios))
    )  # fmt: skip


def _kept_back(scenarios: Sequence[Scenario]) -> Iterator[str]:
    """What Inspect is not told, or does not look at."""
    total = len(scenarios)
    untold = sum(not give(each)["target"] for each in scenarios)
    if untold:
        yield f"{untold} of {total} expect what no target says: the task leaves them out, the data set keeps them"
    more = sum(
        bool(each.gold.actions or each.gold.state or each.turns or each.gold.forbidden) for each in scenarios
    )
    if more:
        yield f"{more} of {total} have gold that Inspect does not compare; their metadata keeps it"


def _samples(path: Path, task: str) -> tuple[list[dict[str, Json]], list[str], list[str]]:
    """The samples of a file, the scorers that it names, and what there is to say."""
    if path.suffix == ".py":
        return _of_task(path, task)
    if path.suffix == ".eval":
        raise InvalidInput(
            f"{path.name} is a log of Inspect AI in its packed form.",
            f"Unpack it: inspect log dump {path.name} > log.json",
        )
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else "it is no UTF-8"
        raise InvalidInput(f"{path} cannot be read: {why}.") from None
    if path.suffix != ".json":
        return [object_of(each) for each in _parsed_lines(text, path.name)], [], []
    said = _parsed(text, path.name, 1)
    if isinstance(said, list):
        return [object_of(each) for each in cast("list[Json]", said)], [], []
    log = object_of(said)
    if "samples" not in log:
        raise InvalidInput(
            f"{path.name} holds no samples.", "A list of them, or a log of Inspect AI as JSON."
        )
    samples = [object_of(each) for each in cast("list[Json]", log["samples"] or [])]
    scorers = [
        str(object_of(each).get("name", "")) for each in _list(object_of(log.get("eval")).get("scorers"))
    ]
    once = [each for each in samples if each.get("epoch", 1) == 1]
    told = (
        [f"{len(samples) - len(once)} × was the same sample again, in a later epoch"]
        if len(once) < len(samples)
        else []
    )
    return once, [_short(each) for each in scorers], told


def _of_task(path: Path, name: str) -> tuple[list[dict[str, Json]], list[str], list[str]]:
    """The samples of a task: a function that gives something with a data set."""
    spec = util.spec_from_file_location(f"inspect_tasks_{path.stem}", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise InvalidInput(f"{path} cannot be read.")
    module = util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except ModuleNotFoundError as wrong:
        if wrong.name and wrong.name.partition(".")[0] == "inspect_ai":
            raise InvalidInput(
                f"{path.name} is a task of Inspect AI, and that package is not installed here.",
                "pip install inspect-ai; or give a data set (.jsonl) or a log (.json) of it, which need no package.",
            ) from None
        raise InvalidInput(f"{path.name} cannot be run: {wrong}.") from wrong
    except Exception as wrong:
        raise InvalidInput(
            f"{path.name} cannot be run: {type(wrong).__name__}: {wrong}.", "Mend that file."
        ) from wrong
    tasks = {key: each for key, each in vars(module).items() if _is_task(each)}
    if not name and len(tasks) == 1:
        name = next(iter(tasks))
    if name not in tasks:
        there = ", ".join(sorted(tasks)) or "none"
        raise InvalidInput(f'{path.name} has no task "{name}".' if name else f"{path.name} has several tasks, or none.",
                           f"Name one: {path.name}@NAME; there are: {there}.")  # fmt: skip
    try:
        made: Any = tasks[name]()
    except Exception as wrong:
        raise InvalidInput(
            f"the task {name} of {path.name} cannot be made: {type(wrong).__name__}: {wrong}.",
            "It is called without arguments: give its parameters defaults.",
        ) from wrong
    given: Any = made.scorer
    scorers = list(cast("Sequence[Any]", given)) if isinstance(given, (list, tuple)) else [given]
    named = [_short(str(getattr(getattr(each, "__registry_info__", None), "name", ""))) for each in scorers]
    return [_sample(each) for each in made.dataset], [each for each in named if each], []


def _is_task(value: object) -> bool:
    return callable(value) and getattr(getattr(value, "__registry_info__", None), "type", "") == "task"


def _sample(sample: Any) -> dict[str, Json]:
    """A sample as plain data; a message as its role and its words."""
    asked = sample.input
    if not isinstance(asked, str):
        asked = [{"role": each.role, "content": each.text} for each in asked]
    keys = ("id", "target", "choices", "metadata", "sandbox", "files", "setup")
    return {"input": asked} | {key: value for key in keys if (value := getattr(sample, key, None))}


def _list(value: Json) -> list[Json]:
    return cast("list[Json]", value) if isinstance(value, list) else []


def _short(name: str) -> str:
    return name.rpartition("/")[2]


def _parsed_lines(text: str, name: str) -> list[Json]:
    return [_parsed(line, name, number) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _parsed(text: str, name: str, line: int) -> Json:
    try:
        return canonical.parse(text)
    except RemitError as wrong:
        raise InvalidSuite(f"{name}:{line}: {wrong.message.rstrip('.')}.", wrong.hint) from None


def _has(held: Sequence[Scenario], scenario: Scenario, notes: list[str]) -> bool:
    other = next((each for each in held if each.name == scenario.name), None)
    if other is None:
        return False
    alike = same(write_scenario(other).get("gold"), write_scenario(scenario).get("gold"))
    notes.append(
        f"{scenario.name} is there already" + ("" if alike else f", with another gold ({other.source.place})")
    )
    return True


def _few(notes: list[str]) -> tuple[str, ...]:
    more = len(notes) - _MOST_NOTES
    return (*notes[:_MOST_NOTES], *([f"and {more} more"] if more > 0 else []))


def _lines(rows: Any) -> str:
    return "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in rows)


def _task(name: str, data: str, scorer: str) -> str:
    """A task of Inspect AI over a data set; what solves it is chosen there: a model, or an agent behind a gateway."""
    function = "".join(letter if letter.isalnum() else "_" for letter in name)
    function = function if function[:1].isalpha() else f"suite_{function}"
    return (
        f'"""The scenarios of {name}, for Inspect AI: inspect eval FILE --model …"""\n\n'
        "from pathlib import Path\n\n"
        "from inspect_ai import Task, task\n"
        "from inspect_ai.dataset import json_dataset\n"
        f"from inspect_ai.scorer import {scorer}\n"
        "from inspect_ai.solver import generate\n\n\n"
        f"@task\ndef {function}() -> Task:\n"
        f'    data = json_dataset(str(Path(__file__).with_name("{data}")))\n'
        "    data = data.filter(lambda sample: bool(sample.target))  # without one, every answer would be right\n"
        f"    return Task(dataset=data, solver=generate(), scorer={scorer}())\n"
    )
