"""The model gateway: the dialects of model providers, spoken to clients."""
