"""Writes optimizers.json beside it: what PyTorch's optimizers make of one problem in 50 steps.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python optimizers.py

The problem: the gradient of each parameter at step t is given noise plus CURVATURE times the
weights, and the learning rate warms up over ten steps. `embedding` and `norm` are in a second
group without weight decay. All is computed in 64 bits.

- AdamW, SGD and Adafactor are torch.optim's. The decay of our SGD is decoupled: it is applied
  here before each step of PyTorch's SGD.
- Muon is torch.optim's, whose own code is taken with the matrices' type in place of bfloat16; what
  isn't a hidden matrix goes to torch.optim.AdamW.
- Lion is algorithm 2 of Chen et al. 2023, written out. Where the sign is taken, no number is so
  small that rounding could turn it.
- Schedule-free AdamW is its authors' package; weights are those of its evaluation mode (x), and
  `training` those of its training mode (y).
"""

import inspect
import json
from pathlib import Path

import schedulefree
import torch
import torch.optim._muon as torch_muon

STEPS = 50
SHOWN = [1, 10, 50]
WARMUP_STEPS = 10
CURVATURE = 0.5
SHAPES = {
    "tall": (4, 3),
    "wide": (2, 5),
    "gain": (5,),
    "embedding": (3, 4),
    "norm": (3,),
    "output": (3, 2),
}
UNDECAYED = ["embedding", "norm"]
HIDDEN = ["tall", "wide"]
# Far above the rounding of 32 bits, far below a step.
SIGN_MARGIN = 1e-5

source = inspect.getsource(torch_muon._zeropower_via_newtonschulz)
assert source.count("torch.bfloat16") == 1
exec(source.replace("torch.bfloat16", "grad.dtype"), torch_muon.__dict__)


def rounded(tensor):
    """Few digits, so that they are the same numbers in every language."""
    return (tensor * 1000).round() / 1000


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, algorithm 2."""

    def __init__(self, groups, betas):
        super().__init__(groups, {"lr": 0.0, "betas": betas, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for weights in group["params"]:
                mean = self.state[weights].setdefault("mean", torch.zeros_like(weights))
                update = beta1 * mean + (1 - beta1) * weights.grad
                assert update.abs().min() > SIGN_MARGIN, update
                decay = group["weight_decay"] * weights
                weights -= group["lr"] * (update.sign() + decay)
                mean.mul_(beta2).add_((1 - beta2) * weights.grad)


def optimizers(case, parameters):
    """The optimizers that together move all parameters."""
    s = case["settings"]
    decay = 0.0 if case["optimizer"] == "sgd" else s["weight_decay"]

    def groups(names):
        decayed = [parameters[name] for name in names if name not in UNDECAYED]
        undecayed = [parameters[name] for name in names if name in UNDECAYED]
        return [
            {"params": decayed, "weight_decay": decay},
            {"params": undecayed, "weight_decay": 0.0},
        ]

    everything = groups(SHAPES)
    betas = (s.get("beta1"), s.get("beta2"))
    match case["optimizer"]:
        case "adamw":
            return [torch.optim.AdamW(everything, betas=betas, eps=s["adam_eps"])]
        case "sgd":
            return [torch.optim.SGD(everything, momentum=s["momentum"], nesterov=s["nesterov"])]
        case "lion":
            return [Lion(everything, betas)]
        case "adafactor":
            # The first epsilon is the paper's; PyTorch's default is that of the type.
            return [
                torch.optim.Adafactor(
                    everything,
                    eps=(1e-30, 1e-3),
                    beta2_decay=s["decay_rate"],
                    d=s["clip_threshold"],
                )
            ]
        case "muon":
            matrices = [{"params": [parameters[name] for name in HIDDEN]}]
            others = groups([name for name in SHAPES if name not in HIDDEN])
            return [
                torch.optim.Muon(
                    matrices,
                    weight_decay=decay,
                    momentum=s["momentum"],
                    nesterov=s["nesterov"],
                    adjust_lr_fn="match_rms_adamw",
                ),
                torch.optim.AdamW(others, betas=betas, eps=s["adam_eps"]),
            ]
        case "schedule_free_adamw":
            return [schedulefree.AdamWScheduleFree(everything, betas=betas, eps=s["adam_eps"])]


def shown(parameters):
    return {name: weights.detach().flatten().tolist() for name, weights in parameters.items()}


def run(case, initial, noise):
    parameters = {name: torch.nn.Parameter(weights.clone()) for name, weights in initial.items()}
    together = optimizers(case, parameters)
    averaged = case["optimizer"] == "schedule_free_adamw"
    if averaged:
        together[0].train()
    case["weights"], case["training"] = {}, {}
    for step in range(STEPS):
        rate = case["learning_rate"] * min(1.0, (step + 1) / WARMUP_STEPS)
        for name, weights in parameters.items():
            weights.grad = noise[step][name] + CURVATURE * weights.detach()
            if case["optimizer"] == "sgd" and name not in UNDECAYED:
                with torch.no_grad():
                    weights.mul_(1 - rate * case["settings"]["weight_decay"])
        for optimizer in together:
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
        if step + 1 in SHOWN:
            case["training"][step + 1] = shown(parameters)
            if averaged:
                together[0].eval()
            case["weights"][step + 1] = shown(parameters)
            if averaged:
                together[0].train()
    return case


def case(optimizer, learning_rate, **settings):
    settings = {"weight_decay": 0.5, **settings}
    return {"optimizer": optimizer, "learning_rate": learning_rate, "settings": settings}


CASES = [
    case("adamw", 0.02, beta1=0.9, beta2=0.95, adam_eps=1e-8),
    case("adamw", 0.02, beta1=0.8, beta2=0.999, adam_eps=1e-3),
    case("sgd", 0.05, momentum=0.0, nesterov=False),
    case("sgd", 0.02, momentum=0.9, nesterov=False),
    case("sgd", 0.02, momentum=0.9, nesterov=True),
    case("lion", 0.01, beta1=0.9, beta2=0.99),
    case("adafactor", 0.05, decay_rate=-0.8, clip_threshold=1.0),
    case("adafactor", 0.5, decay_rate=-0.6, clip_threshold=1.25),
    case("muon", 0.02, momentum=0.95, nesterov=True, beta1=0.9, beta2=0.95, adam_eps=1e-8),
    case("muon", 0.02, momentum=0.8, nesterov=False, beta1=0.9, beta2=0.99, adam_eps=1e-8),
    case("schedule_free_adamw", 0.02, beta1=0.9, beta2=0.95, adam_eps=1e-8),
    case("schedule_free_adamw", 0.02, beta1=0.7, beta2=0.999, adam_eps=1e-3),
]


def main():
    torch.set_default_dtype(torch.float64)
    generator = torch.Generator().manual_seed(1)

    def draw():
        return {
            name: rounded(torch.randn(shape, generator=generator))
            for name, shape in SHAPES.items()
        }

    initial = draw()
    noise = [draw() for _ in range(STEPS)]
    problem = {
        "curvature": CURVATURE,
        "warmup_steps": WARMUP_STEPS,
        "shapes": SHAPES,
        "initial": shown(initial),
        "noise": [shown(step) for step in noise],
    }
    cases = [run(case, initial, noise) for case in CASES]
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in problem.items()]
    lines.append('"cases": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    Path(__file__).with_name("optimizers.json").write_text(text)


if __name__ == "__main__":
    main()
