"""Files below a root: nothing leads out, nothing is written half, and every change can be taken back."""

from __future__ import annotations

import base64
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.action_errors import BadArguments, CannotUndo
from remit.domain.effects import Absent, Happened
from remit.domain.errors import RemitError, ToolFailed
from remit.domain.tools import Performed
from remit.tools.builtin.files import FilesOptions, file_tools
from remit.tools.builtin.rooted import Root, split
from remit.tools.tool import Tool
from tests.tools.calling import context, perform, receipt, undo

LARGEST = 4_096
CANARY = "what lies outside"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a few files, beside things that nobody may reach."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "canary.txt").write_text(CANARY)
    folder = tmp_path / "root"
    (folder / "notes").mkdir(parents=True)
    (folder / "notes" / "today.txt").write_text("hello")
    (folder / "picture").write_bytes(b"\x89PNG\x00\xff")
    (folder / "link.txt").symlink_to(tmp_path / "outside" / "canary.txt")
    (folder / "inner.txt").symlink_to("notes/today.txt")
    (folder / "door").symlink_to(tmp_path / "outside")
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to("..")
    os.mkfifo(folder / "pipe")
    return folder


def tools(root: Path, **options: Any) -> dict[str, Tool]:
    return {tool.name: tool for tool in file_tools(FilesOptions(root, largest=LARGEST, **options))}


ESCAPES = [
    "../outside/canary.txt", "notes/../../outside/canary.txt", "/etc/passwd", "//etc/passwd", "link.txt", "inner.txt",
    "door/canary.txt", "door/../outside/canary.txt", "up/outside/canary.txt", "loop", "loop/x", "..", ".", "", "/",
    "notes/./../../outside/canary.txt", "notes\\..\\..\\outside\\canary.txt", "notes/today.txt\0.png", "\0",
    "notes/today.txt/x", "notes", "pipe", "~/.ssh/id_rsa", "file:///etc/passwd", "a" * 300, "a/" * 100 + "b",
    "..\u2215x",
    "%2e%2e/outside/canary.txt", "\ud800", "notes/..", ".remit-0", "/proc/self/root/etc/passwd", "/dev/zero", "door/.",
]  # fmt: skip


@pytest.mark.parametrize("path", ESCAPES)
@pytest.mark.parametrize("name", ["files_read", "files_write", "files_delete", "files_list"])
async def test_no_path_leads_out(root: Path, path: str, name: str) -> None:
    before = contents(root.parent)
    arguments: dict[str, Any] = {"path": path} | ({"content": "changed"} if name == "files_write" else {})
    if name == "files_list" and path in {"", ".", "/", "notes"}:
        return
    made = new_below(path) if name == "files_write" else {}
    try:
        done = await perform(tools(root)[name], **arguments)
        said = str(done.result)
    except (ToolFailed, RemitError) as refused:
        said, made = str(refused), {}
    else:
        assert made, f"{path!r} was accepted"
    assert CANARY not in said
    assert contents(root.parent) == before | made


def new_below(path: str) -> dict[str, bytes]:
    """What a harmless odd name makes: a file below the root, and nothing else."""
    try:
        parts = split(path)
    except ToolFailed:
        return {}
    return {f"root/{'/'.join(parts)}": b"changed"}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


async def test_a_folder_that_becomes_a_link_between_two_steps_leads_nowhere(
    root: Path, tmp_path: Path
) -> None:
    """A race that a check before the act would lose: whoever opens step by step sees the link."""
    read = tools(root)["files_read"]
    stop = threading.Event()

    def swap() -> None:
        real, link = root / "notes", root / "swapped"
        while not stop.is_set():
            real.rename(tmp_path / "aside")
            real.symlink_to(tmp_path / "outside")
            real.rename(link)
            (tmp_path / "aside").rename(real)
            link.unlink()

    (tmp_path / "outside" / "today.txt").write_text(CANARY)
    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(300):
            try:
                assert (await perform(read, path="notes/today.txt")).result["text"] == "hello"
            except ToolFailed:
                continue
    finally:
        stop.set()
        swapper.join()


async def test_text_and_what_is_none(root: Path) -> None:
    read = tools(root)["files_read"]
    assert (await perform(read, path="notes/today.txt")).result == {
        "path": "notes/today.txt", "size": 5, "text": "hello",
    }  # fmt: skip
    assert (await perform(read, path="picture")).result["base64"] == base64.b64encode(
        b"\x89PNG\x00\xff"
    ).decode()
    (root / "old.txt").write_bytes("größer".encode("latin-1"))
    assert "base64" in (await perform(read, path="old.txt")).result
    assert (await perform(read, path="old.txt", encoding="latin-1")).result["text"] == "größer"
    with pytest.raises(BadArguments, match="encoding"):
        await perform(read, path="old.txt", encoding="rot13")


