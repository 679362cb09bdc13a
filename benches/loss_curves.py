"""Loss curves of `temper train` beside those of PyTorch, from the same weights on the same data, on the CPU.

    pip install torch transformers
    cargo build --release --workspace --bins --examples
    python benches/loss_curves.py target/release

Both train the same model in 32 bits: `temper export --init` writes the weights that a run begins
with, which transformers reads, and temper-train's example `rows` says which sequences each step
sees. The peer is `LlamaForCausalLM` or `GPT2LMHeadModel` with `torch.optim.AdamW` (no decay of
norms, biases and embeddings), `get_cosine_schedule_with_warmup`, and `clip_grad_norm_` over all
parameters. Neither has dropout, whose draws would differ.

Prints for each model the largest difference of a step's training loss, how far both fell, and, as
the measure of what 32 bits can tell, the largest difference of PyTorch from itself in 64 bits.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile

from train_speed import text

SHARED = {
    "data": ["text.txt"], "tokenizer": "bpe", "vocab_size": 1024, "hidden_size": 128,
    "num_layers": 4, "num_heads": 4, "max_seq_length": 128, "eval_steps": 1, "eval_tokens": 1,
    "learning_rate": 3e-3, "lr_schedule": "cosine", "warmup_steps": 10, "min_lr": 0.0, "weight_decay": 0.1,
    "beta1": 0.9, "beta2": 0.95, "max_grad_norm": 1.0, "optimizer": "adamw",
}
MODELS = {
    "llama": {},
    "llama, untied, grouped queries": {"tie_word_embeddings": False, "num_kv_heads": 2},
    "gpt2": {"architecture": "gpt2"},
}
NOT_DECAYED = ("norm", "bias", "embed_tokens", "ln_", "wte", "wpe")


def peer(model, rows, settings):
    """The training loss of each step by PyTorch, and its learning rate."""
    import torch
    from transformers import get_cosine_schedule_with_warmup

    named = list(model.named_parameters())
    is_decayed = lambda name: not any(part in name for part in NOT_DECAYED)
    optimizer = torch.optim.AdamW(
        [
            {"params": [it for name, it in named if is_decayed(name)]},
            {"params": [it for name, it in named if not is_decayed(name)], "weight_decay": 0.0},
        ],
        lr=settings["learning_rate"], betas=(settings["beta1"], settings["beta2"]),
        weight_decay=settings["weight_decay"],
    )
    schedule = get_cosine_schedule_with_warmup(optimizer, settings["warmup_steps"], len(rows))
    losses, rates = [], []
    for batch in rows:
        # It counts the step that is next.
        schedule.step()
        inputs = torch.tensor([row["inputs"] for row in batch])
        targets = torch.tensor([row["targets"] for row in batch])
        logits = model(input_ids=inputs).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings["max_grad_norm"])
        optimizer.step()
        losses.append(loss.item())
        rates.append(schedule.get_last_lr()[0])
    return losses, rates


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("release", type=pathlib.Path, help="the folder with temper and its examples")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--curves", action="store_true", help="print the losses of every step")
    arguments = parser.parse_args()
    os.environ["RAYON_NUM_THREADS"] = str(arguments.threads)
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(arguments.threads)
    for name, more in MODELS.items():
        settings = SHARED | more | {"max_steps": arguments.steps, "batch_size": arguments.batch}
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            text(folder)
            path, initial = folder / "run.toml", folder / "initial"
            path.write_text("\n".join(f"{key} = {json.dumps(it)}" for key, it in settings.items()))
            output = lambda *command: subprocess.run(
                command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            ).stdout.splitlines()
            output(arguments.release / "temper", "export", "--init", path, initial)
            reports = [
                json.loads(line)
                for line in output(arguments.release / "temper", "train", path, "--json")
            ]
            example = arguments.release / "examples/rows"
            rows = [json.loads(line) for line in output(example, path, str(arguments.steps))]
            model, exact_model = (
                transformers.AutoModelForCausalLM.from_pretrained(initial, dtype=dtype).train()
                for dtype in (torch.float32, torch.float64)
            )
        ours = [report["train_loss"] for report in reports]
        theirs, rates = peer(model, rows, settings)
        exact, _ = peer(exact_model, rows, settings)
        for report, rate in zip(reports, rates, strict=True):
            assert abs(report["learning_rate"] / rate - 1 if rate else report["learning_rate"]) < 1e-9
        differences = [abs(a - b) for a, b in zip(ours, theirs, strict=True)]
        in_64_bits = max(abs(a - b) for a, b in zip(theirs, exact, strict=True))
        if arguments.curves:
            for step, (our, their, right) in enumerate(zip(ours, theirs, exact), 1):
                print(
                    f"{step:4} {our:.6f} {their:.6f} {our - their:+.1e}, from PyTorch in 64 bits: "
                    f"{our - right:+.1e}, PyTorch {their - right:+.1e}"
                )
        print(
            f"{name}: {model.num_parameters():,} parameters, {len(ours)} steps of {arguments.batch} "
            f"sequences: largest difference {max(differences):.1e} at step "
            f"{differences.index(max(differences)) + 1}; {ours[0]:.4f} to {ours[-1]:.4f}, PyTorch "
            f"{theirs[0]:.4f} to {theirs[-1]:.4f}; PyTorch in 64 bits differs from itself in 32 "
            f"by {in_64_bits:.1e}",
            flush=True,
        )


if __name__ == "__main__":
    main()
