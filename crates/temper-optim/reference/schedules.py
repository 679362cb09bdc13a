"""Writes schedules.json beside it: the learning rates of PyTorch and transformers.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python schedules.py

Both count the step that is next, and are at 0 before the first step of warmup. Ours is not: step
s of ours, from 0, is theirs s + 1, and warmup ends, as theirs does, at their step `warmup`. Without
warmup step 0 is at the peak in both, and our last step, number total - 1, is the end of their
schedule, which therefore has total - 1 steps. PyTorch's `OneCycleLR` counts as we do.

transformers' warmup_stable_decay rises from its minimum, so that only what comes after its warmup
is comparable; of PyTorch's schedules, which have no warmup, all of it is.
"""

import json
from pathlib import Path

import torch
import transformers
from torch.optim import lr_scheduler

PEAK = 3e-3
TOTAL = 61


def optimizer(peak=PEAK):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=peak)


def walk(make, steps):
    """The learning rates of the schedule's steps from 0."""
    sgd = optimizer()
    schedule = make(sgd)
    rates = []
    for _ in range(steps):
        rates.append(sgd.param_groups[0]["lr"])
        sgd.step()
        schedule.step()
    return rates


def case(name, kind, rates, first_step=0, total=TOTAL, warmup=0, minimum=0.0, **settings):
    """One schedule, the settings by which it is ours, and its learning rates from a step of ours."""
    return {
        "name": name,
        "kind": kind,
        "peak": PEAK,
        "min": minimum,
        "warmup_steps": warmup,
        "total_steps": total,
        "settings": settings,
        "first_step": first_step,
        "learning_rates": rates,
    }


def of_torch(name, kind, make, minimum=0.0, steps=TOTAL, **settings):
    return case(f"torch {name}", kind, walk(make, steps), minimum=minimum, **settings)


def of_transformers(name, kind, warmup, minimum=0.0, kwargs=None, first_step=0, **settings):
    """By transformers' own name: with warmup our step is theirs less 1."""
    steps = TOTAL if warmup else TOTAL - 1

    def make(sgd):
        return transformers.get_scheduler(
            name, sgd, warmup, steps, scheduler_specific_kwargs=kwargs or {}
        )

    offset = 1 if warmup else 0
    rates = walk(make, TOTAL + offset)[offset + first_step :]
    title = f"transformers {name}, {warmup} of warmup"
    return case(title, kind, rates, first_step, warmup=warmup, minimum=minimum, **settings)


def torch_cases():
    last = TOTAL - 1
    low = PEAK / 20
    yield of_torch("ConstantLR", "constant", lambda o: lr_scheduler.ConstantLR(o, 1.0))
    yield of_torch(
        "LinearLR", "linear", lambda o: lr_scheduler.LinearLR(o, 1.0, 0.05, last), low
    )
    yield of_torch(
        "CosineAnnealingLR", "cosine", lambda o: lr_scheduler.CosineAnnealingLR(o, last, low), low
    )
    # Theirs begins a fourth cycle where ours is at its end: without the last step.
    yield of_torch(
        "CosineAnnealingWarmRestarts",
        "cosine_with_restarts",
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, last // 3, eta_min=low),
        low,
        last,
        lr_num_cycles=3,
    )
    for power in (0.5, 1.0, 2.5):
        yield of_torch(
            f"PolynomialLR, power {power}",
            "polynomial",
            lambda o, power=power: lr_scheduler.PolynomialLR(o, last, power),
            lr_power=power,
        )
    yield of_torch(
        "ExponentialLR",
        "exponential",
        lambda o: lr_scheduler.ExponentialLR(o, 0.95),
        lr_decay_rate=0.95,
        lr_decay_steps=1,
    )
    yield of_torch(
        "StepLR",
        "step",
        lambda o: lr_scheduler.StepLR(o, 7, 0.6),
        lr_step_size=7,
        lr_gamma=0.6,
    )
    # The peak is at their step pct_start x total - 1, ours at warmup - 1.
    for total, warmup, div, final in ((60, 18, 25.0, 1e4), (60, 6, 10.0, 100.0)):
        rates = walk(
            lambda o: lr_scheduler.OneCycleLR(
                o,
                PEAK,
                total_steps=total,
                pct_start=warmup / total,
                div_factor=div,
                final_div_factor=final,
                cycle_momentum=False,
            ),
            # It refuses to be stepped after its last step.
            total,
        )
        yield case(
            f"torch OneCycleLR, {warmup} of {total}",
            "one_cycle",
            rates,
            total=total,
            warmup=warmup,
            minimum=PEAK / (div * final),
            lr_div_factor=div,
        )


def transformers_cases():
    low = PEAK / 20
    for warmup in (0, 1, 10):
        yield of_transformers("constant_with_warmup", "constant", warmup)
        yield of_transformers("linear", "linear", warmup)
        yield of_transformers("cosine", "cosine", warmup)
        yield of_transformers("cosine_with_min_lr", "cosine", warmup, low, {"min_lr": low})
        yield of_transformers(
            "cosine_with_restarts",
            "cosine_with_restarts",
            warmup,
            kwargs={"num_cycles": 3},
            lr_num_cycles=3,
        )
        yield of_transformers(
            "polynomial",
            "polynomial",
            warmup,
            low,
            {"lr_end": low, "power": 2.0},
            lr_power=2.0,
        )
        yield of_transformers("inverse_sqrt", "inverse_sqrt", warmup)
        yield of_transformers(
            "inverse_sqrt", "inverse_sqrt", warmup, kwargs={"timescale": 25}, lr_timescale=25
        )
        for shape, exponent in (("linear", 1.0), ("1-sqrt", 0.5)):
            # 0.25 of 61 steps, rounded up.
            cooldown = 16
            yield of_transformers(
                "warmup_stable_decay",
                "warmup_stable_decay",
                warmup,
                low,
                {"num_decay_steps": cooldown, "decay_type": shape, "min_lr_ratio": 0.05},
                max(warmup - 1, 0),
                lr_cooldown_ratio=0.25,
                lr_cooldown_type=exponent,
            )


def main():
    cases = ",\n".join(map(json.dumps, [*torch_cases(), *transformers_cases()]))
    Path(__file__).with_name("schedules.json").write_text(f"[\n{cases}\n]\n")


if __name__ == "__main__":
    main()
