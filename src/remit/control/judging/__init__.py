"""Judges of a workspace: what they say of runs, how far they agree with people, and whether they may gate."""
