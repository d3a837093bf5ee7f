"""Tools out of an OpenAPI 3.x document: one for each operation, with its effect, and undo where that can be."""
