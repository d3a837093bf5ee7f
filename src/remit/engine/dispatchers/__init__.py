"""How hints travel."""
