"""What an agent remembered in an attack, out of its run: trials do not tell of memory, because no suite judges by
it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remit.domain.effects import Effect
from remit.domain.event import object_of
from remit.domain.events import StepDone
from remit.quality.trial import Act, ActStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from remit.quality.trial import Trial
    from remit.store.log import Entry

Json = Any
_REMEMBER = "remember"


def with_memory(trial: Trial, entries: Iterable[Entry]) -> Trial:
    """The same trial, with what was remembered among its acts."""
    return replace(trial, acts=(*trial.acts, *_remembered(entries)))


def _remembered(entries: Iterable[Entry]) -> Iterator[Act]:
    for entry in entries:
        event = entry.event
        if not isinstance(event, StepDone) or event.name != _REMEMBER:
            continue
        about = object_of(object_of(event.detail).get("memory"))
        if about.get("operation") == _REMEMBER:
            kept = {"key": about.get("key"), "value": object_of(event.result).get("value")}
            yield Act(_REMEMBER, Effect.WRITE, kept, ActStatus.SIMULATED, None, entry.path)
