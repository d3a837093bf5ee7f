"""Containment at the gate: the halts that stand, what they do to actions on their way and under way, breakers that make
halts by themselves, effects that are held back for a while, and what descends from a bad source.
"""
