"""What can go wrong with judges and with the labels that they are held against. A branch of the error tree.

BadInput    └── InvalidJudge · UnknownJudge · UnknownLabels
Refused     └── RelatedJudge · UncalibratedJudge · LabelsNotReady
"""

from __future__ import annotations

from remit.domain.errors import BadInput, Refused


class InvalidJudge(BadInput):
    """A judge is written so that it could judge nothing."""

    code = "invalid_judge"


class UnknownJudge(BadInput):
    """No judge has this name."""

    code = "unknown_judge"


class UnknownLabels(BadInput):
    """There is no queue, no item or no set of labels of this name."""

    code = "unknown_labels"


class RelatedJudge(Refused):
    """A judge would judge a model of its own family."""

    code = "related_judge"


class UncalibratedJudge(Refused):
    """A judge has no card that lets it gate."""

    code = "uncalibrated_judge"


class LabelsNotReady(Refused):
    """Labels cannot be used yet: nobody has settled or reviewed them."""

    code = "labels_not_ready"
