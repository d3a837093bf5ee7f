"""JSON Schemas as trees: walked, closed to keys nobody named, and with all definitions in one place. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Json = Any

MAPS = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")
LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
SINGLE = ("items", "additionalProperties", "not", "contains", "if", "then", "else", "propertyNames")
_PREFIX = "#/$defs/"
_SETTLED = "\0"


def subschemas(schema: Json) -> Iterator[dict[str, Json]]:
    """A schema and every schema inside of it; never a value that merely looks like one."""
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict):
            continue
        known = cast("dict[str, Json]", node)
        yield known
        waiting.extend(_children(known))


def holds_objects(parameters: dict[str, Json]) -> bool:
    """Whether an argument is, or contains, an object whose keys are known."""
    return any("properties" in sub for sub in subschemas(parameters) if sub is not parameters)


def close_objects(schema: dict[str, Json]) -> dict[str, Json]:
    """Refuse keys that no object names, and drop titles, which only repeat names."""
    # the parts of an allOf see each other's keys as unknown: closing them would refuse everything
    together = {
        id(cast("object", part))
        for sub in subschemas(schema)
        for part in cast("list[Json]", sub.get("allOf", []))
        if isinstance(part, dict)
    }
    for sub in subschemas(schema):
        if isinstance(sub.get("title"), str):
            del sub["title"]
        if (
            "properties" in sub
            and "additionalProperties" not in sub
            and "allOf" not in sub
            and id(sub) not in together
        ):
            sub["additionalProperties"] = False
    return schema


def hoist_definitions(schema: dict[str, Json]) -> dict[str, Json]:
    """All `$defs`, wherever they stand, at the root; two of the same name that differ get two names."""
    found: dict[str, Json] = {}
    body = _lift(schema, found)
    settled = {name: _settle(definition) for name, definition in found.items()}
    body = _settle(body)
    return {**body, "$defs": settled} if settled else body


def unknown_key(value: Json, schema: dict[str, Json]) -> tuple[str, tuple[str, ...]] | None:
    """The first key at any depth that its object does not take (as `a.b[0].c`), and those that it does take."""
    return _unknown(value, schema, schema, "", 0)


def _children(node: dict[str, Json]) -> list[Json]:
    found: list[Json] = []
    for key in MAPS:
        if isinstance(node.get(key), dict):
            found += cast("dict[str, Json]", node[key]).values()
    for key in LISTS:
        if isinstance(node.get(key), list):
            found += cast("list[Json]", node[key])
    found += [node[key] for key in SINGLE if isinstance(node.get(key), dict)]
    return found


def _rebuilt(node: Json, change: Callable[[Json], Json]) -> dict[str, Json]:
    """A copy in which every schema right below is changed."""
    made = dict(cast("dict[str, Json]", node))
    for key in MAPS:
        if isinstance(made.get(key), dict):
            made[key] = {name: change(sub) for name, sub in made[key].items()}
    for key in LISTS:
        if isinstance(made.get(key), list):
            made[key] = [change(sub) for sub in made[key]]
    for key in SINGLE:
        if isinstance(made.get(key), dict):
            made[key] = change(made[key])
    return made


def _lift(node: Json, found: dict[str, Json]) -> Json:
    if not isinstance(node, dict):
        return node
    made = _rebuilt(node, lambda sub: _lift(sub, found))
    local = made.pop("$defs", None)
    if not isinstance(local, dict):
        return made
    definitions = cast("dict[str, Json]", local)
    names = {name: _free_name(name, definition, found) for name, definition in definitions.items()}
    for name, definition in definitions.items():
        found[names[name]] = _renamed(definition, names)
    return _renamed(made, names)


def _free_name(name: str, definition: Json, found: dict[str, Json]) -> str:
    plain = name.replace("/", "_").replace("~", "_")
    candidate, number = plain, 1
    while candidate in found and _settle(found[candidate]) != definition:
        number += 1
        candidate = f"{plain}_{number}"
    return candidate


def _renamed(node: Json, names: dict[str, str]) -> Json:
    """References to what was just lifted, marked so that an outer definition of that name does not catch them."""

    def change(reference: str) -> str:
        name = reference.removeprefix(_PREFIX)
        return f"{_SETTLED}{names[name]}" if reference.startswith(_PREFIX) and name in names else reference

    return _with_references(node, change)


def _settle(node: Json) -> Json:
    return _with_references(node, lambda text: f"{_PREFIX}{text[1:]}" if text.startswith(_SETTLED) else text)


def _with_references(node: Json, change: Callable[[str], str]) -> Json:
    if not isinstance(node, dict):
        return node
    made = _rebuilt(node, lambda sub: _with_references(sub, change))
    if isinstance(made.get("$ref"), str):
        made["$ref"] = change(made["$ref"])
    if isinstance(made.get("discriminator"), dict):
        chooser = cast("dict[str, Json]", made["discriminator"])
        mapping = cast("dict[str, str]", chooser.get("mapping") or {})
        made["discriminator"] = {**chooser, "mapping": {key: change(to) for key, to in mapping.items()}}
    return made


# --- keys nobody named ------------------------------------------------------------------------------------------


def _unknown(
    value: Json, schema: Json, root: dict[str, Json], place: str, depth: int
) -> tuple[str, tuple[str, ...]] | None:
    if not isinstance(value, dict | list):
        return None
    branches = [branch for branch in _branches(schema, root) if _fits_kind(value, branch)]
    found: tuple[str, tuple[str, ...]] | None = None
    for branch in branches:
        wrong = _unknown_here(value, branch, root, place, depth)
        if wrong is None:
            return None
        found = found or wrong
    return found


def _unknown_here(
    value: Json, branch: dict[str, Json], root: dict[str, Json], place: str, depth: int
) -> tuple[str, tuple[str, ...]] | None:
    if isinstance(value, list):
        inside = [
            (f"{place}[{n}]", item, branch.get("items")) for n, item in enumerate(cast("list[Json]", value))
        ]
    else:
        known = cast("dict[str, Json]", branch.get("properties") or {})
        given = cast("dict[str, Json]", value)
        rest = branch.get("additionalProperties")
        for key in given:
            if key not in known and rest is False:
                return f"{place}.{key}".lstrip("."), tuple(known)
        inside = [(f"{place}.{key}".lstrip("."), item, known.get(key, rest)) for key, item in given.items()]
    for where, item, sub in inside:
        wrong = _unknown(item, sub, root, where, depth + 1)
        if wrong is not None:
            return wrong
    return None


def _branches(schema: Json, root: dict[str, Json]) -> list[dict[str, Json]]:
    """The schemas of which one has to hold."""
    waiting, found = [schema], list[dict[str, Json]]()
    followed: set[str] = set()
    while waiting:
        node = waiting.pop(0)
        if not isinstance(node, dict):
            continue
        known = cast("dict[str, Json]", node)
        reference = known.get("$ref")
        if isinstance(reference, str):
            if reference in followed:
                continue
            followed.add(reference)
            waiting.append(root.get("$defs", {}).get(reference.removeprefix(_PREFIX)))
        elif "anyOf" in known or "oneOf" in known:
            waiting += [*known.get("anyOf", []), *known.get("oneOf", [])]
        else:
            found.append(known)
    return found


def _fits_kind(value: Json, branch: dict[str, Json]) -> bool:
    kind = branch.get("type")
    return kind is None or kind == ("array" if isinstance(value, list) else "object")
