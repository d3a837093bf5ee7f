"""The front doors, below HTTP: callers by their keys, and their exchanges as runs."""
