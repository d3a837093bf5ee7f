"""Judges and labels at the terminal: from a file of lines to a card, with the exit codes that scripts go by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from remit.cli.main import main
from tests.judging.bench import write_judge

STRICT = """agent: judge.polite
lines:
  - when: {user: rude}
    answer: {reason: It is rude., verdict: fail}
  - answer: {reason: It is kind., verdict: pass}
"""


@dataclass
class Spoken:
    """The terminal, in this process: every command opens the workspace anew."""

    place: Path
    told: pytest.CaptureFixture[str]

    def __call__(self, *words: str, code: int) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["-w", str(self.place), "judge", *words])
        said = self.told.readouterr()
        assert ended.value.code == code, said
        return said.out + said.err

    def write(self, name: str, text: str) -> str:
        file = self.place / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return str(file)


def test_lines_are_judged_labelled_and_make_a_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge = Spoken(tmp_path, capsys)
    judge.write("remit.toml", "")
    judge.write("policies/default.cedar", '@id("everything") permit (principal, action, resource);')
    judge.write("simulations/judge.yaml", STRICT)
    write_judge(tmp_path)
    sorts = [(n, "rude", "fail") if n % 2 else (n, "kind", "pass") for n in range(20)]
    lines = [{"id": f"a{n}", "answer": f"{n} {how}", "label": label} for n, how, label in sorts]
    file = judge.write("lines.jsonl", "\n".join(map(json.dumps, lines)))
    assert "polite  rubric  fast" in judge("list", code=0)
    assert "may not gate: it has no calibration card" in judge("card", "polite", code=1)
    judged = judge("run", "polite", "--input", file, code=0)
    assert "fail        a1  It is rude." in judged
    assert "20 things judged by polite" in judged
    judge("label", "open", "answers", code=0)
    odd = judge.write("odd.jsonl", '{"id": "x", "answer": "y", "label": "splendid"}')
    assert "is no label of answers" in judge("label", "add", "answers", "--input", odd, code=2)
    judge("label", "add", "answers", "--input", file, code=0)
    assert "20 settled" in judge("label", "show", "answers", code=0)
    assert "nothing is left" in judge("label", "next", "answers", code=0)
    assert "review it: remit judge label review gold@1" in judge(
        "label", "freeze", "answers", "--as", "gold", code=0
    )
    assert "was not reviewed yet" in judge("calibrate", "polite", "--labels", "gold", code=1)
    judge("label", "review", "gold", "--verdict", "use", code=0)
    assert "gold@1" in judge("label", "list", code=0)
    made = json.loads(judge("calibrate", "polite", "--labels", "gold", "--json", code=0))
    assert (made["gates"], made["card"]["n"], made["card"]["simulated"]) == (True, 20, True)
    checked = judge("check", "polite", "--items", "5", code=0)
    assert "polite: 5 of 5 as people said; 5 looks since its card" in checked
    judge("suspend", "polite", "--reason", "another model", code=0)
    assert "it is suspended: another model" in judge("card", "polite", code=1)
