"""One thing that was looked at, whoever looked: the doctor, the audit, the care for personal data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the doctor looked at."""

    name: str
    state: Literal["ok", "warning", "broken"]
    message: str
    remedy: str
