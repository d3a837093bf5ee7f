"""The Postgres driver, and what it reports said for people: each failure once, as an error of the tree.

It also sorts failures by what the writer must do: a refusal belongs to one commit, a loss of the connection
leaves open what was written, anything else concerns the whole database.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from remit.domain.errors import (
    Infrastructure,
    StoreCorrupt,
    StoreFull,
    StoreOutdated,
    StoreReadOnly,
    StoreUnavailable,
)

try:
    import asyncpg
except ImportError as missing:
    raise StoreUnavailable(
        "the driver for Postgres is not installed.", 'Install it with: pip install "remit[postgres]"'
    ) from missing

if TYPE_CHECKING:
    from collections.abc import Generator

    Connection = asyncpg.Connection[asyncpg.Record]

REFUSALS = (
    asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, asyncpg.ProgramLimitExceededError,
)  # fmt: skip
"""One commit of a batch cannot stand."""

LOSSES = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,
    OSError,
)
"""The connection is gone, or the server is on its way down or up: what was under way is open (S2)."""

FROM_BELOW = (
    asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, MemoryError,
)  # fmt: skip
"""What the driver, the server or the network raises; anything else comes from what it was given."""


def is_loss(wrong: BaseException) -> bool:
    """Whether to reconnect and look what became of it."""
    if type(wrong) is asyncpg.InterfaceError:
        return "closed" in str(wrong) or "closing" in str(wrong)
    return isinstance(wrong, LOSSES)


@contextmanager
def explained(url: str) -> Generator[None]:
    """Turn driver and network errors into Remit's."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as wrong:
        raise explain(wrong, url) from wrong


def explain(wrong: BaseException, url: str) -> Infrastructure:
    """The error of the tree that says what happened at `url`."""
    if isinstance(wrong, Infrastructure):
        return wrong
    reason = " ".join(str(wrong).split()) or type(wrong).__name__
    for failures, error, message, hint in _MEANINGS:
        if isinstance(wrong, failures):
            return error(message.format(url=url, reason=reason), hint)
    return StoreUnavailable(f"{url} does not answer ({reason}).", "See remit doctor.")


_MEANINGS: list[tuple[tuple[type[Exception], ...], type[Infrastructure], str, str]] = [
    (
        (asyncpg.DiskFullError, asyncpg.OutOfMemoryError),
        StoreFull,
        "the server of {url} has no room left ({reason}); nothing was written.",
        "Free some space: what was acknowledged is safe, and waiting runs go on by themselves.",
    ),
    (
        (asyncpg.ReadOnlySQLTransactionError,),
        StoreReadOnly,
        "{url} takes no writes ({reason}).",
        "It may be a standby, or default_transaction_read_only is on: name the primary instead.",
    ),
    (
        (asyncpg.InsufficientPrivilegeError,),
        StoreReadOnly,
        "this user may not write to {url} ({reason}).",
        "Grant it the database, or name another user.",
    ),
    (
        (asyncpg.DataCorruptedError, asyncpg.IndexCorruptedError),
        StoreCorrupt,
        "{url} is damaged ({reason}).",
        "Restore the last backup into a new database: remit backup --help.",
    ),
    (
        (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError),
        StoreOutdated,
        "{url} lacks a table that this Remit needs ({reason}).",
        "Run: remit migrate",
    ),
    (
        (asyncpg.InvalidCatalogNameError,),
        StoreUnavailable,
        "there is no such database: {url}.",
        "Create it first: createdb NAME",
    ),
    (
        (asyncpg.InvalidAuthorizationSpecificationError,),
        StoreUnavailable,
        "{url} refuses this user ({reason}).",
        "Check the user and the password in the URL.",
    ),
]
