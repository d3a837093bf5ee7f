"""Putting a scenario into a file of YAML that somebody keeps by hand: it is added at the end of the list, and no other
letter of the file changes. What comes out is read again before it counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import yaml

from remit.domain.quality_errors import InvalidSuite
from remit.quality.suites.node import read_yaml
from remit.quality.suites.scenario_reading import read_scenario
from remit.quality.suites.scenario_writing import write_scenario

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.quality.scenarios.scenario import Scenario

Json = Any

_WIDTH = 110


def new_suite(target: str, scenarios: Sequence[Scenario], *, owner: str = "", about: str = "") -> str:
    """The text of a new suite."""
    head = {"about": about, "target": target, "owner": owner}
    text = _dump({key: value for key, value in head.items() if value})
    return f"{text}\nscenarios:\n{listed(scenarios, '  ')}"


def with_scenarios(text: str, file: str, scenarios: Sequence[Scenario]) -> str:
    """The text of a suite with further scenarios."""
    root: Any = yaml.compose(text, yaml.SafeLoader)
    found = [pair for pair in root.value if pair[0].value == "scenarios"] if root is not None else []
    if not found:
        return f"{text.rstrip()}\nscenarios:\n{listed(scenarios, '  ')}"
    ((_, node),) = found
    if not isinstance(node, yaml.SequenceNode) or node.flow_style:
        line = node.start_mark.line + 1
        raise InvalidSuite(
            f"{file}:{line}: scenarios are not written as a list with dashes, so none can be added.",
            "Write each below the other: - name: …",
        )
    lines = text.splitlines(keepends=True)
    last = _last_line(node)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    written = "".join([*lines[:last], listed(scenarios, " " * node.start_mark.column), *lines[last:]])
    _check(written, file, scenarios)
    return written


def listed(scenarios: Sequence[Scenario], indent: str) -> str:
    """Scenarios as a list."""
    text = _dump([write_scenario(each) for each in scenarios])
    return "".join(f"{indent}{line}" if line.strip() else line for line in text.splitlines(keepends=True))


def _check(text: str, file: str, scenarios: Sequence[Scenario]) -> None:
    """Read what would be written: nothing is added to a file that it would not be read from."""
    nodes = read_yaml(text, file).table("a suite")["scenarios"].items("scenarios")
    found = [read_scenario(each).digest for each in nodes[-len(scenarios) :]]
    if found != [each.digest for each in scenarios]:
        raise InvalidSuite(
            f"{file}: it is written in a way that nothing can be added to by a machine.",
            "Add it by hand: remit eval add --dry-run shows what.",
        )


def _last_line(node: Any) -> int:
    """The number of lines up to the end of a block: its end mark stands where the next thing begins."""
    if isinstance(node, (yaml.SequenceNode, yaml.MappingNode)) and not node.flow_style and node.value:
        last: Any = cast("list[Any]", node.value)[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    mark: Any = cast("Any", node).end_mark
    return mark.line + 1 if mark.column else mark.line


class _Dumper(yaml.SafeDumper):
    """Lists stand further in than what holds them, texts of several lines as blocks, and nothing is abbreviated."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:  # noqa: ARG002 - its signature
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - its signature
        return True


def _text(dumper: Any, text: str) -> Any:
    block = "\n" in text and not any(line.endswith(" ") for line in text.split("\n"))
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if block else None)


_Dumper.add_representer(str, _text)


def _dump(value: Json) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