@given(
    text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60),
    piece=st.integers(1, 9),
)
async def test_a_file_read_piece_by_piece_is_the_file(
    text: str, piece: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("pieces")
    (folder / "f").write_bytes(text.encode())
    read, found, start = tools(folder)["files_read"], b"", 0
    while start < len(text.encode()):
        told = (await perform(read, path="f", start=start, length=piece)).result
        data = told["text"].encode() if "text" in told else base64.b64decode(told["base64"])
        assert data
        found, start = found + data, start + len(data)
    assert found == text.encode()


async def test_a_large_file_is_read_in_pieces_and_not_written_over(root: Path) -> None:
    (root / "large").write_bytes(b"x" * (LARGEST + 10))
    told = (await perform(tools(root)["files_read"], path="large")).result
    assert (len(told["text"]), told["size"]) == (LARGEST, LARGEST + 10)
    assert f"start={LARGEST}" in told["cut"]
    for name, more in (("files_write", {"content": "y"}), ("files_delete", {})):
        with pytest.raises(ToolFailed, match="could not be put back"):
            await perform(tools(root)[name], path="large", **more)
    with pytest.raises(ToolFailed, match="a file may have"):
        await perform(tools(root)["files_write"], path="new", content="y" * (LARGEST + 1))


async def test_a_folder_is_listed_and_links_are_not_followed(root: Path) -> None:
    told = (await perform(tools(root)["files_list"], deep=True)).result["entries"]
    kinds = {each["path"]: each["kind"] for each in told}
    assert kinds == {
        "door": "link", "inner.txt": "link", "link.txt": "link", "loop": "link", "notes": "folder", "pipe": "other",
        "notes/today.txt": "file", "picture": "file", "up": "link",
    }  # fmt: skip


async def test_a_write_replaces_a_link_instead_of_writing_through_it(root: Path) -> None:
    with pytest.raises(ToolFailed):
        await perform(tools(root)["files_write"], path="link.txt", content="changed")
    assert (root.parent / "outside" / "canary.txt").read_text() == CANARY


async def test_a_write_is_whole_and_keeps_the_rights_of_the_file(root: Path) -> None:
    (root / "notes" / "today.txt").chmod(0o640)
    done = await perform(tools(root)["files_write"], path="notes/today.txt", content="new")
    assert done.result == {"path": "notes/today.txt", "size": 3, "new": False}
    assert (root / "notes" / "today.txt").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in (root / "notes").iterdir()) == ["today.txt"]
    done = await perform(tools(root)["files_write"], path="b.bin", content="AP8=", encoding="base64")
    assert (root / "b.bin").read_bytes() == b"\0\xff"
    assert done.images[0].after == {"base64": "AP8="}
    with pytest.raises(ToolFailed, match="not base64"):
        await perform(tools(root)["files_write"], path="b.bin", content="!", encoding="base64")
    with pytest.raises(ToolFailed, match="already"):
        await perform(tools(root)["files_write"], path="b.bin", content="x", overwrite=False)


async def test_what_is_read_only_has_no_tools_that_change_anything(root: Path) -> None:
    assert sorted(tools(root, read_only=True)) == ["files_list", "files_read"]


PATHS = st.sampled_from(["a", "b", "deep/er/c", "deep/d", "notes/today.txt"])
STEPS = st.lists(
    st.tuples(PATHS, st.one_of(st.none(), st.sampled_from(["", "x", "ä\n", "\ufeff1"]))), max_size=8
)


@given(steps=STEPS)
async def test_any_sequence_of_changes_can_be_walked_back(
    steps: list[tuple[str, str | None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("walk")
    (folder / "notes").mkdir()
    (folder / "notes" / "today.txt").write_bytes(b"\xff\0hello")
    start = sorted(folder.rglob("*")), contents(folder)
    known, done = tools(folder), list[tuple[Tool, dict[str, Any], Performed]]()
    for path, content in steps:
        tool = known["files_delete" if content is None else "files_write"]
        arguments = {"path": path} if content is None else {"path": path, "content": content}
        try:
            done.append((tool, arguments, await perform(tool, **arguments)))
        except ToolFailed:
            assert content is None
            assert not (folder / path).exists()
    for tool, arguments, performed in reversed(done):
        await undo(tool, arguments, performed)
    assert (sorted(folder.rglob("*")), contents(folder)) == start


async def test_s27_a_strangers_change_is_not_written_over(root: Path) -> None:
    write = tools(root)["files_write"]
    arguments = {"path": "notes/today.txt", "content": "ours"}
    made = receipt(write, arguments, await perform(write, **arguments))
    image = made.images[0]
    _, precondition = await write.binding.current(made, image, context())
    (root / "notes" / "today.txt").write_text("theirs")
    with pytest.raises(CannotUndo, match="changed while"):
        await write.binding.restore(made, image, image.before, precondition, context())
    assert (root / "notes" / "today.txt").read_text() == "theirs"


async def test_a_file_that_changed_since_it_was_looked_at_is_left_alone(root: Path) -> None:
    write = tools(root)["files_write"]
    arguments = {"path": "notes/today.txt", "content": "ours"}
    seen = await write.binding.before(arguments, context())
    (root / "notes" / "today.txt").write_text("theirs")
    with pytest.raises(ToolFailed, match="nothing was done"):
        await write.binding.perform(arguments, context(before=seen))


@pytest.mark.parametrize("name", ["files_write", "files_delete"])
async def test_reconcile_compares_the_file_with_what_it_was_and_was_to_be(root: Path, name: str) -> None:
    tool = tools(root)[name]
    arguments = {"path": "notes/today.txt"} | ({"content": "ours"} if name == "files_write" else {})
    seen = context(before=await tool.binding.before(arguments, context()))
    assert await tool.binding.reconcile(arguments, seen) == Absent()
    performed = await tool.binding.perform(arguments, seen)
    assert await tool.binding.reconcile(arguments, seen) == Happened(performed)
    (root / "notes" / "today.txt").write_text("theirs")
    assert await tool.binding.reconcile(arguments, seen) is None


def test_a_root_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="cannot be opened"):
        Root(tmp_path / "none").read("a", 10)
