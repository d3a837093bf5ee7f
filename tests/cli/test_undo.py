"""`remit undo` shows how things stand now before it acts, and never acts unasked."""

from __future__ import annotations

import json

from tests.cli.conftest import Terminal

NOTES = """
import json
from pathlib import Path
from remit import Run, flow, tool

FILE = Path("notes.json")

def _notes() -> dict[str, str]:
    return json.loads(FILE.read_text()) if FILE.exists() else {}

@tool(effect="write", undo="restore", object="notes/{name}")
def write_note(name: str, text: str) -> str:
    '''Write a note.'''
    FILE.write_text(json.dumps({**_notes(), name: text}))
    return text

@write_note.before
def look(name: str, **_: object) -> str | None:
    return _notes().get(name)

@write_note.restore
def put_back(text: str | None, name: str) -> None:
    notes = _notes()
    notes.pop(name, None)
    FILE.write_text(json.dumps({**notes, **({} if text is None else {name: text})}))

@flow
async def notes(run: Run) -> None:
    await run.call(write_note, "a", "ours")
    await run.call(write_note, "b", "ours")
"""


def test_undo_says_what_a_stranger_changed_and_waits_for_a_yes(remit: Terminal) -> None:
    (remit.place / "flows" / "notes.py").write_text(NOTES)
    file = remit.place / "notes.json"
    run = remit("run", "notes", "--json", code=0).json["run"]["id"]
    preview = remit("undo", run, "--preview", code=0).out
    assert preview.count("undo, best effort") == 2
    file.write_text(json.dumps({"a": "theirs", "b": "ours"}))
    preview = remit("undo", run, "--preview", code=0).out
    assert preview.count("undo, best effort") == 1
    assert (
        'notes/a was changed since:\n    it: was not there, the run made it "ours", now it is "theirs"'
        in preview
    )
    (_, second) = remit("undo", run, "--preview", "--json", code=0).json
    assert (second["possible"], second["difference"][0]["now"]) == (False, "theirs")
    refused = remit("undo", run, "--json", code=2)
    assert "nobody can be asked" in refused.error["message"]
    assert json.loads(file.read_text()) == {"a": "theirs", "b": "ours"}
    done = remit("undo", run, "--yes", "--json", code=1).json
    assert [each["object"] for each in done["result"]["undone"]] == ["notes/b"]
    assert json.loads(file.read_text()) == {"a": "theirs"}
