"""The facts out of a run's log that badness travels by: what it read, heard, recalled, remembered, wrote, asked and
answered, with what labels say of it. What follows from them stands in `policy.containment.tracing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_events import ActionAdmitted
from remit.domain.event import object_of
from remit.domain.events import RunCreated, RunEnded, StepClaimed, StepDone, WaitClosed, WaitOpened
from remit.policy.containment.tracing import Fact, FactKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.store.log import Entry

Json = Any
MEMORY = "memory:"
PRINCIPAL = "principal:"
TOOL = "tool:"
_DIRECTORY = "directory:"


class Reader:
    """Reads one run's log for a source."""

    def __init__(self, run: str, source: str) -> None:
        self._run = run
        self._source = source
        self._arguments: dict[str, Json] = {}
        self._labels: dict[str, tuple[tuple[str, ...], bool]] = {}
        self._claimed: set[str] = set()

    def read(self, entries: Iterable[Entry]) -> Iterator[Fact]:
        """Everything that can carry something on."""
        for entry in entries:
            event, at, seq, path = entry.event, entry.at, entry.seq, entry.path
            match event:
                case RunCreated():
                    yield from self._born(entry, event)
                case StepClaimed() | ActionAdmitted():
                    self._asked(path, object_of(event.detail))
                    if isinstance(event, StepClaimed):
                        self._claimed.add(path)
                case StepDone():
                    yield from self._done(entry, event)
                case WaitOpened() if event.approval:
                    yield Fact(at, self._run, seq, FactKind.ASKED, path)
                case WaitClosed():
                    yield from self._heard(entry, event)
                case RunEnded():
                    yield Fact(at, self._run, seq, FactKind.ANSWERED)
                case _:
                    pass

    def _born(self, entry: Entry, event: RunCreated) -> Iterator[Fact]:
        run, source = self._run, self._source
        if event.parent:
            yield Fact(entry.at, run, entry.seq, FactKind.BORN, "", event.parent)
        if source in {run, f"{PRINCIPAL}{event.by}"}:
            yield Fact(entry.at, run, entry.seq, FactKind.SOURCE, source)

    def _asked(self, path: str, detail: dict[str, Json]) -> None:
        self._arguments[path] = detail.get("arguments")
        self._labels[path] = _labels_in(detail, self._run)

    def _heard(self, entry: Entry, event: WaitClosed) -> Iterator[Fact]:
        """A child, a signal, or a person told it something."""
        at, run, seq, path = entry.at, self._run, entry.seq, entry.path
        if event.wait == "child":
            yield Fact(at, run, seq, FactKind.HEARD, path, event.ref.removeprefix("run:").rpartition("#")[0])
        elif (event.by and self._source == f"{PRINCIPAL}{event.by}") or self._is_in(event.value):
            yield Fact(at, run, seq, FactKind.SOURCE, f"{run}/{path}")

    def _done(self, entry: Entry, event: StepDone) -> Iterator[Fact]:
        detail, path = object_of(event.detail), entry.path
        if "contracts" in detail or path not in self._arguments:
            self._asked(path, detail)
        place = f"{self._run}/{path}"
        if self._source in {place, f"{TOOL}{event.name}"} or self._is_in(self._arguments.get(path)):
            read = str(object_of(detail.get("label")).get("source") or "")
            yield Fact(
                entry.at, self._run, entry.seq, FactKind.SOURCE, place, f"{_DIRECTORY}{read}" if read else ""
            )
        yield from self._moved(entry, event, detail)

    def _moved(self, entry: Entry, event: StepDone, detail: dict[str, Json]) -> Iterator[Fact]:
        at, run, seq, path = entry.at, self._run, entry.seq, entry.path
        about = object_of(detail.get("memory"))
        if about.get("operation") == "recall":
            for item in cast("list[Json]", event.result or []):
                said = object_of(item)
                name = f"{MEMORY}{said.get('scope')}/{said.get('key')}"
                made = _sources_of(said.get("label"), str(said.get("run")))
                yield Fact(at, run, seq, FactKind.RECALLED, path, name, made)
        elif about:
            for image in map(object_of, detail.get("images", ())):
                made = _sources_of(object_of(image.get("after")).get("label"), run)
                yield Fact(
                    at, run, seq, FactKind.REMEMBERED, path, str(image.get("object")), made, bool(made)
                )
        elif path in self._claimed:
            sources, labelled = self._labels.get(path, ((), False))
            yield Fact(at, run, seq, FactKind.WROTE, path, event.name, sources, labelled)

    def _is_in(self, said: Json) -> bool:
        return bool(said) and self._source in (said if isinstance(said, str) else str(said))


def _labels_in(detail: dict[str, Json], run: str) -> tuple[tuple[str, ...], bool]:
    """What the arguments of a call were made from, as the contracts that bound it knew, and whether all are known."""
    arguments = object_of(detail.get("arguments"))
    found: dict[str, None] = {}
    known: set[str] = set()
    for each in detail.get("contracts") or ():
        for name, label in object_of(object_of(each).get("labels")).items():
            sources = _sources_of(label, run)
            found |= dict.fromkeys(sources)
            known |= {name} if sources else set()
    return tuple(found), bool(arguments) and set(arguments) <= known


def _sources_of(label: Json, run: str) -> tuple[str, ...]:
    """What a label names; within a run it says only the path of a call."""
    said = [str(each) for each in object_of(label).get("sources") or ()]
    return tuple(each.replace("#", f"#{run}/", 1) for each in said)
