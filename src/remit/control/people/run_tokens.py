"""Run tokens: what an application signs for one user action, so that authority, budget and labels of the exchanges made
for it bind to that and not to what a request says of itself (S29). Signed under the root key of the workspace; who may
have one made is asked of the key it is made for.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.budgets import Account, Budget
from remit.domain.front_errors import BadRunToken
from remit.domain.people import same_digest

if TYPE_CHECKING:
    from remit.store.keys import KeyRing

PREFIX = "rt_"
_LONGEST = 8192


@dataclass(frozen=True, slots=True)
class RunToken:
    """What is signed."""

    id: str
    key: str
    """The only key beside which it counts."""
    team: str
    run: str
    """The run or the user action that the exchanges belong to."""
    user: str = ""
    """For whom: somebody else than the owner of the key; empty: the owner."""
    purpose: str = ""
    data_class: str = ""
    usd: float | None = None
    tokens: int | None = None
    expires: int = 0

    @classmethod
    def fresh(
        cls, key: str, team: str, run: str, *, user: str = "", purpose: str = "", data_class: str = "",
        budget: Budget | None = None, expires: int = 0,
    ) -> RunToken:  # fmt: skip
        """One with an id of its own."""
        usd, tokens = (budget.usd, budget.tokens) if budget is not None else (None, None)
        return cls(secrets.token_hex(8), key, team, run, user, purpose, data_class, usd, tokens, expires)

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Its own budget, beside that of the key."""
        if self.usd is None and self.tokens is None:
            return ()
        return (Account(f"token:{self.id}", Budget(usd=self.usd, tokens=self.tokens)),)


def sign(keys: KeyRing, token: RunToken) -> str:
    """The token as it travels."""
    said = {name: value for name in RunToken.__slots__ if (value := getattr(token, name)) not in ("", None)}
    body = _coded(json.dumps(said, separators=(",", ":"), sort_keys=True).encode())
    return f"{PREFIX}{body}.{_tag(keys, token.team, body)}"


def read(keys: KeyRing, text: str, key: str, team: str, now: int) -> RunToken:
    """What a token says, if it was signed here, for this key, and its time is not over."""
    body, _, tag = text.removeprefix(PREFIX).partition(".")
    whole = text.startswith(PREFIX) and bool(tag) and len(text) <= _LONGEST
    if not whole or not same_digest(_tag(keys, team, body), tag):
        raise BadRunToken(
            "the run token is none of this workspace.", "Have one made: remit key token KEY --run NAME"
        )
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    token = RunToken(**said)
    if token.team != team or token.key != key:
        raise BadRunToken("the run token was made for another key.", "Use it beside the key it was made for.")
    if now >= token.expires:
        raise BadRunToken("the run token has expired.", "Have another one made.")
    return token


def _tag(keys: KeyRing, team: str, body: str) -> str:
    return keys.tag(f"run-token|{team}|{body}")


def _coded(said: bytes) -> str:
    return base64.urlsafe_b64encode(said).rstrip(b"=").decode()
