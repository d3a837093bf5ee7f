"""Files about an experiment for others to read: JUnit and Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.errors import InvalidInput
from remit.quality.gating.reports import junit, markdown

if TYPE_CHECKING:
    from pathlib import Path

    from remit.control.evaluating.views import ExperimentView

FORMS = ("junit", "markdown")


def text_of(view: ExperimentView, form: str) -> str:
    """What such a file says."""
    if form == "junit":
        return junit(view.suite, view.scenarios, view.outcome)
    if form == "markdown":
        return markdown(view.id, view.suite, view.outcome)
    raise InvalidInput(f'an experiment cannot be written as "{form}".', f"As {' or '.join(FORMS)}.")


def report(view: ExperimentView, form: str, file: Path) -> None:
    """Write it."""
    try:
        file.write_text(text_of(view, form), "utf-8")
    except OSError as wrong:
        raise InvalidInput(f"{file} cannot be written: {wrong.strerror}.") from None
