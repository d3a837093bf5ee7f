"""What the gate goes by at this moment: the rules in force, those each run was born under, and what was revoked. Looked
at again every second, so that every process goes by the same. What cannot be read or held against the tools of now
denies (S21).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.action_errors import InvalidPolicy
from remit.domain.decisions import Decision, Outcome, Reason
from remit.gate.standing.capabilities import Capabilities
from remit.policy.intersection import born_under, both

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from remit.domain.capabilities import Signed
    from remit.domain.clock import SteadyTime
    from remit.domain.decisions import AccessRequest
    from remit.engine.execution import Execution
    from remit.gate.standing.archive import PolicyArchive
    from remit.gate.standing.shadow import Shadow
    from remit.gate.standing.unconfirmed import Unconfirmed
    from remit.policy.authority import Authority
    from remit.store.database import Database

_RIGHTS = frozenset({"call", "delegate", "model"})


class Standing:
    """The rules of one team, and what stands beside them."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._archive: PolicyArchive | None = None
        self._database: Database | None = None
        self._team = ""
        self._revoked: frozenset[tuple[str, str]] = frozenset()
        self._late: dict[str, str] = {}
        self.unconfirmed: Unconfirmed | None = None
        """Who knows which rights nobody confirmed in time; None: these are not denied."""
        self._births: dict[str, str] = {}
        """The runs that this process has in memory, and the rules that each was born under."""
        self._texts: dict[str, Mapping[str, str] | None] = {}
        """Those rules, word for word; None where nobody kept them."""
        self._old: dict[tuple[str, str], Authority | str] = {}
        """Rules of other times in the world of now, or why they cannot be held against it."""
        self._broken = ""
        """Why nobody can say which rules are in force."""
        self.time: SteadyTime | None = None
        """By what a capability is over; None: by the time that whoever asks names."""
        self.capabilities = Capabilities()
        """What was delegated."""
        self.shadow: Shadow | None = None
        """Rules that are only tried."""

    async def rest_on(self, archive: PolicyArchive, database: Database, team: str) -> None:
        """From now on go by what stands there."""
        self._archive, self._database, self._team = archive, database, team
        await self.look()

    @property
    def version(self) -> str:
        """The rules under which runs are born now."""
        return self._authority.version

    async def look(self) -> None:
        """See what is in force by now, and what was revoked."""
        if self._database is None or self._archive is None:
            return
        rows = await self._database.fetch("policy.revoked", self._team)
        self._revoked = frozenset((row[0], row[1]) for row in rows)
        if self.unconfirmed is not None:
            self._late = await self.unconfirmed.rights()
        now = await self._archive.in_force()
        if now is not None and now.digest != self._authority.version:
            await self._take_over(now.digest)

    def holds(self, execution: Execution) -> bool:
        """Whether it is known already by which rules this run is bound."""
        born = execution.journal.created.policy
        return self._births.get(execution.row.id, "") == born and (not born or born in self._texts)

    async def enter(self, execution: Execution) -> None:
        """A run is bound by the rules it was born under, too, whenever others come into force: also between this
        moment and the one in which it is judged.
        """
        await self.capabilities.enter(execution)
        run, born = execution.row.id, execution.journal.created.policy
        if not born:
            self._births.pop(run, None)
            return
        self._births[run] = born
        if born in self._texts:
            return
        if born == self._authority.version:
            self._texts[born] = self._authority.files
        elif self._archive is not None:
            with execution.on_ground():
                self._texts[born] = await self._archive.files(born)
                await (
                    self.look()
                )  # the run may be younger than the last look, and the rules of others are here, too

    def forget(self, run: str) -> None:
        """A run has left this process."""
        self._births.pop(run, None)
        self.capabilities.forget(run)

    def judge(
        self, request: AccessRequest, now: int, agreed: Collection[str] = (), run: str = "",
        capability: Signed | None = None,
    ) -> Decision:  # fmt: skip
        """The answer of everything that has authority, for a run of this name."""
        if self._broken:
            return self._denied(self._broken, "Restart this process with the code that these rules are for.")
        if self._revoked or self._late:
            reviewed = self._reviewed(request)
            if reviewed is not None:
                return reviewed
        if capability is not None:
            why, argument = self._beyond(capability, request, run, now)
            if why:
                remedy = "Hand the task back to whoever delegated it, or ask for less."
                return self._denied(
                    why, remedy, "delegation", argument, f"capability {capability.digest[:12]}"
                )
        born = self._births.get(run)
        if born is None or born == self._authority.version:
            decision = self._authority.decide(request, now, agreed)
        else:
            old = self._born_under(born)
            if isinstance(old, str):
                return self._denied(
                    f"the rules that this run began under ({born[:12]}) cannot be held against the tools of now: {old}",
                    "Start it again under the rules of now.",
                )
            decision = both(self._authority, old, request, now, agreed)
        if self.shadow is not None:
            self.shadow.beside(request, decision, run, agreed)
        return decision

    async def close(self) -> None:
        """What was put aside for the rules on trial is judged still."""
        if self.shadow is not None:
            await self.shadow.settle()

    def withheld(self, user: str, agent: str) -> frozenset[str]:
        """The tools that a review took from them, or let its date pass for: they are not shown either."""
        if not (self._revoked or self._late):
            return frozenset()
        taken = [subject for kind, subject in self._revoked if kind == "right"] + list(self._late)
        rights = [right.rpartition("/") for right in taken]
        return frozenset(tool for who, _, tool in rights if who in {f"user:{user}", f"agent:{agent}"})

    def is_late(self, right: str) -> bool:
        """Whether a right is denied because nobody confirmed it in time."""
        return right in self._late

    def is_revoked(self, kind: str, subject: str) -> bool:
        """Whether nobody may use this any more."""
        return (kind, subject) in self._revoked

    def _reviewed(self, request: AccessRequest) -> Decision | None:
        """A denial, if a review of access took the right to this, or let its date pass."""
        if request.action not in _RIGHTS:
            return None
        for asker in (f"user:{request.user}", *([f"agent:{request.agent}"] if request.agent else [])):
            right = f"{asker}/{request.resource}"
            of = f"the right of {asker.replace(':', ' ', 1)} to {request.resource}"
            if ("right", right) in self._revoked:
                remedy = f"Somebody who may can give it back: remit policy review restore {right}"
                return self._denied(f"{of} was revoked", remedy, "access-review")
            if right in self._late:
                why = f"{of} was not confirmed by the date of the review {self._late[right]}"
                remedy = f"Somebody who may can confirm it still: remit policy review confirm {right}"
                return self._denied(why, remedy, "access-review")
        return None

    def _beyond(self, capability: Signed, request: AccessRequest, run: str, now: int) -> tuple[str, str]:
        if self._revoked and any(
            ("capability", digest) in self._revoked for digest in self.capabilities.digests(capability, run)
        ):
            return "what was delegated was revoked", ""
        by = now if self.time is None else max(now, self.time.latest())
        return self.capabilities.refusal(capability, request, run, by)

    def _denied(
        self, why: str, remedy: str, rule: str = "", argument: str = "", source: str = ""
    ) -> Decision:
        reason = Reason(rule, text=why, argument=argument, source=source, remedies=(remedy,))
        return Decision(Outcome.DENY, (reason,), policy=self._authority.digest)

    async def _take_over(self, digest: str) -> None:
        """Other rules came into force while this process ran."""
        assert self._archive is not None  # noqa: S101 - whoever looks has one
        files = await self._archive.files(digest)
        try:
            if files is None:
                self._broken = f"the rules in force ({digest[:12]}) are not in the archive"
                return
            self._authority.adopt(files)
            self._broken = ""
        except InvalidPolicy as wrong:
            self._broken = f"the rules in force do not fit what this process has: {wrong.message.rstrip('.')}"

    def _born_under(self, digest: str) -> Authority | str:
        """Rules of another time in the world of now, which may have changed since the run came in."""
        key = (digest, self._authority.digest)
        found = self._old.get(key)
        if found is None:
            found = self._old[key] = self._held_against_now(self._texts.get(digest))
        return found

    def _held_against_now(self, files: Mapping[str, str] | None) -> Authority | str:
        if files is None:
            return "nobody kept them"
        try:
            return born_under(files, self._authority)
        except InvalidPolicy as wrong:
            return wrong.message.rstrip(".")
