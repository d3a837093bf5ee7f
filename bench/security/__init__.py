"""The worst-case replay: a fully hijacked model, without a model, against Remit's gate.

AgentDojo brings worlds, tools, tasks and attacks; it lives in an environment of its own, and so does everything in
here that touches it. The outside (`section.py`) starts `program.py` there and prints what comes back.
"""
