"""How to reach one Postgres: its URL, its connections, the pool that reads, and how long to wait for it.

Behind PgBouncer in transaction mode, add `?statement_cache_size=0` to the URL: then nothing is prepared or
set for longer than a transaction. Its notifications do not arrive there; the slow poll behind them finds
everything. PgBouncer 1.21 and newer with `max_prepared_statements` needs nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from remit.domain import silence
from remit.domain.errors import InvalidSetting, StoreUnavailable
from remit.store.databases.postgres_driver import asyncpg, explain, is_loss
from remit.store.refusals import unaskable

if TYPE_CHECKING:
    from remit.store.databases.postgres_driver import Connection

PATIENCE_SECONDS = 30.0
"""How long a commit or a read waits for a server that restarts."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 1.0
_CONNECT_SECONDS = 10.0
_COMMAND_SECONDS = 60.0
_CACHE = 256
_READERS = 4
_OLDEST = 14

# An answer means "on disk" and "under the rules of READ COMMITTED" whatever the server's own defaults are; a
# transaction whose client vanished without a word lets go of its locks.
_SESSION = """
SELECT set_config('default_transaction_isolation', 'read committed', false),
       set_config('idle_in_transaction_session_timeout', '10s', false),
       set_config('synchronous_commit', CASE current_setting('synchronous_commit')
                  WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)
"""


class Patience:
    """Waits a little longer after each failure, and gives up in time."""

    def __init__(self, url: str, seconds: float) -> None:
        self._url = url
        self._clock = asyncio.get_running_loop().time
        self._until = self._clock() + seconds
        self._pause = _FIRST_PAUSE

    async def after(self, wrong: BaseException) -> None:
        """Pause before the next try, or raise what `wrong` means."""
        if self._clock() + self._pause > self._until:
            raise explain(wrong, self._url) from wrong
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)


class Server:
    """One Postgres database, reached by several connections."""

    def __init__(self, url: str, patience: float = PATIENCE_SECONDS) -> None:
        self._dsn, self._cache = _cache_size_taken_out(url)
        self.url = without_password(self._dsn)
        self._seconds = patience
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        """Open the reading pool; its first connection tells whether the server is there and new enough."""
        try:
            self._pool = await asyncpg.create_pool(
                self._dsn, min_size=0, max_size=_READERS, reset=_keep_as_it_is, **self._options()
            )
            version = int(await self._pool.fetchval("SHOW server_version_num")) // 10000
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as wrong:
            raise explain(wrong, self.url) from wrong
        if version < _OLDEST:
            raise StoreUnavailable(
                f"{self.url} runs Postgres {version}, and Remit needs {_OLDEST} or newer.",
                "Upgrade the server.",
            )

    async def connect(self) -> Connection:
        """A connection of one's own."""
        connection = await asyncpg.connect(self._dsn, **self._options())
        try:
            if self._cache:
                await connection.execute(_SESSION)
        except BaseException:
            connection.terminate()  # whoever gave up while it was made ready will never close it
            raise
        return connection

    def patience(self) -> Patience:
        """How long to try again from now on."""
        return Patience(self.url, self._seconds)

    async def fetch(self, sql: str, params: tuple[object, ...]) -> list[asyncpg.Record]:
        """Read, again and again while the server restarts."""
        patience = self.patience()
        while self._pool is not None:
            try:
                with silence.aloud():  # a rehearsal reads its own log
                    return await self._pool.fetch(sql, *params)
            except asyncpg.DataError as wrong:
                raise unaskable(wrong) from None
            except (
                asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError,
            ) as wrong:  # fmt: skip
                if not is_loss(wrong):
                    raise explain(wrong, self.url) from wrong
                await patience.after(wrong)
        raise self.closed()

    def closed(self) -> StoreUnavailable:
        """What to say to those who come too late."""
        return StoreUnavailable(f"the database {self.url} is closed.", "Open it first.")

    async def close(self) -> None:
        """Let the readers finish."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    def abandon(self) -> None:
        """Cut every reading connection."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()

    def _options(self) -> dict[str, Any]:
        return {
            "timeout": _CONNECT_SECONDS,
            "command_timeout": _COMMAND_SECONDS,
            "statement_cache_size": self._cache,
            "max_cached_statement_lifetime": 0,
            "server_settings": {"application_name": "remit"},
        }


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    parts = urlsplit(url)
    credentials, _, host = parts.netloc.rpartition("@")
    user = credentials.partition(":")[0]
    options = [(name, value) for name, value in parse_qsl(parts.query) if "pass" not in name]
    return _joined(parts, f"{user}@{host}" if user else host, options)


def _cache_size_taken_out(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    options = parse_qsl(parts.query, keep_blank_values=True)
    sizes = [value for name, value in options if name == "statement_cache_size"]
    if not sizes:
        return url, _CACHE
    if not sizes[-1].isdecimal():
        raise InvalidSetting(
            f"statement_cache_size in the database URL is {sizes[-1]!r}, which is no number.",
            "Use 0 behind PgBouncer in transaction mode, else leave it out.",
        )
    rest = [(name, value) for name, value in options if name != "statement_cache_size"]
    return _joined(parts, parts.netloc, rest), int(sizes[-1])


def _joined(parts: SplitResult, host: str, options: list[tuple[str, str]]) -> str:
    """A URL again, with the two slashes even where no host is named: that means a socket of this machine."""
    query = f"?{urlencode(options, safe='/')}" if options else ""
    return f"{parts.scheme}://{host}{parts.path}{query}"


async def _keep_as_it_is(_connection: object) -> None:
    """Readers set nothing, so nothing needs a round trip to be reset."""
