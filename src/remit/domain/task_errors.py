"""What can go wrong with tasks that others give to agents here. A branch of the error tree.

BadInput    └── UnknownTask · UnknownHook · UnreadablePart
Refused     └── TaskBusy · TaskEnded
"""

from __future__ import annotations

from remit.domain.errors import BadInput, Refused


class UnknownTask(BadInput):
    """Whoever asks has given no task of this id."""

    code = "unknown_task"


class UnknownHook(BadInput):
    """Nobody is told of the task under this id."""

    code = "unknown_hook"


class UnreadablePart(BadInput):
    """A part of the message is of a kind that nobody here can take."""

    code = "unreadable_part"


class TaskBusy(Refused):
    """The task waits for nothing that could be said to it now."""

    code = "task_busy"


class TaskEnded(Refused):
    """The task has ended, and nothing more can be done about it."""

    code = "task_ended"
