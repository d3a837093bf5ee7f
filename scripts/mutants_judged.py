"""What was found out of changed programs, and what that says: noticed, argued in `tests/mutants.toml`, or left. Both
are said of one text of a function, and count for nothing where the text is another one.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.mutants_made import Made
from scripts.mutants_sampled import Score, Stratum

NOTICED = frozenset({"killed", "timeout"})


@dataclass(frozen=True, slots=True)
class Known:
    """What was found out, and of which text of the function."""

    of: str
    result: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Argument:
    """Why a survivor is no fault, and of which text of the function that was said."""

    why: str
    of: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the changed programs of a module."""

    stratum: Stratum
    left: list[str]
    """Noticed by nobody, and argued by nobody."""
    stale: list[str]
    """Those of them that were argued of another text."""
    untried: list[str]


def arguments_of(text: str) -> dict[str, Argument]:
    """The survivors that are argued."""
    return {row["name"]: Argument(row["why"], row["of"]) for row in tomllib.loads(text).get("survivor", [])}


def known_of(made: Made, known: Mapping[str, Known], name: str) -> Known | None:
    """What is known of it as it is today."""
    found = known.get(name)
    return found if found and found.of == made.digest(name) else None


def judge(
    made: Made, known: Mapping[str, Known], argued: Mapping[str, Argument], names: Iterable[str]
) -> Verdict:
    """Sort these of a module."""
    noticed = spoken = 0
    left: list[str] = []
    stale: list[str] = []
    untried: list[str] = []
    for name in names:
        found, argument = known_of(made, known, name), argued.get(name)
        if found is None:
            untried.append(name)
        elif found.result in NOTICED:
            noticed += 1
        elif argument and argument.of == found.of:
            spoken += 1
        else:
            left.append(name)
            stale += [name] if argument else []
    return Verdict(Stratum(len(made.names), noticed, len(left), spoken), left, stale, untried)


def row(title: str, stratum: Stratum, figure: Score) -> str:
    """The figures of a module or of a package."""
    bounds = f"[{figure.low:.1%} to {figure.high:.1%}]" if figure.high > figure.low else "all tried"
    return (
        f"{title:<44} {figure.share:6.1%} {bounds:<18} {stratum.tried} of {stratum.size}: "
        f"{stratum.killed} killed, {stratum.left} left, {stratum.argued} argued"
    )


def read_known(place: Path) -> dict[str, Known]:
    """What was found out before."""
    if not place.exists():
        return {}
    return {name: Known(**each) for name, each in json.loads(place.read_text("utf-8")).items()}


def write_known(place: Path, known: Mapping[str, Known]) -> None:
    """Keep it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.with_suffix(".new")
    new.write_text(json.dumps({name: asdict(each) for name, each in known.items()}), "utf-8")
    new.replace(place)
