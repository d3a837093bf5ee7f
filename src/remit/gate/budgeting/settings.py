"""`budgets.toml`: what a team and its agents may use in a day, in a month, or for good, and what one run of a flow may.

A budget that nobody can read is no budget: whatever is misspelt is refused at the start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.budgets import Account, Budget
from remit.gate.toml_file import TomlFile, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

FILE = "budgets.toml"
FLOW = "flow:"
_FILE = TomlFile(FILE, "What budgets.toml can hold: docs/how-to/set-a-budget.md")
_PERIODS = ("day", "month")
_UNITS = ("usd", "tokens", "steps", "calls")


def read_budgets(
    root: Path, team: str, agents: Collection[str], flows: Collection[str] = ()
) -> dict[str, Account]:
    """The accounts of a workspace by id, as its file says; without the file there are none."""
    return accounts_in(text_of(root), team, agents, flows)


def text_of(root: Path) -> str:
    """`budgets.toml` of a workspace, word for word; empty where there is none."""
    return _FILE.text_of(root)


def accounts_in(
    text: str, team: str, agents: Collection[str], flows: Collection[str] = (), *, former: bool = False
) -> dict[str, Account]:
    """The accounts by id: `team:NAME`, `agent:NAME`, and `flow:NAME` for what each run of it may use.

    A `former` text may name agents and flows that are gone: a budget of nobody limits nobody.
    """
    table = _FILE.parsed(text)
    _FILE.refuse_unknown(table, ("team", "agents", "flows"), "")
    found: dict[str, Account] = {}
    if "team" in table:
        _add(found, f"team:{team}", "team", _FILE.section(table["team"], "team"))
    for name, described in _FILE.section(table.get("agents", {}), "agents").items():
        if name not in agents:
            if former:
                continue
            raise _FILE.wrong(f'has a budget for "{name}", which is no agent{nearest(name, agents)}')
        _add(found, f"agent:{name}", f"agents.{name}", _FILE.section(described, f"agents.{name}"))
    for name, described in _FILE.section(table.get("flows", {}), "flows").items():
        place, known = f"flows.{name}", (*flows, *agents)
        limits = _FILE.section(described, place)
        if name not in known:
            if former:
                continue
            raise _FILE.wrong(f'has a budget for "{name}", which is no flow{nearest(name, known)}')
        if "per" in limits:
            raise _FILE.wrong(f"{place}.per means nothing; the budget of a flow is that of each run of it")
        _add(found, f"{FLOW}{name}", place, limits)
    return found


def _add(found: dict[str, Account], account: str, place: str, described: Mapping[str, Any]) -> None:
    if "seconds" in described:
        raise _FILE.wrong(
            f"{place}.seconds limits nothing here; time is a limit of one ask, in its agent's budget"
        )
    _FILE.refuse_unknown(described, (*_UNITS, "per"), f"{place}.")
    if not any(unit in described for unit in _UNITS):
        raise _FILE.wrong(f"{place} limits nothing; name one of {', '.join(_UNITS)}")
    per = described.get("per", "")
    if per not in {"", *_PERIODS}:
        raise _FILE.wrong(
            f'{place}.per is "{per}"; it is "day" or "month", or is left out for a budget for good'
        )
    usd = _money(described["usd"], f"{place}.usd") if "usd" in described else None
    limits = {unit: _count(described[unit], f"{place}.{unit}") for unit in _UNITS[1:] if unit in described}
    found[account] = Account(account, Budget(usd=usd, per=per, **limits))


def _money(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not _LEAST <= value <= _MOST_DOLLARS:
        raise _FILE.wrong(f"{place} is {value!r}; it is an amount of dollars, such as 50.0")
    return float(value)


def _count(value: object, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST:
        raise _FILE.wrong(f"{place} is {value!r}; it is a whole number of at least 1")
    return value


_MOST = 2**53
_MOST_DOLLARS = _MOST / 1_000_000
_LEAST = 1 / 1_000_000
