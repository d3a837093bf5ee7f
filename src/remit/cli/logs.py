"""What the parts below say while they work (a worker declared dead, a full disk): one line on standard error, for a
person or for a log store. A person is spared the traceback unless it was asked for.
"""

from __future__ import annotations

import logging
import os
import socket
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.errors import RemitError
from remit.domain.visible import seen

if TYPE_CHECKING:
    from collections.abc import Mapping


def show_logs(*, debug: bool) -> None:
    """Let warnings appear; with `debug`, everything and every traceback."""
    _show(_Sentence(_FORMAT, _TIME) if not debug else logging.Formatter(_FORMAT, _TIME), debug=debug)


def structure_logs(always: Mapping[str, str], *, debug: bool) -> None:
    """From here on one JSON object a line, in the fields of the Elastic common schema; `always` stands in each."""
    _show(_Structure(always), debug=debug)


def _show(formatter: logging.Formatter, *, debug: bool) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO if debug else logging.WARNING, handlers=[handler], force=True)


class _Sentence(logging.Formatter):
    """The message alone, on one line."""

    def format(self, record: logging.LogRecord) -> str:
        said = logging.makeLogRecord(
            record.__dict__ | {"exc_info": None, "exc_text": None, "stack_info": None}
        )
        return seen(super().format(said).partition("\n")[0])


class _Structure(logging.Formatter):
    """A record as an object: what a log store can be asked by."""

    def __init__(self, always: Mapping[str, str]) -> None:
        super().__init__()
        self._always = {
            "ecs.version": "8.11", "process.pid": os.getpid(), "host.name": socket.gethostname(), **always,
        }  # fmt: skip

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        said: dict[str, Any] = {
            "@timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "log.level": record.levelname.lower(),
            "log.logger": record.name,
            "message": _whole(record.getMessage()),
            **self._always,
        }
        wrong = record.exc_info[1] if record.exc_info else None
        if wrong is not None:
            stack = "".join(traceback.format_exception(wrong))
            said |= {"error.type": type(wrong).__name__, "error.message": _whole(str(wrong))}
            said["error.stack_trace"] = _whole(stack)
            if isinstance(wrong, RemitError):
                said["error.code"] = wrong.code
        return msgspec.json.encode(said).decode()


def _whole(text: str) -> str:
    """Half of a surrogate pair, which somebody may have sent, is no text anywhere else."""
    return text.encode("utf-8", "replace").decode()


_FORMAT = "%(asctime)s  %(message)s"
_TIME = "%H:%M:%S"
