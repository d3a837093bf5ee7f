"""The part of the platform where rules are tried, changed and reviewed. It only hands on."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from remit.domain.on_use import on_use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.control.policy_life import limiting, proposing, reviewing, shadowing, simulating
    from remit.control.policy_life.proposing import PolicyChange
    from remit.control.policy_life.reviewing import ReviewView, RightView
    from remit.control.policy_life.shadowing import DifferenceView
    from remit.control.policy_life.simulating import Recorded, Simulation
    from remit.control.running.parts import Parts
else:
    limiting = on_use("remit.control.policy_life.limiting")
    proposing = on_use("remit.control.policy_life.proposing")
    reviewing = on_use("remit.control.policy_life.reviewing")
    shadowing = on_use("remit.control.policy_life.shadowing")
    simulating = on_use("remit.control.policy_life.simulating")


class PolicyDesk:
    """What can be asked about rules."""

    @property
    @abstractmethod
    def parts(self) -> Parts:
        """What every command works with."""

    async def simulate_policy(self, policies: str, since: str = "7d") -> Simulation:
        """What other rules would have decided over what was asked since then."""
        return await simulating.simulate(self.parts, policies, since)

    async def record_example(self, place: str, name: str = "") -> Recorded:
        """Take a golden decision from the log: `RUN/STEP`."""
        return await simulating.record_example(self.parts, place, name)

    @property
    @abstractmethod
    def written(self) -> Mapping[str, Any]:
        """The budgets and the rules of retention as they are written, in force or not."""

    async def propose_limits(self, name: str, *, unprotect: bool = False) -> PolicyChange:
        """Put the `budgets` or the rules of `retention` as they are written into force, or ask a second person."""
        return await limiting.propose(self.parts, self.written, name, unprotect=unprotect)

    async def propose_policy(self, *, unprotect: bool = False) -> PolicyChange:
        """Put the rules in `policies/` into force, or ask a second person to agree."""
        return await proposing.propose(self.parts, unprotect=unprotect)

    async def shadow_differences(self, since: str = "7d") -> list[DifferenceView]:
        """What the rules on trial would have decided otherwise."""
        return await shadowing.differences(self.parts.ground, since)

    async def rights(self, since: str = "30d") -> list[RightView]:
        """Who may do what, and who has not done it since then."""
        return await reviewing.rights(self.parts, since)

    async def open_review(self, due: str = "30d", since: str = "30d") -> ReviewView:
        """Have every right confirmed or revoked by a date."""
        return await reviewing.open_review(self.parts, due, since)

    async def review_rights(self, rights: Sequence[str], verdict: str, why: str = "") -> ReviewView | None:
        """Say `confirmed` or `revoked` about rights."""
        done = await reviewing.decide(self.parts.ground, rights, verdict, why)
        await self.parts.house.gate.parts.standing.look()
        return done

    async def restore_right(self, right: str) -> None:
        """Let the rules decide about a right again."""
        await reviewing.restore(self.parts.ground, right)
        await self.parts.house.gate.parts.standing.look()

    async def access_reviews(self) -> list[ReviewView]:
        """Reviews, the latest first."""
        return await reviewing.reviews(self.parts.ground)
