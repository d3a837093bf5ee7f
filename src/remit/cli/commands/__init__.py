"""The commands, one module per topic; each is imported only when one of its commands is used."""
