"""Databases that belong to others: thin drivers over which tools read and write them. Nothing of Remit's is kept there."""
