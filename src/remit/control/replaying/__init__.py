"""Runs that were made, made again: by other code in the recorded world, or step by step from their journals."""
