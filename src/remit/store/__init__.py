"""Everything written down: the log, the state beside it, the keys, and the two databases that hold them."""
