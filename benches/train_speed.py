"""Training speed and peak memory of `temper train` beside PyTorch's, on the CPU, in one alternating run.

    pip install torch transformers peft
    cargo build --release
    python benches/train_speed.py target/release/temper --threads 1 --rounds 3
    python benches/train_speed.py target/release/temper --lora SmolLM2-135M-Instruct.Q4_1.gguf

Both train a Llama, and a GPT-2, of 4 layers at sequence 128 and batch 16 with AdamW and the gradient clipped to
norm 1: forward, backward and optimizer. The tokens are drawn at random for PyTorch, which does not
make it slower or faster. A round is one process of each; the ratio is of the medians.

With --lora both train adapters of rank 8 of all linear layers of that checkpoint, at sequence 128 and
batch 4; transformers and PEFT from the folder that temper exports of it.
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

SEQUENCE, BATCH, LAYERS, LORA_BATCH = 128, 16, 4, 4
# Architecture, hidden size, vocabulary, heads, intermediate size.
SHAPES = {
    "llama 128": ("llama", 128, 1024, 4, 384),
    "llama 256": ("llama", 256, 4096, 8, 704),
    "gpt2 128": ("gpt2", 128, 1024, 4, 512),
    "gpt2 256": ("gpt2", 256, 4096, 8, 1024),
}


def peer(architecture, hidden, vocabulary, heads, intermediate, threads, steps):
    """Trains with PyTorch in this process and prints its speed."""
    import torch
    from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    if architecture == "llama":
        config = LlamaConfig(
            vocab_size=vocabulary, hidden_size=hidden, intermediate_size=intermediate,
            num_hidden_layers=LAYERS, num_attention_heads=heads, max_position_embeddings=SEQUENCE,
            tie_word_embeddings=True, rms_norm_eps=1e-5,
        )
    else:
        config = GPT2Config(
            vocab_size=vocabulary, n_embd=hidden, n_inner=intermediate, n_layer=LAYERS,
            n_head=heads, n_positions=SEQUENCE, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
        )
    train(AutoModelForCausalLM.from_config(config), vocabulary, BATCH, steps)


def peer_lora(folder, threads, steps):
    """Trains adapters with PyTorch in this process and prints their speed."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(threads)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    lora = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM")
    train(get_peft_model(model, lora), model.config.vocab_size, LORA_BATCH, steps)


def train(model, vocabulary, batch, steps):
    """Trains and prints the tokens per second."""
    import torch

    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
    tokens = torch.randint(0, vocabulary, (batch, SEQUENCE + 1))

    def step():
        logits = model(input_ids=tokens[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(
            logits.reshape(-1, vocabulary), tokens[:, 1:].reshape(-1)
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad()

    for _ in range(3):
        step()
    start = time.perf_counter()
    for _ in range(steps):
        step()
    print(steps * batch * SEQUENCE / (time.perf_counter() - start))


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


def settings_of(name, steps):
    """The settings of a shape for temper."""
    architecture, hidden, vocabulary, heads, intermediate = SHAPES[name]
    return (
        f"architecture = '{architecture}'\n"
        f"tokenizer = 'bpe'\nvocab_size = {vocabulary}\nhidden_size = {hidden}\n"
        f"intermediate_size = {intermediate}\nnum_layers = {LAYERS}\nnum_heads = {heads}\n"
        f"batch_size = {BATCH}\n" + length(steps)
    )


def length(steps):
    return (
        f"data = ['text.txt']\nmax_seq_length = {SEQUENCE}\nmax_steps = {steps}\n"
        f"eval_tokens = 500\neval_steps = {steps}\n"
    )


def compare(title, temper, settings, peer, arguments):
    """Runs both in turns and prints the ratio."""
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        output, memory = run([temper, "train", str(settings), "--json"], arguments.threads)
        ours.append((json.loads(output.splitlines()[-1])["tokens_per_second"], memory))
        common = ["--threads", str(arguments.threads), "--steps", str(arguments.steps)]
        output, memory = run([sys.executable, __file__, temper, *peer, *common], arguments.threads)
        theirs.append((float(output.split()[-1]), memory))
    (speed, memory), (their_speed, their_memory) = (
        [statistics.median(column) for column in zip(*rows)] for rows in (ours, theirs)
    )
    print(
        f"{title}, {arguments.threads} threads: {speed:.0f} tokens/s and {memory:.0f} MB, "
        f"PyTorch {their_speed:.0f} and {their_memory:.0f} MB: {speed / their_speed:.2f} times as fast"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("temper", help="the binary")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--lora", help="a checkpoint, for adapters in place of whole models")
    parser.add_argument("--peer", choices=SHAPES, help=argparse.SUPPRESS)
    parser.add_argument("--peer-lora", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        return peer(*SHAPES[arguments.peer], arguments.threads, arguments.steps)
    if arguments.peer_lora:
        return peer_lora(arguments.peer_lora, arguments.threads, arguments.steps)
    with tempfile.TemporaryDirectory() as folder:
        text(folder)
        if arguments.lora:
            settings = pathlib.Path(folder, "lora.toml")
            base_model = json.dumps(str(pathlib.Path(arguments.lora).resolve()))
            settings.write_text(
                f"base_model = {base_model}\nfinetuning_type = 'lora'\nlora_rank = 8\n"
                f"batch_size = {LORA_BATCH}\n" + length(arguments.steps)
            )
            base = str(pathlib.Path(folder, "base"))
            subprocess.run([arguments.temper, "export", "--init", settings, base], check=True)
            return compare("LoRA", arguments.temper, settings, ["--peer-lora", base], arguments)
        for name in SHAPES:
            settings = pathlib.Path(folder, f"{name}.toml")
            settings.write_text(settings_of(name, arguments.steps))
            architecture, hidden, vocabulary, _, _ = SHAPES[name]
            title = f"{architecture}, hidden {hidden}, vocabulary {vocabulary}"
            compare(title, arguments.temper, settings, ["--peer", name], arguments)


if __name__ == "__main__":
    main()
