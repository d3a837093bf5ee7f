"""HTTP behind one port: the doors by which agents that are not ours come in. It calls control, wire and domain."""
