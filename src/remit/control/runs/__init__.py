"""Runs as asked about and ordered from outside, without any code of the workspace."""
