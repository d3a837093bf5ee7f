"""What the parts below say while they work (a worker declared dead, a full disk): one line on standard error,
without a traceback unless it was asked for.
"""

from __future__ import annotations

import logging

from remit.domain.visible import seen


def show_logs(*, debug: bool) -> None:
    """Let warnings appear; with `debug`, everything and every traceback."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_FORMAT, _TIME) if debug else _Sentence(_FORMAT, _TIME))
    logging.basicConfig(level=logging.INFO if debug else logging.WARNING, handlers=[handler], force=True)


class _Sentence(logging.Formatter):
    """The message alone, on one line."""

    def format(self, record: logging.LogRecord) -> str:
        said = logging.makeLogRecord(
            record.__dict__ | {"exc_info": None, "exc_text": None, "stack_info": None}
        )
        return seen(super().format(said).partition("\n")[0])


_FORMAT = "%(asctime)s  %(message)s"
_TIME = "%H:%M:%S"
