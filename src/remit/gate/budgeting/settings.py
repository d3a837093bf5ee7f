"""`budgets.toml`: what a team and its agents may use in a day, in a month, or for good, and what one run of a flow may.

A budget that nobody can read is no budget: whatever is misspelt is refused at the start.
"""

from __future__ import annotations

import difflib
import tomllib
from typing import TYPE_CHECKING, Any, cast

from remit.domain.budgets import Account, Budget
from remit.domain.errors import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

FILE = "budgets.toml"
FLOW = "flow:"
_HINT = "What budgets.toml can hold: docs/how-to/set-a-budget.md"
_PERIODS = ("day", "month")
_UNITS = ("usd", "tokens", "steps", "calls")


def read_budgets(
    root: Path, team: str, agents: Collection[str], flows: Collection[str] = ()
) -> dict[str, Account]:
    """The accounts of a workspace by id, as its file says; without the file there are none."""
    return accounts_in(text_of(root), team, agents, flows)


def text_of(root: Path) -> str:
    """`budgets.toml` of a workspace, word for word; empty where there is none."""
    try:
        return (root / FILE).read_text("utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as wrong:
        raise _wrong(f"is not TOML: {str(wrong).rstrip('.')}") from None
    except OSError as wrong:
        raise _wrong(f"cannot be read: {wrong.strerror}") from None


def accounts_in(
    text: str, team: str, agents: Collection[str], flows: Collection[str] = (), *, former: bool = False
) -> dict[str, Account]:
    """The accounts by id: `team:NAME`, `agent:NAME`, and `flow:NAME` for what each run of it may use.

    A `former` text may name agents and flows that are gone: a budget of nobody limits nobody.
    """
    table = _parsed(text)
    _refuse_unknown(table, ("team", "agents", "flows"), "")
    found: dict[str, Account] = {}
    if "team" in table:
        _add(found, f"team:{team}", "team", _section(table["team"], "team"))
    for name, described in _section(table.get("agents", {}), "agents").items():
        if name not in agents:
            if former:
                continue
            raise _wrong(f'has a budget for "{name}", which is no agent{_nearest(name, agents)}')
        _add(found, f"agent:{name}", f"agents.{name}", _section(described, f"agents.{name}"))
    for name, described in _section(table.get("flows", {}), "flows").items():
        place, known = f"flows.{name}", (*flows, *agents)
        limits = _section(described, place)
        if name not in known:
            if former:
                continue
            raise _wrong(f'has a budget for "{name}", which is no flow{_nearest(name, known)}')
        if "per" in limits:
            raise _wrong(f"{place}.per means nothing; the budget of a flow is that of each run of it")
        _add(found, f"{FLOW}{name}", place, limits)
    return found


def _add(found: dict[str, Account], account: str, place: str, described: Mapping[str, Any]) -> None:
    if "seconds" in described:
        raise _wrong(
            f"{place}.seconds limits nothing here; time is a limit of one ask, in its agent's budget"
        )
    _refuse_unknown(described, (*_UNITS, "per"), f"{place}.")
    if not any(unit in described for unit in _UNITS):
        raise _wrong(f"{place} limits nothing; name one of {', '.join(_UNITS)}")
    per = described.get("per", "")
    if per not in {"", *_PERIODS}:
        raise _wrong(f'{place}.per is "{per}"; it is "day" or "month", or is left out for a budget for good')
    usd = _money(described["usd"], f"{place}.usd") if "usd" in described else None
    limits = {unit: _count(described[unit], f"{place}.{unit}") for unit in _UNITS[1:] if unit in described}
    found[account] = Account(account, Budget(usd=usd, per=per, **limits))


def _money(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not _LEAST <= value <= _MOST_DOLLARS:
        raise _wrong(f"{place} is {value!r}; it is an amount of dollars, such as 50.0")
    return float(value)


def _count(value: object, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST:
        raise _wrong(f"{place} is {value!r}; it is a whole number of at least 1")
    return value


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise _wrong(f"is not TOML: {str(wrong).rstrip('.')}") from None


def _section(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(f"has {place} = {value!r}; write a section [{place}] with its keys below")
    return cast("dict[str, Any]", value)


def _refuse_unknown(table: Mapping[str, Any], known: Iterable[str], prefix: str) -> None:
    names = list(known)
    for key in table:
        if key not in names:
            raise _wrong(f'has "{prefix}{key}", which means nothing{_nearest(key, names)}')


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f' (nearest: "{near[0]}")' if near else ""


def _wrong(why: str) -> InvalidSetting:
    return InvalidSetting(f"{FILE} {why}.", _HINT)


_MOST = 2**53
_MOST_DOLLARS = _MOST / 1_000_000
_LEAST = 1 / 1_000_000
