"""Figures that others published, made again with our own arithmetic and our own scorers."""
