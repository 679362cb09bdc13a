"""Training speed and peak memory of `temper train` beside PyTorch's, on the CPU, in one alternating run.

    pip install torch transformers
    cargo build --release
    python benches/train_speed.py target/release/temper --threads 1 --rounds 3

Both train a Llama of 4 layers at sequence 128 and batch 16 with AdamW and the gradient clipped to
norm 1: forward, backward and optimizer. The tokens are drawn at random for PyTorch, which does not
make it slower or faster. A round is one process of each; the ratio is of the medians.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

SEQUENCE, BATCH, LAYERS = 128, 16, 4
SHAPES = {"128": (128, 1024, 4, 384), "256": (256, 4096, 8, 704)}


def peer(hidden, vocabulary, heads, intermediate, threads, steps):
    """Trains with PyTorch in this process and prints its speed."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocabulary, hidden_size=hidden, intermediate_size=intermediate,
        num_hidden_layers=LAYERS, num_attention_heads=heads, max_position_embeddings=SEQUENCE,
        tie_word_embeddings=True, rms_norm_eps=1e-5,
    )
    model = LlamaForCausalLM(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
    tokens = torch.randint(0, vocabulary, (BATCH, SEQUENCE + 1))

    def step():
        logits = model(input_ids=tokens[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(
            logits.reshape(-1, vocabulary), tokens[:, 1:].reshape(-1)
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    for _ in range(3):
        step()
    start = time.perf_counter()
    for _ in range(steps):
        step()
    print(steps * BATCH * SEQUENCE / (time.perf_counter() - start))


def run(command, threads):
    """The output of a command, and its peak memory in MB."""
    environment = os.environ | {
        "RAYON_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]} failed")
    return output, usage.ru_maxrss / 1024


def text(folder):
    """A text whose words repeat, enough for the larger vocabulary."""
    draw = random.Random(0)
    syllables = [a + b for a in "bcdfghjklmnprstvwz" for b in "aeiou"]
    words = ["".join(draw.choices(syllables, k=draw.randint(1, 4))) for _ in range(6000)]
    weights = [1 / (rank + 1) for rank in range(len(words))]
    path = pathlib.Path(folder, "text.txt")
    path.write_text(" ".join(draw.choices(words, weights, k=250_000)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("temper", help="the binary")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--peer", choices=SHAPES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        return peer(*SHAPES[arguments.peer], arguments.threads, arguments.steps)
    with tempfile.TemporaryDirectory() as folder:
        text(folder)
        for name, (hidden, vocabulary, heads, intermediate) in SHAPES.items():
            settings = pathlib.Path(folder, f"{name}.toml")
            settings.write_text(
                f"data = ['text.txt']\ntokenizer = 'bpe'\nvocab_size = {vocabulary}\n"
                f"hidden_size = {hidden}\nintermediate_size = {intermediate}\n"
                f"num_layers = {LAYERS}\nnum_heads = {heads}\nmax_seq_length = {SEQUENCE}\n"
                f"batch_size = {BATCH}\nmax_steps = {arguments.steps}\neval_tokens = 2000\n"
                f"eval_steps = {arguments.steps}\n"
            )
            ours, theirs = [], []
            for _ in range(arguments.rounds):
                output, memory = run(
                    [arguments.temper, "train", str(settings), "--json"], arguments.threads
                )
                ours.append((json.loads(output.splitlines()[-1])["tokens_per_second"], memory))
                output, memory = run(
                    [sys.executable, __file__, arguments.temper, "--peer", name,
                     "--threads", str(arguments.threads), "--steps", str(arguments.steps)],
                    arguments.threads,
                )
                theirs.append((float(output), memory))
            (speed, memory), (their_speed, their_memory) = (
                [statistics.median(column) for column in zip(*rows)] for rows in (ours, theirs)
            )
            print(
                f"hidden {hidden}, vocabulary {vocabulary}, {arguments.threads} threads: "
                f"{speed:.0f} tokens/s and {memory:.0f} MB, PyTorch {their_speed:.0f} and "
                f"{their_memory:.0f} MB: {speed / their_speed:.2f} times as fast"
            )


if __name__ == "__main__":
    main()
