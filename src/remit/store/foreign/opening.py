"""The driver that the URL of a foreign database names; it is imported when one is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from remit.domain.errors import InvalidSetting

if TYPE_CHECKING:
    from pathlib import Path

    from remit.store.foreign.database import ForeignDatabase


def open_foreign(url: str, workspace: Path) -> ForeignDatabase:
    """The database behind a URL; it is reached when it is first used."""
    if url.startswith("sqlite:///"):
        from remit.store.foreign.sqlite import SqliteForeign

        return SqliteForeign((workspace / url.removeprefix("sqlite:///")).absolute())
    if url.startswith(("postgresql://", "postgres://")):
        if urlsplit(url).password:
            raise InvalidSetting(
                "a database URL in tools.toml holds a password, where everybody reads it.",
                'Take it out, and name a secret: secret = "shop_password".',
            )
        from remit.store.foreign.postgres import PostgresForeign

        return PostgresForeign(url)
    raise InvalidSetting(
        f'"{url}" names neither SQLite nor Postgres.',
        'Use "sqlite:///shop.db" or "postgresql://user@host/name".',
    )
