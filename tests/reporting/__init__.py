"""Costs, key figures, objectives and months."""
