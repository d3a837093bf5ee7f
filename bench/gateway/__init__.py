"""What a gateway costs, Remit beside its rivals."""
