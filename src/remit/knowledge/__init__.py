"""Knowledge: what agents remember, with its labels."""
