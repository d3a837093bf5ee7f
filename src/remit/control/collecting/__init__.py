"""Telemetry of agents that are not ours: taken, looked at, accounted for."""
