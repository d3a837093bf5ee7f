"""Runs that were made, made again by other code in the world as it was recorded."""
