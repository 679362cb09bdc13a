"""The memory that `temper train` is estimated to need, beside what it needed, on the CPU.

    cargo build --release --workspace --bins --examples
    python benches/memory.py target/release

Twelve runs of unlike shapes, optimizers and batches, three steps each. The estimate is that of
temper-train's example `memory`, made before the run; the peak is what the run itself reports, the
most that was resident.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from train_speed import text

RUNS = {
    "default": {},
    "default, 2,048 tokens": {"max_seq_length": 2048, "batch_size": 2},
    "256 wide, 8 layers": {"hidden_size": 256, "num_layers": 8},
    "256 wide, passes of 4": {"hidden_size": 256, "micro_batch_size": 4},
    "512 wide, short": {"hidden_size": 512, "num_heads": 8, "max_seq_length": 32, "batch_size": 4},
    "512 wide, untied, BPE of 8,192": {
        "hidden_size": 512, "num_heads": 8, "tie_word_embeddings": False, "tokenizer": "bpe",
        "vocab_size": 8192, "batch_size": 8,
    },
    "lion, average": {"hidden_size": 384, "num_heads": 6, "optimizer": "lion", "ema_decay": 0.9},
    "sgd without momentum": {
        "hidden_size": 384, "num_heads": 6, "optimizer": "sgd", "momentum": 0.0, "batch_size": 4,
    },
    "adafactor": {"hidden_size": 512, "num_heads": 8, "optimizer": "adafactor", "batch_size": 2},
    "muon, grouped queries": {
        "hidden_size": 384, "num_heads": 6, "num_kv_heads": 2, "optimizer": "muon",
    },
    "schedule-free, accumulated": {
        "hidden_size": 512, "num_heads": 8, "optimizer": "schedule_free_adamw", "batch_size": 8,
        "gradient_accumulation_steps": 4,
    },
    "gpt2": {"architecture": "gpt2", "hidden_size": 256, "num_layers": 6},
}
SHARED = {
    "data": ["text.txt"], "num_layers": 4, "num_heads": 4, "max_seq_length": 128, "max_steps": 3,
    "eval_steps": 3, "eval_tokens": 2000,
}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    release = pathlib.Path(sys.argv[1])
    print("| run | parameters | estimate, MB | peak, MB | ratio |\n|---|---|---|---|---|")
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        text(folder)
        path = pathlib.Path(folder, "run.toml")
        for name, more in RUNS.items():
            settings = SHARED | more
            path.write_text("\n".join(f"{key} = {json.dumps(it)}" for key, it in settings.items()))
            output = lambda *command: subprocess.run(
                command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            ).stdout.splitlines()
            estimate = json.loads(output(release / "examples/memory", path)[0])["peak"]
            report = json.loads(output(release / "temper", "train", path, "--json")[-1])
            parameters = output(release / "temper", "train", path, "--set", "max_steps=1")
            parameters = next(line for line in parameters if line.startswith("parameters"))
            ratio = estimate / report["peak_memory"]
            worst = max(worst, abs(ratio - 1))
            print(
                f"| {name} | {int(parameters.split()[-1]):,} | {estimate / 1e6:.0f} "
                f"| {report['peak_memory'] / 1e6:.0f} | {ratio:.2f} |",
                flush=True,
            )
    print(f"\nat most {100 * worst:.0f} % off")


if __name__ == "__main__":
    main()
