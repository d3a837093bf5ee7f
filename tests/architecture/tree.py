"""Where the project's own files are: found by walking, because an unpacked archive has no version control to
ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOT_FOLDERS_OF_OURS = frozenset({".ci", ".github"})
OUTPUTS = frozenset({"build", "dist", "htmlcov", "node_modules", "__pycache__"})


def files(below: Path = ROOT) -> Iterator[Path]:
    """Every file that belongs to the project: no environments, caches or build outputs."""
    for entry in sorted(below.iterdir()):
        if entry.is_symlink():
            continue
        if entry.is_file():
            yield entry
        elif entry.name in DOT_FOLDERS_OF_OURS or not (entry.name.startswith(".") or entry.name in OUTPUTS):
            yield from files(entry)


def modules(*folders: str) -> list[Path]:
    return [
        path
        for folder in folders
        if (ROOT / folder).is_dir()
        for path in files(ROOT / folder)
        if path.suffix == ".py"
    ]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
