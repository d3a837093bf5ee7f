"""Figures in the words of a person: money, shares, times, how sure they are. The terminal, the page of a month and
its Markdown say the same of a figure because they ask here. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.budgets import MICRO

if TYPE_CHECKING:
    from remit.insight.burning import Burn
    from remit.insight.kpis import Figure, Part

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))
_FINE = 10
_CENT = 10_000


def money(micro: float) -> str:
    """Micro-dollars as `$12.50`, `$0.0004`."""
    sign, amount = ("-", -micro) if micro < 0 else ("", micro)
    if amount >= _CENT * _FINE:
        return f"{sign}${amount / MICRO:,.2f}"
    return f"{sign}${amount / MICRO:.6f}".rstrip("0").rstrip(".") if amount else "$0"


def share(part: float) -> str:
    """`91.2 %`."""
    return f"{100 * part:.1f} %"


def time(micro: float) -> str:
    """`340 ms`, `2.4 s`, `3.5 min`, `1.2 d`."""
    seconds = micro / MICRO
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def amount(value: float, unit: str) -> str:
    """A value in its unit."""
    match unit:
        case "share":
            return share(value)
        case "money":
            return money(value)
        case "time":
            return time(value)
        case "number":
            return f"{value:.1f}"
        case "rating":
            return f"{value:.1f} of 5"
        case _:
            return f"{value:,.0f}"


def value_of(figure: Figure) -> str:
    """What came out, or the plain word for nothing."""
    return figure.state if figure.value is None else amount(figure.value, figure.unit)


def made_of(figure: Figure) -> str:
    """`41 of 45`, `$3.20 for 12`; empty where it is not made of two numbers."""
    if figure.numerator is None or figure.denominator is None:
        return f"n = {figure.denominator:,}" if figure.denominator is not None else ""
    if figure.unit == "number":
        return f"{figure.numerator:,} for {figure.denominator:,}"
    if figure.unit == "money":
        return f"{money(figure.numerator)} for {figure.denominator:,}"
    return f"{figure.numerator:,} of {figure.denominator:,}"


def sure(figure: Figure | Part) -> str:
    """`78.6 % to 95.7 %`; empty where nothing is said."""
    if figure.low is None or figure.high is None:
        return ""
    low, high = amount(figure.low, figure.unit), amount(figure.high, figure.unit)
    return low if low == high else f"{low} to {high}"


def part(of: Part) -> str:
    """`right 3`, `p95 2.4 s`."""
    return f"{of.name} {amount(of.value, of.unit)}"


def change(now: float, before: float) -> str:
    """`+12 %`; empty where there was nothing before."""
    return f"{100 * (now - before) / before:+.0f} %" if before else ""


def wanted(burn: Burn) -> str:
    """What an objective asks for: `99.5 % within 2.0 min, 28 d`."""
    what = {
        "success": "succeed",
        "latency": f"take at most {time(burn.limit)}",
        "cost": f"cost at most {money(burn.limit)}",
        "violations": "have no action refused",
        "score": f"that were scored reach {burn.limit / MICRO:g} in {burn.score}",
    }[burn.metric]
    whom = "".join(f", {kind} {name}" for kind, name in (("agent", burn.agent), ("flow", burn.flow)) if name)
    return f"{100 * burn.objective:g} % of tasks {what}, over {burn.days} d{whom}"


def left(burn: Burn) -> str:
    """What is left of an error budget."""
    return "no data" if burn.left is None else f"{100 * burn.left:.0f} %"


def rates(burn: Burn) -> str:
    """`1h 0.4x, 6h 0.2x, 3d 0.1x`."""
    return ", ".join(
        f"{name} {f'{rate:.1f}x' if rate is not None else 'too few'}" for name, rate in burn.rates.items()
    )
