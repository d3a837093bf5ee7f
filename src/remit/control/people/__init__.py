"""People, services, and their keys."""
