"""The terminal: parse, call control, print. Nothing is decided here."""
