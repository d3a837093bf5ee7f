"""What stands beside the rules when the gate decides: which rules are in force, those a run was born under, what was
revoked, what was delegated, and rules that are only tried. What the answers mean is `policy`'s business.
"""
