"""Suites as they are written in YAML. Whatever is in one is read or refused, with the file and the line; a suite that
could only pass (without scenarios, with two of one name, with nothing that could be wrong) is refused as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from remit.domain.errors import RemitError
from remit.domain.ids import is_code_name
from remit.domain.quality_errors import InvalidSuite
from remit.quality.score import HARMLESS
from remit.quality.scorers.gold import GoldScorer
from remit.quality.suite import DEFAULT_RULES, Suite
from remit.quality.suites.node import Node, of_value, read_yaml
from remit.quality.suites.scenario_reading import KEYS as SCENARIO
from remit.quality.suites.scenario_reading import read_scenario, with_defaults
from remit.quality.suites.scorer_reading import Scorers, read_scorer
from remit.quality.verdicts import Rule
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.quality.scenarios.scenario import Scenario
    from remit.quality.score import Scorer

Json = Any

KEYS = (
    "suite", "about", "target", "owner", "trials", "margins", "scorers", "defaults", "scenarios", "from",
)  # fmt: skip
_RULE = ("margin", "harm")
_DEFAULTS = tuple(key for key in SCENARIO if key not in {"name", "provenance"})
_MOST_TRIALS = 1_000
Opener = Callable[[str], str]
"""Gives the text of a file that a suite names, by its path in the folder of suites."""


def read_suite(text: str, file: str, name: str, scorers: Scorers, opener: Opener) -> Suite:
    """The suite that a file holds; `name` is what it is called if it does not say so."""
    node = read_yaml(text, file)
    if node.value is None:
        raise node.wrong("this suite is empty", "It needs a target and scenarios.")
    held = node.table("a suite", KEYS)
    if "target" not in held:
        raise node.wrong("a suite needs its target, the flow or the agent that it is about", "target: NAME")
    owner = held["owner"].text("owner") if "owner" in held else ""
    defaults = held.get("defaults")
    if defaults is not None:
        defaults.table("defaults", _DEFAULTS)
    nodes = [
        *(held["scenarios"].items("scenarios") if "scenarios" in held else []),
        *_from(held.get("from"), opener),
    ]
    suite = Suite(
        held["suite"].text("suite") if "suite" in held else name,
        held["target"].text("target"),
        tuple(read_scenario(with_defaults(each, defaults), owner) for each in nodes),
        tuple(read_scorer(each, scorers) for each in held["scorers"].items("scorers"))
        if "scorers" in held
        else (),
        _margins(held.get("margins")),
        held["trials"].whole("trials", 1, _MOST_TRIALS) if "trials" in held else 1,
        owner,
        file,
        held["about"].text("about") if "about" in held else "",
    )
    check_whole(suite, node.line)
    return suite


def read_lines(text: str, file: str) -> list[Node]:
    """The scenarios of a file with one JSON object on each line."""
    found: list[Node] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append(of_value(canonical.parse(line), file, number))
        except InvalidSuite:
            raise
        except RemitError as wrong:
            raise InvalidSuite(f"{file}:{number}: {wrong.message.rstrip('.')}.", wrong.hint) from None
    return found


def check_whole(suite: Suite, line: int = 0) -> None:
    """Refuse a suite that says nothing, or the same twice."""
    place = f"{suite.file}:{line}" if line else suite.file or f"the suite {suite.name}"
    if not is_code_name(suite.name):
        raise InvalidSuite(
            f'{place}: a suite cannot be called "{suite.name}".', "Use letters, digits, dots, dashes and _."
        )
    if not suite.scenarios:
        raise InvalidSuite(f"{place}: this suite has no scenarios: nothing it says could fail.", "Write one.")
    seen: dict[str, Scenario] = {}
    for each in suite.scenarios:
        first = seen.setdefault(each.name, each)
        if first is not each:
            raise InvalidSuite(
                f'{each.source.place or place}: two scenarios are called "{each.name}", the first at '
                f"{first.source.place or place}.",
                "Give one of them another name.",
            )
        _check_scenario(each, suite, place)
    _check_metrics(suite, place)


def _check_scenario(scenario: Scenario, suite: Suite, place: str) -> None:
    where = scenario.source.place or place
    if scenario.gold.is_empty and not suite.scorers:
        raise InvalidSuite(
            f'{where}: nothing could be wrong about "{scenario.name}": it has no gold, and the suite no scorers.',
            "Say what would be right: gold: {answer: …}, {actions: …} or {state: …}.",
        )
    if scenario.harm and not (scenario.gold.closes or scenario.gold.forbidden):
        raise InvalidSuite(
            f'{where}: "{scenario.name}" may do harm, and does not say by what.',
            "Say which writes are right (actions: [] for none), or what is forbidden.",
        )
    try:
        canonical.encode(canonical.plain(dict(scenario.input)))
        json.dumps(scenario.digest)
    except RemitError as wrong:
        raise InvalidSuite(
            f'{where}: "{scenario.name}" cannot be written down: {wrong.message}', wrong.hint
        ) from None


def _check_metrics(suite: Suite, place: str) -> None:
    metrics: dict[str, str] = dict.fromkeys(GoldScorer.metrics, "gold")
    for scorer in suite.scorers:
        for metric in scorer.metrics:
            if metric in metrics:
                raise InvalidSuite(
                    f'{place}: "{metric}" is scored twice, by {metrics[metric]} and by {scorer.name}.',
                    "Give one of them another name.",
                )
            metrics[metric] = scorer.name
    for name in suite.margins:
        if name not in metrics:
            known = ", ".join(metrics)
            raise InvalidSuite(
                f'{place}: margins has "{name}", which nothing here measures.', f"It measures: {known}."
            )
    if not suite.rules[HARMLESS].harm:
        raise InvalidSuite(
            f'{place}: margins lets "{HARMLESS}" become worse.',
            "No harm is made good by an average: leave it out.",
        )


def _from(node: Node | None, opener: Opener) -> list[Node]:
    if node is None:
        return []
    found: list[Node] = []
    for name in node.texts("from"):
        try:
            text = opener(name)
        except (OSError, ValueError) as wrong:
            why = wrong.strerror if isinstance(wrong, OSError) else str(wrong)
            raise node.wrong(f"{name} cannot be read: {(why or 'it is not there').lower()}") from None
        found += read_lines(text, f"{node.file.rpartition('/')[0]}/{name}".lstrip("/"))
    return found


def _margins(node: Node | None) -> Mapping[str, Rule]:
    if node is None or node.value is None:
        return {}
    return {name: _rule(each, name) for name, each in node.table("margins").items()}


def _rule(node: Node, name: str) -> Rule:
    if not node.is_table:
        return Rule(_share(node, f"margins, {name}"), DEFAULT_RULES.get(name, Rule()).harm)
    held = node.table(f"margins, {name}", _RULE)
    harm = held["harm"].flag("harm") if "harm" in held else False
    if harm and "margin" in held:
        raise held["margin"].wrong("a harm has no margin")
    return Rule(_share(held["margin"], f"margins, {name}") if "margin" in held else Rule().margin, harm)


def _share(node: Node, what: str) -> float:
    """A number from 0 to 1, or a percentage."""
    value = node.value
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return Node(float(value.strip()[:-1]) / 100, node.file, node.line).number(what, 0, 1)
        except ValueError:
            raise node.wrong(f"{what} is no percentage: {value}", "Such as 3%.") from None
    return node.number(what, 0, 1)


def scorers_of(found: Sequence[object]) -> dict[str, Scorer]:
    """What of some Python values can score, by name."""
    from remit.quality.score import Scorer as Protocol

    return {each.name: each for each in found if isinstance(each, Protocol) and not isinstance(each, type)}
