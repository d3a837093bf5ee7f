"""A workspace on disk: how it is found, how a new one is made, how its code is loaded."""
