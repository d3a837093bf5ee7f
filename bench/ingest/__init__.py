"""Telemetry taken in, beside other servers that take it."""
