"""Containment as arithmetic: when a breaker opens. Pure; what is done about it stands in the gate."""
