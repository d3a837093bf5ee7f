"""Evidence packs, as they are asked for."""
