"""Models: providers, catalog, prices and routes; every model is asked through one contract."""
