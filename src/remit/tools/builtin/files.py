"""`files_list`, `files_read`, `files_write`, `files_delete`: files below a root, with what undo needs.

A write replaces a whole file at once, or nothing. What is larger than can be put back is not written over.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import codecs
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import CannotUndo
from remit.domain.effects import Absent, Effect, Happened
from remit.domain.errors import ToolFailed
from remit.domain.tools import ArgumentRole, ObjectImage, Performed, ResultLabel, ToolManifest, Undo
from remit.tools.builtin.rooted import NoSuchFile, Root, split
from remit.tools.reading import ReadOnly
from remit.tools.tool import Tool
from remit.wire import canonical

if TYPE_CHECKING:
    from pathlib import Path

    from remit.domain.tools import Receipt
    from remit.tools.binding import Binding, ToolContext

Json = Any
_Image = dict[str, Json] | None

_ENCODINGS = ("utf-8", "utf-16", "latin-1", "cp1252", "ascii", "base64")
_MOST_ENTRIES = 1_000
_TIMEOUT = 20.0
NOT_ATOMIC = (
    "a file is looked at and then replaced in two steps; a stranger's change in between would be lost"
)


@dataclass(frozen=True, slots=True)
class FilesOptions:
    """`[builtin.files]` of tools.toml."""

    root: Path
    read_only: bool = False
    largest: int = 1024 * 1024
    """The largest file that is read at once or written."""


class _ListBinding(ReadOnly):
    """Behind `files_list`."""

    def __init__(self, root: Root) -> None:
        self._root = root

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """List."""
        del context
        path, deep = arguments.get("path", ""), arguments.get("deep", False)
        found, more = await asyncio.to_thread(self._root.entries, path, _MOST_ENTRIES, deep=deep)
        listed = [{name: value for name, value in asdict(each).items() if value != ""} for each in found]
        return Performed({"entries": listed, **({"cut": f"only the first {_MOST_ENTRIES}"} if more else {})})


class _ReadBinding(ReadOnly):
    """Behind `files_read`."""

    def __init__(self, root: Root, largest: int) -> None:
        self._root = root
        self._largest = largest

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Read."""
        del context
        path, start = arguments["path"], arguments.get("start", 0)
        most = min(arguments.get("length", self._largest), self._largest)
        data, size = await asyncio.to_thread(self._root.read, path, most, start)
        if start + len(data) < size and arguments.get("encoding", "utf-8") == "utf-8":
            data = _without_a_split_character(data)
        found = {"path": path, "size": size, **_shown(data, arguments.get("encoding", "utf-8"))}
        if start + len(data) < size:
            found["cut"] = (
                f"bytes {start} to {start + len(data)} of {size}; read on with start={start + len(data)}"
            )
        return Performed(found)


