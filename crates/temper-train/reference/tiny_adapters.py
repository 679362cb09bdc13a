"""Writes adapters of the Llama in tiny/f32 by PEFT into tiny/adapters, and what PEFT makes of them.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python tiny_adapters.py

expected.json has, for each adapter, the logarithms of the probabilities of the next token after the
first and the last of the tokens in tiny/expected.json, and of the sum of the losses of all tokens
after the first: the gradients by each of its tensors, as their length and first numbers.
"""

import json
import shutil
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaForCausalLM

HERE = Path(__file__).parent / "tiny"
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
ADAPTERS = {
    "lora": {"target_modules": ["q_proj", "v_proj"], "lora_alpha": 8},
    "rslora": {"target_modules": ALL, "lora_alpha": 3, "use_rslora": True},
    "dora": {
        "target_modules": ["k_proj", "o_proj", "gate_proj", "down_proj"],
        "lora_alpha": 6,
        "use_dora": True,
        "layers_to_transform": [1],
    },
}

tokens = torch.tensor([json.loads((HERE / "expected.json").read_text())["tokens"]])
folder = HERE / "adapters"
shutil.rmtree(folder, ignore_errors=True)
output = {}
for name, options in ADAPTERS.items():
    torch.manual_seed(3)
    base = LlamaForCausalLM.from_pretrained(HERE / "f32", dtype=torch.float32)
    model = get_peft_model(base, LoraConfig(r=4, task_type="CAUSAL_LM", **options)).eval()
    with torch.no_grad():
        for path, weight in model.named_parameters():
            if "lora_B" in path:
                weight.normal_(0, 0.2)
            if "magnitude" in path:
                weight.mul_(torch.empty_like(weight).uniform_(0.7, 1.4))
    model.save_pretrained(folder / name)
    logs = torch.log_softmax(model(tokens).logits[0], -1)
    (-logs[:-1].gather(1, tokens[0, 1:, None]).sum()).backward()
    gradients = {
        path.replace(".default", "").replace("vector.weight", "vector"): {
            "length": round(weight.grad.norm().item(), 5),
            "first": [round(x, 6) for x in weight.grad.flatten()[:4].tolist()],
        }
        for path, weight in model.named_parameters()
        if weight.requires_grad
    }
    last = logs[[0, tokens.shape[1] - 1]]
    output[name] = {
        "log_probabilities": [[round(x, 6) for x in row] for row in last.tolist()],
        "gradients": gradients,
    }
    described = json.loads((folder / name / "adapter_config.json").read_text())
    described["base_model_name_or_path"] = "tiny/f32"
    described["target_modules"].sort()
    (folder / name / "adapter_config.json").write_text(json.dumps(described, indent=2) + "\n")
    (folder / name / "README.md").unlink(missing_ok=True)
(folder / "expected.json").write_text(json.dumps(output) + "\n")
