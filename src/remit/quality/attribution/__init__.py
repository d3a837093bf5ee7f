"""Whose fault it was that a run came out wrong: which agent, at which step, by what evidence, how surely."""
