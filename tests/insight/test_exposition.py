"""What Prometheus reads, and the dashboards and alerts that ship: they speak of nothing that is not told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from remit.insight.exposition import FAMILIES, Exposition, Spread
from scripts import dashboard

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy" / "prometheus" / "remit-alerts.yml"
PAGE = ROOT / "docs" / "reference" / "metrics.md"
SERIES = {series: family for family in FAMILIES.values() for series in family.series}
SELECTED = re.compile(r"(remit_[a-z_]+)(?:\{([^}]*)\})?")
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)')


def queries() -> list[str]:
    panels = [
        target["expr"] for panel in dashboard.dashboard()["panels"] for target in panel.get("targets", ())
    ]
    rules = [
        rule["expr"] for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
    ]
    return [*panels, *rules]


@pytest.mark.parametrize("query", queries())
def test_every_query_asks_for_what_is_told(query: str) -> None:
    selected = SELECTED.findall(query)
    assert selected
    for name, labels in selected:
        family = SERIES[name]
        said = re.findall(r"([a-z]+)=", labels)
        assert set(said) <= {*family.labels, "le"}, query
    by = [each.strip() for group in re.findall(r"by \(([^)]*)\)", query) for each in group.split(",")]
    known = {label for name, _ in selected for label in SERIES[name].labels} | {"le", "instance"}
    assert set(by) <= known, query
    assert query.count("(") == query.count(")")


def test_the_dashboard_is_what_the_table_says() -> None:
    assert dashboard.FILE.read_text() == dashboard.text()


def test_every_metric_has_a_line_on_the_page() -> None:
    told = re.findall(r"^\| `(remit_[a-z_]+)` \| (\w+) \| ([^|]*) \|", PAGE.read_text(), re.MULTILINE)
    assert [(name, kind) for name, kind, _ in told] == [(each.name, each.kind) for each in FAMILIES.values()]
    for name, _, labels in told:
        assert tuple(re.findall(r"`(\w+)`", labels)) == FAMILIES[name].labels


@given(
    st.lists(st.tuples(st.text(max_size=300), st.floats(allow_nan=False, allow_infinity=False)), max_size=4)
)
def test_whatever_something_is_called_a_line_stays_a_line(told: list[tuple[str, float]]) -> None:
    found = Exposition()
    for agent, value in told:
        found.add("remit_denials_total", ("t", agent, "f"), value)
    lines = [line for line in found.text().split("\n") if line and not line.startswith("#")]
    assert len(lines) == len(told)
    for line, (_, value) in zip(lines, told, strict=True):
        name, _, number = SAMPLE.fullmatch(line).groups()  # pyright: ignore[reportOptionalMemberAccess] - it matches
        assert (name, float(number)) == ("remit_denials_total", value)


def test_a_histogram_counts_what_is_at_most_so_large() -> None:
    found = Exposition()
    found.spread("remit_run_seconds", Spread(("t", "a"), [(0.5, 1), (1.0, 3)], 4.5, 4))
    assert found.text().split("\n")[2:-1] == [
        'remit_run_seconds_bucket{team="t",agent="a",le="0.5"} 1',
        'remit_run_seconds_bucket{team="t",agent="a",le="1"} 3',
        'remit_run_seconds_bucket{team="t",agent="a",le="+Inf"} 4',
        'remit_run_seconds_sum{team="t",agent="a"} 4.5',
        'remit_run_seconds_count{team="t",agent="a"} 4',
    ]
