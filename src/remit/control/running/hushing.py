"""Keeps secrets out of what this process logs: a filter on every handler, for as long as a workspace is open."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from remit.gate.secrets.redactor import RedactingFilter

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.gate.secrets.redactor import Redactor


def hush(redactor: Redactor) -> Callable[[], None]:
    """Put the filter on the handlers that there are; gives what takes it off again."""
    handlers = [*logging.getLogger().handlers, *logging.getLogger("remit").handlers]
    if logging.lastResort is not None:
        handlers.append(logging.lastResort)
    hushing = RedactingFilter(redactor)
    for handler in handlers:
        handler.addFilter(hushing)

    def lift() -> None:
        for handler in handlers:
            handler.removeFilter(hushing)

    return lift
