"""The vault: gives a tool or a provider the secret that it names, for one call, and keeps secrets out of what is kept.

Tools and providers name secrets and never hold them. Tokens are minted for a tool within a task (a run), minted
again before they run out, and gone when the task ends. What a call may be given is what its manifest names.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import SecretUnavailable
from remit.domain.clock import MICROSECONDS
from remit.domain.secret_names import RUN_TOKEN
from remit.gate.secrets.redactor import SHORTEST, Redactor
from remit.gate.secrets.secrets_file import PRINCIPAL, REFERENCE, MintedSecret, SecretsFile, StoredSecret

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from remit.domain.clock import Clock
    from remit.domain.tools import ToolManifest
    from remit.gate.secrets.secret_backend import BackendSpec, SecretBackend
    from remit.gate.secrets.tokens import TokenMint

Json = Any
_Key = tuple[str, str, str]
"""Secret, tool, user: the last two only where the value depends on them."""

_PROVIDERS = ""
"""The task of what no task asks for: the keys of model providers."""
_MARGIN = 30.0
_MOST_TASKS = 10_000
_MOST_RETIRED = 20
_LOCAL = frozenset({"environment", "file"})
_USER = re.compile(r"[A-Za-z0-9_@-][A-Za-z0-9_.@-]{0,127}")


@dataclass(frozen=True, slots=True)
class _Held:
    """A value that was given, until when it may be given again."""

    name: str
    value: str = field(repr=False)
    until: int
    shows: bool
    """It is kept out of sight for this task only."""


@dataclass(slots=True)
class _Task:
    """What was given within one task."""

    held: dict[_Key, _Held] = field(default_factory=dict["_Key", _Held])
    retired: list[_Held] = field(default_factory=list[_Held])
    """Tokens that ran out; a late answer may still repeat one."""
    locks: dict[_Key, asyncio.Lock] = field(default_factory=dict["_Key", asyncio.Lock])


class Vault:
    """The secrets of one workspace."""

    def __init__(
        self, file: SecretsFile, workspace: Path, clock: Clock, *,
        subjects: Callable[[str], Awaitable[str]] | None = None,
        environment: Mapping[str, str] | None = None, mint: TokenMint | None = None,
    ) -> None:  # fmt: skip
        """`subjects` gives the token with which a user came, for `subject_token = "principal"`."""
        self._file = file
        self._workspace = workspace
        self._clock = clock
        self._subjects = subjects
        self._environment = environment
        self._mint = mint
        """Made when the first token is: it brings a web client along."""
        self._backends: dict[str, SecretBackend] = {}
        self._tasks: dict[str, _Task] = {}
        self.redactor = Redactor()
        self.run_token: Callable[[str, str, str, float], str] | None = None
        """Makes a token that binds what a key does at our own front doors to a run: key, run, user, seconds."""

    def __repr__(self) -> str:
        return f"<vault of {len(self._file.secrets)} secrets>"

    # --- giving -------------------------------------------------------------------------------------------------

    async def give(self, name: str, manifest: ToolManifest, task: str, user: str) -> str:
        """The value of a secret for a call of this tool within this task, on behalf of this user."""
        if name not in manifest.secrets:
            raise SecretUnavailable(
                f'{manifest.name} asked for the secret "{name}", which it does not name.',
                f'Name it where the tool is declared: secrets=["{name}"].',
            )
        if name.startswith(RUN_TOKEN) and self.run_token is not None:
            return self.run_token(name.removeprefix(RUN_TOKEN), task, user, manifest.timeout or 0.0)
        return await self._value(name, task, manifest.name, user, manifest.timeout or 0.0)

    async def open_provider(self, name: str) -> str:
        """The key of a model provider."""
        return await self._value(name, _PROVIDERS, "", "", 0.0)

    async def learn(self, names: Iterable[str] = ()) -> list[str]:
        """Read what is kept on this machine, so that it is kept out of everything from the start.

        `names` are those that tools and providers name. Gives the names of those that are not there.
        """
        missing: list[str] = []
        for name in dict.fromkeys((*self._file.secrets, *names)):
            if name.startswith(RUN_TOKEN):
                continue
            secret = self._described(name)
            if isinstance(secret, MintedSecret) or "{user}" in secret.at:
                continue
            if self._file.backends[secret.backend].kind in _LOCAL:
                try:
                    await self._stored(secret, "")
                except SecretUnavailable:
                    missing.append(name)
        return missing

    async def probe(self, name: str) -> None:
        """Whether a secret can be had now; raises `SecretUnavailable` if not. Of a token, what it is asked for with."""
        if name.startswith(RUN_TOKEN):
            return  # nothing is kept of it: it is made for each call
        secret = self._described(name)
        if isinstance(secret, StoredSecret):
            if "{user}" not in secret.at:
                await self._stored(secret, "")
            return
        for value in secret.options.values():
            if value.startswith(REFERENCE) and value != PRINCIPAL:
                await self.probe(value.removeprefix(REFERENCE))

    async def put(self, secret: StoredSecret, value: str) -> None:
        """Keep another value where a folder keeps this secret: for whoever looks after the workspace, not for tools."""
        from remit.gate.secrets.secret_backends.file import FileBackend

        backend = self._backend(secret.backend)
        assert isinstance(backend, FileBackend)  # noqa: S101 - control has looked
        await backend.write(secret.at, value)

    def forget(self, task: str) -> None:
        """The task is over, or left this process: nothing that was minted for it stays."""
        ended = self._tasks.pop(task, None)
        if ended is not None:
            for held in (*ended.held.values(), *ended.retired):
                self._release(held)

    async def close(self) -> None:
        """Forget everything, and let go of connections."""
        for task in list(self._tasks):
            self.forget(task)
        backends, self._backends = self._backends, {}
        for backend in backends.values():
            await backend.close()
        if self._mint is not None:
            await self._mint.close()

    # --- keeping out --------------------------------------------------------------------------------------------

    def redact(self, value: Json) -> Json:
        """A result without any secret that is known here."""
        return self.redactor.value(value)

    def finds_in(self, value: Json) -> str:
        """The name of a secret that stands in a value; empty if none does."""
        return self.redactor.found_in(value)

    def scrubbing(self) -> AbstractContextManager[None]:
        """Errors that are raised within it leave without secrets."""
        return self.redactor.scrubbing()

    # --- where values come from ---------------------------------------------------------------------------------

    async def _value(self, name: str, task: str, tool: str, user: str, needed: float) -> str:
        secret = self._described(name)
        minted = isinstance(secret, MintedSecret)
        personal = minted or "{user}" in secret.at
        key = (name, tool if minted else "", user if personal else "")
        within = self._within(task)
        async with within.locks.setdefault(key, asyncio.Lock()):  # one asks, the others share the answer
            held = within.held.get(key)
            if held is not None and held.until > self._clock.boot() + int(needed * MICROSECONDS):
                return held.value
            if isinstance(secret, MintedSecret):
                value, lives = await self._minted(secret, tool, user)
            else:
                value, lives = await self._stored(secret, user), secret.ttl
            until = self._clock.boot() + int(lives * MICROSECONDS)
            if self._tasks.get(task) is within:  # it may have ended while we asked
                self._hold(within, key, _Held(name, value, until, personal))
            return value

    def _described(self, name: str) -> StoredSecret | MintedSecret:
        """What the file says of a secret; one that it does not mention is a variable of that name."""
        return self._file.secrets.get(name) or StoredSecret(name, "env", name)

    def _within(self, task: str) -> _Task:
        found = self._tasks.get(task)
        if found is None:
            while len(self._tasks) >= _MOST_TASKS:
                self.forget(next(each for each in self._tasks if each != _PROVIDERS))
            found = self._tasks[task] = _Task()
        return found

    def _hold(self, within: _Task, key: _Key, held: _Held) -> None:
        if held.shows:
            self.redactor.hide(held.name, held.value)
        before = within.held.pop(key, None)
        if before is not None:
            within.retired.append(before)
        while len(within.retired) > _MOST_RETIRED:
            self._release(within.retired.pop(0))
        within.held[key] = held

    def _release(self, held: _Held) -> None:
        if held.shows:
            self.redactor.show(held.name, held.value)

    async def _stored(self, secret: StoredSecret, user: str) -> str:
        at = secret.at
        if "{user}" in at:
            if _USER.fullmatch(user) is None:
                raise SecretUnavailable(
                    f"{secret.name} is kept for each user, and this run has no user that it could be of."
                )
            at = at.replace("{user}", user)
        with self.scrubbing():
            value = await self._backend(secret.backend).read(at)
        if len(value) < SHORTEST:
            raise SecretUnavailable(
                f"the secret {secret.name} has fewer than {SHORTEST} characters, and could not be kept out of sight: "
                "what is so short stands in innocent text too.",
                "Give it a longer value; a real key has one.",
            )
        if at == secret.at:
            self.redactor.keep(secret.name, value)
        return value

    async def _minted(self, secret: MintedSecret, tool: str, user: str) -> tuple[str, float]:
        """A token for this tool, and how long it may be given again; 0: for this call alone."""
        options = {key: await self._option(key, value, user) for key, value in secret.options.items()}
        options |= {
            key: options[key].replace("{tool}", tool)
            for key in ("scope", "audience", "resource")
            if key in options
        }
        from remit.gate.secrets.tokens import TokenMint, TokenRequest

        asked = TokenRequest(secret.name, secret.kind, options.pop("token_url"), options)
        sent = [options[key] for key in ("client_secret", "subject_token", "actor_token") if options.get(key)]
        for value in sent:
            self.redactor.hide(secret.name, value)
        try:
            with self.scrubbing():
                mint = self._mint = self._mint or TokenMint()
                token = await mint.mint(asked)
        finally:
            for value in sent:
                self.redactor.show(secret.name, value)
        return token.value, max(0.0, (token.lives or 0.0) - _MARGIN)

    async def _option(self, key: str, value: str, user: str) -> str:
        if key == "subject_token" and value == PRINCIPAL:
            if self._subjects is None:
                raise SecretUnavailable(
                    "nobody here keeps the tokens with which users come.", "Name a secret instead."
                )
            return await self._subjects(user)
        return await self._resolve(value, user)

    async def _resolve(self, value: str, user: str = "") -> str:
        """An option as it stands, or the stored secret that it names."""
        if not value.startswith(REFERENCE):
            return value
        name = value.removeprefix(REFERENCE)
        secret = self._described(name)
        if isinstance(secret, MintedSecret):
            raise SecretUnavailable(f"{name} is a token, and cannot be used to get another secret.")
        return await self._stored(secret, user)

    def _backend(self, name: str) -> SecretBackend:
        found = self._backends.get(name)
        if found is None:
            found = self._backends[name] = self._open(self._file.backends[name])
        return found

    def _open(self, spec: BackendSpec) -> SecretBackend:
        """The back end of a kind; its library is imported when it is first used."""
        match spec.kind:
            case "file":
                from remit.gate.secrets.secret_backends.file import FileBackend

                return FileBackend(self._workspace / spec.options["root"])
            case "vault":
                from remit.gate.secrets.secret_backends.vault_kv import VaultKvBackend

                return VaultKvBackend(spec.options, self._resolver(spec))
            case "aws":
                from remit.gate.secrets.secret_backends.aws import AwsBackend

                return AwsBackend(spec.options)
            case "azure":
                from remit.gate.secrets.secret_backends.azure import AzureBackend

                return AzureBackend(spec.options)
            case _:
                from remit.gate.secrets.secret_backends.environment import EnvironmentBackend

                return EnvironmentBackend(spec.options.get("prefix", ""), self._environment)

    def _resolver(self, spec: BackendSpec) -> Callable[[str], Awaitable[str]]:
        async def resolve(value: str) -> str:
            secret = self._file.secrets.get(value.removeprefix(REFERENCE))
            if isinstance(secret, StoredSecret) and secret.backend == spec.name:
                raise SecretUnavailable(
                    f"the back end {spec.name} keeps the secret that opens it, and so never opens."
                )
            return await self._resolve(value)

        return resolve
