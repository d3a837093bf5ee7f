"""An OpenAPI document: read from a file, checked, its references followed. Only what stands in the file is followed.

A stranger wrote it: it may be no JSON, no OpenAPI, refer to itself or to nothing. Each is one sentence with the place.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

import yaml

from remit.domain.action_errors import InvalidDocument

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Json = Any
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_LARGEST = 16 * 1024 * 1024
_DEEPEST = 200
_SHORT = 120


@dataclass(frozen=True)
class Operation:
    """One method of one path, as the document has it."""

    method: str
    path: str
    id: str
    spec: dict[str, Json]
    shared: tuple[Json, ...]
    """Parameters of the path, which hold for each of its methods."""

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return f"{self.method.upper()} {self.path}"


class Document:
    """A document whose references can be followed."""

    def __init__(self, name: str, content: dict[str, Json]) -> None:
        self.name = name
        self.content = content

    @classmethod
    def read(cls, name: str, file: Path) -> Document:
        """The document in a file, JSON or YAML."""
        try:
            if file.stat().st_size > _LARGEST:
                raise InvalidDocument(
                    f"{file} is larger than {_LARGEST >> 20} MiB.", "Take out what nobody needs."
                )
            text = file.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as wrong:
            raise InvalidDocument(f"{file} cannot be read: {wrong}.", "Name a file in tools.toml.") from None
        return cls.parse(name, text, str(file))

    @classmethod
    def parse(cls, name: str, text: str, place: str) -> Document:
        """The document in a text."""
        found = object_in(_parsed(text, place))
        if found is None:
            raise InvalidDocument(f"{place} is no OpenAPI document: it is no object.")
        version = str(found.get("openapi", ""))
        if not version.startswith("3."):
            older = f'version "{found["swagger"]}"' if "swagger" in found else 'no "openapi" version'
            said = f'version "{version}"' if version else older
            raise InvalidDocument(f"{place} has {said}; Remit reads OpenAPI 3.x.", "Convert it first.")
        if object_in(found.get("paths")) is None:
            raise InvalidDocument(f'{place} has no "paths".')
        return cls(name, found)

    @property
    def modern(self) -> bool:
        """Whether its schemas are JSON Schema (3.1 and later)."""
        return not str(self.content["openapi"]).startswith("3.0")

    def operations(self) -> Iterator[Operation]:
        """Every operation, in the order of the document."""
        for path, item in self.content["paths"].items():
            if path.startswith("x-"):
                continue
            methods = object_in(self.follow(item, f"paths.{path}"))
            if methods is None or not path.startswith("/"):
                raise InvalidDocument(f'{self.name}: "{path}" is no path with methods.')
            shared = tuple(self.list_in(methods.get("parameters"), path))
            for method in METHODS:
                if method not in methods:
                    continue
                operation = object_in(methods[method])
                if operation is None:
                    raise InvalidDocument(f"{self.name}: {method.upper()} {path} is no object.")
                yield Operation(method, path, str(operation.get("operationId") or ""), operation, shared)

    def follow(self, value: Json, place: str) -> Json:
        """A value, or what it refers to."""
        seen: set[str] = set()
        while (reference := reference_in(value)) is not None:
            if reference in seen:
                raise InvalidDocument(f"{self.name}: {place} refers to itself ({reference}).")
            seen.add(reference)
            value = self.at(reference, place)
        return value

    def object(self, value: Json, place: str) -> dict[str, Json]:
        """An object, or what it refers to, which has to be one; nothing is an empty one."""
        found = object_in({} if value is None else self.follow(value, place))
        if found is None:
            raise InvalidDocument(f"{self.name}: {place} has {_shown(value)} where an object belongs.")
        return found

    def list_in(self, value: Json, place: str) -> list[Json]:
        """A list; nothing is an empty one."""
        if value is None:
            return []
        if not isinstance(value, list):
            raise InvalidDocument(f"{self.name}: {place} has {_shown(value)} where a list belongs.")
        return cast("list[Json]", value)

    def at(self, reference: str, place: str) -> Json:
        """What a reference points at."""
        if not reference.startswith("#/"):
            raise InvalidDocument(
                f"{self.name}: {place} refers to {_shown(reference)}, outside of the document.",
                "Bundle the document into one file.",
            )
        found: Json = self.content
        for step in reference[2:].split("/"):
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and key.isdecimal() and int(key) < len(cast("list[Json]", found)):
                found = cast("list[Json]", found)[int(key)]
                continue
            inside = object_in(found)
            if inside is None or key not in inside:
                raise InvalidDocument(
                    f"{self.name}: {place} refers to {_shown(reference)}, which is not there."
                )
            found = inside[key]
        return found


def reference_in(value: Json) -> str | None:
    """Where a value refers to, if it does. A property may be called `$ref` as well; that one is an object."""
    known = object_in(value)
    reference = None if known is None else known.get("$ref")
    return reference if isinstance(reference, str) else None


def object_in(value: Json) -> dict[str, Json] | None:
    """A value as an object, if it is one."""
    return cast("dict[str, Json]", value) if isinstance(value, dict) else None


def _parsed(text: str, place: str) -> Json:
    try:
        if text.lstrip().startswith("{"):
            return json.loads(text)
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return _plain(yaml.load(text, loader), {}, 0)  # noqa: S506 - a safe loader, the faster of two
    except (ValueError, yaml.YAMLError, RecursionError) as wrong:
        said = " ".join(str(wrong).split()) or type(wrong).__name__
        raise InvalidDocument(f"{place} is neither JSON nor YAML: {said[:_SHORT]}.") from None


def _plain(value: Json, ready: dict[int, Json], depth: int) -> Json:
    """YAML as JSON: keys are text (a status is a number there), dates are text, nothing holds itself."""
    if depth > _DEEPEST:
        raise ValueError("it is nested too deep, or holds itself")
    if not isinstance(value, dict | list):
        return value if isinstance(value, str | int | float | bool | None) else str(value)
    known = id(cast("object", value))
    if known not in ready:  # an anchor that a thousand aliases name is read once
        if isinstance(value, list):
            ready[known] = [_plain(each, ready, depth + 1) for each in cast("list[Json]", value)]
        else:
            pairs = cast("dict[Json, Json]", value).items()
            ready[known] = {_key(key): _plain(each, ready, depth + 1) for key, each in pairs}
    return ready[known]


def _key(key: Json) -> str:
    return {True: "true", False: "false", None: "null"}[key] if isinstance(key, bool | None) else str(key)


def _shown(value: Json) -> str:
    text = str(value)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"
