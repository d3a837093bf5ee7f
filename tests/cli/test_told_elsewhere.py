"""A workspace as a service, watched from outside: a collector of OpenTelemetry, a Prometheus, a log store."""

from __future__ import annotations

import gzip
import json
import queue
import threading
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.cli.conftest import Terminal

Message = tuple[str, str, bytes]


def test_a_collector_a_scrape_and_a_log_store_see_what_happens(remit: Terminal) -> None:
    with collecting() as (url, messages):
        with (remit.place / "remit.toml").open("a") as file:
            file.write(
                f'[otel]\nendpoint = "{url}"\nservice = "shop"\nsignals = ["traces"]\n[logs]\nformat = "json"\n'
            )
        remit.environment["OTEL_EXPORTER_OTLP_HEADERS"] = "api-key=s%20cret"
        up = remit.start("up", "--json")
        served = json.loads(up.until('"event": "serving"'))["url"]
        remit("run", "order", "--input", '{"item": "lamp"}', "--json", code=0)
        path, key, body = messages.get(timeout=60)
        made = (remit.place / ".remit" / "keys" / "local.key").read_text().strip()
        scraped = urllib.request.Request(f"{served}/metrics", headers={"authorization": f"Bearer {made}"})  # noqa: S310
        with urllib.request.urlopen(scraped, timeout=30) as reply:  # noqa: S310 - the server of this test
            told = reply.read().decode()
    (part,) = ExportTraceServiceRequest.FromString(body).resource_spans
    resource = {each.key: each.value.string_value for each in part.resource.attributes}
    assert (path, key, resource["service.name"]) == ("/v1/traces", "s cret", "shop")
    assert "invoke_workflow order" in [span.name for scope in part.scope_spans for span in scope.spans]
    assert 'remit_runs_total{team="default",agent="",flow="order",status="succeeded"} 1' in told


@contextmanager
def collecting() -> Generator[tuple[str, queue.Queue[Message]]]:
    """A collector that takes everything."""
    messages: queue.Queue[Message] = queue.Queue()

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = gzip.decompress(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()
            messages.put((self.path, self.headers["api-key"], body))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Takes)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", messages
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
