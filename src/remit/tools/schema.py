"""The two faces of a typed signature: the JSON Schema that a model is shown, and the conversion of what it sends.

Both come from the same annotations, so what the schema allows converts, and what does not convert is refused with
the name of the argument, the type that it takes and what was given. It knows nothing of effects or the gate.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import BadArguments, InvalidTool
from remit.domain.errors import NotEncodable
from remit.engine.values import hints_of, type_name
from remit.tools.binding import ToolContext
from remit.tools.describing import Description, describe
from remit.tools.schema_tree import close_objects, hoist_definitions, holds_objects, unknown_key
from remit.tools.shapes import Shape, ShapeError, shape_of, whole_numbers
from remit.tools.wording import expected, nearest, said
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

Json = Any

_KEY = "idempotency_key"
_CONTEXT = "context"
_EMPTY = inspect.Parameter.empty


@dataclass
class Signature:
    """The parameters and the result of a tool's function."""

    fn: Callable[..., Any]
    owner: str
    _parameters: dict[str, inspect.Parameter]
    keyed: bool
    """It takes an idempotency key."""
    takes_context: bool
    _described: Description = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """What a model may give, in order."""
        return tuple(self._parameters)

    @property
    def description(self) -> str:
        """What its docstring says of it."""
        return self._described.text

    @cached_property
    def parameters(self) -> dict[str, Json]:
        """The JSON Schema of its arguments."""
        properties: dict[str, Json] = {}
        for name, parameter in self._parameters.items():
            properties[name] = self._property(name, parameter)
        schema: dict[str, Json] = {"type": "object", "properties": properties, "additionalProperties": False}
        required = [name for name, p in self._parameters.items() if p.default is _EMPTY]
        if required:
            schema["required"] = required
        return close_objects(hoist_definitions(schema))

    @cached_property
    def result(self) -> dict[str, Json] | None:
        """The JSON Schema of what it gives; None where it does not say."""
        hint = self._hints.get("return", _EMPTY)
        if hint is _EMPTY or hint is Any or hint is object:
            return None
        try:
            return self._result_shape.schema()
        except ShapeError as wrong:
            raise InvalidTool(f"{self.owner} gives something that has no JSON form: {wrong}.") from None

    @cached_property
    def plain_result(self) -> type | None:
        """The type of what it gives, where a value of exactly that type is its own JSON form."""
        hint = self._hints.get("return", Any)
        return str if hint is Any else hint if hint is str or hint is int or hint is bool else None

    def bind(self, arguments: dict[str, Json]) -> dict[str, Any]:
        """What a model sent, as the function takes it; raises `BadArguments` with a sentence for the model."""
        self._check_names(arguments)
        try:
            bound = {name: self._converted(name, value) for name, value in arguments.items()}
            if self._nested:
                self._check_nested(arguments)
        except RecursionError:
            raise BadArguments(f"the arguments of {self.owner} are nested too deep.", self._takes()) from None
        return bound

    def _converted(self, name: str, value: Json) -> Any:
        try:
            return self._shapes[name].convert(value)
        except ShapeError as wrong:
            whole = whole_numbers(value)
            if whole is value:
                raise self._misfit(name, value, str(wrong)) from None
        try:  # for JSON, 3.0 is as whole as 3
            return self._shapes[name].convert(whole)
        except ShapeError as wrong:
            raise self._misfit(name, value, str(wrong)) from None

    def with_defaults(self, given: dict[str, Any]) -> dict[str, Any]:
        """Arguments, with the defaults of those that were left out."""
        rest = {
            n: p.default for n, p in self._parameters.items() if n not in given and p.default is not _EMPTY
        }
        return given | rest

    def restore_result(self, plain: Json) -> Any:
        """A result in JSON as the annotated type."""
        try:
            return self._result_shape.convert(plain, written=True)
        except ShapeError as wrong:
            raise NotEncodable(
                f"{self.owner} returned something else than {type_name(self._hints.get('return'))}: {wrong}.",
                "Return what the signature says, or change the signature.",
            ) from None

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return annotations_of(self.fn)

    @cached_property
    def _result_shape(self) -> Shape:
        hint = self._hints.get("return", Any)
        return shape_of(type(None) if hint is None else hint)

    @cached_property
    def _shapes(self) -> dict[str, Shape]:
        return {name: self._shape(name) for name in self._parameters}

    @cached_property
    def _nested(self) -> bool:
        """Whether any argument holds objects whose keys are known."""
        return holds_objects(self.parameters)

    def _shape(self, name: str) -> Shape:
        if name not in self._hints:
            raise InvalidTool(
                f'{self.owner} takes "{name}" without a type that can be found, and a model has to be told one.',
                f"Write {name}: str, or whatever it is, with types that the module imports at run time.",
            )
        try:
            shape = shape_of(self._hints[name])
            shape.schema()
        except ShapeError as wrong:
            raise InvalidTool(
                f'{self.owner} takes "{name}" as something that has no JSON form: {wrong}.'
            ) from None
        return shape

    def _property(self, name: str, parameter: inspect.Parameter) -> dict[str, Json]:
        schema = dict(self._shapes[name].schema())
        text = self._shapes[name].text or self._described.arguments.get(name, "")
        if text and "description" not in schema:
            schema["description"] = text
        if parameter.default is not _EMPTY:
            try:
                schema["default"] = canonical.plain(parameter.default)
            except NotEncodable:
                schema.pop("default", None)  # a default that JSON cannot say holds all the same
        return schema

    def _check_names(self, arguments: dict[str, Json]) -> None:
        if arguments.keys() == self._parameters.keys():
            return
        for name in arguments:
            if name not in self._parameters:
                raise BadArguments(
                    f'{self.owner} takes no argument "{name}"{nearest(name, self.names)}.', self._takes()
                )
        for name, parameter in self._parameters.items():
            if parameter.default is _EMPTY and name not in arguments:
                raise BadArguments(f'{self.owner} needs the argument "{name}".', self._takes())

    def _check_nested(self, arguments: dict[str, Json]) -> None:
        found = unknown_key(arguments, self.parameters)
        if found is not None:
            where, known = found
            raise BadArguments(
                f'{self.owner} takes no "{where}"{nearest(where.rpartition(".")[2], known)}.',
                f"There it takes {', '.join(known) or 'nothing'}.",
            )

    def _misfit(self, name: str, value: Json, reason: str) -> BadArguments:
        takes = expected(self.parameters["properties"][name], self.parameters)
        return BadArguments(
            f'{self.owner} takes "{name}" as {takes}, and was given {said(value)}: {reason}.', self._takes()
        )

    def _takes(self) -> str:
        properties = cast("dict[str, Json]", self.parameters["properties"])
        listed = (
            f"{name}: {expected(properties[name], self.parameters)}"
            + ("" if parameter.default is _EMPTY else " (optional)")
            for name, parameter in self._parameters.items()
        )
        return f"It takes {', '.join(listed) or 'nothing'}."


