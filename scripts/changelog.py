"""Gathers the fragments of changelog.d into the notes of a release: shows them, or, given a version, writes
them into CHANGELOG.md and removes the fragments. A misnamed or empty fragment stops it before anything is
written.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
import sys
from dataclasses import dataclass
from pathlib import Path

KINDS = ("added", "changed", "fixed")
MARK = "<!-- releases -->"
FRAGMENT = re.compile(rf"(?P<slug>[a-z0-9]+(?:-[a-z0-9]+)*)\.(?P<kind>{'|'.join(KINDS)})\.md")
VERSION = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")


@dataclass(frozen=True, slots=True)
class Fragment:
    """One change, as its author told it."""

    path: Path
    kind: str
    text: str


class Refused(Exception):
    """What is wrong and what to do, in one sentence."""


def main() -> int:
    arguments = _parse()
    try:
        fragments = read_fragments(arguments.root / "changelog.d")
        if arguments.version is None:
            print(render("Unreleased", fragments), end="")
        else:
            release(arguments.root, arguments.version, arguments.date, fragments)
            print(f"CHANGELOG.md: {arguments.version} with {len(fragments)} changes")
    except Refused as refusal:
        print(f"error: {refusal}", file=sys.stderr)
        return 2
    return 0


def read_fragments(folder: Path) -> list[Fragment]:
    """All fragments by name; every other file but the README is a mistake that would lose somebody's note."""
    fragments: list[Fragment] = []
    for path in sorted(folder.iterdir()):
        if path.name == "README.md" or path.name.startswith("."):
            continue
        named = FRAGMENT.fullmatch(path.name)
        if named is None:
            raise Refused(f"{path.name} is not a fragment; name it <slug>.<{'|'.join(KINDS)}>.md.")
        text = " ".join(path.read_text(encoding="utf-8").split())
        if not text:
            raise Refused(f"{path.name} is empty; say in a sentence what changed for the user, or remove it.")
        fragments.append(Fragment(path, named["kind"], text))
    return fragments


def render(title: str, fragments: list[Fragment]) -> str:
    """The section of one release; kinds without a change have no heading."""
    lines = [f"## {title}", ""]
    for kind in KINDS:
        told = [fragment.text for fragment in fragments if fragment.kind == kind]
        if told:
            lines += [f"### {kind.capitalize()}", "", *(f"- {text}" for text in told), ""]
    return "\n".join(lines) if fragments else f"## {title}\n\nNothing yet.\n"


def release(root: Path, version: str, date: dt.date, fragments: list[Fragment]) -> None:
    """Write the section above all earlier ones, then remove its fragments: in this order nothing is lost."""
    page = root / "CHANGELOG.md"
    before, mark, after = page.read_text(encoding="utf-8").partition(MARK)
    if not VERSION.fullmatch(version):
        raise Refused(f"{version!r} is not a version; write it like 0.2.0.")
    if not fragments:
        raise Refused("There is no fragment in changelog.d, so there is nothing to release.")
    if not mark:
        raise Refused(f"CHANGELOG.md has lost its line {MARK}; put it back above the newest release.")
    if f"## {version} " in after:
        raise Refused(f"CHANGELOG.md already has {version}; choose the next version.")
    section = render(f"{version} ({date.isoformat()})", fragments).rstrip()
    page.write_text(f"{before}{mark}\n\n{section}\n\n{after.strip()}".rstrip() + "\n", encoding="utf-8")
    for fragment in fragments:
        fragment.path.unlink()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Show the next release's notes, or write them into CHANGELOG.md."
    )
    parser.add_argument("version", nargs="?", help="the version to write; without it, only show")
    parser.add_argument("--date", type=dt.date.fromisoformat, default=dt.datetime.now(dt.UTC).date())
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1])
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
