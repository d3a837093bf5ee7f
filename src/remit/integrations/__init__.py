"""Remit under other frameworks: what they call is made a step of a run, or passes the gate. Each of these modules needs
its framework and nothing else of the kind; none is imported by anything of Remit.
"""

from remit.integrations.carrying import carried

__all__ = ["carried"]
