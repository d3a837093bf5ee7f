"""An experiment as others read it: JUnit for those who run checks, Markdown for those who read pull requests. Pure text
made of what it came to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Json = Any
_SIGNS = {"pass": "✓ pass", "fail": "✗ fail", "inconclusive": "? inconclusive"}
_MOST = 50
_CONTROL = {code: None for code in range(32) if code not in {9, 10, 13}}


def junit(suite: str, scenarios: Sequence[str], outcome: Mapping[str, Json]) -> str:
    """Every scenario of the arm that is judged as a test, and the verdict as one more."""
    arm, verdict = outcome["arms"][0], outcome.get("verdict", "")
    failed = {each["scenario"]: each for each in arm["failed"]}
    cases = [_case(suite, name, failed.get(name)) for name in scenarios]
    if verdict:
        cases.append(_verdict(suite, verdict, outcome))
    wrong = sum("<failure" in case for case in cases)
    lost = sum("<error" in case for case in cases)
    head = f'<testsuite name={_attribute(suite)} tests="{len(cases)}" failures="{wrong}" errors="{lost}">'
    body = "\n".join(cases)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{head}\n{body}\n</testsuite>\n</testsuites>\n'
    )


def markdown(identity: str, suite: str, outcome: Mapping[str, Json]) -> str:
    """A page for a pull request."""
    return "\n".join(_page(identity, suite, outcome)) + "\n"


def _page(identity: str, suite: str, outcome: Mapping[str, Json]) -> Iterator[str]:
    verdict, arms = outcome.get("verdict", ""), outcome["arms"]
    yield f"### {_SIGNS.get(verdict, 'tried')}: {_text(suite)}"
    yield ""
    for reason in outcome.get("reasons", ()):
        yield f"- {_text(reason)}"
    yield from (f"- {_text(note)}" for note in outcome.get("notes", ()))
    yield ""
    yield "| arm | success | pass^k | scenarios | goes | by the ground | cost |"
    yield "|---|---|---|---|---|---|---|"
    for arm in arms:
        again = " / ".join(percent(each) for each in arm["pass_hat"])
        cost = "unknown" if arm["cost"] is None else f"${arm['cost'] / 1_000_000:.4f}"
        yield (
            f"| {_text(arm['name'])} | {sure(arm['metrics'][0])} | {again} | {arm['scenarios']} | {arm['goes']} "
            f"| {arm['infra']} | {cost} |"
        )
    wrong = arms[0]["failed"]
    if wrong:
        yield ""
        yield f"<details><summary>{len(wrong)} scenarios did not succeed every time</summary>"
        yield ""
        yield from (f"- `{_text(each['scenario'])}` {_text(_reason(each))}" for each in wrong[:_MOST])
        yield ""
        yield "</details>"
    yield ""
    yield f"`remit eval show {identity}`"


def percent(value: float | None) -> str:
    """A share as a person reads it."""
    return "–" if value is None else f"{value * 100:.1f} %"


def sure(metric: Mapping[str, Json]) -> str:
    """A figure with how sure it is."""
    if metric["value"] is None:
        return "not measured"
    if metric["low"] is None:
        return percent(metric["value"])
    return f"{percent(metric['value'])} [{metric['low'] * 100:.1f}, {metric['high'] * 100:.1f}]"


def _case(suite: str, name: str, failed: Mapping[str, Json] | None) -> str:
    head = f"<testcase classname={_attribute(suite)} name={_attribute(name)}"
    if failed is None:
        return f"{head}/>"
    tag = {"skipped": "skipped", "infra": "error"}.get(failed["status"], "failure")
    said = escape(_reason(failed).translate(_CONTROL))
    return f"{head}><{tag} message={_attribute(str(failed['why']))}>{said}</{tag}></testcase>"


def _reason(failed: Mapping[str, Json]) -> str:
    """How often it went wrong, and the first time why and where."""
    times = f"{failed['times']} of {failed['of']}" if failed["of"] > 1 else ""
    return ": ".join(filter(None, (times, str(failed["why"])))) + (
        f" ({failed['run']})" if failed["run"] else ""
    )


def _verdict(suite: str, verdict: str, outcome: Mapping[str, Json]) -> str:
    head = f'<testcase classname={_attribute(suite)} name="verdict"'
    if verdict == "pass":
        return f"{head}/>"
    said = "\n".join(str(each) for each in outcome["reasons"])
    return f"{head}><failure message={_attribute(verdict)}>{escape(said.translate(_CONTROL))}</failure></testcase>"


def _attribute(text: str) -> str:
    return quoteattr(text.translate(_CONTROL))


def _text(text: str) -> str:
    """Words of others in Markdown: on one line, and nothing but words."""
    plain = " ".join(str(text).translate(_CONTROL).split())
    for sign in "\\`*_[]<>|#":
        plain = plain.replace(sign, f"\\{sign}")
    return plain
