"""Tools over a database of somebody else: declared queries and statements, parameters bound, writes with undo."""
