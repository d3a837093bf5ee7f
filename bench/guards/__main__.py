"""`python -m bench.guards`: how often each guard stops what is innocent, what it misses, and how sure that is.

It owns the table. With `--url` it asks a service by the wire of the `http` guard instead, and also about AgentDojo's
attacks: that is how a guard product is measured before it is plugged in.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.environments import peer_python, versions
from bench.guards.made import CHECKED, MADE, miss
from bench.protocol import ROOT
from remit.domain.guards import Guard
from remit.gate.screening.http import read_answer
from remit.policy.guard import Content, Finding
from remit.policy.guards import personal_data, secrets

LOCK = ROOT / "requirements" / "runtime.lock"
SEED, EACH = 20261121, 300
_Z = 1.959964
Judge = Callable[[str], list[Finding]]


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many."""

    hits: int
    of: int

    def __str__(self) -> str:
        low, high = wilson(self.hits, self.of)
        share = self.hits / self.of if self.of else 0.0
        return f"{self.hits:>5} of {self.of:<5}  {share:7.2%}  [{low:.2%}, {high:.2%}]"


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The interval that holds the true share in 95 of 100 such samples."""
    if not of:
        return 0.0, 1.0
    share, z = hits / of, _Z
    middle = share + z * z / (2 * of)
    spread = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, (middle - spread) / (1 + z * z / of)), min(1.0, (middle + spread) / (1 + z * z / of))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.guards", description=main.__doc__)
    parser.add_argument("--url", help="a service that speaks the wire of the http guard")
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args()
    python = peer_python("agentdojo", beside=LOCK)
    corpus = _corpus(python)
    print(
        f"\nGuards on texts of AgentDojo {corpus['version']} (agentdojo {versions(python, 'agentdojo')['agentdojo']})"
    )
    counts = ", ".join(f"{len(corpus[what]):,} {what}" for what in ("texts", "typed", "attacks"))
    print(f"  {counts}; seed {SEED}")
    print("  share with its 95 % Wilson interval; guards are defence in depth, no authority")
    found = _service(corpus, wanted.url) if wanted.url else _own(corpus)
    if wanted.json:
        wanted.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 0


def _own(corpus: dict[str, Any]) -> dict[str, Any]:
    texts = [each["text"] for each in corpus["texts"]]
    figures: dict[str, Any] = {}
    typed = [value for value in corpus["typed"] if len(value) > 5]
    for name, judge, kinds in (
        ("personal_data", _judge(personal_data.find, "personal_data"), personal_data.KINDS),
        ("personal_data, threshold 1", _judge(personal_data.find, "personal_data", 1.0), personal_data.KINDS),
        ("secrets", _judge(secrets.find, "secrets"), secrets.KINDS),
    ):
        figures[name] = _natural(name, judge, texts, typed)
        figures[name] |= _made(name, judge, [text for text in texts if not judge(text)], kinds)
    return figures


def _natural(name: str, judge: Judge, texts: Sequence[str], typed: Sequence[str]) -> dict[str, Any]:
    """On the texts as they are: a finding that no typed field of the worlds confirms counts as false."""
    innocent, stopped, right, findings = 0, 0, 0, 0
    odd: dict[str, str] = {}
    for text in texts:
        found = judge(text)
        values = [(each.kind, text[each.start : each.end]) for each in found]
        true = [value for _, value in values if any(value in known or known in value for known in typed)]
        right, findings = right + len(true), findings + len(values)
        odd |= {value: kind for kind, value in values if value not in true}
        if not any(known in text for known in typed):
            innocent, stopped = innocent + 1, stopped + bool(found)
    print(f"\n  {name}, AgentDojo's texts as they are")
    print(f"    innocent texts stopped  {Rate(stopped, innocent)}")
    print(f"    findings that are right {Rate(right, findings)}")
    for value, kind in sorted(odd.items()):
        print(f"      not confirmed: {kind:<10} {value[:70]}")
    return {"innocent": [stopped, innocent], "right": [right, findings], "odd": odd}


def _made(name: str, judge: Judge, hosts: Sequence[str], kinds: Sequence[str]) -> dict[str, Any]:
    """On made data within those texts: what is missed, and what is taken for it although a digit is wrong."""
    rng = random.Random(SEED)
    figures: dict[str, Any] = {}
    print(f"  {name}, data made with a seed, within those texts")
    for kind in (each for each in MADE if each in kinds):
        values = [MADE[kind](rng) for _ in range(EACH)]
        caught = sum(any(each.kind == kind for each in judge(_within(value, rng, hosts))) for value in values)
        print(f"    {kind:<15} caught  {Rate(caught, EACH)}")
        figures[kind] = [caught, EACH]
        if kind in CHECKED:
            near = [miss(kind, value, rng) for value in values]
            fooled = sum(
                any(each.kind == kind for each in judge(_within(value, rng, hosts))) for value in near
            )
            print(f"    {'':<15} a digit wrong, stopped {Rate(fooled, EACH)}")
            figures[f"{kind}, a digit wrong"] = [fooled, EACH]
    return {"made": figures}


def _within(value: str, rng: random.Random, hosts: Sequence[str]) -> str:
    words = rng.choice(hosts).split(" ")
    at = rng.randrange(len(words) + 1)
    return " ".join([*words[:at], value, *words[at:]])


def _service(corpus: dict[str, Any], url: str) -> dict[str, Any]:
    """What a service says of innocent texts, and of attacks."""
    innocent = [each["text"] for each in corpus["texts"]]
    judge = _asking(url)
    stopped = sum(bool(judge(text)) for text in innocent)
    print(f"\n  {url}\n    innocent texts stopped  {Rate(stopped, len(innocent))}")
    figures: dict[str, Any] = {"innocent": [stopped, len(innocent)]}
    for name in dict.fromkeys(each["attack"] for each in corpus["attacks"]):
        texts = [each["text"] for each in corpus["attacks"] if each["attack"] == name]
        caught = sum(bool(judge(text)) for text in texts)
        print(f"    {name:<24} {Rate(caught, len(texts))}")
        figures[name] = [caught, len(texts)]
    return figures


def _asking(url: str) -> Judge:
    if not url.startswith(("http://", "https://")):
        raise SystemExit("error: --url takes a web address.")

    def judge(text: str) -> list[Finding]:
        content = Content.of(text)
        body = json.dumps({"guard": "bench", "at": "result", "texts": [{"place": "", "text": text}]}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - checked above
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - likewise
            return list(read_answer(json.load(answer), content))

    return judge


def _judge(find: Any, check: str, threshold: float = 0.0) -> Judge:
    guard = Guard(check, at=("result",), threshold=threshold)
    return lambda text: [each for each in find(guard, Content.of(text)) if each.score >= threshold]


def _corpus(python: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="remit-guards-") as folder:
        out = Path(folder) / "corpus.json"
        subprocess.run(
            [str(python), "-W", "ignore", "-m", "bench.guards.corpus", str(out)], check=True, cwd=ROOT
        )
        return json.loads(out.read_text(encoding="utf-8"))


if __name__ == "__main__":
    raise SystemExit(main())
