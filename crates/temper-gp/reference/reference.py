"""Writes reference.json beside it: what other programs say of the same processes.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python reference.py

Processes without choices are computed by scikit-learn, those with choices by SciPy, since
scikit-learn has no kernel for them. All of them are computed by SciPy as well, and have to agree.
The normal distribution's functions are computed by mpmath with 50 digits.

A null coordinate is one of an inactive parameter. Points and outputs are rounded to few digits, so
that they are the same numbers in every language.
"""

import json
from pathlib import Path

import mpmath
import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel

mpmath.mp.dps = 50
# Two programs agree this well: the worst of the covariances has a condition number near 1e6.
AGREEMENT = 1e-10
PLACES = [0.125, 0.375, 0.625, 0.875]
QUERIES = 4


def features(points, axes):
    """The documented embedding: n x 2d of the numeric axes, and n x c of the choices."""
    numeric = [i for i, axis in enumerate(axes) if axis == "numeric"]
    choices = [i for i, axis in enumerate(axes) if axis == "choice"]
    off = np.isnan(points[:, numeric])
    places = np.where(off, 0.0, points[:, numeric] - 0.5)
    values = np.where(np.isnan(points[:, choices]), -1.0, points[:, choices])
    return np.hstack([places, np.where(off, 0.5, 0.0)]), values, numeric, choices


def correlation(a, b, case):
    """The kernel between two sets of points, straight from its definition."""
    scales = np.array(case["lengthscales"])
    x, u, numeric, choices = features(a, case["axes"])
    y, v, _, _ = features(b, case["axes"])
    twice = np.tile(scales[numeric], 2)
    squared = (((x[:, None] - y[None]) / twice) ** 2).sum(2)
    hamming = ((u[:, None] != v[None]) / scales[choices]).sum(2)
    if case["smoothness"] == "rbf":
        return np.exp(-squared / 2 - hamming)
    r = np.sqrt(5 * squared)
    return (1 + r + r * r / 3) * np.exp(-r - hamming)


def by_scipy(points, outputs, queries, case, mean):
    """Posterior means and variances of the function, without the noise."""
    if not len(points):
        return np.full(len(queries), mean), np.full(len(queries), case["signal"])
    covariance = case["signal"] * correlation(points, points, case)
    factor = cho_factor(covariance + case["noise"] * np.eye(len(points)), lower=True)
    across = case["signal"] * correlation(points, queries, case)
    means = mean + across.T @ cho_solve(factor, outputs - mean)
    return means, case["signal"] - (across * cho_solve(factor, across)).sum(0)


def regressor(case):
    """scikit-learn's process, over the embedding."""
    twice = np.tile(case["lengthscales"], 2)
    shape = RBF(twice) if case["smoothness"] == "rbf" else Matern(twice, nu=2.5)
    kernel = ConstantKernel(case["signal"]) * shape + WhiteKernel(case["noise"])
    return GaussianProcessRegressor(kernel, alpha=0.0, optimizer=None)


def by_sklearn(points, outputs, queries, case, mean):
    """The same; the white kernel is in its variances, and is taken off."""
    if not len(points):
        return by_scipy(points, outputs, queries, case, mean)
    process = regressor(case).fit(features(points, case["axes"])[0], outputs - mean)
    means, deviations = process.predict(features(queries, case["axes"])[0], return_std=True)
    return mean + means, deviations**2 - case["noise"]


def agreed(values, others):
    np.testing.assert_allclose(values, others, rtol=AGREEMENT, atol=AGREEMENT)
    return values


def answers(points, outputs, queries, case):
    """What the reference says of one process."""
    matrix = case["signal"] * correlation(points, points, case) + case["noise"] * np.eye(len(points))
    factor = cho_factor(matrix, lower=True)
    ones = np.ones(len(points))
    mean = ones @ cho_solve(factor, outputs) / (ones @ cho_solve(factor, ones))
    likelihood = multivariate_normal.logpdf(outputs, np.full(len(points), mean), matrix)
    program = by_scipy if "choice" in case["axes"] else by_sklearn
    if program is by_sklearn:
        embedded = features(points, case["axes"])[0]
        process = regressor(case).fit(embedded, outputs - mean)
        agreed(process.log_marginal_likelihood_value_, likelihood)

    def predict(*arguments):
        found = program(*arguments, case, mean)
        return [agreed(a, b) for a, b in zip(found, by_scipy(*arguments, case, mean))]

    means, variances = predict(points, outputs, queries)
    left_out = [
        [part[0] for part in predict(np.delete(points, i, 0), np.delete(outputs, i), points[[i]])]
        for i in range(len(points))
    ]
    return {
        "mean": mean,
        "ln_likelihood": float(likelihood),
        "means": list(means),
        "variances": list(variances),
        "left_out_means": [m for m, _ in left_out],
        "left_out_variances": [v + case["noise"] for _, v in left_out],
    }


