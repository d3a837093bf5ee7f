"""Calls in a trial: decided as any other, and answered by the scenario instead of the world."""
