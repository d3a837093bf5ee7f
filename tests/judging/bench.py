"""What the tests of judges act with: a workspace with a judge, and matters to judge."""

from __future__ import annotations

from pathlib import Path

from remit.quality.matter import Matter

POLITE = """
rubric: The answer is polite and says what happens next.
route: fast
"""


def write_judge(folder: Path, name: str = "polite", text: str = POLITE) -> None:
    """A judge of the workspace from now on."""
    (folder / "judges").mkdir(exist_ok=True)
    (folder / "judges" / f"{name}.yaml").write_text(text)


def matter(answer: str = "It is on its way.", **more: object) -> Matter:
    """Something to be judged."""
    return Matter(str(more.pop("id", "m-1")), answer, "Where is my parcel?", **more)  # pyright: ignore[reportArgumentType]


def ruling(verdict: str, reason: str = "because") -> dict[str, str]:
    """What the model of a judge says."""
    return {"reason": reason, "verdict": verdict}
