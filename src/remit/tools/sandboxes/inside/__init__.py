"""What runs in the sandbox's own process before the code does: it builds the walls around itself.

It is started by a bare interpreter without any installed package, so it imports the standard library alone.
"""
