"""What a serving process says while it works: lines for a log store, and errors for a service that keeps them."""

from __future__ import annotations

import gzip
import json
import logging
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import sentry_sdk

from remit.cli.error_reports import report_errors
from remit.cli.logs import structure_logs
from remit.control.settings import LogSettings, Settings
from remit.domain.errors import InvalidSetting, StoreUnavailable

SECRET = "lea@example.com owes 4711"
log = logging.getLogger("remit.somewhere")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


def failing() -> None:
    about = SECRET
    raise StoreUnavailable(f"the database is away: {about}.", "Start it.")


def test_a_log_store_gets_one_object_a_line_whatever_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    structure_logs({"service.name": "remit", "labels.team": "support"}, debug=False)
    log.info("nobody asked")
    log.warning("a worker\n%s\x1b[2J\ud800", "went away")
    try:
        failing()
    except StoreUnavailable:
        log.exception("it failed")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["message"], first["log.level"]) == ("a worker\nwent away\x1b[2J?", "warning")
    assert (first["labels.team"], first["log.logger"]) == ("support", "remit.somewhere")
    assert first["@timestamp"].endswith("Z")
    assert (second["error.code"], second["error.type"]) == (StoreUnavailable.code, "StoreUnavailable")
    assert "failing" in second["error.stack_trace"]


def test_an_error_is_reported_with_its_place_and_without_content() -> None:
    with service() as (address, told):
        report_errors(Settings(logs=LogSettings(sentry=f"http://public@{address}/7")))
        try:
            failing()
        except StoreUnavailable:
            log.exception("%s could not be written", SECRET)
            log.exception(f"{SECRET} was filled in before")  # noqa: G004 - as who takes secrets out of lines does
        log.warning("no error")
        sentry_sdk.flush(5)
    assert len(told) == 2
    assert not [body for body in told if SECRET in body or "lea@" in body]
    event, filled = (json.loads(body.splitlines()[2]) for body in told)
    assert filled["logentry"]["message"].startswith("remit.somewhere, test_an_error_is_reported")
    said = event["logentry"]["message"]
    assert said == "%s could not be written" or " at line " in said, (
        "a line that secrets were taken out of is filled in"
    )
    (thrown,) = event["exception"]["values"]
    assert (thrown["type"], event["tags"]["code"]) == ("StoreUnavailable", StoreUnavailable.code)
    assert thrown["stacktrace"]["frames"][-1]["function"] == "failing"


def test_what_is_no_address_of_such_a_service_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="no DSN"):
        report_errors(replace(Settings(), logs=LogSettings(sentry="nonsense")))


@contextmanager
def service() -> Generator[tuple[str, list[str]]]:
    """One that keeps what it is told."""
    told: list[str] = []

    class Keeps(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            packed = self.headers.get("content-encoding") == "gzip"
            told.append((gzip.decompress(body) if packed else body).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Keeps)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"127.0.0.1:{server.server_port}", told
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
