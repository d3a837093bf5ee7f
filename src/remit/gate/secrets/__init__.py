"""Secrets: where they lie, how they are given at the edge, and how they are kept out of everything else."""
