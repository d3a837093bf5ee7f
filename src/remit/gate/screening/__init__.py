"""The `screen` steps of the gate: checks on what models and tools are given and give; no authority.

A guard can only take away: it blocks, redacts, asks a person or answers instead. What it lets by is decided as if it
were not there. Whoever has no guard walks past all of this: the gate does not even make a guarded passage.
"""
