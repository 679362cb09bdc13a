"""What promotion saves: 32 configurations of the built-in trainer to the end, and under pruners.

    cargo build --release
    python benches/promotion.py target/release/temper

One study trains all configurations to the end, the others the same ones under pruners that pause and
promote; two trials at a time, a thread each. The configurations, their weights and the order of their
text are the same in all, so only what is not trained differs. The configuration that won without a
pruner is then trained again from other seeds: the standard deviation of its losses is how much of a
difference is noise. The text is that of this workspace's sources.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRIALS, SEEDS = 32, 5
PRUNERS = {
    "none": "",
    "asha": '[pruner]\nname = "asha"\nmode = "promote"\n',
    "asha from step 60": '[pruner]\nname = "asha"\nmode = "promote"\nmin_steps = 60\n',
    "hyperband": '[pruner]\nname = "hyperband"\nmode = "promote"\n',
    "freeze_thaw": '[pruner]\nname = "freeze_thaw"\nmode = "promote"\n',
}
STUDY = """
[study]
name = "{name}"
metric = "eval_loss"
trials = {trials}
seed = {seed}
workers = 2

[objective]
kind = "train"
data = ["{root}/crates/**/*.rs", "{root}/xtask/**/*.rs", "{root}/*.md"]
tokenizer = "bytes"
hidden_size = 48
num_layers = 2
num_heads = 4
max_seq_length = 64
batch_size = 8
max_steps = 540
eval_steps = 20
eval_tokens = 8000

[strategy]
name = "sobol"

{pruner}
[space]
learning_rate = {{ type = "float", low = 1e-4, high = 1e-1, log = true }}
warmup_ratio = {{ type = "float", low = 0.0, high = 0.4 }}
weight_decay = {{ type = "float", low = 1e-3, high = 1.0, log = true }}
beta2 = {{ type = "ordinal", values = [0.9, 0.95, 0.99, 0.999] }}
max_grad_norm = {{ type = "float", low = 0.1, high = 10.0, log = true }}
lr_schedule = {{ type = "choice", values = ["cosine", "linear", "constant"] }}
"""


def output(*command):
    command = ["nice", *map(str, command)]
    pipe = subprocess.PIPE
    return subprocess.run(command, check=True, stdout=pipe, stderr=subprocess.DEVNULL, text=True).stdout


def study(temper, folder, name, seed):
    """Runs a study: the best loss, its trial, the tokens of all trials and how many came to the end."""
    path = pathlib.Path(folder, f"{name}.toml")
    path.write_text(
        STUDY.format(name=name, trials=TRIALS, seed=seed, root=ROOT, pruner=PRUNERS[name])
    )
    output(temper, "run", path, "--quiet")
    shown = json.loads(output(temper, "show", path, "--json"))
    last = [trial["reports"][-1] for trial in shown["trials"] if trial["reports"]]
    tokens = sum(report["tokens"] for report in last)
    ended = sum(trial["state"] == "completed" for trial in shown["trials"])
    configs = {trial["id"]: trial["params"] for trial in shown["trials"]}
    return shown["best"]["value"], shown["best"]["id"], tokens, ended, configs


def noise(temper, folder, winner):
    """The losses of the winner from other seeds."""
    config = pathlib.Path(folder, "none.trials", f"{winner:04}", "config.toml")
    lines = (
        output(temper, "train", config, "--json", "--set", f"seed={seed}").splitlines()[-1]
        for seed in range(SEEDS)
    )
    return [json.loads(line)["eval_loss"] for line in lines]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("temper", type=pathlib.Path, help="the binary")
    parser.add_argument("--seed", type=int, default=0, help="of the studies")
    parser.add_argument("--pruners", default=",".join(list(PRUNERS)[1:]), help="those that are compared")
    arguments = parser.parse_args()
    temper = arguments.temper.resolve()
    with tempfile.TemporaryDirectory() as folder:
        whole, winner, all_tokens, _, configs = study(temper, folder, "none", arguments.seed)
        losses = noise(temper, folder, winner)
        deviation = statistics.stdev(losses)
        mean = statistics.mean(losses)
        print(f"the winner, trial {winner}, from {SEEDS} seeds: {mean:.4f}, standard deviation {deviation:.4f}")
        print("\n| pruner | best loss | trial | tokens | of all | to the end | within 2 deviations |")
        print("|---|---|---|---|---|---|---|")
        print(f"| none | {whole:.4f} | {winner} | {all_tokens / 1e6:.2f} M | 100 % | {TRIALS} | |", flush=True)
        for name in arguments.pruners.split(","):
            best, trial, tokens, ended, same = study(temper, folder, name, arguments.seed)
            if same != configs:
                sys.exit(f"{name} had other configurations")
            within = "yes" if abs(best - whole) <= 2 * deviation else "no"
            print(
                f"| {name} | {best:.4f} | {trial} | {tokens / 1e6:.2f} M "
                f"| {100 * tokens / all_tokens:.0f} % | {ended} | {within} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
