"""Guards at the gate."""
