"""Which guards there are, for whom, and what a run keeps from its models. What they do stands in `screening`."""
