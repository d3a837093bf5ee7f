"""Every keeper of a root key keeps one promise: it gives back what it was given, whole or not at all, and says in a
sentence why it cannot.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from remit.domain.errors import Refused, WrongKey
from remit.domain.protection_errors import KeyServiceUnavailable
from remit.store.database import Database
from remit.store.key_provider import RootKeeper
from remit.store.key_providers.aws_kms import KmsSealer
from remit.store.key_providers.environment import VARIABLE, KeyVariable
from remit.store.key_providers.file import KeyFile
from remit.store.key_providers.root import KEY_BYTES, RootKey
from remit.store.key_providers.sealed import SealedKey, Sealer
from remit.store.key_providers.vault_transit import TransitSealer
from remit.testing.clock import ManualClock
from tests.store.key_servers import KmsServer, TransitServer
from tests.store.stores import Store

KINDS = ("file", "environment", "vault", "aws")
CONTEXT = b"k-1"


@dataclass
class Kept:
    """A keeper, and ways to disturb it."""

    kind: str
    keeper: RootKeeper
    again: Callable[[], RootKeeper]
    """The keeper as another process has it."""
    damage: Callable[[str], None] = field(default=lambda _: None)
    server: TransitServer | KmsServer | None = None
    environment: dict[str, str] = field(default_factory=dict[str, str])

    async def put(self, key: RootKey, before: RootKey | None = None) -> None:
        """Keep a key; a variable is set by whoever sets variables."""
        if self.kind == "environment":
            self.environment[VARIABLE] = key.to_text()
        else:
            assert await self.keeper.write(key, before)


@pytest.fixture(params=KINDS)
async def kept(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_place: Store, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Kept]:
    kind: str = request.param
    async with AsyncExitStack() as stack:
        if kind == "file":
            path = tmp_path / "keys" / "root.key"
            yield Kept(kind, KeyFile(path), lambda: KeyFile(path), partial(_write, path))
            return
        if kind == "environment":
            variables: dict[str, str] = {}
            damage = _setter(variables)
            yield Kept(kind, KeyVariable(variables), lambda: KeyVariable(variables), damage, None, variables)
            return
        database = await sqlite_place.open()
        stack.push_async_callback(database.close)
        server = TransitServer() if kind == "vault" else KmsServer()
        address = await stack.enter_async_context(server.serve())
        sealer = _sealer(kind, address, monkeypatch, tmp_path)
        keeper = SealedKey(sealer, database, ManualClock())
        yield Kept(kind, keeper, lambda: SealedKey(sealer, database, ManualClock()), server=server)


def _write(path: Path, text: str) -> None:
    path.write_text(text)


def _setter(variables: dict[str, str]) -> Callable[[str], None]:
    def damage(text: str) -> None:
        variables[VARIABLE] = text

    return damage


def _sealer(kind: str, address: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Sealer:
    if kind == "vault":
        return TransitSealer(address, "remit", {"VAULT_TOKEN": TransitServer.token})
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "none"))
    return KmsSealer("alias/remit", region="eu-central-1", endpoint=address)


async def test_it_gives_back_what_it_was_given_to_any_process(kept: Kept) -> None:
    assert await kept.keeper.read() is None
    key = RootKey.fresh()
    wrapped = key.wrap(b"s" * 32, CONTEXT)
    await kept.put(key)
    found = await kept.again().read()
    assert found == key
    assert found is not None
    assert (found.unwrap(wrapped, CONTEXT), found.tag("ana"), found.id) == (b"s" * 32, key.tag("ana"), key.id)
    with pytest.raises(WrongKey):
        found.unwrap(wrapped, b"k-2")


async def test_a_successor_opens_what_both_wrapped_and_keeps_every_name(kept: Kept) -> None:
    first = RootKey.fresh()
    await kept.put(first)
    old = first.wrap(b"old", CONTEXT)
    second = first.successor()
    await kept.put(second, first)
    found = await kept.again().read()
    assert found is not None
    assert (found.older, found.wraps(old), found.tag("ana")) == (1, False, first.tag("ana"))
    new = found.wrap(b"new", CONTEXT)
    assert (found.unwrap(old, CONTEXT), found.unwrap(new, CONTEXT)) == (b"old", b"new")
    with pytest.raises(WrongKey):
        first.unwrap(new, CONTEXT)
    await kept.put(found.alone(), found)
    alone = await kept.again().read()
    assert alone is not None
    assert (alone.unwrap(new, CONTEXT), alone.tag("ana"), alone.older) == (b"new", first.tag("ana"), 0)
    with pytest.raises(WrongKey):
        alone.unwrap(old, CONTEXT)


async def test_of_two_who_replace_it_at_once_one_is_told_that_it_was_late(kept: Kept) -> None:
    key = RootKey.fresh()
    await kept.put(key)
    if kept.kind == "environment":
        with pytest.raises(Refused, match="set outside of Remit"):
            await kept.keeper.write(key.successor(), key)
        return
    assert await kept.keeper.write(key.successor(), key)
    assert not await kept.again().write(key.successor(), key)
    assert not await kept.again().write(RootKey.fresh(), None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("zz" * KEY_BYTES, "is not hexadecimal"), ("ab" * 31, "has 31 bytes; it needs 32"), (" \n", "is empty"),
        ("ab" * 32 + " more", "more than a root key"), ("ab" * 32 + " old:ab", "has 1 bytes"),
        ("\udcff", "not hexadecimal"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kept", ["file", "environment"], indirect=True)
async def test_a_damaged_key_is_named_and_never_replaced(
    kept: Kept, text: str, says: str, tmp_path: Path
) -> None:
    await kept.put(RootKey.fresh())
    if text == "\udcff" and kept.kind == "file":
        (tmp_path / "keys" / "root.key").write_bytes(b"\xff\xfe")
    else:
        kept.damage(text)
    with pytest.raises(WrongKey) as refused:
        await kept.again().read()
    assert says in str(refused.value)
    if kept.kind == "file":
        with pytest.raises(WrongKey):
            await kept.keeper.write(RootKey.fresh(), None)


@pytest.mark.parametrize("kept", ["vault", "aws"], indirect=True)
async def test_a_service_that_is_down_is_a_sentence_and_changes_nothing(kept: Kept) -> None:
    assert kept.server is not None
    kept.server.down = True
    with pytest.raises(KeyServiceUnavailable, match="cannot be asked for the root key"):
        await kept.keeper.write(RootKey.fresh(), None)
    kept.server.down = False
    assert await kept.again().read() is None
    key = RootKey.fresh()
    await kept.put(key)
    kept.server.down = True
    for refused in (kept.again().read(), kept.again().write(key.successor(), key)):
        with pytest.raises(KeyServiceUnavailable, match="Nothing was started and nothing changed"):
            await refused
    kept.server.down = False
    assert await kept.again().read() == key


@pytest.mark.parametrize("kept", ["vault", "aws"], indirect=True)
async def test_what_another_key_sealed_is_the_wrong_key(kept: Kept) -> None:
    assert kept.server is not None
    await kept.put(RootKey.fresh())
    kept.server.key = type(kept.server)().key
    with pytest.raises(WrongKey):
        await kept.again().read()


async def test_what_is_sealed_tells_nothing_without_the_service(
    sqlite_place: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    database = await sqlite_place.open()
    server, key = TransitServer(), RootKey.fresh()
    async with server.serve() as address:
        keeper = SealedKey(_sealer("vault", address, monkeypatch, tmp_path), database, ManualClock())
        assert await keeper.write(key, None)
        assert await keeper.write(key.successor(), key)
        wrong = TransitSealer(address, "remit", {"VAULT_TOKEN": "not-it"})
        with pytest.raises(KeyServiceUnavailable, match="the token may not use it") as refused:
            await SealedKey(wrong, database, ManualClock()).read()
        assert "not-it" not in str(refused.value)
    rows = await database.fetch("protection.root_key")
    assert bytes.fromhex(key.to_text()) not in rows[0][1]
    assert key.to_text().encode() not in rows[0][1]
    assert await _count(database) == 1
    with pytest.raises(KeyServiceUnavailable, match="nobody answers there"):
        await keeper.read()
    await sqlite_place.close()


async def _count(database: Database) -> int:
    async with database.snapshot() as snapshot:
        columns = await snapshot.columns("root_keys")
        return sum([len(page) async for page in snapshot.rows("root_keys", columns)])


@pytest.mark.parametrize(
    ("module", "sealer", "extra"),
    [
        ("hvac", TransitSealer("http://127.0.0.1:9", "remit", {}), "vault"),
        ("botocore.session", KmsSealer("alias/remit"), "aws"),
    ],
)
async def test_a_library_that_is_missing_is_named(
    module: str, sealer: Sealer, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(KeyServiceUnavailable, match=rf'pip install "remit\[{extra}\]"'):
        await sealer.seal(b"x")


async def test_a_key_of_the_first_days_names_no_root_key_and_is_opened(sqlite_place: Store) -> None:
    """Data keys that were wrapped before root keys had names."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from remit.store.ciphers import keyed_digest

    secret = bytes(range(32))
    sealed = b"n" * 12 + AESGCM(keyed_digest(secret, b"wrap")).encrypt(b"n" * 12, b"data key", CONTEXT)
    root = RootKey(secret)
    assert root.unwrap(sealed, CONTEXT) == b"data key"
    assert root.successor().unwrap(sealed, CONTEXT) == b"data key"
    assert root.tag("ana") == keyed_digest(keyed_digest(secret, b"tag"), b"ana").hex()[:24]
    assert not root.wraps(sealed)
