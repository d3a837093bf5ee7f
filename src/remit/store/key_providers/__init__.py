"""Where root keys come from."""
