"""What of a run a judge or a labeller is shown: what was asked, what was done, what came of it, and by whose models.
It is read as the log has it; what was shredded is not there any more. Files of matters are read here, too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from remit.control.runs import inspection
from remit.domain.errors import InvalidInput
from remit.domain.event import object_of
from remit.quality.matter import Matter
from remit.quality.scenarios.expectation import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from remit.control.ground.ground import Ground
    from remit.control.runs.views import StepView

_LONGEST_RESULT = 2_000
_KEYS = ("id", "answer", "input", "other", "acts", "expected", "models", "label")


async def matter_of_run(ground: Ground, run: str) -> Matter:
    """A run as something to be judged; refused while it has not ended."""
    view = await inspection.show(ground, run)
    if view.run.ended_at is None:
        raise InvalidInput(f"{view.run.id} is still {view.run.status}.", "Judge it when it has ended.")
    given = view.input
    asked = (
        given["question"] if set(given) <= {"question", "attach", "story"} and "question" in given else given
    )
    answer = text_of(view.result) if view.result is not None else view.message
    steps = list(_walk(view.steps))
    models = dict.fromkeys(
        each.action.model for each in steps if each.action is not None and each.action.model
    )
    return Matter(view.run.id, answer, text_of(asked), acts=tuple(_acts(steps)), models=tuple(models))


def read_matters(file: Path) -> list[tuple[Matter, str]]:
    """The matters of a file of JSON lines, with their labels where they have one."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else "it is not UTF-8"
        raise InvalidInput(f"{file} cannot be read: {why}.") from None
    found = [
        _matter(line, f"{file.name}, line {number}", number)
        for number, line in enumerate(lines, 1)
        if line.strip()
    ]
    if not found:
        raise InvalidInput(
            f"{file.name} holds nothing.", 'A line is {"id": "1", "input": "…", "answer": "…"}.'
        )
    names = [matter.id for matter, _ in found]
    twice = (
        next((name for name in names if names.count(name) > 1), "") if len(set(names)) < len(names) else ""
    )
    if twice:
        raise InvalidInput(f'{file.name} has two of the id "{twice}".', "Each line has an id of its own.")
    return found


def _matter(line: str, where: str, number: int) -> tuple[Matter, str]:
    hint = f"A line is one JSON object with an answer and {', '.join(_KEYS)}."
    try:
        said: Any = json.loads(line)
    except ValueError:
        raise InvalidInput(f"{where} is no JSON.", hint) from None
    if not isinstance(said, dict):
        raise InvalidInput(f"{where} is no JSON object.", hint)
    given = cast("dict[str, Any]", said)
    unknown = next((key for key in given if key not in _KEYS), "")
    if unknown or "answer" not in given:
        raise InvalidInput(f"{where} has {f'{chr(34)}{unknown}{chr(34)}' if unknown else 'no answer'}.", hint)
    texts = {key: text_of(given.get(key, "")) for key in ("answer", "input", "other", "expected")}
    lists = {key: _texts(given.get(key, []), key, where) for key in ("acts", "models")}
    matter = Matter(
        str(given.get("id", number)), texts["answer"], texts["input"], texts["other"], lists["acts"],
        texts["expected"], lists["models"],
    )  # fmt: skip
    return matter, str(given.get("label", ""))


def _texts(value: object, key: str, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InvalidInput(f"{where}: {key} is no list.", 'Write ["…", "…"].')
    return tuple(text_of(each) for each in cast("list[object]", value))


def _walk(steps: Iterable[StepView]) -> Iterator[StepView]:
    for step in steps:
        yield step
        yield from _walk(step.children)


def _acts(steps: Iterable[StepView]) -> Iterator[str]:
    for step in steps:
        action = step.action
        if action is None or not action.effect:
            continue
        arguments = text_of(object_of(action.arguments))
        came = f" -> {text_of(step.result)[:_LONGEST_RESULT]}" if step.state == "done" else ""
        why = f" ({step.detail})" if step.detail and step.state != "done" else ""
        yield f"{step.name.partition('#')[0]}({arguments}): {step.state}{why}{came}"
