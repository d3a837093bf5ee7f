"""Which budgets and which rules of retention come into force: what is written when a process starts, unless they are
protected, so that a second person has to agree to them first. It does not know what they mean.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from remit.control.authority.acts import record
from remit.control.authority.duties import governed
from remit.domain.errors import StoreCorrupt
from remit.domain.policy_events import LimitsAdopted
from remit.engine.outside import team_stream
from remit.gate.budgeting.settings import accounts_in, text_of
from remit.policy.data_classes import capture_rules, retention_days
from remit.store.database import Conflict, Op
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from remit.control.ground.ground import Ground

T = TypeVar("T")
BUDGETS, RETENTION = LIMITS = ("budgets", "retention")
PLACES = {BUDGETS: "budgets.toml", RETENTION: "[retention] and [capture] of remit.toml"}
"""Where each is written."""
_logger = logging.getLogger("remit.policy")


class Limits(NamedTuple):
    """Those that are in force."""

    digest: str
    protected: bool
    """Whether one person alone may not change them."""
    stream: str
    seq: int


def as_written(root: Path, **sections: Any) -> dict[str, Any]:
    """What takes two people where it is protected: the file of budgets, and of these sections of the settings whatever
    is not as it is by itself, so that a release with one more setting changes nothing.
    """
    kept: dict[str, Any] = {}
    for name, section in sections.items():
        plain: dict[str, Any] = asdict(type(section)())
        kept[name] = {key: value for key, value in asdict(section).items() if value != plain[key]}
    return {BUDGETS: text_of(root), RETENTION: canonical.plain(kept)}


def as_agreed(section: T, kept: Mapping[str, Any]) -> T:
    """A section of the settings as it is in force."""
    known = asdict(cast("Any", section)).keys()
    values: dict[str, Any] = {
        key: tuple(cast("list[str]", value)) if isinstance(value, list) else value
        for key, value in kept.items()
        if key in known
    }
    return type(section)(**values)


def digest_of(content: Any) -> str:
    """The name of exactly these."""
    return canonical.digest(canonical.plain(content))


async def at_start(
    ground: Ground, written: Mapping[str, Any], fits: Callable[[str, Any], None], *, wanted: bool
) -> dict[str, Any]:
    """What this process goes by: what is written, taken into force, or what a second person agreed to last.

    `fits` refuses what could not be gone by, before it comes into force.
    """
    found: dict[str, Any] = {}
    for name, content in written.items():
        now = await in_force(ground, name)
        if now is not None and await is_held(ground, now, content):
            _logger.warning(
                "%s is not what is in force (%s): a second person has to agree. See: remit policy propose %s",
                PLACES[name], now.digest[:12], name,
            )  # fmt: skip
            found[name] = await content_of(ground, now)
            continue
        fits(name, content)
        await put_in_force(
            ground, name, content, now, protected=wanted or (now is not None and now.protected)
        )
        found[name] = content
    return found


async def held_already(ground: Ground, written: Mapping[str, Any]) -> dict[str, Any]:
    """What is in force, or written where nothing is; nothing comes into force by this."""
    found = dict(written)
    for name in written:
        now = await in_force(ground, name)
        if now is not None:
            found[name] = await content_of(ground, now)
    return found


def fits(
    name: str, content: Any, team: str, environment: str, agents: Collection[str], flows: Collection[str]
) -> None:
    """Refuse what no process could start with."""
    if name == BUDGETS:
        accounts_in(content, team, agents, flows)
    else:
        capture_rules(content["capture"].get("classes", ()), environment)
        retention_days(content["retention"].get("classes", ()))


async def in_force(ground: Ground, name: str) -> Limits | None:
    """Those of now; None before there were any."""
    rows = await ground.database.fetch("limits.in_force", ground.principal.team, name)
    return Limits(rows[0][0], bool(rows[0][1]), rows[0][2], rows[0][3]) if rows else None


async def is_held(ground: Ground, now: Limits, content: Any) -> bool:
    """Whether one person alone may not put these in the place of those in force."""
    return now.protected and digest_of(content) != now.digest and await governed(ground)


async def content_of(ground: Ground, now: Limits) -> Any:
    """What those in force say, word for word."""
    adopted = (await ground.log.read_one(now.stream, now.seq)).event
    if not isinstance(adopted, LimitsAdopted) or digest_of(adopted.content) != now.digest:
        raise StoreCorrupt(f"the limits {now.digest[:12]} are not what they were.", "remit doctor --deep")
    return adopted.content


async def put_in_force(
    ground: Ground, name: str, content: Any, now: Limits | None, *, protected: bool
) -> None:
    """From now on, these; nothing is said if they are it already."""
    digest = digest_of(content)
    if now is not None and (now.digest, now.protected) == (digest, protected):
        return
    event, op = adoption(
        ground, name, content, now.digest if now else "", ground.principal.id, protected=protected
    )
    try:
        await record(ground, [event], [op])
    except Conflict:
        return  # another process was faster, by the same file


def adoption(
    ground: Ground, name: str, content: Any, before: str, by: str, *, protected: bool
) -> tuple[LimitsAdopted, Op]:
    """What says that these come in the place of others, and what does it; the saying is the last of its stream."""
    digest, team, at = digest_of(content), ground.principal.team, ground.clock.now()
    stream = team_stream(team)
    op = (
        Op("limits.adopt", (team, name, before, digest, int(protected), stream, at, by), one=True)
        if before
        else Op("limits.first", (team, name, digest, int(protected), stream, at, by), one=True)
    )
    return LimitsAdopted(name, digest, before, protected, by, content), op
