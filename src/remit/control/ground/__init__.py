"""What everything stands on: database, root key, and who is asking."""
