"""The programs that are measured, each a process of its own, run by the interpreter of its own environment.

A contender imports what it measures, the wire protocol of the benchmark and nothing else: never another
contender, and never Remit unless it is Remit that it measures.
"""
