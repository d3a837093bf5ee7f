"""A new generation of a run: the same id and budgets, a fresh journal (S16)."""

from __future__ import annotations


class ContinueAs(BaseException):
    """Raised by `run.continue_as`; no `except Exception` can hold it back."""

    def __init__(self, state: dict[str, object]) -> None:
        self.state = state
        super().__init__("the run continues as a new generation")
