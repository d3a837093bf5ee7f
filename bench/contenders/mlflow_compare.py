"""What MLflow's paired comparison says of pass-or-fail scores; it runs in MLflow's environment.

Of such scores its test looks at how many got better and how many worse, so these numbers are all that is handed over,
and a p-value for each pair of them is all that comes back.
"""

from __future__ import annotations

import json
import sys

import mlflow
import numpy as np
from mlflow.genai.evaluation.comparison.significance_tests import _mcnemar


def main() -> int:
    asked: list[tuple[int, int]] = json.load(sys.stdin)
    found = [_mcnemar(np.array([1.0] * better + [-1.0] * worse + [0.0]))[1] for better, worse in asked]
    json.dump({"version": mlflow.__version__, "p": [float(each) for each in found]}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
