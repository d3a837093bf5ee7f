"""Suites as they are written down: read, checked, drafted, exchanged."""
