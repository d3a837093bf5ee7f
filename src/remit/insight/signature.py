"""What kind of failure this is: the same for the same failure of the same flow, whoever met it and whenever. Made of
code identifiers only (S7). It reads no log; what failed on the way is handed to it.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from remit.domain.value import value

if TYPE_CHECKING:
    from collections.abc import Sequence

_PART = re.compile(r"[^a-z0-9_.]+")
_ORDINAL = re.compile(r"#\d+$")
_LONGEST = 60
_ESCALATED = frozenset({"step_failed", "run_failed", "error"})
"""Codes that only say that something below failed."""


@value
class Trouble:
    """A step that did not do what it was for, where it stands in the log."""

    path: str
    name: str
    """The tool, `model`, `delegate`, or the name of an author's own step."""
    error: str
    seq: int = 0
    at: int = 0


def suspected(troubles: Sequence[Trouble], error: str) -> Trouble | None:
    """Which of the failed steps the end of a run with this error goes back to, if any.

    An error that ends a run was raised by the last step with that code; where the code says only that something
    failed, or none of them has it, it is the last failed step that lies deepest.
    """
    if not troubles:
        return None
    same = [each for each in troubles if each.error == error and error not in _ESCALATED]
    if same:
        return same[-1]
    plain = [each for each in troubles if each.error not in _ESCALATED] or list(troubles)
    last = plain[-1]
    below = [each for each in plain if each.path.startswith(f"{last.path}/")]
    return below[-1] if below else last


def signature(flow: str, agent: str, step: str, error: str) -> str:
    """The signature of a failure: `handle_ticket/triage/refund/denied`; empty without an error."""
    return "/".join(_plain(each) for each in (flow, agent, step, error)) if error else ""


def name_of(signed: str) -> str:
    """What people call a group of failures: the step and its error, and four digits that only this signature has."""
    flow, agent, step, error = [*signed.split("/"), "", "", "", ""][:4]
    return f"{step or agent or flow}-{error}-{hashlib.sha256(signed.encode()).hexdigest()[:4]}".replace(
        "_", "-"
    )


def last_name(path: str) -> str:
    """The name of the step at a path, without what counts it."""
    return _ORDINAL.sub("", path.rpartition("/")[2])


def _plain(part: str) -> str:
    """A part in small letters: a class of errors is `value_error`, a step is not told from its repetition."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", _ORDINAL.sub("", part)).lower()
    return _PART.sub("_", spaced).strip("_")[:_LONGEST]
