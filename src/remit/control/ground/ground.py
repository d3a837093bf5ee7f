"""What everything else stands on: the database of a workspace, its keys, and who is asking.

Opened in one order: key file, database, schema, key check, principal. Each refusal says what to do.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.control.ground.identity import default_key_file, has_people, principal_of
from remit.control.ground.root_keys import KeyChoice, keeper_for, open_root_key
from remit.control.workspace.founding import write_default_policy
from remit.domain.clock import SystemClock
from remit.domain.errors import InvalidSetting, StoreOutdated, StoreUnavailable, Unauthenticated, WrongKey
from remit.domain.events import PrincipalAdded, WorkspaceCreated
from remit.domain.people import KEY_PREFIX, read_key
from remit.domain.people_errors import KeyUnknown
from remit.domain.principal import Principal
from remit.engine.outside import WORKSPACE_STREAM, shared_event
from remit.store.database import Commit, Conflict, Op
from remit.store.keys import KeyRing
from remit.store.ledger import ShredLedger
from remit.store.log import Log
from remit.store.migrate import check_schema, migrate

if TYPE_CHECKING:
    from pathlib import Path

    from remit.domain.clock import Clock
    from remit.store.database import Database
    from remit.store.key_provider import KeyProvider, RootKeeper
    from remit.store.key_providers.root import RootKey

_OWNER = "owner"
_KEY_VARIABLE = "REMIT_KEY"


@dataclass(frozen=True, slots=True)
class Ground:
    """An open workspace."""

    workspace: Path
    database: Database
    provider: RootKey
    keeper: RootKeeper
    keys: KeyRing
    log: Log
    clock: Clock
    principal: Principal
    environment: str = "dev"
    orphaned: bool = False
    """Whether this very start made a database although there were keys already: those of another one."""

    @property
    def locks(self) -> Path:
        """Where the workers of this host show that they live."""
        return folder_of(self.workspace) / "locks"

    @property
    def ledger(self) -> ShredLedger:
        """The list of destroyed keys that every restore replays."""
        return ShredLedger(folder_of(self.workspace) / "keys" / "shredded")


def folder_of(workspace: Path) -> Path:
    """Where a workspace keeps what is not code."""
    return workspace / ".remit"


async def open_ground(
    workspace: Path, url: str, team: str, clock: Clock | None = None, key: str = "", environment: str = "dev",
    root: KeyChoice | None = None,
) -> Ground:  # fmt: skip
    """Open everything, creating it at the first start; `key` says who asks, else the environment does."""
    clock = clock or SystemClock()
    database = database_for(workspace, url, clock)
    await database.open()
    try:
        fresh = not await _in_use(database)
        orphaned = fresh and _local_key(workspace).exists()
        if fresh:
            write_default_policy(
                workspace
            )  # before the database counts as in use: whoever comes then needs it
        await _bring_up_to_date(database, fresh=fresh)
        keeper = keeper_for(workspace, root or KeyChoice(), database, clock)
        # a database in use has its key already, or has lost it: another one would only hide that
        provider = await open_root_key(keeper, create=fresh)
        keys = KeyRing(database, provider, keeper)
        await _check_key(database, provider)
        principal = await _who_asks(workspace, database, keys, team, clock, key)
    except BaseException:
        await database.close()
        raise
    return Ground(
        workspace, database, provider, keeper, keys, Log(database, keys), clock, principal, environment, orphaned,
    )  # fmt: skip


def database_for(workspace: Path, url: str, clock: Clock) -> Database:
    """The driver that a database URL names."""
    if not url:
        url = f"sqlite:///{folder_of(workspace) / 'remit.db'}"
    if url.startswith("sqlite:///"):
        from remit.store.databases.sqlite import SqliteDatabase

        return SqliteDatabase((workspace / url.removeprefix("sqlite:///")).absolute(), clock)
    if url.startswith(("postgresql://", "postgres://")):
        from remit.store.databases.postgres import PostgresDatabase

        return PostgresDatabase(url)
    raise InvalidSetting(
        "the database setting names neither SQLite nor Postgres.",
        'Use "sqlite:///path/to/remit.db" or "postgresql://user@host/name".',
    )


async def _in_use(database: Database) -> bool:
    """Whether the database belongs to a workspace; not while its first process is still making it."""
    if not await database.fetch("migrations.table"):
        return False
    try:
        return bool(await database.fetch("workspace.get", "root_key"))
    except (StoreOutdated, StoreUnavailable):
        return False  # that table does not exist yet


async def _bring_up_to_date(database: Database, *, fresh: bool) -> None:
    """A new database is made, an embedded one is migrated; a fleet's is migrated by a person."""
    if fresh or database.dialect == "sqlite":
        await migrate(database)
    else:
        await check_schema(database)


