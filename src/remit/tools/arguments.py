"""Whether arguments fit a schema that somebody else wrote (OpenAPI, MCP), within bounded time.

A stranger's schema is input like any other: it may be wrong, refer to what is not there or to another host, hold a
pattern that takes years, or be built so that checking a small value takes billions of steps. What cannot be checked
is refused when the tool is read; a check that would take too long is refused when it does. Nothing is ever fetched.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from jsonschema import Draft202012Validator, FormatChecker, exceptions, validators
from referencing import exceptions as reference_errors
from referencing.jsonschema import EMPTY_REGISTRY

from remit.domain.action_errors import BadArguments, InvalidTool
from remit.tools.patterns import PatternError, compiled
from remit.tools.schema_rules import TooMuch, bounded, safe_rules
from remit.tools.schema_tree import subschemas
from remit.tools.wording import expected, nearest, said

if TYPE_CHECKING:
    from remit.domain.tools import ToolManifest

Json = Any
_best_match: Any = cast("Any", exceptions).best_match  # the library gives it no type

_NO_FORMATS = FormatChecker(())  # patterns are read by ours: theirs knows another dialect
_MOST_COMPLAINTS = 30
_MOST_SCHEMAS = 1_024
_MOST_NODES = 50_000
_DEEPEST = 60
_LONGEST_REASON = 200


def check_arguments(manifest: ToolManifest, arguments: dict[str, Json]) -> None:
    """Raise `BadArguments`, with a sentence for the model, if the arguments do not fit."""
    _CHECKS.of(manifest.digest, manifest).check(arguments)


def check_schema(schema: dict[str, Json], owner: str) -> None:
    """Raise `InvalidTool` on a schema that arguments can never be checked against."""
    ArgumentCheck(schema, owner)


class ArgumentCheck:
    """A schema, ready to check arguments."""

    def __init__(self, schema: dict[str, Json], owner: str) -> None:
        self._schema = schema
        self._owner = owner
        if _deeper_than(schema, 4 * _DEEPEST) or any(
            n > _MOST_NODES for n, _ in enumerate(subschemas(schema))
        ):
            raise self._invalid("it is too large, or nested too deep")
        rules = safe_rules(validators.validator_for(schema, default=Draft202012Validator))
        try:
            with bounded():
                rules.check_schema(schema, format_checker=_NO_FORMATS)
        except exceptions.SchemaError as wrong:
            raise self._invalid(f"{_place(wrong)}: {_short(wrong.message)}") from None
        except (TooMuch, RecursionError):
            raise self._invalid("it is too large to be read") from None
        self._read(schema)
        self._validator = rules(schema, registry=EMPTY_REGISTRY)

    def check(self, arguments: dict[str, Json]) -> None:
        """Raise `BadArguments` with what is wrong first."""
        try:
            _refuse_deep_value(arguments)
            with bounded():
                complaints: list[Any] = list(islice(self._validator.iter_errors(arguments), _MOST_COMPLAINTS))
            worst = _best_match(complaints) if complaints else None
        except (TooMuch, RecursionError):
            raise BadArguments(
                f"the arguments of {self._owner} are too large or nested too deep to be checked.",
                "Send less at once.",
            ) from None
        except reference_errors.Unresolvable as wrong:
            raise self._invalid(f'it refers to "{wrong.ref}", which is not in it') from None
        if worst is not None:
            raise self._misfit(worst)

    def _read(self, schema: dict[str, Json]) -> None:
        for sub in subschemas(schema):
            self._check_references(sub)
            patterns = [sub["pattern"]] if "pattern" in sub else []
            for pattern in [*patterns, *sub.get("patternProperties", {})]:
                try:
                    compiled(pattern)
                except PatternError as wrong:
                    raise self._invalid(f'the pattern "{_short(pattern)}" cannot be used: {wrong}') from None
            if "patternProperties" in sub and "unevaluatedProperties" in sub:
                raise self._invalid("it has patternProperties beside unevaluatedProperties")

    def _check_references(self, sub: dict[str, Json]) -> None:
        for key in ("$ref", "$dynamicRef"):
            reference = sub.get(key)
            if reference is None:
                continue
            if not isinstance(reference, str) or not reference.startswith("#"):
                raise self._invalid(
                    f'it refers to "{reference}", which is outside of it, and nothing is fetched'
                )
            if reference.startswith("#/") and not _resolves(reference, self._schema):
                raise self._invalid(f'it refers to "{reference}", which is not in it')

    def _invalid(self, reason: str) -> InvalidTool:
        return InvalidTool(
            f"the schema of {self._owner} cannot be used: {reason}.",
            "Ask whoever offers the tool to mend it; until then nobody can call it.",
        )

    def _misfit(self, wrong: Any) -> BadArguments:
        where = _dotted(wrong.absolute_path)
        schema = _object(wrong.schema)
        known = list(_object(schema.get("properties")))
        takes = f"It takes {', '.join(known)}." if known else ""
        match wrong.validator:
            case "additionalProperties":
                extra = _extra_key(_object(wrong.instance), schema)
                place = f"{where}.{extra}".strip(".")
                return BadArguments(
                    f'{self._owner} takes no argument "{place}"{nearest(extra, known)}.', takes
                )
            case "required":
                lacking = next((n for n in _names(wrong.validator_value) if n not in wrong.instance), "")
                place = f"{where}.{lacking}".strip(".")
                return BadArguments(f'{self._owner} needs the argument "{place}".', takes)
            case _:
                reason = _short(_reason(wrong))
                return BadArguments(
                    f'{self._owner} takes "{where or "its arguments"}" as {expected(schema, self._schema)}, '
                    f"and was given {said(wrong.instance)}{f': {reason}' if reason else ''}."
                )


class _Checks:
    """The schemas that were used last, ready for use."""

    def __init__(self) -> None:
        self._ready: OrderedDict[str, ArgumentCheck] = OrderedDict()
        self._lock = Lock()

    def of(self, digest: str, manifest: ToolManifest) -> ArgumentCheck:
        with self._lock:
            found = self._ready.get(digest)
            if found is not None:
                self._ready.move_to_end(digest)
                return found
        made = ArgumentCheck(manifest.parameters, manifest.name)
        with self._lock:
            self._ready[digest] = made
            while len(self._ready) > _MOST_SCHEMAS:
                self._ready.popitem(last=False)
        return made


_CHECKS = _Checks()


# --- words ------------------------------------------------------------------------------------------------------


def _reason(wrong: Any) -> str:
    match wrong.validator:
        case "type" | "enum" | "const" | "anyOf":
            return ""
        case "oneOf":
            return "it has to be exactly one of these"
        case "minLength" | "maxLength" | "minItems" | "maxItems" | "minimum" | "maximum":
            bound = "at least" if wrong.validator.startswith("min") else "at most"
            what = {"L": " characters", "I": " items"}.get(wrong.validator[3], "")
            return f"it has to be {bound} {wrong.validator_value}{what}"
        case _:
            return wrong.message


def _dotted(path: Any) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def _place(wrong: exceptions.SchemaError) -> str:
    return f"at {_dotted(wrong.absolute_path)}" if wrong.absolute_path else "at its root"


def _short(text: str) -> str:
    text = text.rstrip(".")
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"


def _extra_key(given: dict[str, Json], schema: dict[str, Json]) -> str:
    known, patterns = _object(schema.get("properties")), _object(schema.get("patternProperties"))
    return next(
        (key for key in given if key not in known and not any(compiled(p).found_in(key) for p in patterns)),
        "",
    )


def _object(value: Json) -> dict[str, Json]:
    return cast("dict[str, Json]", value) if isinstance(value, dict) else {}


def _names(value: Json) -> list[str]:
    return [str(name) for name in cast("list[Json]", value)] if isinstance(value, list) else []


def _resolves(reference: str, root: Json) -> bool:
    place = root
    for part in reference.removeprefix("#/").split("/"):
        key = part.replace("%25", "%").replace("~1", "/").replace("~0", "~")
        if isinstance(place, list):
            inside = cast("list[Json]", place)
            place = inside[int(key)] if key.isdecimal() and int(key) < len(inside) else None
        else:
            place = cast("dict[str, Json]", place).get(key) if isinstance(place, dict) else None
        if place is None:
            return False
    return True


def _refuse_deep_value(value: Json) -> None:
    if _deeper_than(value, _DEEPEST):
        raise TooMuch


def _deeper_than(value: Json, most: int) -> bool:
    level: list[Json] = [value]
    for _ in range(most):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return False
    return True


def _inside(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return list(cast("dict[str, Json]", value).values())
    return cast("list[Json]", value) if isinstance(value, list) else []