def read_signature(fn: Callable[..., Any], owner: str) -> Signature:
    """The signature of a tool's function, or `InvalidTool` on what a model could never call."""
    if not callable(fn) or inspect.isclass(fn):
        raise InvalidTool(f"{owner} is not a function.", "Put @tool above a def or an async def.")
    found: dict[str, inspect.Parameter] = {}
    takes_context = False
    for name, parameter in inspect.signature(fn).parameters.items():
        if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            raise InvalidTool(
                f'{owner} takes "{parameter}"; a model gives arguments by name, and needs to know all of them.',
                "Name every parameter.",
            )
        if is_context(parameter):
            takes_context = True
        elif name != _KEY:
            found[name] = parameter
    keyed = _KEY in inspect.signature(fn).parameters
    return Signature(fn, owner, found, keyed, takes_context, describe(inspect.getdoc(fn) or ""))


def annotations_of(fn: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of a function as types, with what `Annotated` says of them."""
    try:
        return inspect.get_annotations(fn, eval_str=True)
    except Exception:  # noqa: BLE001 - one name that only type checkers know must not hide the others
        return hints_of(fn)


def is_context(parameter: inspect.Parameter) -> bool:
    """Whether this parameter is given the `ToolContext`; a tool may have an argument of that name for itself."""
    if parameter.name != _CONTEXT:
        return False
    annotation = parameter.annotation
    if annotation is _EMPTY:
        return True
    if isinstance(annotation, str):
        return annotation.rpartition(".")[2].strip("\"' ") == ToolContext.__name__
    return annotation is ToolContext
