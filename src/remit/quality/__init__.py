"""How good and how safe agents are, found out rather than believed."""