async def _check_key(database: Database, provider: KeyProvider) -> None:
    mark = provider.tag("workspace")
    await database.submit(Commit(ops=[Op("workspace.set", ("root_key", mark))]))
    if (await database.fetch("workspace.get", "root_key"))[0][0] != mark:
        raise WrongKey(
            "the root key does not belong to this database.",
            "Put back the key that it was created with (.remit/keys/root.key or REMIT_ROOT_KEY).",
        )


async def _who_asks(
    workspace: Path, database: Database, keys: KeyRing, team: str, clock: Clock, shown: str
) -> Principal:
    file = _local_key(workspace)
    if not await database.fetch("workspace.any_principal"):
        await _add_owner(file, database, keys, team, clock)
    said = (shown or os.environ.get(_KEY_VARIABLE, "")).strip()
    if said.startswith(KEY_PREFIX):
        return await bearer(database, keys, said, team, clock.now())
    found = await _at_home(database, keys, team, clock.now()) if not said else None
    if found is not None:
        return found
    text = said or _read(file)
    rows = await database.fetch("workspace.principal", _digest(text)) if text else []
    if not rows:
        raise Unauthenticated(
            f"this workspace has a key, and {'the one given is not it' if text else 'none was given'}.",
            f"Set {_KEY_VARIABLE}, or put the key into {file}.",
        )
    identity, of_team, kind = rows[0]
    return Principal(identity, of_team, kind)


async def bearer(database: Database, keys: KeyRing, text: str, team: str, now: int) -> Principal:
    """Whose key this is, or why it opens nothing."""
    key = read_key(text)
    if key is None:
        raise KeyUnknown("that is no whole key.", "A key looks like rk_0123456789_… and has one line.")
    return await principal_of(database, keys, key, team, now)


async def _at_home(database: Database, keys: KeyRing, team: str, now: int) -> Principal | None:
    """The owner of the key in the usual place, if it is one of this workspace."""
    key = read_key(_read(default_key_file())) if await has_people(database, team) else None
    try:
        return await principal_of(database, keys, key, team, now) if key is not None else None
    except KeyUnknown:
        return None


async def _add_owner(file: Path, database: Database, keys: KeyRing, team: str, clock: Clock) -> None:
    """Whoever starts a workspace first owns it."""
    named = os.environ.get(_KEY_VARIABLE, "")
    text = ("" if named.startswith(KEY_PREFIX) else named) or _read(file) or f"rk-{secrets.token_urlsafe(24)}"
    now = clock.now()
    key = await keys.team_key("workspace", now)
    facts = [WorkspaceCreated(secrets.token_hex(8), "1"), PrincipalAdded(_OWNER, team, _OWNER)]
    shared = [shared_event(WORKSPACE_STREAM, "workspace", key, fact, now) for fact in facts]
    _write(file, text)
    try:
        add = Op("workspace.add_principal", (_OWNER, team, "user", _digest(text), now))
        await database.submit(Commit([], [], [add], shared))
    except Conflict:
        return  # another process was first


def _local_key(workspace: Path) -> Path:
    """Where the key of whoever works on this machine lies."""
    return folder_of(workspace) / "keys" / "local.key"


def _write(file: Path, text: str) -> None:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            opened.write(text + "\n")


def _read(file: Path) -> str:
    return file.read_text("utf-8").strip() if file.exists() else ""


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
