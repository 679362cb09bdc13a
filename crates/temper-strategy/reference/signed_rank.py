"""Writes signed_rank.json beside it: what SciPy says of paired differences.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python signed_rank.py

One-sided, for differences above zero: up to 50 differences without ties and zeros by the exact
distribution, up to 16 with them by trying all signs, and more than 50 by the normal approximation,
with zeros split. Differences are rounded to few digits, so that they are the same numbers in every
language.
"""

import json
from pathlib import Path

import numpy as np
from scipy.stats import PermutationMethod, wilcoxon


def case(differences, method):
    how = PermutationMethod(n_resamples=2**16) if method == "permutation" else method
    found = wilcoxon(
        differences, alternative="greater", zero_method="zsplit", method=how, correction=False
    )
    return {
        "method": method,
        "differences": [float(it) for it in differences],
        "p": float(found.pvalue),
    }


def cases():
    rng = np.random.default_rng(7)
    for mean in [-0.5, 0.2, 1.0]:
        for count in [1, 2, 3, 5, 8, 13, 20, 35, 50, 51, 80]:
            differences = np.round(rng.normal(mean, 1.0, count), 6)
            assert len(set(np.abs(differences))) == count and differences.all()
            yield case(differences, "exact" if count <= 50 else "asymptotic")
        # Of these few numbers many are equal, and some are zero.
        for count in [3, 5, 8, 13, 16, 51, 80, 200]:
            differences = np.round(rng.normal(mean, 1.0, count), 0) + 0.0
            yield case(differences, "permutation" if count <= 16 else "asymptotic")


found = list(cases())
Path(__file__).with_suffix(".json").write_text(json.dumps(found) + "\n")
