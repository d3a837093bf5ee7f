"""Who signs capabilities, and whether one still counts: its signature, those it was made from, its time, its task.

The key is the team's own, wrapped as every other; a signature is checked once for each capability, everything else at
every decision. With the end of the task a capability is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from remit.domain.capabilities import Capability, Signed
from remit.domain.events import RunCreated
from remit.domain.policy_errors import CapabilityRefused
from remit.policy.delegation import refusal, widens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.domain.decisions import AccessRequest
    from remit.engine.execution import Execution
    from remit.store.keys import KeyRing

_KEY = "sign-capability-1"
LONGEST = 30 * 86_400 * 1_000_000
"""A task is delegated for thirty days at most."""


class Capabilities:
    """Those that this process has seen, by the run in which they were."""

    def __init__(self) -> None:
        self._private: Ed25519PrivateKey | None = None
        self._known: dict[str, dict[str, Capability]] = {}
        """Capabilities with a good signature that only narrow."""
        self._ended: dict[str, set[str]] = {}
        self._origins: dict[str, str] = {}
        """Of forks: the run whose past each goes on from, and whose capabilities count in it."""

    async def sign(self, keys: KeyRing, team: str, capability: Capability, now: int, run: str) -> Signed:
        """Sign a capability that is given in a run; refuses one that is more than its giver's."""
        await self.open(keys, team, now)
        assert self._private is not None  # noqa: S101 - it was opened a line above
        signed = Signed(capability, capability.digest, self._private.sign(capability.text).hex())
        wrong = self._take(signed, run)
        if wrong:
            raise CapabilityRefused(f"{capability.holder} cannot be let act: {wrong}.", "Give it less.")
        return signed

    async def open(self, keys: KeyRing, team: str, now: int) -> None:
        """Have the key at hand."""
        if self._private is None:
            secret = await keys.secret_of(f"{_KEY}-{team}", team, now)
            self._private = Ed25519PrivateKey.from_private_bytes(secret)

    def admit(self, signed: Signed, run: str) -> None:
        """Know one that was signed in an earlier life of the run; refuses one that does not hold."""
        wrong = self._take(signed, run)
        if wrong:
            raise CapabilityRefused(
                f"{signed.capability.holder} cannot be let act: {wrong}.", "Delegate it again."
            )

    async def enter(self, execution: Execution) -> None:
        """A run comes in: what it was let do by whoever spawned it, and which run it goes on from as a fork."""
        run, created = execution.row.id, execution.journal.created
        if isinstance(created, RunCreated) and created.forked_from:
            self._origins[run] = created.forked_from
        if created.warrant and run not in self._known:
            with execution.on_ground():
                await self.open(execution.services.keys, execution.row.team, execution.now())
            for signed in line_of(created.warrant):
                self._take(signed, run)  # one that does not hold is not known, and then nothing is let pass

    def line(self, signed: Signed, run: str) -> list[Signed]:
        """A capability and all that it was made from, the first one first."""
        assert self._private is not None  # noqa: S101 - a capability that acts was looked at
        found, known = [signed], self._known.get(run, {})
        while (parent := known.get(found[0].capability.parent)) is not None:
            found.insert(0, Signed(parent, parent.digest, self._private.sign(parent.text).hex()))
        return found

    def digests(self, signed: Signed, run: str) -> Iterator[str]:
        """What it is called, and what all are called that it was made from."""
        known, capability = self._known.get(run, {}), signed.capability
        yield signed.digest
        while capability.parent:
            yield capability.parent
            above = known.get(capability.parent)
            if above is None:
                return
            capability = above

    def end(self, signed: Signed, run: str) -> None:
        """The task is over, and so is what was delegated for it."""
        self._ended.setdefault(run, set()).add(signed.digest)

    def forget(self, run: str) -> None:
        """A run has left this process."""
        self._known.pop(run, None)
        self._ended.pop(run, None)
        self._origins.pop(run, None)

    def origin(self, run: str) -> str:
        """The run for which capabilities of this one are made out."""
        return self._origins.get(run, run)

    def refusal(self, signed: Signed, request: AccessRequest, run: str, now: int) -> tuple[str, str]:
        """Why an action is beyond what was delegated, and which argument; empty if it is not."""
        capability = signed.capability
        if signed.digest in self._ended.get(run, ()):
            return "the task for which it was delegated is over", ""
        known = self._known.get(run, {}).get(signed.digest)
        if known is not capability and known != capability:
            wrong = self._take(signed, run)
            if wrong:
                return wrong, ""
        return refusal(capability, request, self.origin(run) if capability.run != run else run, now)

    def _take(self, signed: Signed, run: str) -> str:
        """Look at a capability for the first time; says what is wrong with it."""
        capability = signed.capability
        if self._private is None or capability.digest != signed.digest:
            return "nobody can say who delegated it"
        try:
            self._private.public_key().verify(bytes.fromhex(signed.signature), capability.text)
        except (InvalidSignature, ValueError):
            return "what was delegated was not signed here"
        known = self._known.setdefault(run, {})
        if capability.parent:
            parent = known.get(capability.parent)
            if parent is None:
                return "nobody knows from what it was delegated"
            wrong = widens(parent, capability)
            if wrong:
                return wrong
            if capability.parent in self._ended.get(run, ()):
                return "the task of whoever delegated it is over"
        known[signed.digest] = capability
        return ""


def line_of(warrant: Any) -> list[Signed]:
    """What a run was let do, and all that this was made from, the first one first; empty if nobody bound it."""
    return [Signed.of(each) for each in warrant or ()]
