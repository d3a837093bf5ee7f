"""The life of a policy: how rules come into force, who has to agree, what they would have decided over last week's log,
which rights they give and whether these are used. What rules mean is `policy`'s business.
"""
