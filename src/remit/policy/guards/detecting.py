"""Guards that are a detector: what it finds in each text, surer by a checksum or a structure than by form alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.policy.guard import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remit.domain.guards import Guard
    from remit.policy.guard import Check, Content

BY_FORM = 0.5


def finder(detect: Callable[[str], Iterable[Any]]) -> Check:
    """The check of a guard, by what detects it in one text."""

    def find(guard: Guard, content: Content) -> list[Finding]:
        """Every place in every text."""
        del guard
        return [
            Finding(each.kind, index, each.start, each.end, 1.0 if each.checked else BY_FORM, each.data_class)
            for index, (_, text) in enumerate(content.texts)
            for each in detect(text)
        ]

    return find
