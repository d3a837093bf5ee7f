"""Runs as started and executed by this process, with the code of the workspace."""
