"""Finds credentials of well-known forms: by what they carry (score 1), or by a prefix that is theirs (score 0.5).

The secrets of this workspace are none of its business: the vault knows those by value, and keeps them out itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.policy.detectors.secret_values import KINDS, secret_values
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
        for each in secret_values(text)
    ]
