"""A guard that may object to an answer holds its frames until it has spoken (S31): nothing shown can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit import Guard, Run, flow
from remit.gate.streams import Frame
from remit.testing.scripting import Script
from tests.engine.places import parked
from tests.gate.desk import agent, desk, outcomes
from tests.gate.guards.test_screening import MAIL


@pytest.mark.parametrize("action", ["block", "redact", "ask"])
async def test_s31_frames_are_held_until_the_guards_have_spoken(
    script: Script, tmp_path: Path, action: str
) -> None:
    group = "privacy" if action == "ask" else ""
    clerk = agent(guards=[Guard("personal_data", at=("answer",), action=action, group=group)])
    script(clerk).says(f"Write to {MAIL} now.")
    if action == "block":
        script(clerk).says("Write to her.")

    @flow
    async def says(run: Run) -> str:
        await run.signal("go")
        return await run.ask(clerk, "where")

    async with desk(tmp_path, script, says, agents=[clerk]) as stage:
        run = await stage.start(says)
        await parked(run, "signal")
        frames: list[Frame] = []
        streams = stage.platform._parts.house.gate.parts.streams  # pyright: ignore[reportPrivateUsage]
        with streams.listening(run.id) as queue:
            await run.signal("go")
            if action == "ask":
                await parked(run, "human")
                assert queue.empty(), "nothing is shown before somebody has agreed"
                await run.approve(by="lea")
            await run.result()
            while not queue.empty():
                frame = queue.get_nowait()
                if frame is not None:
                    frames.append(frame)
        text = "".join(frame.text for frame in frames)
        if action == "block":
            assert text == "Write to her."
        if action == "redact":
            assert text.startswith("Write to [email#")
            assert MAIL not in text
        [first, *_] = await outcomes(stage, run.id, "model")
        assert first.detail["stream"] == "held"
