"""What long-lived commands say of themselves: a line with the time for people, a JSON line for programs."""

from __future__ import annotations

import json
from datetime import datetime

from remit.cli.saying import say


class Announcer:
    """Says what happens, one line each."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def say(self, event: str, sentence: str, **facts: object) -> None:
        """Print at once: whoever reads a pipe reads it now, not when a buffer is full."""
        now = datetime.now().astimezone()
        if self._as_json:
            line = json.dumps({"at": now.isoformat(), "event": event, "message": sentence, **facts})
        else:
            line = f"{now:%H:%M:%S}  {sentence}"
        say(line)
