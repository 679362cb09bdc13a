"""Writes exported.json beside it: what transformers makes of runs that `temper export` has written.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python export.py [PATH/TO/temper]

Each case is a run of a few steps at a high learning rate, after which no weight is as it was. For
each: the loss of the held-out text by transformers, with the tokens that transformers' tokenizer
gives, which must be what the run reported; and the logarithms of the probabilities after the first
and the last of 24 tokens. The tests repeat the runs, and compare.

And for models that transformers itself has drawn, in the folders drawn/untied and drawn/gpt2: the
same logarithms, and its greedy text.
"""

import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from transformers import (
    AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

HERE = Path(__file__).parent
TEMPER = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[2] / "target/release/temper"
SEQUENCE, TOKENS = 32, 24
SHARED = {
    "data": ["train.txt"], "validation_data": ["valid.txt"], "hidden_size": 32, "num_layers": 2,
    "intermediate_size": 48, "max_seq_length": SEQUENCE, "batch_size": 4, "max_steps": 6,
    "learning_rate": 0.01, "optimizer": "adamw",
}
GPT2 = {"architecture": "gpt2", "layer_norm_eps": 1e-4}
MUP = {"parametrization": "mup", "mup_base_width": 8, "mup_base_num_heads": 2}
BPE = {"tokenizer": "bpe", "vocab_size": 300}
CASES = {
    "llama": {},
    "llama, untied": {"tie_word_embeddings": False} | BPE,
    "llama, grouped queries": {
        "num_kv_heads": 2, "head_dim": 12, "rope_theta": 500.0, "rms_norm_eps": 1e-4,
        "rope_scaling": {"rope_type": "linear", "factor": 2.0},
    },
    "llama, mup": MUP,
    "llama, average": {"ema_decay": 0.7, "tie_word_embeddings": False},
    "llama, schedule-free": {"optimizer": "schedule_free_adamw"},
    "gpt2": GPT2 | BPE,
    "gpt2, untied, grouped queries, mup": GPT2 | MUP
    | {"tie_word_embeddings": False, "num_kv_heads": 2},
}


def text(seed, length):
    draw = random.Random(seed)
    syllables = [a + b for a in "bdklmnrst" for b in "aeiouéü"]
    words = ["".join(draw.choices(syllables, k=draw.randint(1, 3))) for _ in range(60)]
    return " ".join(draw.choices(words, k=length)) + "\n"


def toml(settings):
    def value(item):
        if isinstance(item, dict):
            return "{" + ", ".join(f"{key} = {value(it)}" for key, it in item.items()) + "}"
        return json.dumps(item)

    return "\n".join(f"{key} = {value(item)}" for key, item in settings.items())


def ends(logs):
    return [[round(value, 6) for value in row] for row in logs[[0, -1]].tolist()]


def logarithms(model, tokens):
    with torch.no_grad():
        return torch.log_softmax(model(torch.tensor([tokens])).logits[0].float(), -1)


def held_out_loss(model, tokens):
    total = 0.0
    for start in range(0, len(tokens) - 1, SEQUENCE):
        window = tokens[start : start + SEQUENCE + 1]
        logs = logarithms(model, window[:-1])
        total -= logs.gather(1, torch.tensor(window[1:])[:, None]).double().sum().item()
    return total / (len(tokens) - 1)


def exported(folder, train, valid):
    (folder / "train.txt").write_text(train)
    (folder / "valid.txt").write_text(valid)
    cases = {}
    for name, more in CASES.items():
        settings = SHARED | more
        (folder / "run.toml").write_text(toml(settings))
        shutil.rmtree(folder / "kept", ignore_errors=True)
        shutil.rmtree(folder / "model", ignore_errors=True)
        kept, out = folder / "kept", folder / "model"
        run = subprocess.run(
            [TEMPER, "train", folder / "run.toml", "--checkpoints", kept, "--json"],
            check=True, capture_output=True, text=True,
        )
        reported = json.loads(run.stdout.splitlines()[-1])["eval_loss"]
        subprocess.run([TEMPER, "export", kept, out], check=True)
        model = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32).eval()
        tokenizer = AutoTokenizer.from_pretrained(out)
        separator = model.config.eos_token_id
        tokens = tokenizer(valid, add_special_tokens=False).input_ids
        assert tokenizer.decode(tokens) == valid
        loss = held_out_loss(model, tokens + [separator])
        expected = logarithms(model, tokens[:TOKENS])
        print(f"{name}: {type(model).__name__}, loss {loss:.6f}, temper's {reported:.6f}")
        assert abs(loss - reported) < 1e-5
        cases[name] = {
            "settings": toml(settings), "eval_loss": loss, "tokens": tokens[:TOKENS],
            "log_probabilities": ends(expected),
        }
        for dtype in ["bf16", "f16"]:
            shutil.rmtree(out)
            subprocess.run([TEMPER, "export", kept, out, "--dtype", dtype], check=True)
            coarse = AutoModelForCausalLM.from_pretrained(out)
            assert next(coarse.parameters()).dtype == {"bf16": torch.bfloat16, "f16": torch.float16}[dtype]
            for ours, theirs in zip(coarse.parameters(), model.parameters(), strict=True):
                assert torch.equal(ours, theirs.to(ours.dtype))
    return cases


def drawn():
    """Tiny models of random weights, as transformers saves them."""
    torch.manual_seed(2)
    common = {"vocab_size": 288, "bos_token_id": None, "eos_token_id": 0, "initializer_range": 0.2}
    models = {
        "untied": LlamaForCausalLM(LlamaConfig(
            hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=64, tie_word_embeddings=False, **common,
        )),
        "gpt2": GPT2LMHeadModel(GPT2Config(
            n_embd=32, n_layer=2, n_head=4, n_positions=64, n_inner=40, **common,
        )),
    }
    fast = PreTrainedTokenizerFast.from_pretrained(HERE / "tiny/f32")
    forms = {}
    for name, model in models.items():
        with torch.no_grad():
            for key, weight in model.named_parameters():
                if weight.dim() == 1:
                    weight.uniform_(0.5, 1.5) if "weight" in key else weight.uniform_(-0.3, 0.3)
        folder = HERE / "drawn" / name
        shutil.rmtree(folder, ignore_errors=True)
        model.save_pretrained(folder)
        fast.save_pretrained(folder)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        tokens = [(7 * index * index + 3) % 288 for index in range(TOKENS)]
        greedy = model.generate(
            torch.tensor([tokens]), max_new_tokens=16, do_sample=False, eos_token_id=None
        )
        forms[name] = {
            "tokens": tokens, "log_probabilities": ends(logarithms(model, tokens)),
            "greedy": greedy[0, TOKENS:].tolist(),
        }
    return forms


def main():
    torch.set_num_threads(1)
    train, valid = text(1, 800), text(2, 60)
    with tempfile.TemporaryDirectory() as folder:
        cases = exported(Path(folder), train, valid)
    output = {"train": train, "valid": valid, "exported": cases, "drawn": drawn()}
    (HERE / "exported.json").write_text(json.dumps(output, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
