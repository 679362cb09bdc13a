"""Trains a classifier of two interleaved spirals by hand-written gradients, without any package.

It stands for your own program: it reads its parameters from its arguments, prints its loss as lines
of JSON, keeps a checkpoint in its trial's folder, and goes on from there when it is restarted.
"""

import argparse
import json
import math
import os
import random
import signal
import sys


def spirals(count, rng):
    """Points (x, y) of two spirals with labels 0 and 1."""
    points = []
    for index in range(count):
        label, turn = index % 2, rng.random()
        angle, radius = 3 * math.pi * turn + label * math.pi, 0.2 + turn
        x, y = radius * math.cos(angle), radius * math.sin(angle)
        points.append((x + rng.gauss(0, 0.05), y + rng.gauss(0, 0.05), label))
    return points


def forward(w, hidden, x, y):
    """Hidden activations and the probability of label 1."""
    h = [math.tanh(w[3 * i] * x + w[3 * i + 1] * y + w[3 * i + 2]) for i in range(hidden)]
    z = w[4 * hidden] + sum(w[3 * hidden + i] * h[i] for i in range(hidden))
    return h, 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


def loss_of(w, hidden, points):
    total = 0.0
    for x, y, label in points:
        p = forward(w, hidden, x, y)[1]
        total -= math.log(max(1e-12, p if label else 1 - p))
    return total / len(points)


def gradient(w, hidden, batch):
    g = [0.0] * len(w)
    for x, y, label in batch:
        h, p = forward(w, hidden, x, y)
        dz = (p - label) / len(batch)
        g[4 * hidden] += dz
        for i in range(hidden):
            g[3 * hidden + i] += dz * h[i]
            dh = dz * w[3 * hidden + i] * (1 - h[i] * h[i])
            g[3 * i] += dh * x
            g[3 * i + 1] += dh * y
            g[3 * i + 2] += dh
    return g


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--optimizer", choices=["adam", "sgd"], required=True)
    parser.add_argument("--momentum", type=float, default=0.0)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--report-every", type=int, default=50)
    args = parser.parse_args()

    hidden, rng = 12, random.Random(0)
    train, test = spirals(400, rng), spirals(200, rng)
    w = [rng.gauss(0, 1) for _ in range(4 * hidden + 1)]
    m, v, start = [0.0] * len(w), [0.0] * len(w), 0

    checkpoint = os.path.join(os.environ.get("TEMPER_TRIAL_DIR", "."), "checkpoint.json")
    if os.environ.get("TEMPER_RESUME") and os.path.exists(checkpoint):
        with open(checkpoint) as file:
            w, m, v, start = json.load(file)

    # Asked to end or to pause: the checkpoint of the last report is on disk already.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    def report(step):
        print(json.dumps({"step": step, "eval_loss": loss_of(w, hidden, test)}), flush=True)

    if start > 0:
        report(start)  # again: whoever was to read it may have been killed before

    for step in range(start + 1, args.steps + 1):
        batch = random.Random(step).sample(train, args.batch_size)
        for i, g in enumerate(gradient(w, hidden, batch)):
            if args.optimizer == "sgd":
                m[i] = args.momentum * m[i] + g
                w[i] -= args.learning_rate * m[i]
            else:
                m[i], v[i] = 0.9 * m[i] + 0.1 * g, 0.999 * v[i] + 0.001 * g * g
                mean, square = m[i] / (1 - 0.9**step), v[i] / (1 - 0.999**step)
                w[i] -= args.learning_rate * mean / (math.sqrt(square) + 1e-8)
        if step % args.report_every == 0:
            with open(checkpoint + ".new", "w") as file:
                json.dump([w, m, v, step], file)
            os.replace(checkpoint + ".new", checkpoint)
            report(step)


main()