class _ChangeBinding:
    """Behind `files_write` and `files_delete`."""

    def __init__(self, root: Root, largest: int) -> None:
        self._root = root
        self._largest = largest

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Write, or delete, if the file is still what it was when the call was let pass."""
        return await asyncio.to_thread(self._perform, arguments, context.before)

    async def before(self, arguments: dict[str, Json], context: ToolContext) -> Json:
        """The whole file."""
        del context
        return await asyncio.to_thread(self._look, arguments["path"])

    async def reconcile(self, arguments: dict[str, Json], context: ToolContext) -> Happened | Absent | None:
        """Compare the file with what it was and with what it was to become."""
        now = await self.before(arguments, context)
        if now == self._wanted(arguments):
            return Happened(self._performed(arguments, context.before, []))
        return Absent() if now == context.before else None

    async def current(self, receipt: Receipt, image: ObjectImage, context: ToolContext) -> tuple[Json, str]:
        """The file as it stands."""
        del image, context
        now = await asyncio.to_thread(self._look, receipt.arguments["path"])
        return now, canonical.digest(now)

    async def restore(
        self, receipt: Receipt, image: ObjectImage, wanted: Json, precondition: str, context: ToolContext
    ) -> Performed:
        """Put the file back."""
        now, digest = await self.current(receipt, image, context)
        if digest != precondition:
            raise CannotUndo(
                f"{image.object} changed while it was being put back.", "Look at it, and undo it again."
            )
        made: list[str] = cast("dict[str, Json]", receipt.result or {}).get("made", [])
        await asyncio.to_thread(self._put, receipt.arguments["path"], wanted, made)
        after = ObjectImage(image.object, now, wanted, canonical.digest(wanted))
        return Performed({"path": receipt.arguments["path"], "restored": True}, (after,), NOT_ATOMIC)

    async def close(self) -> None:
        """Nothing is held open."""

    def _perform(self, arguments: dict[str, Json], before: _Image) -> Performed:
        path = arguments["path"]
        if self._look(path) != before:
            raise ToolFailed(f'"{path}" changed between being looked at and being changed; nothing was done.')
        return self._performed(arguments, before, self._change(path, arguments, before))

    def _change(self, path: str, arguments: dict[str, Json], before: _Image) -> list[str]:
        if "content" not in arguments:
            self._root.remove(path)
            return []
        if before is not None and not arguments.get("overwrite", True):
            raise ToolFailed(f'there is a file "{path}" already, and it was not to be written over.')
        return self._root.write(path, self._data(arguments))

    def _performed(self, arguments: dict[str, Json], before: _Image, made: list[str]) -> Performed:
        path, after = arguments["path"], self._wanted(arguments)
        result: dict[str, Json] = {"path": path}
        if after is None:
            result["deleted"] = True
        else:
            result |= {"size": len(self._data(arguments)), "new": before is None}
        if made:
            result["made"] = made
        image = ObjectImage(f"files/{'/'.join(split(path))}", before, after, canonical.digest(after))
        return Performed(result, (image,), NOT_ATOMIC)

    def _wanted(self, arguments: dict[str, Json]) -> _Image:
        return _shown(self._data(arguments), "utf-8") if "content" in arguments else None

    def _data(self, arguments: dict[str, Json]) -> bytes:
        content, encoding = arguments["content"], arguments.get("encoding", "utf-8")
        try:
            data = (
                base64.b64decode(content, validate=True) if encoding == "base64" else content.encode(encoding)
            )
        except UnicodeEncodeError:
            raise ToolFailed(f"the text holds a character that {encoding} cannot write; use utf-8.") from None
        except (binascii.Error, ValueError):
            raise ToolFailed("the content is not base64.") from None
        if len(data) > self._largest:
            raise ToolFailed(f"the content has {len(data):,} bytes; a file may have {self._largest:,} here.")
        return data

    def _look(self, path: str) -> _Image:
        data = self._root.look(path, self._largest)
        return None if data is None else _shown(data, "utf-8")

    def _put(self, path: str, wanted: _Image, made: list[str]) -> None:
        if wanted is not None:
            data = wanted["text"].encode() if "text" in wanted else base64.b64decode(wanted["base64"])
            self._root.write(path, data)
            return
        try:
            self._root.remove(path)
        except NoSuchFile:
            return
        self._root.remove_empty(made)


def file_tools(options: FilesOptions) -> list[Tool]:
    """The tools; without those that change anything, if only reading is meant."""
    root = Root(options.root)
    tools = [_list_tool(root), _read_tool(root, options.largest)]
    if not options.read_only:
        binding = _ChangeBinding(root, options.largest)
        tools += [_write_tool(binding), _delete_tool(binding)]
    return tools


def _list_tool(root: Root) -> Tool:
    properties = {
        "path": {"type": "string", "description": "A folder; left out: the uppermost.", "default": ""},
        "deep": {
            "type": "boolean",
            "description": "Also what stands in the folders below.",
            "default": False,
        },
    }
    return _tool(
        "files_list",
        "Lists a folder: files with their size, folders, links.",
        properties,
        (),
        _ListBinding(root),
    )


def _read_tool(root: Root, largest: int) -> Tool:
    properties = {
        "path": {"type": "string", "description": "A file, such as notes/today.txt."},
        "encoding": {
            "enum": list(_ENCODINGS), "default": "utf-8",
            "description": "How its text is encoded; what is no such text comes as base64.",
        },
        "start": {"type": "integer", "minimum": 0, "default": 0, "description": "The byte to start at."},
        "length": {"type": "integer", "minimum": 1, "description": f"How many bytes, at most {largest}."},
    }  # fmt: skip
    return _tool("files_read", "Reads a file.", properties, ("path",), _ReadBinding(root, largest))


def _write_tool(binding: _ChangeBinding) -> Tool:
    properties = {
        "path": {
            "type": "string",
            "description": "A file, such as notes/today.txt; its folder is made if needed.",
        },
        "content": {"type": "string", "description": "Everything that the file is to hold."},
        "encoding": {
            "enum": list(_ENCODINGS),
            "default": "utf-8",
            "description": "base64 for what is no text.",
        },
        "overwrite": {
            "type": "boolean",
            "default": True,
            "description": "Whether a file of that name may be replaced.",
        },
    }
    return _tool(
        "files_write", "Writes a whole file.", properties, ("path", "content"), binding, Effect.WRITE
    )


def _delete_tool(binding: _ChangeBinding) -> Tool:
    properties = {"path": {"type": "string", "description": "A file, such as notes/today.txt."}}
    return _tool("files_delete", "Deletes a file.", properties, ("path",), binding, Effect.WRITE)


def _tool(
    name: str, description: str, properties: dict[str, Json], required: tuple[str, ...], binding: Binding,
    effect: Effect = Effect.READ,
) -> Tool:  # fmt: skip
    acts = effect is Effect.WRITE
    roles = {"path": ArgumentRole.OBJECT} | (
        {"content": ArgumentRole.CONTENT} if "content" in properties else {}
    )
    schema: dict[str, Json] = {"type": "object", "properties": properties, "additionalProperties": False}
    manifest = ToolManifest(
        name=name, description=description,
        parameters=schema | ({"required": list(required)} if required else {}),
        effect=effect, roles=roles, label=ResultLabel(source="files"), timeout=_TIMEOUT,
        undo=Undo.RESTORE if acts else Undo.NONE, best_effort=NOT_ATOMIC if acts else "", reconciles=acts,
        source="builtin",
    )  # fmt: skip
    return Tool(manifest, binding, "tools.toml [builtin.files]")


def _without_a_split_character(data: bytes) -> bytes:
    """What was cut in the middle of a character, up to it; the next piece begins with it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(data)
    except UnicodeDecodeError:
        return data  # no text at all
    rest = decoder.getstate()[0]
    return data[: len(data) - len(rest)] or data


def _shown(data: bytes, encoding: str) -> dict[str, Json]:
    """Bytes as JSON: as text if they are such, else marked as base64."""
    if encoding != "base64":
        try:
            return {"text": data.decode(encoding), **({} if encoding == "utf-8" else {"encoding": encoding})}
        except UnicodeDecodeError:
            pass
    return {"base64": base64.b64encode(data).decode()}
