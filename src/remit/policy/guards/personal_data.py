"""Finds what identifies a person: by a checksum (score 1), or by an exact form alone (score 0.5). It knows no names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.policy.detectors.personal_data import KINDS, personal_data
from remit.policy.guard import Finding

if TYPE_CHECKING:
    from remit.domain.guards import Guard
    from remit.policy.guard import Content

__all__ = ["KINDS", "find"]
BY_FORM = 0.5


def find(guard: Guard, content: Content) -> list[Finding]:
    """Every place in every text."""
    del guard
    return [
        Finding(each.kind, index, each.start, each.end, 1.0 if each.checked else BY_FORM, each.data_class)
        for index, (_, text) in enumerate(content.texts)
        for each in personal_data(text)
    ]
