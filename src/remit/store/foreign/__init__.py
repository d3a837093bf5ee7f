"""Thin drivers over databases of others, which tools read and write. Nothing of Remit's is kept there."""
