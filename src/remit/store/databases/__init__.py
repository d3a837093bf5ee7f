"""The databases that hold the log; each passes the same conformance suite."""
