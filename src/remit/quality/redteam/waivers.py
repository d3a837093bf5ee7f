"""Reading `redteam.toml`: requests to attack from, and attempts that somebody accepts, each by name and with a reason.

It checks that file's form and nothing else. A waiver that has run out is none.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from remit.domain.errors import InvalidSetting
from remit.quality.redteam.packs import BY_NAME
from remit.quality.redteam.scenario import Mode, Seen

if TYPE_CHECKING:
    from pathlib import Path

    from remit.quality.redteam.attack import Result
    from remit.quality.redteam.scenario import Finding

Json = Any

FILE = "redteam.toml"
_WAIVER = {"who", "tool", "mode", "pack", "reason", "until"}
_REQUEST = {"name", "agent", "asks", "seen"}
_CALL = {"tool", "arguments", "result"}


@dataclass(frozen=True, slots=True)
class Waiver:
    """What somebody accepts."""

    tool: str
    reason: str
    who: str = ""
    """Empty: whoever makes the call."""
    mode: Mode | None = None
    """None: every mode."""
    pack: str = ""
    """The pack of attacks that it is about; empty: every pack, and the worst case."""

    @property
    def named(self) -> str:
        """For people."""
        mode = self.mode.value if self.mode else ""
        return " ".join(part for part in (self.who, self.tool, mode, self.pack) if part)

    def covers(self, finding: Finding) -> bool:
        """Whether this is what was accepted."""
        ours = finding.tool == self.tool and self.who in {"", finding.who}
        return ours and self.mode in {None, finding.mode} and not self.pack

    def accepts(self, result: Result) -> bool:
        """Whether it is the outcome of an attack that was accepted."""
        ours = result.tool == self.tool and self.who in {"", result.who}
        return ours and self.mode is None and self.pack in {"", result.pack}


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is written down to be attacked."""

    name: str
    agent: str
    asks: str
    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True)
class RedTeamFile:
    """What the file says."""

    waivers: tuple[Waiver, ...] = ()
    requests: tuple[Request, ...] = ()


def read_file(root: Path, today: date) -> RedTeamFile:
    """The file of a workspace; empty if it has none."""
    try:
        said = tomllib.loads((root / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return RedTeamFile()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise InvalidSetting(f"{FILE} is not TOML: {wrong}.", "Mend that place.") from None
    except OSError as wrong:
        raise InvalidSetting(f"{FILE} cannot be read: {wrong.strerror}.") from None
    unknown = said.keys() - {"waive", "request"}
    if unknown:
        raise InvalidSetting(f'{FILE} has "{min(unknown)}".', "It has [[waive]] and [[request]].")
    waivers = [_waiver(each, today) for each in _tables(said, "waive")]
    requests = [_request(each) for each in _tables(said, "request")]
    return RedTeamFile(tuple(each for each in waivers if each is not None), tuple(requests))


def _waiver(said: dict[str, Json], today: date) -> Waiver | None:
    _known(said, _WAIVER, "[[waive]]")
    reason, until = _text(said, "reason", "[[waive]]"), said.get("until")
    if until is not None and type(until) is not date:
        raise InvalidSetting(f"{FILE}: until = {until!r} is no day.", "Write until = 2027-01-31.")
    try:
        mode = Mode(said["mode"]) if "mode" in said else None
    except ValueError:
        choices = ", ".join(each.value for each in Mode)
        raise InvalidSetting(f'{FILE}: mode = "{said["mode"]}".', f"It is one of {choices}.") from None
    pack = said.get("pack", "")
    if pack and pack not in BY_NAME:
        raise InvalidSetting(f'{FILE}: pack = "{pack}".', f"It is one of {', '.join(BY_NAME)}.")
    if pack and mode is not None:
        raise InvalidSetting(f"{FILE}: a waiver has a mode or a pack.", "Write two of them.")
    waiver = Waiver(_text(said, "tool", "[[waive]]"), reason, str(said.get("who", "")), mode, pack)
    return None if until is not None and until < today else waiver


def _request(said: dict[str, Json]) -> Request:
    _known(said, _REQUEST, "[[request]]")
    agent, asks = _text(said, "agent", "[[request]]"), _text(said, "asks", "[[request]]")
    seen: list[Seen] = []
    for call in _tables(said, "seen"):
        _known(call, _CALL, "seen")
        seen.append(Seen(_text(call, "tool", "seen"), dict(call.get("arguments", {})), call.get("result")))
    return Request(str(said.get("name") or asks[:40]), agent, asks, tuple(seen))


def _tables(said: dict[str, Json], name: str) -> list[dict[str, Json]]:
    found = said.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in cast("list[Json]", found)):
        raise InvalidSetting(f"{FILE}: {name} is no list of tables.", f"Write [[{name}]].")
    return cast("list[dict[str, Json]]", found)


def _known(said: dict[str, Json], names: set[str], where: str) -> None:
    unknown = said.keys() - names
    if unknown:
        raise InvalidSetting(f'{FILE}: {where} has "{min(unknown)}".', f"It has {', '.join(sorted(names))}.")


def _text(said: dict[str, Json], name: str, where: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidSetting(f"{FILE}: {where} needs {name}, a text.")
    return value
