"""Names that the modules of this dialect share."""

from __future__ import annotations

from typing import Any

Json = Any
Block = dict[str, Json]

NAME = "anthropic"
