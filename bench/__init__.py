"""The benchmark: what a durable step costs in Remit, beside what it costs in its rivals.

It owns the measuring: isolated environments, contenders, meters, tables. It must not know how Remit works
inside; it uses the public API only, as any program would.
"""
