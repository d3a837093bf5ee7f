"""Projections of the log: derived, deletable, rebuilt by reading again (S5)."""
