"""Everything that can go wrong, as one tree. Each error says what happened, why, and what to do.

    RemitError
    ├── BadInput                what was asked for makes no sense as given (exit 2)
    │   ├── UnknownFlow · UnknownRun · AmbiguousRun · UnknownApproval · UnknownStep
    │   ├── InvalidInput · InvalidSetting · InvalidName · BadWorkspace
    ├── Refused                 it makes sense, and the answer is no (exit 1)
    │   ├── Unauthenticated · WrongState · AlreadyDecided · ForeignTask · UnresolvedEffect
    │   ├── TooLarge · NotEncodable · JournalFull · CircuitOpen · CannotSimulate · Shredded
    ├── RunProblem              the run itself came to this (exit 1)
    │   ├── StepFailed · TimedOut · Rejected · RunFailed · RunWasCancelled · ReplayMismatch
    └── Infrastructure          the ground gave way (exit 5)
        ├── StoreUnavailable · StoreCorrupt · StoreFull · StoreReadOnly · StoreNewer · StoreOutdated
        ├── UnsafeFileSystem
        ├── Fenced · LateLease · WrongKey

What a step may *raise to say* (`Retry`, `ToolFailed`, `AskHuman`, `StopRun`) is not an error of Remit and stands
beside the tree; `Cancelled` and `Evicted` are no `Exception`, so that `except Exception` cannot swallow them.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar


class RemitError(Exception):
    """Something Remit can explain."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str = "", hint: str = "") -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.hint = hint
        self.detail: object = None
        """What the log keeps of it beside the sentence, where it is about a step."""
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class BadInput(RemitError):
    """What was asked for makes no sense as given."""

    code = "bad_input"
    exit_code = 2


class UnknownFlow(BadInput):
    """No flow has this name."""

    code = "unknown_flow"


class UnknownRun(BadInput):
    """No run has this id."""

    code = "unknown_run"


class AmbiguousRun(BadInput):
    """Several runs start with this id."""

    code = "ambiguous_run"


class UnknownApproval(BadInput):
    """No question has this id."""

    code = "unknown_approval"


class UnknownStep(BadInput):
    """The run has no step at this path."""

    code = "unknown_step"


class InvalidInput(BadInput):
    """The input does not fit what the flow takes."""

    code = "invalid_input"


class InvalidSetting(BadInput):
    """A setting is unknown or has a value it cannot have."""

    code = "invalid_setting"


class InvalidName(BadInput):
    """A name in the log must be an identifier of code, never data."""

    code = "invalid_name"


class BadWorkspace(BadInput):
    """The folder is not a workspace, or its code cannot be loaded."""

    code = "bad_workspace"


class Refused(RemitError):
    """The request makes sense, and the answer is no."""

    code = "refused"


class Unauthenticated(Refused):
    """The workspace has a key, and it was not presented."""

    code = "unauthenticated"


class WrongState(Refused):
    """The run is not in a state in which this can be done."""

    code = "wrong_state"


class AlreadyDecided(Refused):
    """The question has its answer already."""

    code = "already_decided"


class ForeignTask(Refused):
    """A step was called from a task that the run did not start."""

    code = "foreign_task"


class UnresolvedEffect(Refused):
    """The same write is still open in this run: nobody knows yet whether it took place."""

    code = "unresolved_effect"


class TooLarge(Refused):
    """A value is larger than the log accepts."""

    code = "too_large"


class NotEncodable(Refused):
    """A value cannot be written to the log and read back the same."""

    code = "not_encodable"


class JournalFull(Refused):
    """The run has as many events as one generation may have."""

    code = "journal_full"


class CircuitOpen(Refused):
    """The step failed too often lately and is not called for a while."""

    code = "circuit_open"


class CannotSimulate(Refused):
    """A fork reached a write that has neither a recorded result nor a simulation."""

    code = "cannot_simulate"


class Shredded(Refused):
    """The key of this content was destroyed; it cannot be read again."""

    code = "shredded"


class RunProblem(RemitError):
    """The run itself came to this."""

    code = "run_problem"


class StepFailed(RunProblem):
    """A step failed for good."""

    code = "step_failed"
    reason: str = ""
    """What the step itself said."""


class TimedOut(RunProblem):
    """It took longer than it may."""

    code = "timed_out"


class Rejected(RunProblem):
    """A person said no."""

    code = "rejected"


class RunFailed(RunProblem):
    """The run ended with an error."""

    code = "run_failed"


class RunWasCancelled(RunProblem):
    """The run was cancelled."""

    code = "run_cancelled"


class ReplayMismatch(RunProblem):
    """The code does not repeat what the journal recorded."""

    code = "replay_mismatch"
    exit_code = 1


class Infrastructure(RemitError):
    """The ground gave way: storage, keys, leases."""

    code = "infrastructure"
    exit_code = 5


class StoreUnavailable(Infrastructure):
    """The database does not answer."""

    code = "store_unavailable"


class StoreCorrupt(Infrastructure):
    """The database or an entry of it is damaged."""

    code = "store_corrupt"


class StoreFull(Infrastructure):
    """The disk is full; nothing more can be made durable."""

    code = "store_full"


class StoreReadOnly(Infrastructure):
    """The database cannot be written here."""

    code = "store_read_only"


class StoreNewer(Infrastructure):
    """The database was written by a newer Remit."""

    code = "store_newer"


class StoreOutdated(Infrastructure):
    """The database lacks migrations that this Remit needs."""

    code = "store_outdated"


class UnsafeFileSystem(Infrastructure):
    """The file system cannot lock files safely between processes."""

    code = "unsafe_file_system"


class Fenced(Infrastructure):
    """Another worker owns the run now; this one may not write to it any more."""

    code = "fenced"


class LateLease(Infrastructure):
    """The worker's lease ends before the call could."""

    code = "late_lease"


class WrongKey(Infrastructure):
    """The key file does not belong to this database."""

    code = "wrong_key"


# --- what a step may raise to say something ---------------------------------------------------------------


class Retry(Exception):
    """Nothing happened; try me again (after `after` seconds, if given)."""

    def __init__(self, message: str = "", *, after: float | None = None) -> None:
        self.after = after
        super().__init__(message)


class ToolFailed(Exception):
    """It definitely did not work, and trying again is no use: tell whoever asked."""


class AskHuman(Exception):
    """A person of `group` has to decide whether this goes on."""

    def __init__(self, message: str = "", *, group: str = "operators") -> None:
        self.group = group
        super().__init__(message)


class StopRun(Exception):
    """End the run here, as failed, with this message; no retry and no further step."""


# --- what no `except Exception` may swallow ----------------------------------------------------------------


class Cancelled(asyncio.CancelledError):
    """The run, or the branch, was cancelled; clean up and leave."""


class Evicted(BaseException):
    """The run left this process: it parked, or another worker owns it. Nothing these frames do counts."""


def all_errors() -> tuple[type[RemitError], ...]:
    """Every class of the tree, parents before children."""
    found: list[type[RemitError]] = [RemitError]
    for known in found:
        found.extend(known.__subclasses__())
    return tuple(found)
