"""What may stand between a model and its tools: the baselines of the field, and Remit."""
