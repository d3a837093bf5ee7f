"""Provenance: where the value of an argument comes from, and whether a contract lets it act. Pure."""
