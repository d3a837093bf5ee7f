"""OTLP over HTTP: the three paths to which other agents send what they did."""
