"""`remit run AGENT --attach FILE`: the file is read where it lies, travels with the run, and is shown by its size."""

from __future__ import annotations

from tests.cli.conftest import Terminal

AGENT = """
from remit import Agent

eye = Agent("eye", prompt="Say what is on it.")
"""
SCRIPT = "agent: eye\nlines:\n  - says: A cat.\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(12_280)


def test_a_picture_is_attached_and_shown_by_its_size(remit: Terminal) -> None:
    for file, text in (("agents/eye.py", AGENT), ("simulations/eye.yaml", SCRIPT)):
        (remit.place / file).parent.mkdir()
        (remit.place / file).write_text(text)
    for name in ("one.png", "two.png"):
        (remit.place / name).write_bytes(PNG)
    both = ("--attach", "one.png", "--attach", "two.png")
    run = remit("run", "eye", "--ask", "What is on it?", *both, "--json", code=0).json["run"]["id"]
    for name in ("one.png", "two.png"):
        (remit.place / name).unlink()
    page = " ".join(remit("show", run, code=0).out.replace("│", " ").split())
    assert "with one.png (image/png, 12 kB) · with two.png (image/png, 12 kB)" in page
    assert "AAAA" not in remit("show", run, "--json", code=0).out
    assert "equal" in remit("replay", run, code=0).out

    refused = remit("run", "eye", "--ask", "?", "--attach", "three.png", code=2).err
    assert "three.png cannot be attached: No such file or directory." in refused
