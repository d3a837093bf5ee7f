"""Values out of foreign JSON: each is of the type it has to be, or an error names the field and what stands there.

`CLIENT` blames whoever sent a request, `PROVIDER` whoever answered it. A null counts as absent, as it does in every
dialect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import MalformedAnswer
from remit.domain.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Json = Any
_COUNTABLE = 10**12


class Reader:
    """Takes fields out of one side's JSON; `at` is where the block stands, such as `messages[3]`."""

    def __init__(self, fault: type[InvalidInput | MalformedAnswer], what: str) -> None:
        self._fault = fault
        self._what = what

    def wrong(self, at: str, says: str, hint: str = "") -> InvalidInput | MalformedAnswer:
        """The error, to be raised."""
        return self._fault(f"{self._what}: {at} {says}.", hint)

    def text(self, block: Mapping[str, Json], key: str, at: str = "") -> str:
        """A text that has to be there."""
        value = block.get(key)
        if type(value) is str:
            return value
        raise self._misfit(block, key, at, "a text")

    def optional_text(self, block: Mapping[str, Json], key: str, at: str = "") -> str:
        """A text, or "" if there is none."""
        return "" if block.get(key) is None else self.text(block, key, at)

    def number(self, block: Mapping[str, Json], key: str, at: str = "") -> float | None:
        """A number, or nothing."""
        value = block.get(key)
        if value is None or type(value) is float or type(value) is int:
            return value
        raise self._misfit(block, key, at, "a number")

    def integer(self, block: Mapping[str, Json], key: str, at: str = "") -> int | None:
        """A whole number, or nothing."""
        value = block.get(key)
        if value is None or type(value) is int:
            return value
        if type(value) is float and value.is_integer():
            return int(value)
        raise self._misfit(block, key, at, "a whole number")

    def limit(self, block: Mapping[str, Json], key: str, at: str = "", *, least: int = 1) -> int | None:
        """A whole number that bounds something, or nothing: one below zero would give back what it ought to take."""
        value = self.integer(block, key, at)
        if value is not None and value < least:
            raise self.wrong(f"{at}.{key}" if at else key, f"is {value}; it has to be at least {least}")
        return value

    def count(self, block: Mapping[str, Json], key: str, at: str = "") -> int:
        """How many there were, none if it is not said. Never below zero, or a bill would shrink by it; and a number
        that nobody can have counted is refused, or it would use up every budget at once.
        """
        value = self.integer(block, key, at) or 0
        if value > _COUNTABLE:
            raise self.wrong(f"{at}.{key}" if at else key, f"is beyond {_COUNTABLE:,}")
        return max(value, 0)

    def flag(self, block: Mapping[str, Json], key: str, at: str = "") -> bool | None:
        """True, false, or nothing."""
        value = block.get(key)
        if value is None or type(value) is bool:
            return value
        raise self._misfit(block, key, at, "true or false")

    def mapping(self, block: Mapping[str, Json], key: str, at: str = "") -> dict[str, Json]:
        """An object that has to be there."""
        value = block.get(key)
        if isinstance(value, dict):
            return cast("dict[str, Json]", value)
        raise self._misfit(block, key, at, "an object")

    def optional_mapping(self, block: Mapping[str, Json], key: str, at: str = "") -> dict[str, Json]:
        """An object, or an empty one."""
        return {} if block.get(key) is None else self.mapping(block, key, at)

    def items(self, block: Mapping[str, Json], key: str, at: str = "") -> list[Json]:
        """A list, or an empty one."""
        value = block.get(key)
        if value is None:
            return []
        if isinstance(value, list | tuple):
            return cast("list[Json]", value)
        raise self._misfit(block, key, at, "a list")

    def blocks(
        self, block: Mapping[str, Json], key: str, at: str = ""
    ) -> Iterator[tuple[str, dict[str, Json]]]:
        """The objects of a list, each with where it stands."""
        place = f"{at}.{key}" if at else key
        for index, item in enumerate(self.items(block, key, at)):
            if not isinstance(item, dict):
                raise self.wrong(f"{place}[{index}]", f"is {kind_of(item)}; it has to be an object")
            yield f"{place}[{index}]", cast("dict[str, Json]", item)

    def _misfit(
        self, block: Mapping[str, Json], key: str, at: str, wanted: str
    ) -> InvalidInput | MalformedAnswer:
        place = f"{at}.{key}" if at else key
        value = block.get(key)
        if value is None:
            return self.wrong(place, f"is missing; it has to be {wanted}")
        return self.wrong(place, f"is {kind_of(value)}; it has to be {wanted}")


def kind_of(value: object) -> str:
    """What a value of JSON is, in a word; never the value itself, which may be a secret or endless."""
    return _KINDS.get(type(value).__name__, f"a {type(value).__name__}")


_KINDS = {
    "str": "a text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "NoneType": "null",
    "dict": "an object",
    "list": "a list",
    "tuple": "a list",
}

CLIENT = Reader(InvalidInput, "the request does not fit")
PROVIDER = Reader(MalformedAnswer, "the provider's answer makes no sense")
