"""What a set of labels must not be used with: personal data and secrets in what labellers were shown, by the detectors
of the gate. It counts them by kind and can take them out; whether the set is used is for a person to say.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from remit.policy.detectors.finding import replaced
from remit.policy.detectors.personal_data import personal_data
from remit.policy.detectors.secret_values import secret_values

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.policy.detectors.finding import Found
    from remit.quality.matter import Matter


def found_in(matters: Iterable[Matter]) -> dict[str, int]:
    """How often each kind of it occurs: `{"personal email": 3}`."""
    counts: Counter[str] = Counter()
    for matter in matters:
        for text in _texts(matter):
            counts.update(f"{each.data_class} {each.kind}" for each in _found(text))
    return dict(sorted(counts.items()))


def redacted(matter: Matter) -> Matter:
    """The same without it; what stood there is named by its kind."""
    return replace(
        matter, answer=_without(matter.answer), input=_without(matter.input), other=_without(matter.other),
        expected=_without(matter.expected), acts=tuple(map(_without, matter.acts)),
    )  # fmt: skip


def _texts(matter: Matter) -> tuple[str, ...]:
    return (matter.answer, matter.input, matter.other, matter.expected, *matter.acts)


def _found(text: str) -> list[Found]:
    return [*personal_data(text), *secret_values(text)]


def _without(text: str) -> str:
    return replaced(text, _found(text), lambda found, _: f"[{found.kind}]")
