"""The part of the office where releases are made and led to. It only hands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.sections import ReleaseSettings
from remit.domain.errors import InvalidSetting, WrongState
from remit.domain.on_use import on_use
from remit.operations.releases.canary import Terms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from remit.control.ground.ground import Ground
    from remit.control.releasing import leading, making, rostering, serving
    from remit.control.releasing.views import (
        CanaryView,
        DiffView,
        RehearsalView,
        ReleasePage,
        ReleaseView,
        Roster,
    )
    from remit.control.releasing.watching import CanaryWatch
    from remit.control.running.parts import Parts
else:
    leading = on_use("remit.control.releasing.leading")
    making = on_use("remit.control.releasing.making")
    rostering = on_use("remit.control.releasing.rostering")
    serving = on_use("remit.control.releasing.serving")

_NO_SETTINGS = ReleaseSettings()


class ReleaseDesk:
    """What can be asked about releases; making one, and leading to one, takes a process that has its code."""

    def __init__(
        self, ground: Ground, parts: Parts | None = None, chosen: ReleaseSettings = _NO_SETTINGS,
        code: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._ground = ground
        self._at_hand = parts
        self._chosen = chosen
        self._code = code

    async def create(self, name: str = "", note: str = "") -> ReleaseView:
        """Keep the workspace as it stands, under the digest of everything that shapes behaviour."""
        return await making.create(self._parts(), self._code, self._chosen.leave_out, name, note)

    async def list(self) -> list[ReleaseView]:
        """All releases, newest first."""
        return await making.listed(self._ground)

    async def show(self, release: str) -> ReleasePage:
        """A release by name, digest or channel: what it holds, and its card."""
        return await making.show(self._ground, release)

    async def diff(self, old: str, new: str = "") -> DiffView:
        """What changed from one release to another, or to the workspace as it stands."""
        return await making.diff(self._ground, self._at_hand, old, new, self._code, self._chosen.leave_out)

    async def extract(self, release: str) -> Path:
        """The folder that holds the files of a release."""
        return await serving.extracted(self._ground, release)

    async def rehearse(self) -> RehearsalView:
        """Replay the journals of parked runs against the release that this process executes."""
        await leading.served(self._parts())
        return await leading.rehearse(self._parts())

    async def promote(self, reason: str = "", *, despite_parked: bool = False) -> RehearsalView:
        """Lead all new runs to the release that this process executes."""
        return await leading.promote(self._parts(), reason, despite_parked=despite_parked)

    async def roll_back(self, reason: str = "", to: str = "") -> str:
        """End the canary; without one, lead new runs back to the release before. Gives where they go now."""
        return await leading.roll_back(self._ground, reason, to)

    async def canary(self, *, despite_parked: bool = False) -> CanaryView:
        """Try the release that this process executes on a share of new runs."""
        return await leading.start_canary(
            self._parts(), terms_in(self._chosen), despite_parked=despite_parked
        )

    async def shadow(self, release: str, percent: int = 100, reason: str = "") -> None:
        """Copy a share of runs that are over to a release, with no effect; without one, to none any more."""
        await leading.shadow(self._ground, release, percent, reason)

    async def canaries(self) -> list[CanaryView]:
        """Canaries and what they came to, newest first."""
        return await leading.canaries(self._ground)

    async def of_run(self, run: str) -> str:
        """The digest of the release that a run belongs to; empty where it belongs to none."""
        return await making.of_run(self._ground, run)

    async def roster(self) -> Roster:
        """Which releases have to be executed now."""
        return await rostering.roster(self._ground)

    def watched(self, chosen: ReleaseSettings) -> CanaryWatch:
        """Look after canaries in this process from now on; gives what stops it."""
        return watching(self._ground, chosen)

    def _parts(self) -> Parts:
        if self._at_hand is None:
            raise WrongState("this takes the code of the workspace, which was not loaded here.")
        return self._at_hand


def watching(
    ground: Ground, chosen: ReleaseSettings, parts: Parts | None = None, *, judges: bool = True
) -> CanaryWatch:
    """Look after canaries in this process from now on; gives what stops it."""
    from remit.control.releasing.watching import CanaryWatch

    watch = CanaryWatch(ground, chosen.canary_hours, parts, judges=judges)
    watch.start()
    return watch


def terms_in(chosen: ReleaseSettings) -> Terms:
    """On what terms canaries are tried here."""
    try:
        steps = tuple(int(each) for each in chosen.canary_steps)
    except ValueError:
        steps = ()
    if not steps or list(steps) != sorted(set(steps)) or not 1 <= steps[0] <= steps[-1] <= 90:  # noqa: PLR2004
        raise InvalidSetting(
            f"releases.canary_steps is {list(chosen.canary_steps)}; it takes rising shares from 1 to 90, in percent.",
            'Such as canary_steps = ["5", "25", "50"]: what is stable keeps a share to be compared with.',
        )
    return Terms(
        steps, chosen.canary_step_runs, chosen.canary_runs, chosen.canary_margin / 100,
        slack=chosen.canary_slack / 100, harms=chosen.canary_harms,
    )  # fmt: skip
