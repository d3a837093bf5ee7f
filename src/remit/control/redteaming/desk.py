"""What can be asked of the red team where there is code to attack: attacks are written against it, played, judged, and
sealed in the log; or written down as suites for a real model.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from remit.control.evaluating.registering import arm_of
from remit.control.redteaming.book import RedTeamBook, view
from remit.control.redteaming.playing import Player
from remit.control.redteaming.real import put_to_models, reading_tools
from remit.control.redteaming.terrain import survey
from remit.control.redteaming.views import PackedView
from remit.control.suites.adding import as_read, put, write
from remit.control.suites.desk import SuiteDesk
from remit.domain.clock import MICROSECONDS
from remit.domain.ids import new_run_id
from remit.domain.redteam_errors import NothingToAttack, UnknownPack
from remit.gate.toml_file import nearest
from remit.quality.redteam.exporting import BY_WORDS, scenario_of
from remit.quality.redteam.packs import BY_NAME
from remit.quality.redteam.report import NAMES, Report, accepted
from remit.quality.redteam.waivers import read_file
from remit.quality.redteam.writing import write_attacks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.control.evaluating.arm import Staff
    from remit.control.evaluating.desk import EvaluatingDesk
    from remit.control.redteaming.views import ReportView, Watch
    from remit.control.running.parts import Parts
    from remit.quality.redteam.attack import Attack, Gap

ALL = "all"
_MOST_ATTACKS = 1_000
_SIMULATED = "the simulated model answered, which obeys whatever it reads: give its route a provider"


@dataclass(frozen=True, slots=True)
class Orders:
    """What the red team is asked to do."""

    who: str = ""
    """One agent or flow; empty: all of them."""
    packs: tuple[str, ...] = (ALL,)
    seed: int = 0
    by: str = ""
    """Who asks; empty: whoever is at the desk."""
    real: bool = False
    """Put them to the models that the routes lead to, rather than to one that is hijacked already."""
    max_cost: float | None = None
    """What that may cost, in dollars."""


class RedTeamDesk(RedTeamBook):
    """The red team of one workspace."""

    def __init__(
        self, parts: Parts, staff: Staff, evaluating: Callable[[], EvaluatingDesk] | None = None
    ) -> None:
        super().__init__(parts.ground)
        self._evaluating = evaluating
        self._parts = parts
        self._staff = staff

    async def attacks(self, wanted: Orders) -> tuple[list[Attack], list[Gap]]:
        """The attacks that would be played, and what cannot be attacked."""
        terrain = await survey(self._parts, wanted.who)
        return write_attacks(terrain, _chosen(wanted.packs), wanted.seed)

    async def play(self, wanted: Orders = Orders(), watch: Watch | None = None) -> ReportView:
        """Play attacks without any effect, and seal what came of them."""
        self._staff.check_work()
        ground, packs = self._parts.ground, _chosen(wanted.packs)
        packs = [each for each in packs if not wanted.real or each in BY_WORDS]
        now = ground.clock.now()
        file = read_file(ground.workspace, datetime.fromtimestamp(now / MICROSECONDS, UTC).date())
        terrain = await survey(self._parts, wanted.who)
        attacks, gaps = write_attacks(terrain, packs, wanted.seed)
        if len(attacks) > _MOST_ATTACKS:
            raise NothingToAttack(
                f"these are {len(attacks):,} attacks; at most {_MOST_ATTACKS:,} are played at once.",
                "Choose an agent, or some packs: remit redteam AGENT --pack NAME",
            )
        identity, notes = new_run_id(now), list[str]()
        if wanted.real and self._evaluating is not None:
            played, simulated = await put_to_models(
                ground, self._evaluating(), terrain, attacks, wanted.max_cost
            )
            notes = [_SIMULATED] if simulated else []
        else:
            if self._staff.worker is None:
                await self._staff.start_worker(only=identity, observes=False)
            played = await Player(self._parts, identity).play(attacks, wanted.seed, watch)
        whole = not wanted.who and set(packs) == set(NAMES)
        results, idle = accepted(played, file.waivers, whole=whole)
        report = Report(
            identity, ground.clock.now(), wanted.by or ground.principal.id, wanted.seed, tuple(packs), wanted.who,
            arm_of(self._parts), tuple(results), tuple(gaps), (*notes, *idle),
        )  # fmt: skip
        before = await self.last()
        await self.keep(report)
        return view(report, before)

    async def export(self, wanted: Orders, name: str) -> PackedView:
        """Write attacks down as suites, one for each agent, for a model that nobody has hijacked."""
        terrain = await survey(self._parts, wanted.who)
        attacks, _ = write_attacks(terrain, _chosen(wanted.packs), wanted.seed)
        shelf = SuiteDesk(self._parts).shelf
        written: list[tuple[str, str, int]] = []
        for who, agent in terrain.agents.items():
            reads = reading_tools(agent.tool_names, terrain)
            found = [scenario_of(each, terrain.manifests, reads) for each in attacks if each.who == who]
            scenarios = [each for each in found if each is not None]
            suite = f"{name}-{who}"
            held = shelf.suites.get(suite)
            known = {each.name for each in held.scenarios} if held is not None else set[str]()
            fresh = [as_read(each) for each in scenarios if each.name not in known]
            if fresh:
                file, text = put(shelf, suite, who, fresh, about="Attacks of the red team.")
                write(file, text)
                written.append((suite, str(file.relative_to(shelf.root)), len(fresh)))
        if not written:
            raise NothingToAttack(
                "there is no attack here that a model could be talked into and that no suite has yet.",
                "See what cannot be tried, and why: remit redteam --markdown FILE",
            )
        return PackedView(
            tuple(suite for suite, _, _ in written), tuple(file for _, file, _ in written),
            sum(count for _, _, count in written),
        )  # fmt: skip


def _chosen(packs: Sequence[str]) -> list[str]:
    """The packs that are meant, in their order."""
    for name in packs:
        if name != ALL and name not in BY_NAME:
            raise UnknownPack(
                f'there is no pack "{name}"{nearest(name, BY_NAME)}.',
                f"There are: all, {', '.join(BY_NAME)}.",
            )
    return [name for name in NAMES if ALL in packs or name in packs]
