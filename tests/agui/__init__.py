"""Runs as the events of AG-UI."""
