"""Who signs capabilities, and whether one still counts: its signature, those it was made from, its time, its task.

The key is the team's own, wrapped as every other; a signature is checked once for each capability, everything else at
every decision. With the end of the task a capability is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from remit.domain.capabilities import Capability, Signed
from remit.domain.policy_errors import CapabilityRefused
from remit.policy.delegation import refusal, widens

if TYPE_CHECKING:
    from remit.domain.decisions import AccessRequest
    from remit.store.keys import KeyRing

_KEY = "sign-capability-1"
LONGEST = 30 * 86_400 * 1_000_000
"""A task is delegated for thirty days at most."""


class Capabilities:
    """Those that this process has seen."""

    def __init__(self) -> None:
        self._private: Ed25519PrivateKey | None = None
        self._known: dict[str, dict[str, Capability]] = {}
        """Capabilities with a good signature that only narrow, by the run that they are for."""
        self._ended: dict[str, set[str]] = {}

    async def sign(self, keys: KeyRing, team: str, capability: Capability, now: int) -> Signed:
        """Sign a capability; refuses one that is more than its giver's."""
        await self.open(keys, team, now)
        assert self._private is not None  # noqa: S101 - it was opened a line above
        signed = Signed(capability, capability.digest, self._private.sign(capability.text).hex())
        wrong = self._take(signed)
        if wrong:
            raise CapabilityRefused(f"{capability.holder} cannot be let act: {wrong}.", "Give it less.")
        return signed

    async def open(self, keys: KeyRing, team: str, now: int) -> None:
        """Have the key at hand."""
        if self._private is None:
            secret = await keys.secret_of(f"{_KEY}-{team}", team, now)
            self._private = Ed25519PrivateKey.from_private_bytes(secret)

    def admit(self, signed: Signed) -> None:
        """Know one that was signed in an earlier life of the run; refuses one that does not hold."""
        wrong = self._take(signed)
        if wrong:
            raise CapabilityRefused(
                f"{signed.capability.holder} cannot be let act: {wrong}.", "Delegate it again."
            )

    def end(self, signed: Signed) -> None:
        """The task is over, and so is what was delegated for it."""
        self._ended.setdefault(signed.capability.run, set()).add(signed.digest)

    def forget(self, run: str) -> None:
        """A run has left this process."""
        self._known.pop(run, None)
        self._ended.pop(run, None)

    def refusal(self, signed: Signed, request: AccessRequest, run: str, now: int) -> tuple[str, str]:
        """Why an action is beyond what was delegated, and which argument; empty if it is not."""
        capability = signed.capability
        if signed.digest in self._ended.get(capability.run, ()):
            return "the task for which it was delegated is over", ""
        if self._known.get(capability.run, {}).get(signed.digest) is not capability:
            wrong = self._take(signed)
            if wrong:
                return wrong, ""
        return refusal(capability, request, run, now)

    def _take(self, signed: Signed) -> str:
        """Look at a capability for the first time; says what is wrong with it."""
        capability = signed.capability
        if self._private is None or capability.digest != signed.digest:
            return "nobody can say who delegated it"
        try:
            self._private.public_key().verify(bytes.fromhex(signed.signature), capability.text)
        except (InvalidSignature, ValueError):
            return "what was delegated was not signed here"
        known = self._known.setdefault(capability.run, {})
        if capability.parent:
            parent = known.get(capability.parent)
            if parent is None:
                return "nobody knows from what it was delegated"
            wrong = widens(parent, capability)
            if wrong:
                return wrong
            if capability.parent in self._ended.get(capability.run, ()):
                return "the task of whoever delegated it is over"
        known[signed.digest] = capability
        return ""
