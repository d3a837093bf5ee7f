"""Every anchor keeps the promises of the contract; what it kept, the verifier can read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from remit.domain.errors import InvalidSetting
from remit.domain.evidence_errors import AnchorUnavailable
from remit.store.anchor import AnchorRecord
from remit.store.anchors.file import FileAnchor
from remit.store.anchors.opening import open_anchors
from remit.store.verifying.entries import HeadsOfBatch, heads_line, packed
from remit.store.verifying.held import Held
from remit.store.verifying.notes import PublicKey, checkpoint_text, signed
from remit.store.verifying.tree import leaf_hash
from tests.evidence import receivers
from tests.evidence.receivers import Receiver, note_in

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = PublicKey("remit.log/test", PRIVATE.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def record(size: int) -> AnchorRecord:
    """A signed checkpoint with the head of one stream."""
    heads = HeadsOfBatch()
    heads.take('team:"quoted" é', size, 7, bytes(32))
    text = checkpoint_text(
        KEY.name, size, leaf_hash(bytes([size])), size, size - 1, heads_line(heads.heads())
    )
    return AnchorRecord(size, signed(text, KEY, PRIVATE.sign(text.encode())), packed(heads.heads()))


@pytest.fixture(params=list(receivers.ALL))
async def receiver(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Receiver]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    async with receivers.ALL[request.param](tmp_path) as made:
        yield made
        await made.anchor.close()


async def test_s08_an_anchor_keeps_what_it_is_given_in_order_and_the_verifier_reads_it(
    receiver: Receiver,
) -> None:
    records = [record(size) for size in (1, 2, 3, 12)]
    await receiver.anchor.write(records[:1])
    await receiver.anchor.write(records[1:])
    await receiver.anchor.close()
    lines = receiver.lines()
    assert [note_in(line) for line in lines] == [each.note for each in records]
    held = Held.parse("\n".join(line.strip() for line in lines) + "\n")
    assert [each.checkpoint.size for each in held.records] == [1, 2, 3, 12]
    assert all(KEY.verifies(each.checkpoint.note) for each in held.records)
    assert held.findings == []


async def test_s08_writing_again_after_a_lost_answer_is_harmless(receiver: Receiver) -> None:
    for _ in range(2):
        await receiver.anchor.write([record(1), record(2)])
    await receiver.anchor.close()
    held = Held.parse("\n".join(line.strip() for line in receiver.lines()) + "\n")
    assert [each.checkpoint.size for each in held.records] == [1, 2]


async def test_s08_the_newest_can_be_read_back_where_the_place_gives_it(receiver: Receiver) -> None:
    assert await receiver.anchor.newest() is None
    await receiver.anchor.write([record(1), record(2)])
    assert await receiver.anchor.newest() == (record(2).note if receiver.readable else None)


@pytest.mark.parametrize("receiver", ["file", "webhook", "syslog+tcp", "s3"], indirect=True)
async def test_s08_a_place_that_refuses_is_an_error(receiver: Receiver) -> None:
    """Nobody hears a datagram fall: that is why UDP is not here, and the page on anchors says so."""
    await receiver.anchor.write([record(1)])
    receiver.fail(True)
    with pytest.raises(AnchorUnavailable, match="anchor"):
        await receiver.anchor.write([record(2)])


@pytest.mark.parametrize("receiver", ["file", "webhook", "s3"], indirect=True)
async def test_s08_what_was_refused_is_taken_later(receiver: Receiver) -> None:
    await receiver.anchor.write([record(1)])
    receiver.fail(True)
    with pytest.raises(AnchorUnavailable):
        await receiver.anchor.write([record(2)])
    receiver.fail(False)
    await receiver.anchor.write([record(2)])
    assert len(receiver.lines()) == 2


async def test_s08_the_name_of_an_anchor_holds_no_secret(receiver: Receiver) -> None:
    assert "secret" not in receiver.anchor.name
    assert receivers.TOKEN not in receiver.anchor.name


async def test_s08_a_line_that_a_crash_cut_off_stays_alone(tmp_path: Path) -> None:
    anchor = FileAnchor(tmp_path / "anchor.jsonl")
    await anchor.write([record(1)])
    with anchor.path.open("ab") as file:
        file.write(record(2).line[:40])
    assert await anchor.newest() == record(1).note
    assert [each.checkpoint.size for each in Held.read(anchor.path).records] == [1]
    await anchor.write([record(2)])
    assert [each.checkpoint.size for each in Held.read(anchor.path).records] == [1, 2]
    assert len(Held.read(anchor.path).findings) == 1


async def test_s08_no_anchor_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("")
    (tmp_path / "anchor.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AnchorUnavailable):
        await FileAnchor(tmp_path / "anchor.jsonl").write([record(1)])


@pytest.mark.parametrize(
    "address",
    [
        "file:",
        "anchor.jsonl",
        "ftp://host/x",
        "https://",
        "syslog+udp://",
        "s3://",
        "s3://b/p?days=1",
        "http://h:x/",
    ],
)
def test_what_is_no_anchor_is_refused_before_anything_starts(address: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="no anchor"):
        open_anchors([address], tmp_path)


def test_the_same_anchor_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="twice"):
        open_anchors(["file:a", "file:./a"], tmp_path)