def process(smoothness, kind, n, d, rng):
    """One case: `kind` says which axes there are and whether some coordinates are inactive."""
    choices = {"numeric": 0, "inactive": 0, "choice": (d + 1) // 2, "mixed": d // 2}[kind]
    axes = ["numeric"] * (d - choices) + ["choice"] * choices

    def draw(rows):
        points = np.column_stack([
            rng.random(rows).round(4) if axis == "numeric" else rng.choice(PLACES, rows)
            for axis in axes
        ])
        if kind in ("inactive", "mixed"):
            points[rng.random(points.shape) < 0.3] = np.nan
        return points

    scales = np.exp(rng.uniform(-1, 1, d)) * np.where(np.array(axes) == "choice", 1, 0.5 * d**0.5)
    case = {
        "name": f"{smoothness}, {kind}, {n} samples, {d} dimensions",
        "smoothness": smoothness,
        "axes": axes,
        "lengthscales": list(scales.round(3)),
        "signal": float(np.exp(rng.uniform(-1, 1)).round(3)),
        "noise": round(float(10 ** rng.uniform(-4, -1)), 5),
    }
    points, queries = draw(n), draw(QUERIES)
    # Of a query that is a sample as well the variance is small and the difference of large numbers.
    queries[0] = points[0]
    outputs = rng.standard_normal(n).round(4)

    def rows(points):
        return [[None if np.isnan(x) else x for x in row] for row in points.tolist()]

    data = {"points": rows(points), "outputs": list(outputs), "queries": rows(queries)}
    return case | data | answers(points, outputs, queries, case)


def normal(z):
    """Logarithms of Phi and of h = phi + z Phi, and their slopes."""
    z = mpmath.mpf(z)
    density, below = mpmath.npdf(z), mpmath.erfc(-z / mpmath.sqrt(2)) / 2
    # At -40 this difference of almost equal numbers loses three digits of the fifty.
    improvement = density + z * below
    return {
        "z": float(z),
        "ln_distribution": float(mpmath.log(below)),
        "ln_distribution_slope": float(density / below),
        "ln_improvement": float(mpmath.log(improvement)),
        "ln_improvement_slope": float(below / improvement),
    }


def quantile(p):
    p = mpmath.mpf(p)
    # erfinv(1 - 2p) loses the digits of a small p, of which there are 350 here.
    with mpmath.workdps(350):
        z = -mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * p)
    return {"p": float(p), "quantile": float(z)}


def main():
    rng = np.random.default_rng(1)
    sizes = [(n, d) for n in (1, 5, 40) for d in (1, 3, 10)]
    processes = [
        process(smoothness, kind, n, d, rng)
        for smoothness in ("matern52", "rbf")
        for kind in ("numeric", "inactive", "choice", "mixed")
        for n, d in sizes
        if d > 1 or kind != "mixed"
    ]
    places = [-40 + 0.5 * i for i in range(91)] + [-37.123, -11.7, -3.3, -2.01, -1.99, -0.1, 0.77]
    small = [1e-300, 1e-100, 1e-30, 1e-16, 1e-9, 1e-4, 0.01, 0.1, 0.25, 0.3, 0.4999, 0.5]
    parts = {
        "processes": processes,
        "normal": [normal(z) for z in sorted(places)],
        "quantiles": [quantile(p) for p in small + [0.6, 0.75, 0.9, 0.99, 0.9999, 1 - 1e-9]],
    }
    lines = {name: ",\n".join(map(json.dumps, part)) for name, part in parts.items()}
    text = ",\n".join(f'"{name}": [\n{part}\n]' for name, part in lines.items())
    Path(__file__).with_name("reference.json").write_text("{\n" + text + "\n}\n")


if __name__ == "__main__":
    main()
