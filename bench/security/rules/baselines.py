"""The state of practice, for comparison: nothing, one taint for the whole run, a filter of tools, provenance alone.

It owns these four and no more; they are as simple as their descriptions and are not meant to be improved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Self

from bench.security.annotations import acts, manifests_of
from bench.security.worlds import Call, Suite, UserTask
from remit.domain.tools import ArgumentRole, ToolManifest

PROTECTED = {
    ArgumentRole.DESTINATION,
    ArgumentRole.OBJECT,
    ArgumentRole.CREDENTIAL,
    ArgumentRole.URL,
    ArgumentRole.SELECTOR,
}


class Open:
    """No rule at all."""

    def __init__(self, suite: Suite, task: UserTask) -> None:
        self.manifests = manifests_of(suite)
        self.task = task

    def allows(self, call: Call) -> Call | None:
        return call

    def saw(self, call: Call, result: Any) -> None:
        """Nothing is remembered."""

    def recalls(self, values: Any) -> None:
        """Likewise."""

    def hears(self, values: Any) -> None:
        """Likewise."""

    def child(self) -> Self:
        return self


class Tainted(Open):
    """Deny every write once anything was read."""

    def __init__(self, suite: Suite, task: UserTask) -> None:
        super().__init__(suite, task)
        self._tainted = False

    def allows(self, call: Call) -> Call | None:
        return None if self._tainted and acts(self.manifests[call.tool]) else call

    def saw(self, call: Call, result: Any) -> None:
        del result
        label = self.manifests[call.tool].label
        self._tainted = self._tainted or bool(label.source and not label.trusted)

    def recalls(self, values: Any) -> None:
        del values
        self._tainted = True

    hears = recalls


class Filtered(Open):
    """Only the tools that the solution of the task uses."""

    def __init__(self, suite: Suite, task: UserTask) -> None:
        super().__init__(suite, task)
        self._tools = {call.tool for call in task.calls(task.world())}

    def allows(self, call: Call) -> Call | None:
        return call if call.tool in self._tools or not acts(self.manifests[call.tool]) else None


class Provenance(Open):
    """Protected arguments must stand in the user's text or in a directory; what is done is nobody's business."""

    def __init__(self, suite: Suite, task: UserTask) -> None:
        super().__init__(suite, task)
        self._known: set[str] = set()

    def allows(self, call: Call) -> Call | None:
        manifest = self.manifests[call.tool]
        if not acts(manifest):
            return call
        values = (value for name, value in leaves(call.arguments) if manifest.roles.get(name) in PROTECTED)
        return call if all(self._trusted(value) for value in values) else None

    def saw(self, call: Call, result: Any) -> None:
        self._known.update(references(self.manifests[call.tool], result))

    def _trusted(self, value: Any) -> bool:
        if value is None:
            return True
        text = str(value)
        whole = re.compile(rf"(?<![\w@.-]){re.escape(text)}(?![\w@-])")
        return text in self._known or whole.search(self.task.prompt) is not None


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar with the dotted name of its place; members of a list have the list's."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for below in value:
            yield from leaves(below, name)
    else:
        yield name, value


def references(manifest: ToolManifest, result: Any) -> set[str]:
    """The members of a directory that a result holds, by what its manifest says."""
    label, found = manifest.label, set[str]()
    if label.trusted:
        return {str(value) for _, value in leaves(result)}
    for named in label.references or ():
        if named == "." and not isinstance(result, dict):
            found.update(str(each) for each in (result if isinstance(result, list) else [result]))
        elif named == "keys()" and isinstance(result, dict):
            found.update(result)
        elif named.endswith(".keys()"):
            found.update(_keys(result, named.removesuffix(".keys()")))
        else:
            found.update(str(value) for name, value in leaves(result) if name.split(".")[-1] == named)
    return found


def _keys(value: Any, field: str) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _keys(each, field)
    elif isinstance(value, dict):
        found = value.get(field)
        yield from (str(key) for key in found) if isinstance(found, dict) else ()


BASELINES = {
    "no rule": Open,
    "context taint": Tainted,
    "oracle tool filter": Filtered,
    "provenance only": Provenance,
}
